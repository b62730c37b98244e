package targets

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

	"muster/internal/console"
)

// WatchConfig applies the configuration whenever it is saved, and what of the
// backend's sources the servers do not see by themselves. It runs beside what
// dev:fullstack has started; -multi says what that was.
func (Dev) WatchConfig(ctx context.Context, config *string, multi *bool) error {
	return run(watchConfig(ctx, config, value(multi, false)))
}

// settle is how long what is saved has to be left alone before it is read: an
// editor's save is several steps.
const settle = 100 * time.Millisecond

func watchConfig(ctx context.Context, arg *string, multi bool) error {
	file, err := configFile(arg)
	if err != nil {
		return err
	}
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
	report("watching " + file)
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
				saved = time.After(settle)
			}
		case <-saved:
			saved = nil
			now, err := os.ReadFile(file)
			if err != nil || bytes.Equal(now, applied) {
				continue
			}
			applied = now
			st, err := newStack(arg, multi)
			if err != nil {
				console.Error(os.Stderr, err)
				report("what ran before goes on; save the file again to try again")
				continue
			}
			known := leaveSources() // what comes meanwhile is new to the next follower
			if err := st.apply(ctx); err != nil && ctx.Err() == nil {
				console.Error(os.Stderr, err)
			}
			leaveSources = followSources(ctx, st, known)
		}
	}
}

// apply brings what runs in line with the stack.
func (st *stack) apply(ctx context.Context) error {
	p, err := st.prepare(ctx)
	if err != nil {
		return err
	}
	return applyPlan(ctx, st.c, st.cfg, p)
}
