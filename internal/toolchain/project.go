package toolchain

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"muster/internal/local"
)

// pythonTool is a tool that keeps a Python environment for a project.
type pythonTool struct {
	name  string
	files []string // one of them shows that the project uses the tool
	// where is the environment's folder; "" where there is none. The tool's program is
	// "" if that is not installed.
	where   func(c toolCall) string
	install []string // arguments; nil: the environment is a person's to make
	key     string   // what the tool leaves in the pyvenv.cfg of an environment
	sync    string   // what a person types to have the dependencies
	add     string   // to have one more, for development
	get     string   // and to have the tool
}

// toolCall is a tool, called for the project in a folder.
type toolCall struct {
	program, dir string
	ask          func(args ...string) string // the last line that the tool prints; "" where it fails
}

func pythonTools() []pythonTool {
	return []pythonTool{
		{name: "poetry", files: []string{"poetry.lock"}, key: "virtualenv",
			where:   func(c toolCall) string { return c.ask("env", "info", "--path") },
			install: []string{"install", "--no-interaction", "--no-root"}, sync: "poetry install", add: "poetry add --group dev", get: "pipx install poetry"},
		{name: "uv", files: []string{"uv.lock"}, key: "uv", where: inProject,
			install: []string{"sync", "--frozen", "--no-install-project"}, sync: "uv sync", add: "uv add --dev", get: "pipx install uv"},
		{name: "pdm", files: []string{"pdm.lock"}, key: "virtualenv",
			where: func(c toolCall) string { // it would make one if it were asked
				python, _ := os.ReadFile(filepath.Join(c.dir, ".pdm-python"))
				if path := strings.TrimSpace(string(python)); filepath.IsAbs(path) && exists(path) {
					return filepath.Dir(filepath.Dir(path))
				}
				return inProject(c)
			},
			install: []string{"sync", "--no-self"}, sync: "pdm sync", add: "pdm add -dG dev", get: "pipx install pdm"},
		{name: "pipenv", files: []string{"Pipfile.lock"}, key: "virtualenv",
			where:   func(c toolCall) string { return c.ask("--venv") },
			install: []string{"sync"}, sync: "pipenv sync", add: "pipenv install --dev", get: "pipx install pipenv"},
		// An environment of conda's is known by its name, to all of the user's projects.
		{name: "conda", files: []string{"environment.yml", "environment.yaml"}, where: condaEnvironment,
			sync: "conda env create", add: "conda install", get: "install it from conda-forge.org/download"},
	}
}

func inProject(c toolCall) string {
	if venv := filepath.Join(c.dir, ".venv"); exists(venv) {
		return venv
	}
	return ""
}

// condaEnvironment is the environment that has the name of the project's.
func condaEnvironment(c toolCall) string {
	for _, file := range []string{"environment.yml", "environment.yaml"} {
		var project struct {
			Name string `yaml:"name"`
		}
		data, err := os.ReadFile(filepath.Join(c.dir, file))
		if err != nil || yaml.Unmarshal(data, &project) != nil || project.Name == "" {
			continue
		}
		out := c.ask("run", "-n", project.Name, "python", "-c", "import sys; print(sys.prefix)")
		if filepath.IsAbs(out) {
			return out
		}
	}
	return ""
}

// projectTool is the first tool that the project uses, and where; nil is none.
func (f *finder) projectTool() (tool *pythonTool, dir string) {
	for _, dir := range f.toolDirs() {
		for _, t := range pythonTools() {
			if f.uses(t, dir) {
				return &t, dir
			}
		}
	}
	return nil, ""
}

func (f *finder) uses(t pythonTool, dir string) bool {
	for _, name := range t.files {
		if exists(filepath.Join(dir, name)) {
			return true
		}
	}
	if t.name == "poetry" {
		data, err := os.ReadFile(filepath.Join(dir, "pyproject.toml"))
		return err == nil && strings.Contains(string(data), "[tool.poetry")
	}
	return false
}

// projectEnvironment takes the environment that a tool keeps for the project, and
// lets it make one if there is none yet.
func (f *finder) projectEnvironment(ctx context.Context) (*interpreter, error) {
	t, dir := f.projectTool()
	if t == nil {
		return nil, nil
	}
	venv := f.toolEnvironment(ctx, *t, dir)
	if venv == "" {
		return nil, nil
	}
	return f.accept(ctx, t.name, filepath.Join(venv, "bin", "python")), nil
}

// programOf is the path of a tool, or of one that is called alike.
func (f *finder) programOf(t pythonTool) string {
	program := lookPath(f.env, t.name)
	if t.name == "conda" {
		program = cmp.Or(program, lookPath(f.env, "mamba"), lookPath(f.env, "micromamba"))
	}
	return program
}

// toolEnvironment is the folder of that environment; "" where there is none, which is
// noted. One in the project that the tool has not made is left alone.
func (f *finder) toolEnvironment(ctx context.Context, t pythonTool, dir string) string {
	program := f.programOf(t)
	// An active environment of something else would be taken for the
	// project's, and installed into.
	env := append(without(f.env, "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT"), "PIPENV_IGNORE_VIRTUALENVS=1")
	if t.name == "uv" {
		env = append(env, "UV_PROJECT_ENVIRONMENT="+filepath.Join(dir, ".venv"))
	}
	call := toolCall{program, dir, func(args ...string) string {
		if program == "" {
			return ""
		}
		out, err := run(ctx, command{argv: append([]string{program}, args...), dir: dir, env: env})
		if err != nil {
			return ""
		}
		return lastLine(out)
	}}
	venv := t.where(call)
	if venv != "" && !f.halfMade(venv, dir, t.name) {
		if venv == filepath.Join(dir, ".venv") && !f.commands { // it was tried before
			f.miss(t.name, venv+" is there and is left alone: run "+t.sync+" in "+dir)
			return ""
		}
		return venv
	}
	switch {
	case program == "":
		f.miss(t.name, "the project uses it, but it is not installed")
		return ""
	case t.install == nil:
		f.miss(t.name, "the environment of "+dir+" is not there: run "+t.sync+" in it")
		return ""
	case f.refused(t.name):
		return ""
	}
	f.report(t.name + ": installing the dependencies of " + dir)
	err := f.whole(dir, t.name, func() error {
		_, err := run(ctx, command{argv: append([]string{program}, t.install...), dir: dir, env: env, line: f.progress(t.name)})
		return err
	})
	if err != nil {
		f.miss(t.name, t.name+" "+t.install[0]+" "+err.Error())
		return ""
	}
	if venv = t.where(call); venv == "" {
		f.miss(t.name, "after "+t.name+" "+t.install[0]+" there is no environment")
	}
	return venv
}

// whole notes on disk that a tool works on a project's environment, and takes
// the note away when the tool came to its end: what a failure or a kill
// leaves behind is then known to be half made.
func (f *finder) whole(dir, tool string, work func() error) error {
	note := f.note(dir, tool)
	if err := local.Write(note, []byte(tool+" "+dir+"\n"), 0o600); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	return os.Remove(note)
}

// halfMade tells of an environment that a tool was making for us when it was
// stopped. One that the user made since then, in another way, is not.
func (f *finder) halfMade(venv, dir, tool string) bool {
	if !exists(f.note(dir, tool)) {
		return false
	}
	config, err := os.ReadFile(filepath.Join(venv, "pyvenv.cfg"))
	return err != nil || slices.ContainsFunc(pythonTools(), func(t pythonTool) bool {
		return t.name == tool && strings.Contains("\n"+string(config), "\n"+t.key+" = ")
	})
}

func (f *finder) note(dir, tool string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(f.cfg.Local().Toolchain(), "unfinished-"+tool+"-"+hex.EncodeToString(sum[:8]))
}

// progress reports a program's output, line by line, behind its name.
func (f *finder) progress(name string) func(string) {
	return func(line string) { f.report(name + ": " + line) }
}
