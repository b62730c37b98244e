package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/magefile/mage/mg"

	"muster/internal/console"
	"muster/internal/hint"
	"muster/internal/plan"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// Backend starts, stops and shows the processes.
type Backend mg.Namespace

// Start starts all processes, detached, and returns when they are healthy.
//
// -nowait returns at once, -foreground stays, shows the log and stops
// everything on Ctrl-C, -only=NAMES restricts it to servers or instances,
// -profile=NAMES adds what is in a profile, -external=SERVERS leaves out what was
// started elsewhere, in an editor perhaps: it is checked and routed, and never signalled.
// In the foreground of a terminal h shows the keys that are answered; -keys=false leaves
// them alone.
func (Backend) Start(ctx context.Context, config *string, nowait, foreground *bool, only, profile, external *string, keys *bool) error {
	useProfiles(profile)
	useExternal(external)
	if err := checkOptions(only); err != nil {
		return console.Exit(err)
	}
	return withPorts(ctx, config, func(p project) error {
		opts := supervise.StartOptions{Names: names(only), NoWait: console.Or(nowait, false)}
		if !console.Or(foreground, false) {
			return start(ctx, p, opts)
		}
		if opts.NoWait {
			return usageError("-nowait and -foreground exclude each other")
		}
		return startForeground(ctx, p, opts.Names, keys)
	})
}

func start(ctx context.Context, p project, opts supervise.StartOptions) error {
	began := time.Now()
	if err := stack.CheckNames(ctx, p.client, p.cfg, opts.Names); err != nil {
		return err
	}
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
		stderr.Done("ready%s in %s", entry(prepared.Plan), time.Since(began))
	}
	for _, proc := range prepared.Plan.Processes {
		if proc.Debug != 0 {
			stderr.Step(proc.Name + ": " + stack.DebugLink(proc))
		}
	}
	prepared.WarnDifferences(p.client, stderr)
	return nil
}

// entry tells where a person begins, if anything has a URL.
func entry(p *plan.Plan) string {
	if url := stack.Entry(p); url != "" {
		return " at " + url
	}
	return ""
}

func startForeground(ctx context.Context, p project, only []string, keys *bool) error {
	if err := stack.CheckNames(ctx, p.client, p.cfg, only); err != nil {
		return err
	}
	prepared, err := stack.Prepare(ctx, p.cfg, stderr)
	if err != nil {
		return err
	}
	return stack.Foreground(ctx, p.client, p.cfg, stderr, showLog(keys), func(ctx context.Context, opts supervise.StartOptions) error {
		opts.Names = only
		if _, err := p.client.Start(ctx, *prepared.Plan, opts); err != nil {
			return err
		}
		stderr.Done("ready%s; Ctrl-C stops everything", entry(prepared.Plan))
		return nil
	})
}

// Stop stops all processes in order: nginx, servers, core.
//
// -timeout=5s is the time from SIGTERM to SIGKILL, in place of each server's
// stop_timeout; -only=NAMES restricts it to servers or instances.
func (Backend) Stop(ctx context.Context, config *string, timeout *time.Duration, only *string) error {
	if err := checkOptions(only, option{"timeout", timeout}); err != nil {
		return console.Exit(err)
	}
	return withClient(config, func(c *supervise.Client) error {
		if err := stack.CheckNames(ctx, c, nil, names(only)); err != nil {
			return err
		}
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
// from SIGTERM to SIGKILL, in place of stop_timeout. -rolling restarts one server
// after the other, while stand-ins serve behind the gateway; -drain=10s is the
// time that open WebSockets get then.
func (Backend) Restart(ctx context.Context, config *string, timeout *time.Duration, only *string, rolling *bool, drain *time.Duration) error {
	o := stack.RollingOptions{Only: names(only), Timeout: console.Or(timeout, supervise.OwnTimeout),
		Drain: console.Or(drain, stack.DefaultDrain)}
	if err := checkOptions(only, option{"timeout", timeout}, option{"drain", drain}); err != nil {
		return console.Exit(err)
	}
	began := time.Now()
	if console.Or(rolling, false) {
		return withProject(config, func(p project) error {
			if err := stack.CheckNames(ctx, p.client, p.cfg, o.Only); err != nil {
				return err
			}
			if err := stack.RestartRolling(ctx, p.client, p.cfg, o, stderr); err != nil {
				return err
			}
			stderr.Done("restarted, with stand-ins meanwhile, in %s", time.Since(began))
			stack.WarnStale(ctx, p.client, p.cfg, stderr)
			return nil
		})
	}
	return withClient(config, func(c *supervise.Client) error {
		if err := stack.CheckNames(ctx, c, nil, o.Only); err != nil {
			return err
		}
		err := c.Restart(ctx, o.Only, o.Timeout)
		if errors.Is(err, supervise.ErrNoSupervisor) {
			// Adoption comes with a start; what is dead starts with it.
			if err = c.Stop(ctx, o.Only, o.Timeout); err == nil {
				err = supervise.ErrNothingRuns
			}
		}
		if errors.Is(err, supervise.ErrNothingRuns) {
			return (Backend{}).Start(ctx, config, nil, nil, only, nil, nil, nil)
		}
		if err == nil {
			stderr.Done("restarted in %s", time.Since(began))
			warnStale(ctx, c, config)
		}
		return err
	})
}

// warnStale says how what runs differs from today's configuration, if that can
// be read.
func warnStale(ctx context.Context, c *supervise.Client, config *string) {
	cfg, err := loadConfig(config)
	if err == nil {
		err = selectProcesses(cfg, c)
	}
	if err != nil {
		stderr.Warn("what runs was restarted as it was, since the configuration has mistakes; see config:validate")
		return
	}
	stack.WarnStale(ctx, c, cfg, stderr)
}

// option is an option of a command that takes a duration.
type option struct {
	name  string
	value *time.Duration
}

// checkOptions refuses what cannot be meant: -only with no name would be all, and
// there is no time below zero.
func checkOptions(only *string, durations ...option) error {
	if only != nil && len(names(only)) == 0 {
		return usageError("-only= names nothing; leave it out for all")
	}
	for _, o := range durations {
		if o.value != nil && *o.value < 0 {
			return usageError(fmt.Sprintf("-%s=%s: it must not be negative", o.name, *o.value))
		}
	}
	return nil
}

// Reload brings what runs in line with the configuration: what is new is
// started, what is gone stopped, what differs restarted, the rest left alone.
//
// -profile=NAMES adds what is in a profile.
func (Backend) Reload(ctx context.Context, config, profile *string) error {
	useProfiles(profile)
	return withPorts(ctx, config, func(p project) error {
		return stack.Reload(ctx, p.client, p.cfg, stderr)
	})
}

// Run runs a task by hand, and returns when it has succeeded.
func (Backend) Run(ctx context.Context, config *string, task string) error {
	return withProject(config, func(p project) error {
		return stack.RunTask(ctx, p.client, p.cfg, task, stderr)
	})
}

// Env prints the environment, the folder and the interpreter of a process, for a
// shell: eval "$(muster backend:env -only=NAME)".
//
// -json prints them for scripts.
func (Backend) Env(ctx context.Context, config, only *string, json *bool) error {
	return withProject(config, func(p project) error {
		if only == nil {
			return usageError("of which process? say -only=NAME")
		}
		proc, err := stack.Process(ctx, p.cfg, *only)
		if err != nil {
			return err
		}
		if console.Or(json, false) {
			return console.JSON(os.Stdout, stack.LaunchOf(proc))
		}
		fmt.Printf("cd %s\n", hint.Word(proc.Dir))
		for _, v := range proc.Env {
			name, value, _ := strings.Cut(v, "=")
			fmt.Printf("export %s=%s\n", name, hint.Word(value))
		}
		fmt.Printf("export MUSTER_PROGRAM=%s\n", hint.Word(proc.Exe))
		return nil
	})
}

// Status shows what runs and how it is.
//
// -json prints it for scripts. The exit code is 0 when all is healthy, 3 when
// something is not, or has failed, 4 when nothing runs.
//
// -watch goes on until Ctrl-C: on a terminal the table stays in its place, elsewhere a
// table, or with -json an object a line, tells of each change.
func (Backend) Status(ctx context.Context, config *string, json, watch *bool) error {
	return withClient(config, func(c *supervise.Client) error {
		if console.Or(watch, false) {
			return watchStatus(ctx, c, console.Or(json, false))
		}
		st, err := c.Status(ctx)
		if err != nil {
			return err
		}
		return showStatus(st, console.Or(json, false))
	})
}

func watchStatus(ctx context.Context, c *supervise.Client, asJSON bool) error {
	ctx, stop := untilInterrupted(ctx)
	defer stop()
	c.Begin = nil // what it asks for is none of the person's
	all, err := stack.Statuses(ctx, c)
	if err != nil {
		return err
	}
	return stdout.Watch(ctx, all, asJSON)
}

func showStatus(st supervise.Status, asJSON bool) error {
	switch {
	case asJSON:
		if err := console.JSON(os.Stdout, st); err != nil {
			return err
		}
	default:
		stdout.StatusOrNothing(st)
	}
	switch {
	case !st.Healthy():
		return console.Unhealthy
	case !st.Running:
		return console.Nothing
	}
	return nil
}
