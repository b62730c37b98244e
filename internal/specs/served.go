package specs

import (
	"context"
	"crypto/sha256"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"muster/internal/clients"
)

// served watches the documents that servers in reload mode serve. Each question
// is a line in their log, so a server is asked once for each worker that it
// starts, and not again for what that one does not have.
//
// A worker is known by a connection on which nothing is ever said: its end is
// the worker's.
type served struct {
	w       Watcher
	e       Exporter
	servers []*servedServer
	wake    chan struct{}      // the sources changed
	worker  chan *servedServer // has another worker
	patient time.Duration      // how long a worker's end is waited for after a change
	stop    context.CancelFunc
	ended   sync.WaitGroup
}

// servedServer is one server, and what was learnt of it. It belongs to run.
type servedServer struct {
	address string
	urls    []string
	others  []string // where else documents may be, asked for where there is no whole one
	seen    map[string][sha256.Size]byte
	absent  map[string]bool // what its worker does not have
	due     bool            // it is to be asked, or did not answer
}

// newServed is nil when no server reloads.
func newServed(w Watcher) *served {
	// What it writes is for the watcher to see, so there is no Own.
	s := &served{w: w, e: Exporter{Config: w.Config, Python: w.Python}, wake: make(chan struct{}, 1),
		worker: make(chan *servedServer), patient: 5 * time.Second}
	for i := range w.Config.Servers {
		srv := &w.Config.Servers[i]
		url := clients.ServerURL(srv)
		var urls, others []string
		switch root := url + w.Config.APIBaseURL; {
		case len(w.Config.Specs.Documents) > 0: // and no others
			for _, named := range w.Config.Specs.Documents {
				if named.Server == srv.Name && (srv.Reload || len(srv.Watch) > 0) {
					urls = append(urls, url+named.URL)
				}
			}
		case srv.Command == nil && srv.Reload:
			urls = []string{root + "/openapi.json", root + "/asyncapi.json"}
			for _, m := range srv.Modules {
				at := root + "/" + m
				others = append(others, at+"/openapi.json", at+"/asyncapi.json", at+"/ws/asyncapi.json")
			}
			if root != url {
				others = append(others, url+"/openapi.json") // where FastAPI has it by itself
			}
		}
		if urls != nil {
			s.servers = append(s.servers, &servedServer{urls: urls, others: others, address: strings.TrimPrefix(url, "http://"), due: true,
				seen: map[string][sha256.Size]byte{}, absent: map[string]bool{}})
		}
	}
	if s.servers == nil {
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

// ask tells it that the sources changed.
func (s *served) ask() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

const (
	// settle is how long other servers are waited for that reload for the same
	// change.
	settle = 100 * time.Millisecond
	// again is the pause before a server that is not there is tried once more.
	again = 500 * time.Millisecond
	// tries is how often documents are asked for that several servers have, of
	// which one may still be restarting.
	tries = 10
)

func (s *served) run(ctx context.Context) {
	for _, srv := range s.servers { // before they are asked: so no worker is missed
		conn, _ := net.DialTimeout("tcp", srv.address, time.Second)
		s.ended.Go(func() { s.followWorkers(ctx, srv, conn) })
	}
	s.look(ctx) // what it is compared with
	isDue := func(srv *servedServer) bool { return srv.due }
	all, owed, failures := false, false, 0
	look := time.NewTimer(time.Hour)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case srv := <-s.worker:
			srv.due, all, failures = true, false, 0
			clear(srv.absent)
			look.Reset(settle)
			continue
		case <-s.wake:
			failures = 0
			if slices.ContainsFunc(s.servers, isDue) { // the change may mend it
				look.Reset(settle)
			} else { // where no worker ends that is seen, one look has to do
				all = true
				look.Reset(s.patient)
			}
			continue
		case <-look.C:
		}
		for _, srv := range s.servers {
			srv.due = srv.due || all
		}
		all = false
		owed = s.look(ctx) || owed
		if !owed {
			continue
		}
		docs, err := s.e.fromServers(ctx)
		if err != nil {
			if failures++; failures < tries {
				look.Reset(again)
			}
			continue
		}
		owed, failures = false, 0
		if _, err := s.e.write(docs, false); err != nil {
			s.w.fail(err)
		}
	}
}

// look asks the servers that are due for their documents, and reports whether
// one is new: that one is missing is no news.
func (s *served) look(ctx context.Context) (news bool) {
	for _, srv := range s.servers {
		if !srv.due {
			continue
		}
		srv.due = false
		asked := srv.urls
		for i := 0; i < len(asked); i++ {
			url := asked[i]
			if i == len(srv.urls)-1 && srv.absent[srv.urls[0]] {
				asked = append(slices.Clip(asked), srv.others...)
			}
			if srv.absent[url] {
				continue
			}
			data, err := get(ctx, url)
			switch {
			case err == nil:
				now := sha256.Sum256(data)
				news = news || srv.seen[url] != now
				srv.seen[url] = now
			case errors.Is(err, errNotFound):
				srv.absent[url] = true
			default:
				srv.due = true
			}
		}
	}
	return news
}

// followWorkers tells of each worker of a server but the one that accepted conn,
// which is nil if there was none.
func (s *served) followWorkers(ctx context.Context, srv *servedServer, conn net.Conn) {
	var d net.Dialer
	pause := again
	for ctx.Err() == nil {
		if conn == nil {
			var err error
			if conn, err = d.DialContext(ctx, "tcp", srv.address); err != nil {
				sleep(ctx, again)
				continue
			}
			select {
			case s.worker <- srv:
			case <-ctx.Done():
			}
		}
		began := time.Now()
		stop := context.AfterFunc(ctx, func() { conn.SetDeadline(began) })
		conn.Read(make([]byte, 1))
		stop()
		conn.Close()
		conn = nil
		if time.Since(began) > time.Second {
			pause = again
			continue
		}
		// A server that closes whoever says nothing is not asked all the time.
		sleep(ctx, pause)
		pause = min(2*pause, time.Minute)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
