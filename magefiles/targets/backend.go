package targets

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/magefile/mage/mg"

	"muster/internal/console"
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
	return withProject(config, func(p project) error {
		opts := supervise.StartOptions{Names: names(only), NoWait: console.Or(nowait, false)}
		if !console.Or(foreground, false) {
			return start(ctx, p, opts)
		}
		if opts.NoWait {
			return usageError("-nowait and -foreground exclude each other")
		}
		return startForeground(ctx, p, opts.Names)
	})
}

func start(ctx context.Context, p project, opts supervise.StartOptions) error {
	began := time.Now()
	prepared, err := stack.Prepare(ctx, p.cfg, stderr)
	if err != nil {
		return err
	}
	already, err := p.client.Start(ctx, *prepared.Plan, opts)
	switch {
	case err != nil:
		return err
	case already:
		stderr.Done("already running")
	case opts.NoWait:
		stderr.Done("starting; see backend:status")
	default:
		stderr.Done("ready at %s in %s", stack.Entry(prepared.Plan), time.Since(began))
	}
	return nil
}

func startForeground(ctx context.Context, p project, only []string) error {
	prepared, err := stack.Prepare(ctx, p.cfg, stderr)
	if err != nil {
		return err
	}
	return stack.Foreground(ctx, p.client, stderr, showLog, func(ctx context.Context, opts supervise.StartOptions) error {
		opts.Names = only
		if _, err := p.client.Start(ctx, *prepared.Plan, opts); err != nil {
			return err
		}
		stderr.Done("ready at %s; Ctrl-C stops everything", stack.Entry(prepared.Plan))
		return nil
	})
}

// Stop stops all processes in order: nginx, servers, core.
//
// -timeout=5s is the time from SIGTERM to SIGKILL, in place of each server's
// stop_timeout; -only=NAMES restricts it to servers or instances.
func (Backend) Stop(ctx context.Context, config *string, timeout *time.Duration, only *string) error {
	return withClient(config, func(c *supervise.Client) error {
		err := c.Stop(ctx, names(only), console.Or(timeout, supervise.OwnTimeout))
		if errors.Is(err, supervise.ErrNothingRuns) {
			stderr.Done("nothing runs")
			return nil
		}
		return err
	})
}

// Restart restarts all processes and returns when they are healthy.
//
// -only=NAMES restricts it to servers or instances, -timeout=5s is the time
// from SIGTERM to SIGKILL, in place of stop_timeout. -rolling restarts one instance after the other,
// each after the gateway has turned to the others; -drain=10s is the time that
// open WebSockets get then.
func (Backend) Restart(ctx context.Context, config *string, timeout *time.Duration, only *string, rolling *bool, drain *time.Duration) error {
	o := stack.RollingOptions{Only: names(only), Timeout: console.Or(timeout, supervise.OwnTimeout),
		Drain: console.Or(drain, stack.DefaultDrain)}
	began := time.Now()
	if console.Or(rolling, false) {
		return withProject(config, func(p project) error {
			if err := stack.RestartRolling(ctx, p.client, p.cfg, o, stderr); err != nil {
				return err
			}
			stderr.Done("restarted one by one in %s", time.Since(began))
			return nil
		})
	}
	return withClient(config, func(c *supervise.Client) error {
		err := c.Restart(ctx, o.Only, o.Timeout)
		if errors.Is(err, supervise.ErrNoSupervisor) {
			// Adoption comes with a start; what is dead starts with it.
			if err = c.Stop(ctx, o.Only, o.Timeout); err == nil {
				err = supervise.ErrNothingRuns
			}
		}
		if errors.Is(err, supervise.ErrNothingRuns) {
			return (Backend{}).Start(ctx, config, nil, nil, only)
		}
		if err == nil {
			stderr.Done("restarted in %s", time.Since(began))
		}
		return err
	})
}

// Reload brings what runs in line with the configuration: what is new is
// started, what is gone stopped, what differs restarted, the rest left alone.
func (Backend) Reload(ctx context.Context, config *string) error {
	return withProject(config, func(p project) error {
		return stack.Reload(ctx, p.client, p.cfg, stderr)
	})
}

// Status shows what runs and how it is.
//
// -json prints it for scripts. The exit code is 0 when all is healthy, 3 when
// something is not, or has failed, 4 when nothing runs.
func (Backend) Status(ctx context.Context, config *string, json *bool) error {
	return withClient(config, func(c *supervise.Client) error {
		st, err := c.Status(ctx)
		if err != nil {
			return err
		}
		return showStatus(st, console.Or(json, false))
	})
}

func showStatus(st supervise.Status, asJSON bool) error {
	switch {
	case asJSON:
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(st); err != nil {
			return err
		}
	case !st.Running && st.Healthy():
		stdout.Done("nothing runs")
	default:
		stdout.Status(st)
	}
	switch {
	case !st.Healthy():
		return console.Unhealthy
	case !st.Running:
		return console.Nothing
	}
	return nil
}
