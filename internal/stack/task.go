package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/supervise"
)

// RunTask runs a task by hand, and returns when it has succeeded.
func RunTask(ctx context.Context, c *supervise.Client, cfg *config.Config, task string, report Report) error {
	if !slices.ContainsFunc(cfg.Tasks, func(t config.Task) bool { return t.Name == task }) {
		return UsageError(fmt.Sprintf("no task %q; there are %s", task, strings.Join(cfg.TaskNames(), ", ")))
	}
	if err := TakePorts(ctx, c, cfg, report); err != nil {
		return err
	}
	prepared, err := Prepare(ctx, cfg, report)
	if err == nil {
		_, err = c.Start(ctx, *prepared.Plan, supervise.StartOptions{Names: []string{task}})
	}
	return err
}
