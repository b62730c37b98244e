package project

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/stack"
	"muster/internal/toolchain"
)

// testTool is a program or a Python module that only the checks need.
type testTool struct {
	name    string
	imports string // Python that fails where the module is missing; "" for a program
	pip     string // what brings the module from the Python index
	debian  string // packages that bring it
}

var testTools = []testTool{
	{name: "cc", debian: "gcc libc6-dev"}, // the race detector links with it
	{name: "chromium", debian: "chromium"},
	{name: "zsh", debian: "zsh"},
	{name: "fish", debian: "fish"},
	{name: "mypy", debian: "mypy"},
	{name: "mypy for Python", imports: "import mypy", pip: "mypy", debian: "mypy"},
	{name: "shellcheck", debian: "shellcheck"},
	{name: "pyflakes", imports: "import pyflakes", pip: "pyflakes", debian: "python3-pyflakes"},
	{name: "pytest", imports: "import pytest", pip: "pytest", debian: "python3-pytest"},
	{name: "httpx", imports: "import httpx", pip: "httpx", debian: "python3-httpx"},
	// FastAPI takes either name of it. Debian's package was renamed, and the
	// old name given to another library, in Debian 13.
	{name: "python-multipart", pip: "python-multipart", debian: "^python3-(python-)?multipart$", imports: `
try:
    import python_multipart
except ImportError:
    import multipart.multipart`},
}

// foreignTools are what other people's stacks consist of.
var foreignTools = []testTool{
	{name: "initdb", debian: "postgresql"}, // brings the server too
	{name: "redis-server", debian: "redis-server"},
	{name: "gunicorn", imports: "import gunicorn", pip: "gunicorn", debian: "gunicorn"},
	{name: "django", imports: "import django", pip: "django", debian: "python3-django"},
	{name: "flask", imports: "import flask", pip: "flask", debian: "python3-flask"},
	{name: "psycopg2", imports: "import psycopg2", pip: "psycopg2-binary", debian: "python3-psycopg2"},
	{name: "redis for Python", imports: "import redis", pip: "redis", debian: "python3-redis"},
}

// debianPrograms is where Debian has programs that are not on PATH.
const debianPrograms = "/usr/lib/postgresql/*/bin/"

// getTools gets what of the tools is not there, and returns the names of
// those that are not to be had. Python modules come with pip where the
// interpreter's environment is ours, everything else as packages of Debian.
func getTools(ctx context.Context, tools []testTool, cfg *config.Config, python string) (lacking []string, err error) {
	missing := missingTools(ctx, tools, python)
	var modules, packages []string
	for _, t := range missing {
		if t.imports != "" && isOwnVenv(cfg, python) {
			modules = append(modules, t.pip)
		} else {
			packages = append(packages, strings.Fields(t.debian)...)
		}
	}
	if len(modules) > 0 {
		if err := toolchain.InstallModules(ctx, python, modules, stderr.Step); err != nil {
			stderr.Warn("%v", err)
		}
	}
	if len(packages) > 0 {
		slices.Sort(packages)
		packages = slices.Compact(packages) // mypy brings two of the tools
		if err := toolchain.InstallPackages(ctx, packages, stderr.Step); err != nil {
			stderr.Warn("apt-get install %s: %v", strings.Join(packages, " "), err)
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(missing) > 0 {
		missing = missingTools(ctx, tools, python)
	}
	for _, t := range missing {
		lacking = append(lacking, t.name)
	}
	return lacking, nil
}

func isOwnVenv(cfg *config.Config, python string) bool {
	rel, err := filepath.Rel(string(cfg.Local()), python)
	return err == nil && filepath.IsLocal(rel)
}

func missingTools(ctx context.Context, tools []testTool, python string) []testTool {
	return slices.DeleteFunc(slices.Clone(tools), func(t testTool) bool {
		if t.imports != "" {
			return exec.CommandContext(ctx, python, "-c", t.imports).Run() == nil
		}
		_, err := exec.LookPath(t.name)
		found, _ := filepath.Glob(debianPrograms + t.name)
		return err == nil || len(found) > 0
	})
}

// testEnv is the environment of the tests: the interpreter and the nginx that
// were found are on PATH, behind those that are there by themselves.
func testEnv(ctx context.Context, cfg *config.Config, python string) ([]string, error) {
	path := []string{os.Getenv("PATH")}
	bin := filepath.Dir(python)
	if _, err := os.Stat(filepath.Join(bin, "..", "pyvenv.cfg")); err == nil {
		path = []string{bin, path[0]} // or the system's would hide it
	}
	env := append(os.Environ(), "MUSTER_TEST_PYTHON="+python, "PYTHONDONTWRITEBYTECODE=1")
	nginx, err := stack.FindNginx(ctx, cfg, stderr)
	switch {
	case ctx.Err() != nil:
		return nil, err
	case err != nil:
		stderr.Warn("%v", err)
		var h interface{ Hint() string }
		if errors.As(err, &h) {
			stderr.Warn("%s", h.Hint())
		}
	default:
		path = append(path, filepath.Dir(nginx.Path))
		env = append(env, nginx.Env...)
	}
	return append(env, "PATH="+strings.Join(path, string(os.PathListSeparator))), nil
}
