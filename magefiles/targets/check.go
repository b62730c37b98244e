package targets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/magefile/mage/mg"

	"muster/internal/config"
	"muster/internal/console"
)

// Check tests and lints muster itself and the example.
type Check mg.Namespace

// step is one command of a check.
type step struct {
	dir   string // absolute
	argv  []string
	quiet bool // whatever it prints is a complaint
}

// Test runs all tests: the example's backend and frontend, then Go with the
// race detector.
func (Check) Test(ctx context.Context, config *string) error {
	return run(func() error {
		cfg, python, err := withPython(ctx, config)
		if err != nil {
			return err
		}
		steps := []step{{dir: cfg.Backend.Dir, argv: []string{python, "-m", "pytest", "-q"}}}
		if cfg.Frontend != nil {
			// The page is written against clients that are generated.
			if err := generateClients(ctx, config, nil); err != nil {
				return err
			}
			steps = append(steps,
				step{dir: cfg.Frontend.Dir, argv: []string{"npm", "run", "--silent", "type-check"}},
				step{dir: cfg.Frontend.Dir, argv: []string{"npm", "run", "--silent", "test"}})
		}
		steps = append(steps, step{dir: cfg.Dir, argv: []string{"go", "test", "-race", "-timeout", "15m", "./..."}})
		return runSteps(ctx, cfg, python, steps)
	}())
}

// Faults runs the supervisor under random kills and damage, and proves that
// nothing is lost, left or doubled.
//
// -time=10m is how long, -seed=N repeats a run.
func (Check) Faults(ctx context.Context, config *string, time *time.Duration, seed *int) error {
	return run(func() error {
		cfg, err := loadConfig(config)
		if err != nil {
			return err
		}
		argv := []string{"go", "test", "-count=1", "-timeout=0", "-v", "-run=^TestFaults$", "./internal/supervise",
			"-faults=" + value(time, faultTime).String()}
		if seed != nil {
			argv = append(argv, fmt.Sprintf("-seed=%d", *seed))
		}
		return step{dir: cfg.Dir, argv: argv}.run(ctx, cfg.Dir)
	}())
}

const faultTime = 10 * time.Minute

// Lint checks the form of all sources.
func (Check) Lint(ctx context.Context, config *string) error {
	return run(func() error {
		cfg, python, err := withPython(ctx, config)
		if err != nil {
			return err
		}
		return runSteps(ctx, cfg, python, []step{
			{dir: cfg.Dir, argv: []string{"gofmt", "-l", "bench", "internal", "magefiles", "templates"}, quiet: true},
			{dir: cfg.Dir, argv: []string{"go", "vet", "./..."}},
			{dir: cfg.Backend.Dir, argv: []string{python, "-m", "mypy"}},
		})
	}())
}

func runSteps(ctx context.Context, cfg *config.Config, python string, steps []step) error {
	if err := getTestTools(ctx, python); err != nil {
		return err
	}
	for _, s := range steps {
		if err := s.run(ctx, cfg.Dir); err != nil {
			return err
		}
	}
	return nil
}

func (s step) run(ctx context.Context, root string) error {
	began := time.Now()
	what := strings.Join(s.argv, " ")
	if rel, err := filepath.Rel(root, s.dir); err == nil && rel != "." {
		what += " in " + rel
	}
	console.Step(os.Stderr, "%s", what)
	cmd := exec.CommandContext(ctx, s.argv[0], s.argv[1:]...)
	cmd.Dir = s.dir
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
		return fmt.Errorf("%s: %w", what, err)
	}
	console.Done(os.Stderr, "%s: %s", what, console.Seconds(time.Since(began)))
	return nil
}
