package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/internal/config"
	"muster/internal/stack"
	"muster/internal/supervise"
)

func (s *server) addWriting() {
	add(s, starts, "start", "Start", "Starts processes, detached, and returns when they are healthy. If one fails, all that this start has started is stopped, and error.failures tells why.", start)
	add(s, ends, "stop", "Stop", "Stops processes, in order.", stop)
	add(s, ends, "restart", "Restart", "Restarts processes and returns when they are healthy.", restart)
	add(s, ends, "reload", "Reload", "Brings what runs in line with the configuration: what is new is started, what is gone stopped, what differs restarted.", reload)
	add(s, starts, "run_task", "Run a task", "Runs a task of the configuration by hand and returns when it has succeeded. What it printed is in its log.", runTask)
}

type startInput struct {
	Only     []string `json:"only,omitempty" jsonschema:"names of processes or servers; left out: all"`
	Profiles []string `json:"profiles,omitempty" jsonschema:"adds what is in these profiles"`
	External []string `json:"external,omitempty" jsonschema:"servers that were started elsewhere, in an editor perhaps"`
	NoWait   bool     `json:"nowait,omitempty" jsonschema:"return at once, and leave what fails as it is: see status"`
}

func (in startInput) selection() Selection { return Selection{in.Profiles, in.External} }

// did is what has been done, and how all is then.
type did struct {
	Done        string                    `json:"done" jsonschema:"started, already_running, starting, stopped, nothing_ran, restarted, reloaded or succeeded"`
	Seconds     float64                   `json:"seconds"`
	URL         string                    `json:"url,omitempty" jsonschema:"where the stack is reached"`
	Processes   []supervise.ProcessStatus `json:"processes" jsonschema:"how those are that were asked for, or all; what does not fit is in status"`
	NotAllShown bool                      `json:"not_all_shown,omitempty" jsonschema:"there are more processes: see status"`
}

func (c *call) did(ctx context.Context, what string, began time.Time, only []string) (did, error) {
	d := did{Done: what, Seconds: time.Since(began).Seconds(), Processes: []supervise.ProcessStatus{}}
	if c.Config != nil {
		d.URL = c.Config.URL()
	}
	st, err := c.Client.Status(ctx)
	if err != nil {
		return d, err
	}
	var more string
	d.Processes, more, err = page(chosen(st.Processes, only), "")
	d.NotAllShown = more != ""
	return d, err
}

func start(ctx context.Context, c *call, in startInput) (d did, err error) {
	began := time.Now()
	if _, err := c.valid(); err != nil {
		return d, err
	}
	what, err := c.start(ctx, supervise.StartOptions{Names: in.Only, NoWait: in.NoWait})
	if err != nil {
		return d, err
	}
	return c.did(ctx, what, began, in.Only)
}

// start is that of backend:start.
func (c *call) start(ctx context.Context, o supervise.StartOptions) (string, error) {
	if err := stack.TakePorts(ctx, c.Client, c.Config, c); err != nil {
		return "", err
	}
	if err := stack.CheckNames(ctx, c.Client, c.Config, o.Names); err != nil {
		return "", err
	}
	prepared, err := stack.Prepare(ctx, c.Config, c)
	if err != nil {
		return "", err
	}
	already, err := c.Client.Start(ctx, *prepared.Plan, o)
	switch {
	case err != nil:
		return "", err
	case already:
		return "already_running", nil
	case o.NoWait:
		return "starting", nil
	}
	return "started", nil
}

type stopInput struct {
	Only    []string `json:"only,omitempty" jsonschema:"names of processes or servers; left out: all"`
	Timeout *float64 `json:"timeout_seconds,omitempty" jsonschema:"from SIGTERM to SIGKILL; left out: each process's own stop_timeout"`
}

func (in stopInput) timeout() (time.Duration, error) {
	switch {
	case in.Timeout == nil:
		return supervise.OwnTimeout, nil
	case *in.Timeout < 0:
		return 0, usage("timeout_seconds must not be negative")
	}
	return time.Duration(min(*in.Timeout, 24*3600) * float64(time.Second)), nil
}

func stop(ctx context.Context, c *call, in stopInput) (d did, err error) {
	began := time.Now()
	timeout, err := in.timeout()
	if err == nil {
		err = stack.CheckNames(ctx, c.Client, nil, in.Only)
	}
	if err == nil {
		err = c.Client.Stop(ctx, in.Only, timeout)
	}
	what := "stopped"
	if errors.Is(err, supervise.ErrNothingRuns) {
		what, err = "nothing_ran", nil
	}
	if err != nil {
		return d, err
	}
	return c.did(ctx, what, began, in.Only)
}

type restartInput struct {
	Only    []string `json:"only,omitempty" jsonschema:"names of processes or servers; left out: all"`
	Timeout *float64 `json:"timeout_seconds,omitempty" jsonschema:"from SIGTERM to SIGKILL; left out: each process's own stop_timeout"`
	Rolling bool     `json:"rolling,omitempty" jsonschema:"one server after the other, while stand-ins serve behind the gateway"`
}

func restart(ctx context.Context, c *call, in restartInput) (d did, err error) {
	began := time.Now()
	timeout, err := stopInput{Timeout: in.Timeout}.timeout()
	if err == nil {
		err = stack.CheckNames(ctx, c.Client, c.Config, in.Only)
	}
	if err != nil {
		return d, err
	}
	what := "restarted"
	if in.Rolling {
		cfg, err := c.valid()
		if err == nil {
			err = stack.RestartRolling(ctx, c.Client, cfg, stack.RollingOptions{Only: in.Only, Timeout: timeout, Drain: stack.DefaultDrain}, c)
		}
		if err != nil {
			return d, err
		}
		return c.did(ctx, what, began, in.Only)
	}
	err = c.Client.Restart(ctx, in.Only, timeout)
	if errors.Is(err, supervise.ErrNoSupervisor) {
		if err = c.Client.Stop(ctx, in.Only, timeout); err == nil {
			err = supervise.ErrNothingRuns
		}
	}
	if errors.Is(err, supervise.ErrNothingRuns) {
		if _, err := c.valid(); err != nil {
			return d, err
		}
		what, err = c.start(ctx, supervise.StartOptions{Names: in.Only})
	}
	if err != nil {
		return d, err
	}
	return c.did(ctx, what, began, in.Only)
}

type reloadInput struct {
	Profiles []string `json:"profiles,omitempty" jsonschema:"adds what is in these profiles"`
}

func (in reloadInput) selection() Selection { return Selection{Profiles: in.Profiles} }

func reload(ctx context.Context, c *call, _ reloadInput) (d did, err error) {
	began := time.Now()
	cfg, err := c.valid()
	if err == nil {
		err = stack.TakePorts(ctx, c.Client, cfg, c)
	}
	if err == nil {
		err = stack.Reload(ctx, c.Client, cfg, c)
	}
	if err != nil {
		return d, err
	}
	return c.did(ctx, "reloaded", began, nil)
}

type taskInput struct {
	Task string `json:"task" jsonschema:"its name in the configuration"`
}

func runTask(ctx context.Context, c *call, in taskInput) (d did, err error) {
	began := time.Now()
	cfg, err := c.valid()
	if err != nil {
		return d, err
	}
	if !slices.ContainsFunc(cfg.Tasks, func(t config.Task) bool { return t.Name == in.Task }) {
		return d, usage(fmt.Sprintf("no task %q; there are %s", in.Task, strings.Join(cfg.TaskNames(), ", ")))
	}
	if _, err := c.start(ctx, supervise.StartOptions{Names: []string{in.Task}}); err != nil {
		return d, err
	}
	return c.did(ctx, "succeeded", began, []string{in.Task})
}
