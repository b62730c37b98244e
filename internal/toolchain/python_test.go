package toolchain

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/config"
)

func (w *world) find() string {
	w.t.Helper()
	p, err := w.again().find(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) fails() *MissingError {
	w.t.Helper()
	p, err := w.again().find(w.t.Context())
	var missing *MissingError
	if !errors.As(err, &missing) {
		w.t.Fatalf("got %q, %v; want a MissingError", p, err)
	}
	return missing
}

func (w *world) wants(got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Fatalf("got %s, want %s\nreported: %q\ncalls:\n%s", got, want, w.reported, w.called())
	}
}

func TestConfiguredInterpreterIsTakenBeforeAnythingElse(t *testing.T) {
	w := newWorld(t)
	w.python("python3", everything()...)
	mine := w.python(filepath.Join(w.finder.cfg.Dir, "mine"), everything()...)
	w.finder.cfg.Backend.Python = mine
	w.wants(w.find(), mine)
	got, err := Python(t.Context(), w.finder.cfg, w.report)
	if err != nil {
		t.Fatal(err)
	}
	w.wants(got, mine)
}

// TestTheWaysAreTriedInTheirOrder has each pair of ways to an interpreter: the
// first of them is taken, and the second is not even asked.
func TestTheWaysAreTriedInTheirOrder(t *testing.T) {
	ways := []struct {
		name string
		// offer makes the way possible, and returns the interpreter that it leads
		// to and how a script of it is called.
		offer func(w *world) (python, call string)
	}{
		{"backend.python", func(w *world) (string, string) {
			w.finder.cfg.Backend.Python = w.python(filepath.Join(w.finder.cfg.Dir, "configured"), everything()...)
			return w.finder.cfg.Backend.Python, "configured "
		}},
		{".venv", func(w *world) (string, string) {
			return w.python(filepath.Join(w.finder.cfg.Dir, ".venv/bin/python"), everything()...), "python "
		}},
		{"poetry", func(w *world) (string, string) {
			w.write("pyproject.toml", "[tool.poetry]\nname = \"x\"\n")
			env := filepath.Join(w.finder.cfg.Dir, "cache/env")
			w.script("poetry", "echo "+env)
			return w.python(filepath.Join(env, "bin/python"), everything()...), "poetry "
		}},
		{"uv", func(w *world) (string, string) {
			w.write("uv.lock", "version = 1\n")
			python := w.python("of-uv", everything()...)
			w.script("uv", `mkdir -p "${UV_PROJECT_ENVIRONMENT:?}/bin"; cp `+python+` "${UV_PROJECT_ENVIRONMENT:?}/bin/python"
cp `+python+`.modules "${UV_PROJECT_ENVIRONMENT:?}/bin/python.modules"`)
			return filepath.Join(w.finder.cfg.Backend.Dir, ".venv/bin/python"), "uv "
		}},
		{"PATH", func(w *world) (string, string) {
			return w.python("python3.12", everything()...), "python3.12 "
		}},
		{"a new venv", func(w *world) (string, string) {
			w.python("python3", "venv", "ensurepip")
			return filepath.Join(w.finder.cfg.Local().Venv(), "bin/python"), "python3 -m venv"
		}},
		{"apt-get", func(w *world) (string, string) {
			system := w.python(filepath.Join(w.finder.cfg.Dir, "system"), "venv")
			w.finder.system = []string{system}
			w.finder.root, w.finder.debian = true, true
			w.script("apt-get", "echo fastapi uvicorn websockets >>"+system+".modules")
			return system, "apt-get "
		}},
	}
	for i, first := range ways {
		for _, second := range ways[i+1:] {
			t.Run(first.name+" before "+second.name, func(t *testing.T) {
				w := newWorld(t)
				_, call := second.offer(w)
				want, _ := first.offer(w)
				w.wants(w.find(), want)
				if strings.Contains("\n"+w.called(), "\n"+call) {
					t.Errorf("%s was asked, too:\n%s", second.name, w.called())
				}
			})
		}
	}
}

func TestConfiguredNameIsLookedUpOnPath(t *testing.T) {
	w := newWorld(t)
	mine := w.python("python3.12", everything()...)
	w.python("python3", everything()...)
	w.finder.cfg.Backend.Python = "python3.12"
	w.wants(w.find(), mine)
}

func TestConfiguredInterpreterThatLacksSomethingIsAnErrorAndNothingElseIsTried(t *testing.T) {
	w := newWorld(t)
	w.python("python3", everything()...)
	mine := w.python(filepath.Join(w.finder.cfg.Dir, "mine"), "fastapi")
	w.finder.cfg.Backend.Python = mine
	e := w.fails()
	if len(e.Tried) != 1 || !strings.Contains(e.Error(), "backend.python: "+mine+" (3.11) lacks uvicorn") ||
		!strings.Contains(e.Hint(), mine+" -m pip install") {
		t.Fatalf("%v\nhint: %s", e, e.Hint())
	}
}

func TestConfiguredInterpreterThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.finder.cfg.Backend.Python = "/nowhere/python"
	if e := w.fails(); !strings.Contains(e.Error(), "/nowhere/python is not there") {
		t.Fatal(e)
	}
}

func TestVenvOfTheBackendIsPreferredToPath(t *testing.T) {
	w := newWorld(t)
	w.python("python3", everything()...)
	w.python(filepath.Join(w.finder.cfg.Dir, ".venv/bin/python"), everything()...)
	venv := w.python(filepath.Join(w.finder.cfg.Backend.Dir, ".venv/bin/python"), everything()...)
	w.wants(w.find(), venv)
}

func TestVenvBesideTheConfiguration(t *testing.T) {
	w := newWorld(t)
	venv := w.python(filepath.Join(w.finder.cfg.Dir, ".venv/bin/python"), everything()...)
	w.wants(w.find(), venv)
}

func TestVenvThatLacksUvicornIsLeftAloneAndPassedOver(t *testing.T) {
	w := newWorld(t)
	venv := w.python(filepath.Join(w.finder.cfg.Dir, ".venv/bin/python"), "fastapi", "venv", "ensurepip")
	before, _ := os.ReadFile(venv + ".modules")
	onPath := w.python("python3", everything()...)
	w.wants(w.find(), onPath)
	if after, _ := os.ReadFile(venv + ".modules"); string(after) != string(before) {
		t.Errorf("the project's .venv was changed: %q", after)
	}
}

func TestFirstInterpreterOnPathThatHasEverything(t *testing.T) {
	w := newWorld(t)
	w.python("python3", "fastapi", "uvicorn")
	w.python("python", "uvicorn", "websockets")
	w.script("python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
	want := w.python("python3.12", "fastapi", "uvicorn", "wsproto")
	w.python("python3.10", everything()...)
	w.wants(w.find(), want)
}

func TestSystemInterpreterIsFoundBehindAVersionManagersShim(t *testing.T) {
	w := newWorld(t)
	w.python("python3", "venv", "ensurepip")
	want := w.python(filepath.Join(w.finder.cfg.Dir, "usr/python3"), everything()...)
	w.finder.system = []string{want}
	w.wants(w.find(), want)
}

func TestPythonThatIsTooOldIsPassedOver(t *testing.T) {
	w := newWorld(t)
	old := w.python("python3", everything()...)
	w.write(old+".version", "3.7")
	if e := w.fails(); !strings.Contains(e.Error(), "is Python 3.7, older than 3.8") {
		t.Fatal(e)
	}
}

func TestPythonThatTheProjectIsNotForIsPassedOver(t *testing.T) {
	w := newWorld(t)
	w.write("pyproject.toml", "[project]\nrequires-python = \">=3.9, <3.12\" # as tested\n")
	old := w.python("python3", everything()...)
	w.write(old+".version", "3.8")
	w.write(w.python("python", everything()...)+".version", "3.12")
	want := w.python("python3.10", everything()...)
	w.write(want+".version", "3.11")
	w.wants(w.find(), want)
}

func TestDebianPackagesAreTheLastWay(t *testing.T) {
	w := newWorld(t)
	system := w.python("python3", "venv", "ensurepip")
	w.write("pip-fails", "")
	w.finder.system = []string{system}
	w.finder.root, w.finder.debian = true, true
	w.script("apt-get", strings.ReplaceAll(`case "$*" in
*update*) touch DIR/updated ;;
*install*) [ -e DIR/updated ] || { echo 'E: Unable to locate package python3-fastapi' >&2; exit 100; }
	echo fastapi uvicorn websockets >>`+system+`.modules ;;
esac
`, "DIR", w.bin))
	w.wants(w.find(), system)
	if !w.said("apt-get install --yes") {
		t.Errorf("it did not say what it does: %q", w.reported)
	}
}

func TestWithoutRootAptGetIsNotRun(t *testing.T) {
	w := newWorld(t)
	w.finder.debian = true
	w.script("apt-get", "")
	e := w.fails()
	if w.called() != "" || !strings.HasPrefix(e.Hint(), "sudo apt-get install python3-fastapi") {
		t.Fatalf("%q, hint %s", w.called(), e.Hint())
	}
}

func TestErrorListsEveryWayWithItsReason(t *testing.T) {
	w := newWorld(t)
	w.python("python3", "uvicorn", "venv", "ensurepip")
	w.write("pip-fails", "")
	w.finder.root = true
	e := w.fails()
	for _, part := range []string{
		"no Python with fastapi, uvicorn and websockets",
		".venv: there is none in " + w.finder.cfg.Backend.Dir + " or " + w.finder.cfg.Dir,
		"PATH: " + w.bin + "/python3 (3.11) lacks fastapi",
		"new venv: pip install failed with exit code 1: ERROR: Could not find a version",
		"apt-get: the system is not Debian",
	} {
		if !strings.Contains(e.Error(), part) {
			t.Errorf("%q is not in:\n%v", part, e)
		}
	}
	if !strings.HasPrefix(e.Hint(), "python3 -m venv ") {
		t.Error(e.Hint())
	}
}

func TestWithoutAWebSocketLibraryItStillRunsAndSaysSo(t *testing.T) {
	w := newWorld(t)
	want := w.python("python3", "fastapi", "uvicorn")
	w.wants(w.find(), want)
	if !w.said("WebSockets will be refused") {
		t.Errorf("%q", w.reported)
	}
}

// TestRealInterpreter asks the machine's own Python. Whether it has FastAPI
// is not known here; that it answers the truth is checked by asking it.
func TestRealInterpreter(t *testing.T) {
	const system = "/usr/bin/python3"
	if !exists(system) {
		t.Skip("no " + system)
	}
	dir := t.TempDir()
	c := &config.Config{Dir: dir}
	c.Backend.Dir = dir
	f := &finder{cfg: c, report: func(string) {}, env: os.Environ()}
	// A folder of that name where it runs is not the module.
	if err := os.MkdirAll(filepath.Join(dir, "fastapi"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "fastapi/__init__.py"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := f.ask(t.Context(), system)
	if p.err != nil {
		t.Fatal(p.err)
	}
	out, err := run(t.Context(), command{argv: []string{system, "-c", `
import sys
ok = ["%d.%d" % sys.version_info[:2]]
for m in ("fastapi", "uvicorn"):
    try: __import__(m)
    except ImportError: ok.append(m)
print(" ".join(ok))`}, dir: "/", env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	if want, got := strings.TrimSpace(out), strings.Join(append([]string{p.version}, p.missing...), " "); got != want {
		t.Errorf("the probe says %q, imports say %q", got, want)
	}
}

func TestWhereNothingMayBeInstalledNothingIs(t *testing.T) {
	for name, setUp := range map[string]func(*world){
		"venv": func(w *world) { w.python("python3", "venv", "ensurepip") },
		"apt-get": func(w *world) {
			w.finder.system = []string{w.python("python3")}
			w.finder.root, w.finder.debian = true, true
			w.script("apt-get", "")
		},
		"poetry": func(w *world) {
			w.write("pyproject.toml", "[tool.poetry]\n")
			w.script("poetry", "")
		},
		"uv": func(w *world) {
			w.write("uv.lock", "")
			w.script("uv", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.finder.refusal = "for a reason"
			setUp(w)
			e := w.fails()
			if !strings.Contains(e.Error(), name+": for a reason") {
				t.Errorf("the reason is not told: %v", e)
			}
			for _, install := range []string{"-m venv", "apt-get", "poetry install", "uv sync"} {
				if strings.Contains(w.called(), install) {
					t.Errorf("it ran %s", w.called())
				}
			}
		})
	}
}

func TestMusterNoInstallRefuses(t *testing.T) {
	t.Setenv(NoInstall, "1")
	f := newFinder(testConfig(t.TempDir()), func(string) {}, Refusal())
	if !f.refused("pip") || !strings.Contains(f.tried[0].Reason, NoInstall) {
		t.Errorf("refusal %q, noted %v", f.refusal, f.tried)
	}
	if err := InstallPackages(t.Context(), nil, func(string) {}); err == nil || !strings.Contains(err.Error(), NoInstall) {
		t.Errorf("got %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"dependencies": {"a": "1"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Node(t.Context(), dir, "", func(string) {}); err == nil || !strings.Contains(err.Error(), NoInstall) {
		t.Errorf("got %v", err)
	}
}
