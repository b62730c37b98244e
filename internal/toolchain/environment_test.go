package toolchain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/config"
)

// environmentFor asks for that of a process whose program is given, as the next start
// does, and returns the folder of its programs.
func (w *world) environmentFor(program, python string) (bin, hint string) {
	w.t.Helper()
	p := &config.Process{Dir: w.finder.cfg.Backend.Dir, Command: []string{program}}
	env, hint, err := w.again().environment(w.t.Context(), p, python)
	if err != nil {
		w.t.Fatal(err)
	}
	path := variable(env, "PATH")
	if path != "" && !strings.HasSuffix(path, ":"+w.bin) {
		w.t.Errorf("PATH is %s", path)
	}
	return strings.TrimSuffix(path, ":"+w.bin), hint
}

func TestEnvironmentOfACommand(t *testing.T) {
	for name, test := range map[string]struct {
		offer func(w *world) (venv string)
	}{
		"nothing":             {func(*world) string { return "" }},
		".venv":               {func(w *world) string { return w.venv("backend/.venv") }},
		"venv":                {func(w *world) string { return w.venv("backend/venv") }},
		"above":               {func(w *world) string { return w.venv(".venv") }},
		"a folder named venv": {func(w *world) string { w.write("venv/__init__.py", ""); return "" }},
		"the nearer of two":   {func(w *world) string { w.venv(".venv"); return w.venv("backend/venv") }},
		"poetry": {func(w *world) string {
			w.write("poetry.lock", "")
			venv := w.venv("cache/x")
			w.script("poetry", "echo "+venv)
			return venv
		}},
		"pipenv": {func(w *world) string {
			w.write("Pipfile.lock", "{}")
			venv := w.venv("cache/x")
			w.script("pipenv", `[ "$1" = --venv ] && echo `+venv)
			return venv
		}},
		"pdm": {func(w *world) string {
			w.write("pdm.lock", "")
			venv := w.venv("cache/x")
			w.write(".pdm-python", venv+"/bin/python")
			return venv
		}},
		"conda": {func(w *world) string {
			w.write("environment.yml", "name: shop\n")
			venv := w.venv("envs/shop")
			w.script("micromamba", `[ "$1 $2 $3" = "run -n shop" ] && echo `+venv)
			return venv
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			venv := test.offer(w)
			if venv != "" {
				venv += "/bin"
			}
			for range 2 {
				if bin, _ := w.environmentFor("celery", ""); bin != venv {
					t.Fatalf("got %q, want %q", bin, venv)
				}
			}
			if strings.Count(w.called(), "\n") > 1 {
				t.Errorf("a tool was asked twice:\n%s", w.called())
			}
		})
	}
}

// venv makes an empty environment below the project.
func (w *world) venv(path string) string {
	venv := filepath.Join(w.finder.cfg.Dir, path)
	w.write(filepath.Join(venv, "pyvenv.cfg"), "home = /usr/bin\n")
	w.python(filepath.Join(venv, "bin/python"))
	return venv
}

// TestToolsMakeTheEnvironmentOnceForWhatNeedsIt has a tool's own command for each.
func TestToolsMakeTheEnvironmentOnceForWhatNeedsIt(t *testing.T) {
	for tool, test := range map[string]struct{ lock, where, install string }{
		"uv":     {"uv.lock", "", "uv sync --frozen --no-install-project"},
		"pdm":    {"pdm.lock", "", "pdm sync --no-self"},
		"poetry": {"poetry.lock", "env info --path", "poetry install --no-interaction --no-root"},
		"pipenv": {"Pipfile.lock", "--venv", "pipenv sync"},
	} {
		t.Run(tool, func(t *testing.T) {
			w := newWorld(t)
			w.write("../"+test.lock, "") // as of a workspace
			venv := filepath.Join(w.finder.cfg.Dir, ".venv")
			w.script(tool, `case "$*" in "`+test.where+`") [ -d `+venv+` ] && echo `+venv+` ;; *) mkdir -p `+venv+`/bin; pwd >where ;; esac`)
			w.script("redis-server", "")
			if bin, _ := w.environmentFor("redis-server", ""); bin != "" || exists(venv) {
				t.Fatalf("it was made for a program that is there: %s", bin)
			}
			for range 2 {
				if bin, _ := w.environmentFor("celery", ""); bin != venv+"/bin" {
					t.Fatalf("got %q\n%s", bin, w.called())
				}
			}
			if strings.Count(w.called(), test.install) != 1 {
				t.Errorf("want one %s:\n%s", test.install, w.called())
			}
			if where, _ := os.ReadFile(filepath.Join(w.finder.cfg.Dir, "where")); string(where) != w.finder.cfg.Dir+"\n" {
				t.Errorf("it ran in %s", where)
			}
		})
	}
}

func TestHintsNameTheProjectsOwnTool(t *testing.T) {
	for lock, want := range map[string]string{
		"uv.lock":         "pipx install uv\ncd DIR && uv sync",
		"poetry.lock":     "pipx install poetry\ncd DIR && poetry install",
		"pdm.lock":        "pipx install pdm\ncd DIR && pdm sync",
		"Pipfile.lock":    "pipx install pipenv\ncd DIR && pipenv sync",
		"environment.yml": "install it from conda-forge.org/download\ncd DIR && conda env create",
	} {
		t.Run(lock, func(t *testing.T) {
			w := newWorld(t)
			w.write("../"+lock, "")
			want := strings.ReplaceAll(want, "DIR", w.finder.cfg.Dir)
			if bin, hint := w.environmentFor("celery", ""); bin != "" || hint != want {
				t.Errorf("for a command: got %q, %q", bin, hint)
			}
			if e := w.fails(); e.Hint() != want {
				t.Errorf("for uvicorn: got %q", e.Hint())
			}
			if w.called() != "" {
				t.Errorf("something was installed:\n%s", w.called())
			}
		})
	}
}

func TestTheInterpretersEnvironmentServesCommandsToo(t *testing.T) {
	w := newWorld(t)
	venv := w.venv("own")
	if bin, _ := w.environmentFor("celery", venv+"/bin/python"); bin != venv+"/bin" {
		t.Errorf("got %q", bin)
	}
	if bin, _ := w.environmentFor("celery", w.python("python3")); bin != "" {
		t.Errorf("of none: got %q", bin)
	}
}
