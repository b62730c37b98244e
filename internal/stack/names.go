package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/plan"
	"muster/internal/supervise"
)

// CheckNames refuses names of which no process or server is: of what runs or,
// where a configuration is given, of that. The error is a UsageError with those
// that there are.
func CheckNames(ctx context.Context, c *supervise.Client, cfg *config.Config, names []string) error {
	if len(names) == 0 {
		return nil
	}
	st, err := c.Status(ctx)
	if err != nil {
		return err
	}
	var there, servers []string // names of processes, and of what they are instances of
	add := func(server, process string) {
		if !slices.Contains(there, process) {
			there, servers = append(there, process), append(servers, server)
		}
	}
	if cfg != nil {
		for _, m := range cfg.Processes() {
			if m.Kind == config.KindFrontend {
				continue // dev:fullstack alone runs it
			}
			for _, name := range m.InstanceNames() {
				add(m.Name, name)
			}
		}
		if cfg.Nginx != nil {
			add(plan.GatewayName, plan.GatewayName)
		}
	}
	for _, p := range st.Processes {
		add(p.Server, p.Name)
	}
	if len(there) == 0 { // nothing runs, which is said in its own way
		return nil
	}
	for _, name := range names {
		if !slices.Contains(there, name) && !slices.Contains(servers, name) {
			return UsageError(fmt.Sprintf("no process or server %q; there are %s", name, strings.Join(there, ", ")))
		}
	}
	return nil
}
