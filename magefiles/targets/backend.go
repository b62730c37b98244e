package targets

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/magefile/mage/mg"

	"muster/internal/console"
	"muster/internal/plan"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// Backend starts, stops and shows the processes.
type Backend mg.Namespace

// Start starts all processes, detached, and returns when they are healthy.
//
// -nowait returns at once, -foreground stays, shows the log and stops
// everything on Ctrl-C, -only=NAMES restricts it to servers or instances.
func (Backend) Start(ctx context.Context, config *string, nowait, foreground *bool, only *string) error {
	return console.Exit(start(ctx, config, console.Or(nowait, false), console.Or(foreground, false), names(only)))
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
	p, err := stack.Prepare(ctx, cfg, stderr)
	if err != nil {
		return err
	}
	if foreground {
		return startForeground(ctx, c, p.Plan, only)
	}
	out, err := c.Start(ctx, *p.Plan, supervise.StartOptions{Names: only, NoWait: nowait})
	switch {
	case err != nil:
		return err
	case out.AlreadyRunning:
		stderr.Done("already running")
	case nowait:
		stderr.Done("starting; see backend:status")
	default:
		stderr.Done("ready at %s in %s", stack.Entry(p.Plan), time.Since(began))
	}
	return nil
}

func startForeground(ctx context.Context, c *supervise.Client, p *plan.Plan, only []string) error {
	return stack.Foreground(ctx, c, stderr, showLog(c.Local), func(ctx context.Context, opts supervise.StartOptions) error {
		opts.Names = only
		if _, err := c.Start(ctx, *p, opts); err != nil {
			return err
		}
		stderr.Done("ready at %s; Ctrl-C stops everything", stack.Entry(p))
		return nil
	})
}

// Stop stops all processes in order: nginx, servers, core.
//
// -timeout=5s is the time from SIGTERM to SIGKILL (3s), -only=NAMES restricts
// it to servers or instances.
func (Backend) Stop(ctx context.Context, config *string, timeout *time.Duration, only *string) error {
	c, err := client(config)
	if err != nil {
		return console.Exit(err)
	}
	err = c.Stop(ctx, names(only), console.Or(timeout, stack.DefaultStopTimeout))
	if errors.Is(err, supervise.ErrNothingRuns) {
		stderr.Done("nothing runs")
		return nil
	}
	return console.Exit(err)
}

// Restart restarts all processes and returns when they are healthy.
//
// -only=NAMES restricts it to servers or instances, -timeout=5s is the time
// from SIGTERM to SIGKILL (3s). -rolling restarts one instance after the other,
// each after the gateway has turned to the others; -drain=10s is the time that
// open WebSockets get then.
func (Backend) Restart(ctx context.Context, config *string, timeout *time.Duration, only *string, rolling *bool, drain *time.Duration) error {
	if console.Or(rolling, false) {
		return console.Exit(restartRolling(ctx, config, stack.RollingOptions{Only: names(only),
			Timeout: console.Or(timeout, stack.DefaultStopTimeout), Drain: console.Or(drain, stack.DefaultDrain)}))
	}
	return console.Exit(restart(ctx, config, console.Or(timeout, stack.DefaultStopTimeout), names(only)))
}

func restartRolling(ctx context.Context, config *string, o stack.RollingOptions) error {
	began := time.Now()
	cfg, err := loadConfig(config)
	if err != nil {
		return err
	}
	c, err := client(config)
	if err != nil {
		return err
	}
	if err := stack.RestartRolling(ctx, cfg, c, o, stderr); err != nil {
		return err
	}
	stderr.Done("restarted one by one in %s", time.Since(began))
	return nil
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
	stderr.Done("restarted in %s", time.Since(began))
	return nil
}

// Reload brings what runs in line with the configuration: what is new is
// started, what is gone stopped, what differs restarted, the rest left alone.
func (Backend) Reload(ctx context.Context, config *string) error {
	return console.Exit(reload(ctx, config))
}

func reload(ctx context.Context, config *string) error {
	cfg, err := loadConfig(config)
	if err != nil {
		return err
	}
	c, err := client(config)
	if err != nil {
		return err
	}
	p, err := stack.Prepare(ctx, cfg, stderr)
	if err != nil {
		return err
	}
	return stack.Apply(ctx, c, cfg, p, stderr)
}

// Status shows what runs and how it is.
//
// -json prints it for scripts. The exit code is 0 when all is healthy, 3 when
// something is not, 4 when nothing runs.
func (Backend) Status(ctx context.Context, config *string, json *bool) error {
	return console.Exit(status(ctx, config, console.Or(json, false)))
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
		stdout.Done("nothing runs")
	default:
		stdout.Status(st)
	}
	switch {
	case !st.Running:
		return console.Nothing
	case !st.Healthy():
		return console.Unhealthy
	}
	return nil
}
