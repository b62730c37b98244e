package toolchain

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestPoetryEnvironmentIsUsedWhereTheProjectUsesPoetry(t *testing.T) {
	w := newWorld(t)
	w.python("python3", everything()...)
	w.write("pyproject.toml", "[tool.poetry]\nname = \"x\"\n")
	env := filepath.Join(w.finder.cfg.Dir, "cache/env")
	python := w.python(filepath.Join(env, "bin/python"), everything()...)
	// An active environment of something else is not the project's.
	w.finder.env = append(w.finder.env, "VIRTUAL_ENV=/elsewhere", "CONDA_PREFIX=/elsewhere")
	w.script("poetry", `echo "${VIRTUAL_ENV:-${CONDA_PREFIX:-`+env+`}}"`)
	w.wants(w.find(), python)
	if strings.Contains(w.called(), "poetry install") {
		t.Error("poetry installed into an environment that was there")
	}
}

func TestPoetryMakesTheEnvironmentIfThereIsNone(t *testing.T) {
	w := newWorld(t)
	w.write("pyproject.toml", "[tool.poetry]\nname = \"x\"\n")
	env := filepath.Join(w.finder.cfg.Dir, "cache/env")
	python := w.python("model", everything()...)
	w.script("poetry", `case "$1" in
env) [ -e made ] && echo `+env+` || exit 1 ;;
install) mkdir -p `+env+`/bin; cp `+python+` `+env+`/bin/python; cp `+python+`.modules `+env+`/bin/python.modules; touch made; echo Installing fastapi ;;
esac`)
	w.wants(w.find(), env+"/bin/python")
	if !w.said("poetry: installing the dependencies") || !w.said("poetry: Installing fastapi") {
		t.Errorf("it did not say what it does: %q", w.reported)
	}
}

func TestPoetryThatWasStoppedHalfWayIsRunAgain(t *testing.T) {
	w := newWorld(t)
	w.write("pyproject.toml", "[tool.poetry]\nname = \"x\"\n")
	env := filepath.Join(w.finder.cfg.Dir, "cache/env")
	python := w.python(filepath.Join(env, "bin/python"), everything()...)
	w.write(filepath.Join(env, "pyvenv.cfg"), "home = /usr/bin\nvirtualenv = 20.0\n")
	w.write(w.finder.note(w.finder.cfg.Backend.Dir, "poetry"), "")
	w.script("poetry", `[ "$1" = install ] || echo `+env)
	w.wants(w.find(), python)
	if !strings.Contains(w.called(), "poetry install") {
		t.Error("what an interrupted run left was believed")
	}
}

func TestPoetryThatIsNotInstalledIsSaid(t *testing.T) {
	w := newWorld(t)
	w.write("pyproject.toml", "[tool.poetry]\n")
	if e := w.fails(); !strings.Contains(e.Error(), "poetry: the project uses it, but it is not installed") {
		t.Fatal(e)
	}
}

func TestUvMakesTheVenvOfALockedProject(t *testing.T) {
	w := newWorld(t)
	w.write("uv.lock", "version = 1\n")
	python := w.python("model", everything()...)
	w.script("uv", `mkdir -p "${UV_PROJECT_ENVIRONMENT:?}/bin"; cp `+python+` "${UV_PROJECT_ENVIRONMENT:?}/bin/python"
cp `+python+`.modules "${UV_PROJECT_ENVIRONMENT:?}/bin/python.modules"; echo "uv = 0.9" >"${UV_PROJECT_ENVIRONMENT:?}/pyvenv.cfg"`)
	want := filepath.Join(w.finder.cfg.Backend.Dir, ".venv/bin/python")
	w.wants(w.find(), want)
	if !strings.Contains(w.called(), "uv sync --frozen") {
		t.Error(w.called())
	}
}

func TestUvThatWasStoppedHalfWayIsRunAgain(t *testing.T) {
	w := newWorld(t)
	w.write("uv.lock", "version = 1\n")
	python := w.python(filepath.Join(w.finder.cfg.Backend.Dir, ".venv/bin/python"), everything()...)
	w.write(".venv/pyvenv.cfg", "home = /usr/bin\nuv = 0.9\n")
	w.write(w.finder.note(w.finder.cfg.Backend.Dir, "uv"), "")
	w.script("uv", "")
	w.wants(w.find(), python)
	if !strings.Contains(w.called(), "uv sync") {
		t.Error("what an interrupted run left was believed")
	}
}

func TestUvLeavesAVenvOfTheUserAlone(t *testing.T) {
	w := newWorld(t)
	w.write("uv.lock", "version = 1\n")
	w.python(filepath.Join(w.finder.cfg.Backend.Dir, ".venv/bin/python"), "fastapi")
	w.write(".venv/pyvenv.cfg", "home = /usr/bin\n")
	w.write(w.finder.note(w.finder.cfg.Backend.Dir, "uv"), "") // from before the user made it
	w.script("uv", "")
	e := w.fails()
	if strings.Contains(w.called(), "uv ") || !strings.Contains(e.Error(), "is left alone: run uv sync") {
		t.Fatalf("%v\n%s", e, w.called())
	}
}
