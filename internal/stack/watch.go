package stack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rjeczalik/notify"
)

// quiet is how long what is saved has to be left alone before it is read: an
// editor's save is several steps.
const quiet = 100 * time.Millisecond

// Watch applies the configuration whenever it is saved, and what of the
// backend's sources the servers do not see by themselves, until ctx ends or a
// signal comes. open reads the file anew.
func Watch(ctx context.Context, file string, open func() (*Stack, error), report Report) error {
	var err error
	if file, err = filepath.EvalSymlinks(file); err != nil {
		return err
	}
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// The folder, not the file: most editors put a new file in its place.
	events := make(chan notify.EventInfo, 64)
	if err := notify.Watch(filepath.Dir(file), events, notify.All); err != nil {
		return fmt.Errorf("cannot watch %s: %w", file, err)
	}
	defer notify.Stop(events)
	report.Step("watching %s", file)
	leaveSources := func() map[string]bool { return nil }
	defer func() { leaveSources() }()
	var applied []byte
	saved := time.After(0) // it may have been, before it was watched
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-events:
			if e.Path() == file {
				saved = time.After(quiet)
			}
		case <-saved:
			saved = nil
			now, err := os.ReadFile(file)
			if err != nil || bytes.Equal(now, applied) {
				continue
			}
			applied = now
			st, err := open()
			if err != nil {
				report.Error(err)
				report.Step("what ran before goes on; save the file again to try again")
				continue
			}
			known := leaveSources() // what comes meanwhile is new to the next follower
			if err := st.apply(ctx); err != nil && ctx.Err() == nil {
				report.Error(err)
			}
			leaveSources = followSources(ctx, st, known)
		}
	}
}

// apply brings what runs in line with the stack.
func (st *Stack) apply(ctx context.Context) error {
	p, err := st.prepare(ctx)
	if err != nil {
		return err
	}
	return Apply(ctx, st.client, st.cfg, p, st.report)
}
