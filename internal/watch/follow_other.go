//go:build !linux

package watch

import (
	"fmt"
	"path/filepath"

	"github.com/rjeczalik/notify"
)

// stream follows folders where the system itself follows those below
// (FSEvents on macOS).
type stream struct {
	events chan notify.EventInfo
	out    chan batch
	quit   chan struct{}
	ended  chan struct{}
	ignore func(string) bool
}

func followSystem(roots []string, ignore func(string) bool) (follower, error) {
	s := &stream{events: make(chan notify.EventInfo, 8192), out: make(chan batch), quit: make(chan struct{}),
		ended: make(chan struct{}), ignore: ignore}
	for _, r := range roots {
		if err := notify.Watch(filepath.Join(r, "..."), s.events, notify.All); err != nil {
			notify.Stop(s.events)
			return nil, fmt.Errorf("watching %s: %w", r, err)
		}
	}
	go s.run()
	return s, nil
}

func (s *stream) changes() <-chan batch { return s.out }

func (s *stream) close() {
	notify.Stop(s.events)
	close(s.quit)
	<-s.ended
}

func (s *stream) run() {
	defer close(s.ended)
	var changed []string
	for {
		var out chan batch
		if len(changed) > 0 {
			out = s.out
		}
		select {
		case <-s.quit:
			return
		case out <- batch{paths: changed}:
			changed = nil
		case ei := <-s.events:
			if !s.ignore(ei.Path()) {
				changed = append(changed, ei.Path())
			}
		}
	}
}
