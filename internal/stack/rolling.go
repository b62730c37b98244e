package stack

import (
	"context"
	"fmt"
	"slices"
	"time"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/plan"
	"muster/internal/supervise"
)

// DefaultDrain is how long open WebSockets get at a rolling restart.
const DefaultDrain = 5 * time.Second

// RollingOptions are the wishes for a rolling restart.
type RollingOptions struct {
	Only    []string      // servers or instances; empty: all
	Timeout time.Duration // from SIGTERM to SIGKILL, or supervise.OwnTimeout
	Drain   time.Duration // that open connections get to end by themselves
}

// RestartRolling restarts one server after the other, each while its stand-ins
// serve behind the gateway.
func RestartRolling(ctx context.Context, c *supervise.Client, cfg *config.Config, o RollingOptions, report Report) error {
	p, err := Prepare(ctx, cfg, report)
	if err != nil {
		return err
	}
	for i := range cfg.Servers {
		s := &cfg.Servers[i]
		names := chosenInstances(s, o.Only)
		if len(names) == 0 || s.External && len(o.Only) == 0 {
			continue
		}
		if s.External {
			return fmt.Errorf("%s is external, and not ours to restart: restart it where it was started", s.Name)
		}
		if err := rollServer(ctx, c, cfg, p.Tools, s, names, o); err != nil {
			return fmt.Errorf("rolling restart of %s: %w", s.Name, err)
		}
	}
	return nil
}

// routed tells whether the gateway sends requests to a server. Of another one, a
// database perhaps, there may be no second at the same time.
func routed(cfg *config.Config, server string) bool {
	if cfg.Nginx == nil {
		return false
	}
	table, err := gateway.Table(cfg)
	return err == nil && slices.ContainsFunc(table, func(r gateway.Route) bool { return r.Server == server })
}

// chosenInstances are a server's instances that -only selects.
func chosenInstances(s *config.Server, only []string) []string {
	var chosen []string
	for n := range s.Instances {
		name := config.InstanceName(s.Name, n)
		if len(only) == 0 || slices.Contains(only, s.Name) || slices.Contains(only, name) {
			chosen = append(chosen, name)
		}
	}
	return chosen
}

func rollServer(ctx context.Context, c *supervise.Client, cfg *config.Config, tools plan.Tools, s *config.Server, names []string, o RollingOptions) error {
	if !routed(cfg, s.Name) {
		// uvicorn's next process goes on with the same listening socket:
		// connections wait in it, and none is refused. (Not enough behind a
		// gateway: of the connections that it keeps open, one may be closed in
		// the moment in which it sends a request that is not safe to repeat.)
		for _, name := range names {
			if err := c.Restart(ctx, []string{name}, o.Timeout); err != nil {
				return err
			}
		}
		return nil
	}
	spares, err := plan.Spares(cfg, s, tools)
	if err != nil {
		return err
	}
	return c.Roll(ctx, supervise.Roll{Server: s.Name, Spares: spares, Names: names, Timeout: o.Timeout, Drain: o.Drain})
}
