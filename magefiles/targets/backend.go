package targets

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/magefile/mage/mg"

	"muster/internal/console"
	"muster/internal/supervise"
)

// Backend starts, stops and shows the processes.
type Backend mg.Namespace

const defaultStopTimeout = 3 * time.Second

// Start starts all processes, detached, and returns when they are healthy.
//
// -nowait returns at once, -foreground stays, shows the log and stops
// everything on Ctrl-C, -only=NAMES restricts it to servers or instances.
func (Backend) Start(ctx context.Context, config *string, nowait, foreground *bool, only *string) error {
	return run(start(ctx, config, value(nowait, false), value(foreground, false), names(only)))
}

func start(ctx context.Context, config *string, nowait, foreground bool, only []string) error {
	if nowait && foreground {
		return usageError("-nowait and -foreground exclude each other")
	}
	began := time.Now()
	cfg, err := loadConfig(config)
	if err != nil {
		return err
	}
	c, err := client(config)
	if err != nil {
		return err
	}
	c.Logs = logOptions(cfg)
	p, err := prepare(ctx, cfg)
	if err != nil {
		return err
	}
	if foreground {
		return startForeground(ctx, c, p, only)
	}
	out, err := c.Start(ctx, *p, supervise.StartOptions{Names: only, NoWait: nowait})
	switch {
	case err != nil:
		return err
	case out.AlreadyRunning:
		console.Done(os.Stderr, "already running")
	case nowait:
		console.Done(os.Stderr, "starting; see backend:status")
	default:
		console.Done(os.Stderr, "ready at %s in %s", entry(p), console.Seconds(time.Since(began)))
	}
	return nil
}

// Stop stops all processes in order: nginx, servers, core.
//
// -timeout=5s is the time from SIGTERM to SIGKILL (3s), -only=NAMES restricts
// it to servers or instances.
func (Backend) Stop(ctx context.Context, config *string, timeout *time.Duration, only *string) error {
	c, err := client(config)
	if err != nil {
		return run(err)
	}
	err = c.Stop(ctx, names(only), value(timeout, defaultStopTimeout))
	if errors.Is(err, supervise.ErrNothingRuns) {
		console.Done(os.Stderr, "nothing runs")
		return nil
	}
	return run(err)
}

// Restart restarts all processes and returns when they are healthy.
//
// -only=NAMES restricts it to servers or instances, -timeout=5s is the time
// from SIGTERM to SIGKILL (3s).
func (Backend) Restart(ctx context.Context, config *string, timeout *time.Duration, only *string) error {
	return run(restart(ctx, config, value(timeout, defaultStopTimeout), names(only)))
}

func restart(ctx context.Context, config *string, timeout time.Duration, only []string) error {
	began := time.Now()
	c, err := client(config)
	if err != nil {
		return err
	}
	err = c.Restart(ctx, only, timeout)
	if errors.Is(err, supervise.ErrNothingRuns) || errors.Is(err, supervise.ErrNoSupervisor) {
		// Adoption comes with a start; what is dead starts with it.
		if errors.Is(err, supervise.ErrNoSupervisor) {
			if err := c.Stop(ctx, only, timeout); err != nil {
				return err
			}
		}
		return start(ctx, config, false, false, only)
	}
	if err != nil {
		return err
	}
	console.Done(os.Stderr, "restarted in %s", console.Seconds(time.Since(began)))
	return nil
}

// Status shows what runs and how it is.
//
// -json prints it for scripts. The exit code is 0 when all is healthy, 3 when
// something is not, 4 when nothing runs.
func (Backend) Status(ctx context.Context, config *string, json *bool) error {
	return run(status(ctx, config, value(json, false)))
}

func status(ctx context.Context, config *string, asJSON bool) error {
	c, err := client(config)
	if err != nil {
		return err
	}
	st, err := c.Status(ctx)
	if err != nil {
		return err
	}
	switch {
	case asJSON:
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(st); err != nil {
			return err
		}
	case !st.Running:
		console.Done(os.Stdout, "nothing runs")
	default:
		console.Status(os.Stdout, st)
	}
	switch {
	case !st.Running:
		return exitCode(exitNothing)
	case !st.Healthy():
		return exitCode(exitUnhealthy)
	}
	return nil
}
