package targets

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/magefile/mage/mg"

	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/plan"
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
		return startForeground(ctx, c, p.plan, only)
	}
	out, err := c.Start(ctx, *p.plan, supervise.StartOptions{Names: only, NoWait: nowait})
	switch {
	case err != nil:
		return err
	case out.AlreadyRunning:
		console.Done(os.Stderr, "already running")
	case nowait:
		console.Done(os.Stderr, "starting; see backend:status")
	default:
		console.Done(os.Stderr, "ready at %s in %s", entry(p.plan), console.Seconds(time.Since(began)))
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
// from SIGTERM to SIGKILL (3s). -rolling restarts one instance after the other,
// each after the gateway has turned to the others; -drain=10s is the time that
// open WebSockets get then.
func (Backend) Restart(ctx context.Context, config *string, timeout *time.Duration, only *string, rolling *bool, drain *time.Duration) error {
	if value(rolling, false) {
		return run(restartRolling(ctx, config, value(timeout, defaultStopTimeout), value(drain, defaultDrain), names(only)))
	}
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

// Reload brings what runs in line with the configuration: what is new is
// started, what is gone stopped, what differs restarted, the rest left alone.
func (Backend) Reload(ctx context.Context, config *string) error {
	return run(reload(ctx, config))
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
	p, err := prepare(ctx, cfg)
	if err != nil {
		return err
	}
	return applyPlan(ctx, c, cfg, p)
}

// applyPlan brings what runs in line with a plan, and says what that took.
func applyPlan(ctx context.Context, c *supervise.Client, cfg *config.Config, p prepared) error {
	ch, err := c.Reload(ctx, *p.plan)
	// Also when a server does not come up: it may later, and is then routed to.
	if cfg.Nginx != nil && p.newGateway && slices.Contains(ch.Unchanged, plan.GatewayName) {
		if e := c.Signal(ctx, plan.GatewayName, syscall.SIGHUP); e != nil {
			return errors.Join(err, e)
		}
		console.Done(os.Stderr, "nginx reloaded its new configuration")
	}
	if err != nil {
		return err
	}
	for what, which := range map[string][]string{"started": ch.Added, "stopped": ch.Removed, "restarted": ch.Restarted} {
		if len(which) > 0 {
			console.Done(os.Stderr, "%s: %s", what, strings.Join(which, ", "))
		}
	}
	if len(ch.Added)+len(ch.Removed)+len(ch.Restarted) == 0 {
		console.Done(os.Stderr, "every process is as the configuration says")
	}
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
