package targets

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/magefile/mage/mg"

	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/toolchain"
)

// Check tests and lints muster itself and the example.
type Check mg.Namespace

// step is one command of a check, in a folder below the project's.
type step struct {
	dir   string
	argv  []string
	quiet bool // whatever it prints is a complaint
}

const frontendDir = "example/frontend"

// Test runs all tests: Go with the race detector, the example's backend, and
// the example's frontend where it is.
func (Check) Test(ctx context.Context, config *string) error {
	return run(runSteps(ctx, config, func(cfg project) []step {
		steps := []step{{dir: "example/backend", argv: []string{cfg.python, "-m", "pytest", "-q"}}}
		if cfg.frontend {
			steps = append(steps,
				step{dir: frontendDir, argv: []string{"npm", "run", "--silent", "type-check"}},
				step{dir: frontendDir, argv: []string{"npm", "run", "--silent", "test"}})
		}
		return append(steps, step{dir: ".", argv: []string{"go", "test", "-race", "-timeout", "15m", "./..."}})
	}))
}

// Lint checks the form of all sources.
func (Check) Lint(ctx context.Context, config *string) error {
	return run(runSteps(ctx, config, func(cfg project) []step {
		return []step{
			{dir: ".", argv: []string{"gofmt", "-l", "internal", "magefiles", "templates", "bench"}, quiet: true},
			{dir: ".", argv: []string{"go", "vet", "./..."}},
			{dir: "example/backend", argv: []string{cfg.python, "-m", "mypy"}},
		}
	}))
}

// project is what the steps are chosen by.
type project struct {
	*config.Config
	python   string
	frontend bool // there is one, and its packages are installed
}

func runSteps(ctx context.Context, arg *string, steps func(project) []step) error {
	cfg, python, err := withPython(ctx, arg)
	if err != nil {
		return err
	}
	if err := getTestTools(ctx, python); err != nil {
		return err
	}
	p := project{Config: cfg, python: python}
	dir := filepath.Join(cfg.Dir, frontendDir)
	if _, err := os.Stat(filepath.Join(dir, "package.json")); err == nil {
		if err := toolchain.Node(ctx, dir, report); err != nil {
			return err
		}
		p.frontend = true
	}
	for _, s := range steps(p) {
		if err := s.run(ctx, cfg.Dir); err != nil {
			return err
		}
	}
	return nil
}

func (s step) run(ctx context.Context, root string) error {
	began := time.Now()
	console.Step(os.Stderr, "%s: %s", s.dir, strings.Join(s.argv, " "))
	cmd := exec.CommandContext(ctx, s.argv[0], s.argv[1:]...)
	cmd.Dir = filepath.Join(root, s.dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	var complaints bytes.Buffer
	if s.quiet {
		cmd.Stdout = &complaints
	}
	err := cmd.Run()
	if err == nil && complaints.Len() > 0 {
		os.Stdout.Write(complaints.Bytes())
		err = errors.New("it complains about the above")
	}
	if err != nil {
		return stepError{s, err}
	}
	console.Done(os.Stderr, "%s: %s in %s", s.dir, s.argv[0], console.Seconds(time.Since(began)))
	return nil
}

type stepError struct {
	step
	err error
}

func (e stepError) Error() string {
	return strings.Join(e.argv, " ") + " in " + e.dir + ": " + e.err.Error()
}
