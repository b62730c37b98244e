package targets

import (
	"context"
	"errors"
	"os"
	"time"

	"muster/internal/console"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// Wait returns once all processes are healthy, and tasks have succeeded.
//
// -for=stopped waits for their end instead, -for=log:REGEX for a line that one of them
// has printed since its launch; -only=NAMES restricts it to servers or instances;
// -timeout=1m is how long. It may be called before anything runs. -json prints what
// became of it. The exit code is 1 when the time is over, or it cannot become so.
//
// (The option is for in lower case: as a parameter that would be a keyword of Go.)
func (Backend) Wait(ctx context.Context, config, only, For *string, timeout *time.Duration, json *bool) error {
	o := stack.WaitOptions{Only: names(only), For: console.Or(For, stack.ForHealthy), Timeout: console.Or(timeout, stack.DefaultWait)}
	if err := checkOptions(only, option{"timeout", timeout}); err != nil {
		return console.Exit(err)
	}
	return withClient(config, func(c *supervise.Client) error {
		cfg, _ := loadConfig(config) // whatever is wrong with it, what runs can be waited for
		if err := stack.CheckNames(ctx, c, cfg, o.Only); err != nil {
			return err
		}
		end := stderr.Begin("waiting for " + o.For)
		w, err := stack.Wait(ctx, c, o)
		end()
		var wrong stack.UsageError
		if console.Or(json, false) && !errors.As(err, &wrong) {
			err = errors.Join(err, console.JSON(os.Stdout, w))
		} else if err == nil {
			showWaited(w)
		}
		return err
	})
}

func showWaited(w stack.Waited) {
	if w.Line != "" {
		stdout.Done("%s: %s", w.Process, w.Line)
		return
	}
	stdout.Done("%s after %s", w.For, time.Duration(w.Seconds*float64(time.Second)))
}
