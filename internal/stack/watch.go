package stack

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"muster/internal/watch"
)

// quiet is how long a saved file has to be left alone before it is read: an
// editor's save is several steps.
const quiet = 100 * time.Millisecond

// Watch applies the configuration whenever it is saved, and has the gateway follow
// the documents, until ctx ends or a signal comes. open reads the file anew.
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
	leaveRoutes := func() {}
	defer func() { leaveRoutes() }()
	var applied []byte // nil when that failed: a save that changes nothing tries again
	apply := func(ctx context.Context, _ []string) {
		now, err := os.ReadFile(file)
		if err != nil || bytes.Equal(now, applied) {
			return
		}
		st, err := open()
		if err != nil {
			applied = nil
			report.Error(err)
			report.Step("what ran before goes on; save the file again to try again")
			return
		}
		leaveRoutes()
		known := st.routes() // what comes meanwhile is new to the next follower
		applied = now
		if err := st.reload(ctx); err != nil && ctx.Err() == nil {
			applied = nil
			report.Error(err)
		}
		leaveRoutes = followRoutes(ctx, st, known)
	}
	return watch.Watch(ctx, watch.Options{
		// The folder, not the file: most editors put a new file in its place.
		Roots:  []string{filepath.Dir(file)},
		Ignore: func(path string) bool { return path != file },
		Settle: quiet,
		First:  true, // it may have been saved before it was watched
		Run:    apply,
		Ready:  func() { report.Step("watching " + file) },
		Report: report.Step,
	})
}
