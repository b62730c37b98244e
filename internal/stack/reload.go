package stack

import (
	"context"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/plan"
	"muster/internal/supervise"
)

// Reload brings what runs in line with a configuration. Its frontend and the
// watchers are left as they are.
func Reload(ctx context.Context, c *supervise.Client, cfg *config.Config, report Report) error {
	p, err := Prepare(ctx, cfg, report)
	if err != nil {
		return err
	}
	return apply(ctx, c, p, report)
}

// reload brings what runs in line with the stack.
func (st *Stack) reload(ctx context.Context) error {
	p, err := st.prepare(ctx)
	if err != nil {
		return err
	}
	p.letPort()
	return apply(ctx, st.client, p, st.report)
}

// apply brings what runs in line with a plan, and says what that took.
func apply(ctx context.Context, c *supervise.Client, p Prepared, report Report) error {
	before := c.Plan().Processes
	if diffs := plan.Differences(before, p.Plan.Processes); len(diffs) > 0 {
		report.Step("differs: " + list(diffs))
	}
	ch, err := c.Reload(ctx, *p.Plan)
	if len(ch.Reread) > 0 {
		report.Done("%s reloaded its new configuration", strings.Join(ch.Reread, ", "))
	}
	if err != nil {
		return err
	}
	if len(ch.Removed) > 0 {
		report.Done("stopped: %s", strings.Join(ch.Removed, ", "))
	}
	if len(ch.Restarted) > 0 {
		report.Done("restarted: %s", strings.Join(ch.Restarted, ", "))
	}
	if len(ch.Added) > 0 {
		report.Done("started: %s", strings.Join(ch.Added, ", "))
	}
	if len(ch.Added)+len(ch.Removed)+len(ch.Restarted)+len(ch.Reread) == 0 {
		report.Done("every process is as the configuration says")
	}
	left := slices.DeleteFunc(before, func(p plan.Process) bool { return !slices.Contains(ch.Unchanged, p.Name) })
	if added := plan.NewVariables(left, p.Plan.Processes); len(added) > 0 {
		report.Step("new in this shell, and not known to what runs: " + strings.Join(added, ", ") + "; backend:restart hands them over")
	}
	return nil
}
