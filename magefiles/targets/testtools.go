package targets

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"muster/internal/console"
)

// testTool is a program or a Python module that only the checks need.
type testTool struct {
	name   string
	module bool   // of Python
	debian string // packages that bring it
}

var testTools = []testTool{
	{name: "cc", debian: "gcc libc6-dev"}, // the race detector links with it
	{name: "mypy", debian: "mypy"},
	{name: "mypy", module: true, debian: "mypy"},
	{name: "pytest", module: true, debian: "python3-pytest"},
	{name: "httpx", module: true, debian: "python3-httpx"},
}

// getTestTools gets what of testTools is not there: Python modules with pip
// where the interpreter is a virtual environment's, else the distribution's
// packages.
func getTestTools(ctx context.Context, python string) error {
	missing := missingTestTools(ctx, python)
	if len(missing) == 0 {
		return nil
	}
	venv := false
	if _, err := os.Stat(filepath.Join(filepath.Dir(python), "..", "pyvenv.cfg")); err == nil {
		venv = true
	}
	pip, apt := []string{python, "-m", "pip", "install", "--quiet"}, []string{"apt-get", "install", "--yes", "--no-install-recommends"}
	nPip, nApt := len(pip), len(apt)
	for _, t := range missing {
		if t.module && venv {
			pip = append(pip, t.name)
		} else {
			apt = append(apt, strings.Fields(t.debian)...)
		}
	}
	if len(pip) > nPip {
		if err := install(ctx, pip); err != nil {
			return err
		}
	}
	if len(apt) > nApt {
		if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
			return testToolsError(missing)
		}
		if install(ctx, apt) != nil { // the lists of a new machine are empty or old
			if err := install(ctx, []string{"apt-get", "update"}); err != nil {
				return err
			}
			if err := install(ctx, apt); err != nil {
				return err
			}
		}
	}
	if missing = missingTestTools(ctx, python); len(missing) > 0 {
		return testToolsError(missing)
	}
	return nil
}

func missingTestTools(ctx context.Context, python string) []testTool {
	var missing []testTool
	for _, t := range testTools {
		var err error
		if t.module {
			err = exec.CommandContext(ctx, python, "-c", "import "+t.name).Run()
		} else {
			_, err = exec.LookPath(t.name)
		}
		if err != nil {
			missing = append(missing, t)
		}
	}
	return missing
}

// install runs a package manager, whose output is shown only when it fails.
func install(ctx context.Context, argv []string) error {
	console.Step(os.Stderr, "%s", strings.Join(argv, " "))
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// testToolsError lists what the checks need and could not get.
type testToolsError []testTool

func (e testToolsError) Error() string {
	var names []string
	for _, t := range e {
		if t.module {
			t.name = "the Python module " + t.name
		}
		names = append(names, t.name)
	}
	return "the checks need " + strings.Join(names, ", ")
}

func (e testToolsError) Hint() string {
	var packages []string
	for _, t := range e {
		packages = append(packages, t.debian)
	}
	return "on Debian: sudo apt-get install " + strings.Join(packages, " ")
}
