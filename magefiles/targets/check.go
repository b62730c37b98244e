package targets

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/magefile/mage/mg"

	"muster/internal/console"
)

// Check tests and lints muster itself and the example.
type Check mg.Namespace

// step is one command of a check, in a folder below the project's.
type step struct {
	dir  string
	argv []string
}

// Test runs all tests: Go with the race detector, the example's backend, and
// the example's frontend where it is.
func (Check) Test(ctx context.Context, config *string) error {
	return run(runSteps(ctx, config, func(python string) []step {
		return []step{
			{".", []string{"go", "test", "-race", "./..."}},
			{"example/backend", []string{python, "-m", "pytest", "-q"}},
		}
	}))
}

// Lint checks the form of all sources.
func (Check) Lint(ctx context.Context, config *string) error {
	return run(runSteps(ctx, config, func(python string) []step {
		return []step{
			{".", []string{"gofmt", "-l", "-d", "internal", "magefiles", "templates"}},
			{".", []string{"go", "vet", "./..."}},
			{"example/backend", []string{python, "-m", "mypy"}},
		}
	}))
}

func runSteps(ctx context.Context, config *string, steps func(python string) []step) error {
	cfg, python, err := withPython(ctx, config)
	if err != nil {
		return err
	}
	for _, s := range steps(python) {
		console.Step(os.Stderr, "%s: %v", s.dir, s.argv)
		cmd := exec.CommandContext(ctx, s.argv[0], s.argv[1:]...)
		cmd.Dir = filepath.Join(cfg.Dir, s.dir)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return stepError{s, err}
		}
	}
	return nil
}

type stepError struct {
	step
	err error
}

func (e stepError) Error() string { return e.argv[0] + " in " + e.dir + ": " + e.err.Error() }
