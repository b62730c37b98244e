package specs

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"muster/internal/clients"
)

// served watches the documents that servers in reload mode serve. It asks
// them when their sources changed, not for ever: each question is a line in
// their log.
type served struct {
	w     Watcher
	e     Exporter
	urls  []string
	wake  chan struct{}
	stop  context.CancelFunc
	ended sync.WaitGroup
}

// newServed is nil when no server reloads.
func newServed(w Watcher) *served {
	// What it writes is for the watcher to see, so there is no Own.
	s := &served{w: w, e: Exporter{Config: w.Config, Python: w.Python}, wake: make(chan struct{}, 1)}
	for i := range w.Config.Servers {
		if srv := &w.Config.Servers[i]; srv.Command == nil && srv.Reload {
			root := clients.ServerURL(srv) + w.Config.APIBaseURL
			s.urls = append(s.urls, root+"/openapi.json", root+"/asyncapi.json")
		}
	}
	if s.urls == nil {
		return nil
	}
	return s
}

func (s *served) start(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	s.ended.Go(func() { s.run(ctx) })
}

func (s *served) close() {
	s.stop()
	s.ended.Wait()
}

// ask makes it look for new documents, now and for some seconds.
func (s *served) ask() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// askAt are the moments after a change when the servers are asked: a reload
// takes from half a second to some.
var askAt = [...]time.Duration{300, 500, 700, 900, 1100, 1400, 1800, 2300, 3000, 4000, 6000, 9000}

func (s *served) run(ctx context.Context) {
	last := s.look(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		began := time.Now()
		for i := 0; i < len(askAt); i++ {
			select {
			case <-ctx.Done():
				return
			case <-s.wake:
				began, i = time.Now(), -1
				continue
			case <-time.After(time.Until(began.Add(askAt[i] * time.Millisecond))):
			}
			now := s.look(ctx)
			if same(last, now) {
				continue
			}
			docs, err := s.e.fetchAll(ctx)
			if err != nil {
				continue // another of them is still restarting
			}
			last = now
			if _, err := s.e.write(docs, false); err != nil {
				s.w.fail(err)
			}
		}
	}
}

// look asks for every document; one that does not come is left out.
func (s *served) look(ctx context.Context) map[string][sha256.Size]byte {
	seen := map[string][sha256.Size]byte{}
	for _, url := range s.urls {
		if data, err := get(ctx, url); err == nil {
			seen[url] = sha256.Sum256(data)
		}
	}
	return seen
}

// same tells whether nothing new came: a document that is missing is no news.
func same(before, now map[string][sha256.Size]byte) bool {
	for url, h := range now {
		if before[url] != h {
			return false
		}
	}
	return true
}
