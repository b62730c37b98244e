package stack

import (
	"context"
	"errors"
	"fmt"
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
	diffs, err := differences(ctx, c, cfg, os.Environ())
	if errors.Is(err, errNoPython) {
		return
	}
	if err != nil {
		report.Warn("the configuration cannot be compared with what runs: %v", err)
		return
	}
	warnDifferences(diffs, report)
}

// Differences tells in what the servers that run are other than the configuration and
// its environment files say today, whatever the shell has.
func Differences(ctx context.Context, c *supervise.Client, cfg *config.Config) ([]plan.Difference, error) {
	return differences(ctx, c, cfg, nil)
}

func differences(ctx context.Context, c *supervise.Client, cfg *config.Config, shell []string) ([]plan.Difference, error) {
	p, err := draft(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if shell != nil {
		p.TakeShell(shell)
	}
	return plan.Differences(c.Plan().Processes, p.Processes), nil
}

// errNoPython says that no interpreter for uvicorn was found.
var errNoPython = errors.New("no Python")

// draft is the plan of a configuration, less the gateway and the frontends, whose
// programs would have to be looked for. It changes nothing.
func draft(ctx context.Context, cfg *config.Config) (*plan.Plan, error) {
	backend := *cfg
	backend.Frontends = nil
	var tools plan.Tools
	if plan.UsesPython(cfg) {
		python, err := toolchain.FindPython(ctx, cfg)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNoPython, err)
		}
		tools = pythonTools(cfg, python)
	}
	var err error
	if tools.Shells, err = shells(ctx, &backend, tools.Python, nil); err != nil {
		return nil, err
	}
	return plan.Build(&backend, tools)
}

// Process is a process of the backend by its name or its server's, as a start would
// run it.
func Process(ctx context.Context, cfg *config.Config, name string) (plan.Process, error) {
	p, err := draft(ctx, cfg)
	if err != nil {
		return plan.Process{}, err
	}
	var there []string
	for _, proc := range p.Processes {
		if proc.Name == name || proc.Server == name {
			return proc, nil
		}
		there = append(there, proc.Name)
	}
	return plan.Process{}, UsageError(fmt.Sprintf("no process or server %q; there are %s", name, strings.Join(there, ", ")))
}

// Launch is how a process is started, as backend:env -json prints it.
type Launch struct {
	Process string            `json:"process"`
	Dir     string            `json:"dir" jsonschema:"the folder that it is started in"`
	Program string            `json:"program" jsonschema:"absolute path"`
	Args    []string          `json:"args" jsonschema:"its command line, the program's name included"`
	Env     map[string]string `json:"env" jsonschema:"variables on top of those of the calling shell"`
}

// LaunchOf is how a process of a plan is started.
func LaunchOf(p plan.Process) Launch {
	l := Launch{Process: p.Name, Dir: p.Dir, Program: p.Exe, Args: p.Args, Env: map[string]string{}}
	for _, v := range p.Env {
		name, value, _ := strings.Cut(v, "=")
		l.Env[name] = value
	}
	return l
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
