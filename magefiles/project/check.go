package project

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/magefile/mage/mg"

	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/toolchain"
	"muster/magefiles/targets"
)

// Check tests and lints muster itself and the example.
type Check mg.Namespace

// command is one step of a check.
type command struct {
	dir   string // absolute
	argv  []string
	quiet bool // whatever it prints is a complaint
	// tidies tells that it ends by itself when it is interrupted, and leaves nothing.
	tidies bool
	needs  []string // the tools of testTools without which it is left out
}

// Test runs all tests: the example's backend and frontend, then Go with the
// race detector.
//
// What the tests need is got first. Tests whose tools are not to be had are left
// out and named at the end; with CI=true that is a failure.
func (Check) Test(ctx context.Context) error {
	return console.Exit(func() error {
		c, err := newCheck(ctx, testTools)
		if err != nil {
			return err
		}
		if err := c.run(ctx, command{dir: c.cfg.Backend.Dir, argv: []string{c.python, "-m", "pytest", "-q"},
			needs: []string{"pytest", "httpx"}}); err != nil {
			return err
		}
		if c.cfg.Page() != nil {
			// The page is written against clients that are generated.
			if err := (targets.Specs{}).Generate(ctx, nil, nil); err != nil {
				return err
			}
			for _, script := range []string{"type-check", "test"} {
				if err := c.run(ctx, command{dir: c.cfg.Page().Dir, argv: []string{"npm", "run", "--silent", script}}); err != nil {
					return err
				}
			}
		}
		if cache, err := os.UserCacheDir(); err == nil {
			stderr.Step("the tests of the clients get npm packages and Go modules, once, into " + filepath.Join(cache, "muster-tests"))
		}
		// Go would take an earlier result for this one's: it knows nothing of the
		// nginx, Python and browser that the tests run.
		args := []string{"-race", "-count=1", "-timeout=15m", "./..."}
		if slices.Contains(c.lacking, "cc") {
			c.leftOut = append(c.leftOut, "the race detector: no C compiler")
			args = args[1:]
		}
		leftOut, err := goTest(ctx, c.cfg.Dir, c.env, args...)
		c.leftOut = append(c.leftOut, leftOut...)
		// The types of those who read an export are a module of their own.
		leftOut, e := goTest(ctx, kubetest(c.cfg), c.env, "-count=1", "-timeout=10m", ".")
		c.leftOut = append(c.leftOut, leftOut...)
		return errors.Join(err, e, c.end())
	}())
}

// kubetest is the folder of the module of tests that read exports.
func kubetest(cfg *config.Config) string {
	return filepath.Join(cfg.Dir, "internal", "export", "kubetest")
}

// Kubernetes has a real API server, with Gateway API's definitions, take every object
// that is exported of every configuration of the tests, twice.
//
// It is built of Kubernetes' own modules, for which it takes some seven minutes at the
// first time, and needs nothing else: neither root nor a cluster.
func (Check) Kubernetes(ctx context.Context) error {
	return console.Exit(func() error {
		cfg, err := example()
		if err != nil {
			return err
		}
		stderr.Step("Kubernetes' modules are got and built once, which takes some minutes")
		return command{dir: kubetest(cfg), argv: []string{"go", "test", "-count=1", "-timeout=30m", "./..."}}.run(ctx, cfg.Dir, os.Environ())
	}())
}

// Containers has Podman and Docker Compose run what is exported, and sends the contract
// of routes through the exported nginx: the example, its task and its secret too.
//
// It needs root, Linux and debootstrap, and installs nothing: both come, at the first
// time, into a root of Debian that is kept, of 1.3 GB. It takes some three minutes then.
// -suite=NAME takes another release than forky, which has to have nginx 1.27.3.
func (Check) Containers(ctx context.Context, suite *string) error {
	return console.Exit(func() error {
		cfg, err := example()
		if err != nil {
			return err
		}
		argv := []string{filepath.Join(cfg.Dir, "magefiles", "project", "containers.sh"), console.Or(suite, "forky")}
		return command{dir: cfg.Dir, argv: argv, tidies: true}.run(ctx, cfg.Dir, os.Environ())
	}())
}

// Faults runs the supervisor under random kills and damage, and random plans under
// random orders, and proves that nothing is lost, left, doubled or out of order.
//
// -time=10m is how long, -seed=N repeats a run.
func (Check) Faults(ctx context.Context, time *time.Duration, seed *int) error {
	return console.Exit(func() error {
		cfg, err := example()
		if err != nil {
			return err
		}
		argv := []string{"go", "test", "-count=1", "-timeout=0", "-v", "-run=^Test(Faults|Sequences)$", "./internal/supervise",
			"-faults=" + console.Or(time, faultTime).String(), "-sequences=200"}
		if seed != nil {
			argv = append(argv, fmt.Sprintf("-seed=%d", *seed))
		}
		return command{dir: cfg.Dir, argv: argv}.run(ctx, cfg.Dir, os.Environ())
	}())
}

const faultTime = 10 * time.Minute

// Foreign runs stacks of the shapes that other people's have, with the programs
// that they consist of: PostgreSQL, Redis, gunicorn, Django, Express, Vite, ...
//
// What they need is got first: packages of Debian, as root, or of the Python index;
// those of the npm registry and Go modules come into a folder of their own. A stack
// whose programs are not to be had is left out and named at the end; with CI=true
// that is a failure. It takes some two minutes. -only=django runs one.
func (Check) Foreign(ctx context.Context, only *string) error {
	return console.Exit(func() error {
		c, err := newCheck(ctx, foreignTools)
		if err != nil {
			return err
		}
		stderr.Step("npm packages and Go modules are got from their registries, into folders that are removed again")
		c.leftOut, err = goTest(ctx, c.cfg.Dir, c.env, "-count=1", "-timeout=20m",
			"-run=^TestForeign$/^"+console.Or(only, ""), "./magefiles/targets", "-foreign")
		return errors.Join(err, c.end())
	}())
}

// Fresh tries both commands of the README on a fresh machine: a root of Debian
// with nothing but what README asks for, as root and as an ordinary user.
//
// It needs root and debootstrap, and takes some ten minutes. -suite=trixie takes
// another release than bookworm.
func (Check) Fresh(ctx context.Context, suite *string) error {
	return console.Exit(func() error {
		cfg, err := example()
		if err != nil {
			return err
		}
		argv := []string{filepath.Join(cfg.Dir, "magefiles", "project", "fresh.sh"), console.Or(suite, "bookworm")}
		return command{dir: cfg.Dir, argv: argv}.run(ctx, cfg.Dir, os.Environ())
	}())
}

// Lint checks the form of all sources.
func (Check) Lint(ctx context.Context) error {
	return console.Exit(func() error {
		c, err := newCheck(ctx, testTools)
		if err != nil {
			return err
		}
		for _, s := range []command{
			{dir: c.cfg.Dir, argv: []string{"gofmt", "-l", "internal", "magefiles", "templates"}, quiet: true},
			{dir: c.cfg.Dir, argv: []string{"go", "mod", "tidy", "-diff"}},
			{dir: c.cfg.Dir, argv: []string{"go", "vet", "./..."}},
			{dir: kubetest(c.cfg), argv: []string{"go", "vet", "."}},
			{dir: c.cfg.Dir, argv: []string{"go", "run", golangci, "run"}},
			{dir: c.cfg.Backend.Dir, argv: []string{c.python, "-m", "mypy"}, needs: []string{"mypy for Python"}},
			{dir: c.cfg.Dir, argv: append([]string{c.python, "-m", "pyflakes"}, pythonSources...), needs: []string{"pyflakes"}},
			{dir: c.cfg.Dir, argv: append([]string{"shellcheck"}, shellSources...), needs: []string{"shellcheck"}},
		} {
			if err := c.run(ctx, s); err != nil {
				return err
			}
		}
		eslint, err := getESLint(ctx, c.cfg.Dir)
		if err != nil {
			return err
		}
		if err := c.run(ctx, command{dir: c.cfg.Dir, argv: append(eslint, "example/frontend", "internal")}); err != nil {
			return err
		}
		return c.end()
	}())
}

// golangci-lint, with staticcheck in it, is run, not required: nothing of muster's
// depends on it. It is built once, which takes minutes. See .golangci.yml.
const golangci = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"

// The sources in other languages than Go, and than those that have a linter's
// configuration.
var (
	pythonSources = []string{"example/backend", "internal/specs/export.py", "templates/uvicorn_reload.py"}
	shellSources  = []string{".ci/run", "magefiles/project/containers.sh", "magefiles/project/fresh.sh", "scripts/dev-fullstack.sh"}
)

// check is a run of tests or linters.
type check struct {
	cfg     *config.Config
	python  string
	env     []string
	lacking []string // tools that are not to be had
	leftOut []string // what was not done for that
}

// newCheck gets everything that a check needs.
func newCheck(ctx context.Context, tools []testTool) (*check, error) {
	cfg, err := example()
	if err != nil {
		return nil, err
	}
	python, err := toolchain.Python(ctx, cfg, stderr.Step)
	if err != nil {
		return nil, err
	}
	c := &check{cfg: cfg, python: python}
	if c.lacking, err = getTools(ctx, tools, cfg, python); err != nil {
		return nil, err
	}
	c.env, err = testEnv(ctx, cfg, python)
	return c, err
}

// run does a step, unless a tool that it needs is lacking.
func (c *check) run(ctx context.Context, s command) error {
	for _, tool := range s.needs {
		if slices.Contains(c.lacking, tool) {
			c.leftOut = append(c.leftOut, s.name(c.cfg.Dir)+": no "+tool)
			return nil
		}
	}
	return s.run(ctx, c.cfg.Dir, c.env)
}

// end names what was left out, which CI does not accept.
func (c *check) end() error {
	for _, what := range c.leftOut {
		stderr.Warn("left out: %s", what)
	}
	if len(c.leftOut) > 0 && os.Getenv("CI") == "true" {
		return errors.New("in CI nothing may be left out")
	}
	return nil
}

func (s command) name(root string) string {
	what := strings.Join(s.argv, " ")
	if rel, err := filepath.Rel(root, s.dir); err == nil && rel != "." {
		what += " in " + rel
	}
	return what
}

func (s command) run(ctx context.Context, root string, env []string) error {
	cmd := exec.CommandContext(ctx, s.argv[0], s.argv[1:]...)
	cmd.Dir, cmd.Env = s.dir, env
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if s.tidies {
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	}
	var complaints bytes.Buffer
	if s.quiet {
		cmd.Stdout = &complaints
	}
	return step(s.name(root), func() error {
		err := cmd.Run()
		if err == nil && complaints.Len() > 0 {
			os.Stdout.Write(complaints.Bytes())
			err = errors.New("it complains about the above")
		}
		return err
	})
}
