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
	var known []string
	add := func(name string) {
		if !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	if cfg != nil {
		for _, s := range cfg.Servers {
			add(s.Name)
			for i := range s.Instances {
				add(config.InstanceName(s.Name, i))
			}
		}
		if cfg.Nginx != nil {
			add(plan.GatewayName)
		}
	}
	for _, p := range st.Processes {
		add(p.Server)
		add(p.Name)
	}
	if len(known) == 0 { // nothing runs, which is said in its own way
		return nil
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return UsageError(fmt.Sprintf("-only=%s: there is no such process or server; there are %s", name, strings.Join(known, ", ")))
		}
	}
	return nil
}
