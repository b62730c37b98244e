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

// WatchConfig applies the configuration whenever it is saved. It runs beside
// what dev:fullstack has started; -multi says what that was.
func (Dev) WatchConfig(ctx context.Context, config *string, multi *bool) error {
	return run(watchConfig(ctx, config, value(multi, false)))
}

// settle is how long a saved file has to be left alone before it is read: an
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
	applied, _ := os.ReadFile(file)
	report("watching " + file)
	var saved <-chan time.Time
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
			if err := apply(ctx, arg, multi); err != nil && ctx.Err() == nil {
				console.Error(os.Stderr, err)
				report("what ran before goes on; save the file again to try again")
			}
		}
	}
}

// apply brings the running stack in line with the configuration as it is now.
func apply(ctx context.Context, arg *string, multi bool) error {
	st, err := newStack(arg, multi)
	if err != nil {
		return err
	}
	p, err := st.prepare(ctx)
	if err != nil {
		return err
	}
	return applyPlan(ctx, st.c, st.cfg, p)
}
