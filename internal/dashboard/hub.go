package dashboard

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// hub gathers what the open pages show, once for all of them, as long as there are any.
type hub struct {
	s  *server
	mu sync.Mutex

	pages map[*page]bool
	end   context.CancelFunc    // of the gathering; nil: nobody looks
	done  chan struct{}         // the last gathering has ended
	last  map[string][]byte     // the newest frame of each kind, for pages that come later
	order []string              // of the kinds
	late  map[string]func() any // the wholes that grow, for pages that come later
}

// page is one that is open.
type page struct {
	frames chan []byte
	gone   context.CancelFunc
}

// backlog is how many frames a page may be behind. One that reads nothing is let go: it
// comes again, and begins with what is so by then.
const backlog = 256

func newHub(s *server) *hub {
	return &hub{s: s, pages: map[*page]bool{}, last: map[string][]byte{}, late: map[string]func() any{}}
}

// join adds a page, which first gets what is known.
func (h *hub) join(p *page) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[p] = true
	if h.end == nil {
		var ctx context.Context
		ctx, h.end = context.WithCancel(h.s.ctx)
		before, done := h.done, make(chan struct{})
		h.done = done
		clear(h.last)
		clear(h.late)
		h.order = nil
		go func() {
			defer close(done)
			if before != nil {
				<-before
			}
			h.gather(ctx)
		}()
		return
	}
	for _, kind := range h.order {
		p.frames <- h.last[kind]
	}
	for kind, of := range h.late {
		p.frames <- frame(kind, of())
	}
}

func (h *hub) leave(p *page) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pages, p)
	if len(h.pages) > 0 || h.end == nil {
		return
	}
	h.end()
	h.end = nil
	time.AfterFunc(2*time.Second, func() { // a page that is loaded again is back by then
		h.mu.Lock()
		nobody := h.end == nil
		h.mu.Unlock()
		if nobody {
			rest()
		}
	})
}

// publish sends a value of a kind to all pages. One that is kept is for pages to come too.
func (h *hub) publish(kind string, value any, keep bool) {
	f := frame(kind, value)
	if f == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if keep {
		if h.last[kind] == nil {
			h.order = append(h.order, kind)
		}
		h.last[kind] = f
	}
	h.send(f)
}

// extend sends what step adds to a whole, unless that is nil. No page joins meanwhile: what
// it begins with and what comes then miss nothing, and have nothing twice.
func (h *hub) extend(kind string, step func() any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if value := step(); value != nil {
		if f := frame(kind, value); f != nil {
			h.send(f)
		}
	}
}

func (h *hub) send(f []byte) {
	for p := range h.pages {
		select {
		case p.frames <- f:
		default:
			p.gone()
		}
	}
}

// atJoin makes a value for each page that comes from now on: the whole that extend adds to.
func (h *hub) atJoin(kind string, of func() any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.late[kind] = of
}

// frame is a line of the stream.
func frame(kind string, value any) []byte {
	b, err := json.Marshal(map[string]any{kind: value})
	if err != nil {
		return nil
	}
	return append(b, '\n')
}
