package stack

import (
	"context"
	"os"
	"strings"

	"muster/internal/config"
	"muster/internal/plan"
	"muster/internal/supervise"
	"muster/internal/toolchain"
)

// WarnStale says in what the servers that run are other than the configuration,
// its environment files and the shell say today. It changes nothing: a restart
// takes what runs as it is.
func WarnStale(ctx context.Context, c *supervise.Client, cfg *config.Config, report Report) {
	draft := *cfg
	draft.Frontend = nil // its program would have to be looked for, and the gateway's
	var tools plan.Tools
	if plan.UsesPython(cfg) {
		python, err := toolchain.FindPython(ctx, cfg)
		if err != nil {
			return
		}
		tools = pythonTools(cfg, python)
	}
	p, err := plan.Build(&draft, tools)
	if err != nil {
		report.Warn("the configuration cannot be compared with what runs: %v", err)
		return
	}
	p.TakeShell(os.Environ())
	warnDifferences(plan.Differences(c.Plan().Processes, p.Processes), report)
}

// WarnDifferences is WarnStale for a plan that is laid out.
func (p Prepared) WarnDifferences(c *supervise.Client, report Report) {
	warnDifferences(plan.Differences(c.Plan().Processes, p.Plan.Processes), report)
}

func warnDifferences(diffs []plan.Difference, report Report) {
	if len(diffs) > 0 {
		report.Warn("what runs differs from the configuration: %s; backend:reload takes it over", list(diffs))
	}
}

func list(diffs []plan.Difference) string {
	var all []string
	for _, d := range diffs {
		all = append(all, d.String())
	}
	return strings.Join(all, ", ")
}
