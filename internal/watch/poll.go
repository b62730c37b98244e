package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// poller follows folders by looking at every file once in a while, for where
// the system gives no watches.
type poller struct {
	roots  []string
	ignore func(string) bool
	out    chan batch
	quit   chan struct{}
	ended  chan struct{}
}

// stamp tells whether a file is another than before.
type stamp struct {
	time int64
	size int64
	mode fs.FileMode
}

// pollEvery is the pause between two looks: short enough for a person who
// waits, long enough to cost little. A look that itself takes long waits
// longer.
const pollEvery = time.Second

func newPoller(roots []string, ignore func(string) bool) *poller {
	p := &poller{roots: roots, ignore: ignore, out: make(chan batch), quit: make(chan struct{}), ended: make(chan struct{})}
	before := p.look()
	go p.run(before)
	return p
}

func (p *poller) changes() <-chan batch { return p.out }

func (p *poller) close() {
	close(p.quit)
	<-p.ended
}

func (p *poller) run(before map[string]stamp) {
	defer close(p.ended)
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-timer.C:
		}
		began := time.Now()
		now := p.look()
		changed := compare(before, now)
		before = now
		timer.Reset(max(pollEvery, 10*time.Since(began)))
		if len(changed) == 0 {
			continue
		}
		select {
		case p.out <- batch{paths: changed}:
		case <-p.quit:
			return
		}
	}
}

func (p *poller) look() map[string]stamp {
	seen := map[string]stamp{}
	for _, root := range p.roots {
		filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil // gone in the meantime
			}
			if path != root && p.ignore(path) {
				if e.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if e.IsDir() {
				return nil
			}
			info, err := e.Info()
			if err == nil && info.Mode()&fs.ModeSymlink != 0 {
				if target, gone := os.Stat(path); gone == nil && target.Mode().IsRegular() {
					info = target // what it leads to is what it says
				}
			}
			if err == nil {
				seen[path] = stamp{info.ModTime().UnixNano(), info.Size(), info.Mode().Type()}
			}
			return nil
		})
	}
	return seen
}

func compare(before, now map[string]stamp) []string {
	var changed []string
	for path, s := range now {
		if old, ok := before[path]; !ok || old != s {
			changed = append(changed, path)
		}
	}
	for path := range before {
		if _, ok := now[path]; !ok {
			changed = append(changed, path)
		}
	}
	return changed
}
