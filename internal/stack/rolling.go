package stack

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"syscall"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/plan"
	"muster/internal/proc"
	"muster/internal/supervise"
)

// DefaultDrain is how long open WebSockets get at a rolling restart.
const DefaultDrain = 5 * time.Second

// rolling is one rolling restart: while an instance is restarted, the gateway
// sends requests elsewhere.
type rolling struct {
	RollingOptions
	c      *supervise.Client
	cfg    *config.Config
	p      Prepared
	report Report
}

// RollingOptions are the wishes for a rolling restart.
type RollingOptions struct {
	Only    []string      // servers or instances; empty: all
	Timeout time.Duration // from SIGTERM to SIGKILL, or supervise.OwnTimeout
	Drain   time.Duration // that open connections get to end by themselves
}

// RestartRolling restarts one instance after the other, each after the gateway
// has turned to the others.
func RestartRolling(ctx context.Context, c *supervise.Client, cfg *config.Config, o RollingOptions, report Report) error {
	p, err := Prepare(ctx, cfg, report)
	if err != nil {
		return err
	}
	r := &rolling{RollingOptions: o, c: c, cfg: cfg, p: p, report: report}
	for i := range cfg.Servers {
		s := &cfg.Servers[i]
		chosen := chosenInstances(s, o.Only)
		if len(chosen) == 0 {
			continue
		}
		if err := r.server(ctx, s, chosen); err != nil {
			return fmt.Errorf("rolling restart of %s: %w", s.Name, err)
		}
	}
	return nil
}

// chosenInstances are the numbers of a server's instances that -only selects.
func chosenInstances(s *config.Server, only []string) []int {
	var chosen []int
	for n := range s.Instances {
		if len(only) == 0 || slices.Contains(only, s.Name) || slices.Contains(only, config.InstanceName(s.Name, n)) {
			chosen = append(chosen, n)
		}
	}
	return chosen
}

func (r *rolling) server(ctx context.Context, s *config.Server, chosen []int) error {
	switch {
	case r.cfg.Nginx == nil:
		// uvicorn's next process goes on with the same listening socket:
		// connections wait in it, and none is refused. (Not enough behind a
		// gateway: of the connections that it keeps open, one may be closed in
		// the moment in which it sends a request that is not safe to repeat.)
		for _, n := range chosen {
			if err := r.c.Restart(ctx, []string{config.InstanceName(s.Name, n)}, r.Timeout); err != nil {
				return err
			}
		}
		return nil
	case s.Instances == 1:
		return r.withSpare(ctx, s)
	}
	for _, n := range chosen {
		var others []string
		for i := range s.Instances {
			if i != n {
				others = append(others, address(s.Port+i))
			}
		}
		err := r.aside(ctx, s, others, s.Port+n, func() error {
			return r.c.Restart(ctx, []string{config.InstanceName(s.Name, n)}, r.Timeout)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// withSpare restarts the only instance of a server while a stand-in serves.
func (r *rolling) withSpare(ctx context.Context, s *config.Server) (err error) {
	port, err := freePort()
	if err != nil {
		return err
	}
	spare, err := plan.Spare(r.cfg, s, port, r.p.Tools)
	if err != nil {
		return err
	}
	next := plan.Plan{Config: r.p.Plan.Config, Processes: []plan.Process{spare}}
	if _, err := r.c.Start(ctx, next, supervise.StartOptions{Names: []string{spare.Name}}); err != nil {
		return err
	}
	err = r.aside(ctx, s, []string{address(port)}, s.Port, func() error {
		return r.c.Restart(ctx, []string{config.InstanceName(s.Name, 0)}, r.Timeout)
	})
	proc.Drained(ctx, port, r.Drain)
	if e := r.c.Remove(context.WithoutCancel(ctx), []string{spare.Name}, r.Timeout); err == nil {
		err = e
	}
	return err
}

// aside has the gateway send a server's requests to the addresses alone, waits
// until the connections to port have ended, runs restart and has the gateway
// send them to all instances again, whatever became of it.
func (r *rolling) aside(ctx context.Context, s *config.Server, addresses []string, port int, restart func() error) error {
	t := gateway.Topology{Instances: map[string][]string{s.Name: addresses}}
	err := r.reloadGateway(ctx, t)
	if err == nil {
		if !proc.Drained(ctx, port, r.Drain) && ctx.Err() == nil {
			r.report.Warn("%s: connections on port %d are still open after %s and will be closed", s.Name, port, r.Drain.String())
		}
		err = restart()
	}
	if e := r.reloadGateway(context.WithoutCancel(ctx), gateway.Topology{}); err == nil {
		err = e
	}
	return err
}

// reloadGateway has the gateway take over a topology and returns when no
// request is accepted under the one before.
func (r *rolling) reloadGateway(ctx context.Context, t gateway.Topology) error {
	if _, _, err := PrepareGateway(ctx, r.cfg, t, r.report); err != nil {
		return err
	}
	st, err := r.c.Status(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(st.Processes, func(p supervise.ProcessStatus) bool { return p.Name == plan.GatewayName })
	if i < 0 {
		return supervise.ErrNothingRuns
	}
	pid := st.Processes[i].PID
	before := proc.Children(pid)
	if err := r.c.Signal(ctx, plan.GatewayName, syscall.SIGHUP); err != nil {
		return err
	}
	// nginx starts the new workers first, and then tells the old ones to accept
	// no more. The builtin gateway has none, and turns at once.
	deadline := time.Now().Add(5 * time.Second)
	for len(before) > 0 && !anyNew(before, proc.Children(pid)) {
		if time.Now().After(deadline) {
			return fmt.Errorf("nginx did not reload its configuration within 5 s; see %s/nginx.log", r.c.Local.Logs())
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func anyNew(before, now []int) bool {
	return slices.ContainsFunc(now, func(pid int) bool { return !slices.Contains(before, pid) })
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
