package targets

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"muster/internal/console"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// Analyze tells what waited for what in the last start, restart or reload, and what all
// of it waited for in the end: the critical path.
//
// -json prints it for scripts.
func (Backend) Analyze(ctx context.Context, config *string, json *bool) error {
	return withClient(config, func(c *supervise.Client) error {
		a, err := stack.Analyze(ctx, c.Local)
		if err != nil {
			return err
		}
		if console.Or(json, false) {
			return console.JSON(os.Stdout, a)
		}
		showAnalysis(a)
		return nil
	})
}

func showAnalysis(a stack.Analysis) {
	after := func(seconds float64) string { return fmt.Sprintf("%.2f s", seconds) }
	rows := [][]string{{"PROCESS", "STATE", "LAUNCHED", "READY", "TOOK", "WAITED FOR"}}
	for _, p := range a.Processes {
		row := []string{p.Process, p.State, "-", "-", "-", ""}
		if p.Launches > 0 {
			row[2] = after(p.Launched)
		}
		if p.Launches > 1 {
			row[2] += fmt.Sprintf(" (%d times)", p.Launches)
		}
		if p.Ready > 0 {
			row[3], row[4] = after(p.Ready), after(p.Ready-p.Launched)
		}
		var waits []string
		for _, w := range p.Waited {
			waits = append(waits, w.For+" "+after(w.Seconds))
		}
		row[5] = strings.Join(waits, ", ")
		rows = append(rows, row)
	}
	stdout.Table(rows)
	var path []string
	for _, s := range a.Critical {
		path = append(path, s.Process+" "+after(s.Seconds))
	}
	how := fmt.Sprintf("%s at %s took %s", a.Operation, a.Began.Local().Format(time.TimeOnly), after(a.Seconds))
	if a.Prepared > 0 {
		how += fmt.Sprintf(", and %s before it to prepare it", after(a.Prepared))
	}
	stdout.Step(how)
	if len(path) > 0 {
		stdout.Step("critical path: " + strings.Join(path, " → "))
	}
	if a.Error != "" {
		stdout.Warn("it failed: %s", a.Error)
	}
}
