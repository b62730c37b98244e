package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"muster/internal/local"
)

// dependencyScript prints the dependencies that a pyproject.toml declares.
// Without tomllib (before Python 3.11) the copy inside pip does.
const dependencyScript = `import sys
try:
    import tomllib
except ImportError:
    from pip._vendor import tomli as tomllib
with open(sys.argv[1], "rb") as f:
    project = tomllib.load(f).get("project") or {}
print("\nmuster-dependencies")
for d in project.get("dependencies") or []:
    print(d)
`

// ownVenv makes a venv below .local and installs into it what the project
// asks for.
func (f *finder) ownVenv(ctx context.Context) (*interpreter, error) {
	venv := f.cfg.Local().Venv()
	python := filepath.Join(venv, "bin", "python")
	stamp := filepath.Join(venv, "complete")
	want := f.dependencyHash()
	if have, err := os.ReadFile(stamp); err == nil && string(have) == want {
		if p := f.probe(ctx, python); p.usable() {
			return p, nil
		}
		delete(f.probes, python)
	}
	if f.refused("new venv") {
		return nil, nil
	}
	if err := f.fillVenv(ctx, venv, exists(stamp)); err != nil {
		f.miss("new venv", err.Error())
		return nil, os.RemoveAll(venv) // half a venv is worth nothing
	}
	p := f.accept(ctx, "new venv", python)
	if p == nil {
		return nil, nil
	}
	return p, local.Write(stamp, []byte(want), 0o600)
}

// fillVenv installs into the venv, which is made first unless it is complete.
// The stamp is gone meanwhile, so that half a venv is never believed.
func (f *finder) fillVenv(ctx context.Context, venv string, complete bool) error {
	python := filepath.Join(venv, "bin", "python")
	complete = complete && f.probe(ctx, python).err == nil
	delete(f.probes, python)
	if err := os.RemoveAll(filepath.Join(venv, "complete")); err != nil {
		return err
	}
	env := without(f.env, "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_USER", "PIP_PREFIX")
	offline := false
	step := func(argv ...string) error {
		_, err := run(ctx, command{argv: argv, dir: f.cfg.Backend.Dir, env: env, line: func(line string) {
			// pip ends such a run with "no matching distribution", which is
			// not what is wrong.
			if strings.Contains(line, "after connection broken by") {
				offline = true
			}
			for _, news := range []string{"Downloading ", "Building ", "Installing ", "Successfully "} {
				if strings.HasPrefix(line, news) {
					f.report("pip: " + line)
				}
			}
		}})
		return err
	}
	if !complete {
		if len(f.bases) == 0 {
			return errors.New("no interpreter on PATH can make one (on Debian, python3-venv brings what is missing)")
		}
		base := f.bases[0].path
		f.report("python: making a venv in " + venv + " with " + base)
		if err := step(base, "-m", "venv", "--clear", venv); err != nil {
			return errors.New("python -m venv " + err.Error())
		}
	}
	wanted, err := f.requirements(ctx, python)
	if err != nil {
		return err
	}
	f.report("python: installing " + strings.Join(wanted, " "))
	if err := step(append([]string{python}, append(pipInstall(), wanted...)...)...); err != nil {
		if offline {
			return errors.New("pip install cannot reach the package index")
		}
		return errors.New("pip install " + err.Error())
	}
	return nil
}

// pipInstall is an interpreter's arguments to install. The retries are few:
// where the index cannot be reached, the next way is tried.
func pipInstall() []string {
	return []string{"-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off",
		"--retries", "1", "--timeout", "15"}
}

// InstallModules installs modules of the Python index into an interpreter's
// environment, which must be ours. It says so first, and refuses where nothing
// may be installed.
func InstallModules(ctx context.Context, python string, modules []string, report func(string)) error {
	if why := Refusal(); why != "" {
		return errors.New(why)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	argv := append([]string{python}, append(pipInstall(), modules...)...)
	report("pip install " + strings.Join(modules, " "))
	if _, err := run(ctx, command{argv: argv, dir: "/", env: os.Environ()}); err != nil {
		return errors.New("pip install " + err.Error())
	}
	return nil
}

// requirements returns pip's arguments for what the project needs. A project
// itself is not installed: its sources are run where they are.
func (f *finder) requirements(ctx context.Context, python string) ([]string, error) {
	// Whatever the project forgets to say, the servers are run with these.
	wanted := []string{"fastapi", "uvicorn[standard]"}
	if file := f.projectFile("requirements.txt"); file != "" {
		return append(wanted, "-r", file), nil
	}
	file := f.projectFile("pyproject.toml")
	if file == "" {
		return wanted, nil
	}
	out, err := run(ctx, command{argv: []string{python, "-c", dependencyScript, file}, dir: f.cfg.Backend.Dir, env: f.env})
	if err != nil {
		return nil, errors.New("reading " + file + " " + err.Error())
	}
	_, list, _ := strings.Cut(out, "\nmuster-dependencies\n")
	for line := range strings.Lines(list) {
		if d := strings.TrimSpace(line); d != "" && !strings.HasPrefix(d, "-") {
			wanted = append(wanted, d)
		}
	}
	return wanted, nil
}

func (f *finder) projectFile(name string) string {
	for _, dir := range f.projectDirs() {
		if file := filepath.Join(dir, name); exists(file) {
			return file
		}
	}
	return ""
}

// dependencyHash changes when what the project asks for does.
func (f *finder) dependencyHash() string {
	h := sha256.New()
	for _, name := range []string{"requirements.txt", "pyproject.toml"} {
		if file := f.projectFile(name); file != "" {
			data, _ := os.ReadFile(file)
			h.Write([]byte(file + "\x00"))
			h.Write(data)
		}
	}
	return hex.EncodeToString(h.Sum(nil)) + "\n"
}
