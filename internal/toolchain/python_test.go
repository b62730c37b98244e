package toolchain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestPoetryEnvironmentIsUsedWhereTheProjectUsesPoetry(t *testing.T) {
	w := newWorld(t)
	w.python("python3", everything()...)
	w.write("pyproject.toml", "[tool.poetry]\nname = \"x\"\n")
	env := filepath.Join(w.finder.cfg.Dir, "cache/env")
	python := w.python(filepath.Join(env, "bin/python"), everything()...)
	w.script("poetry", "echo "+env)
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
	w.script("uv", `mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"; cp `+python+` "$UV_PROJECT_ENVIRONMENT/bin/python"
cp `+python+`.modules "$UV_PROJECT_ENVIRONMENT/bin/python.modules"; echo "uv = 0.9" >"$UV_PROJECT_ENVIRONMENT/pyvenv.cfg"`)
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

func TestNewVenvIsFilledFromRequirements(t *testing.T) {
	w := newWorld(t)
	w.python("python3", "venv", "ensurepip")
	file := w.write("requirements.txt", "fastapi\n")
	want := filepath.Join(w.finder.cfg.LocalDir(), "venv/bin/python")
	w.wants(w.find(), want)
	if !strings.Contains(w.called(), "fastapi uvicorn[standard] -r "+file) {
		t.Error(w.called())
	}
	w.write("requirements.txt", "fastapi\nhttpx\n")
	w.wants(w.find(), want)
	if strings.Count(w.called(), "-m pip") != 2 || strings.Count(w.called(), "-m venv") != 1 {
		t.Errorf("a changed requirement must be installed into the same venv:\n%s", w.called())
	}
}

func TestNewVenvIsFilledFromPyproject(t *testing.T) {
	w := newWorld(t)
	w.python("python3", "venv", "ensurepip")
	w.write("pyproject.toml", "[project]\ndependencies = [\"sqlalchemy>=2\"]\n")
	w.find()
	if !strings.Contains(w.called(), "fastapi uvicorn[standard] sqlalchemy>=2\n") {
		t.Error(w.called())
	}
}

func TestInterruptedVenvIsNotBelievedLater(t *testing.T) {
	w := newWorld(t)
	w.python("python3", "venv", "ensurepip")
	w.write("pip-hangs", "")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if exists(filepath.Join(w.finder.cfg.Backend.Dir, "pip-started")) {
				break
			}
		}
		cancel()
	}()
	began := time.Now()
	if p, err := w.again().find(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %q, %v; want context.Canceled", p, err)
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("it took %s to be interrupted", took)
	}
	// As if pip had been killed after it had copied the modules needed.
	w.write(filepath.Join(w.finder.cfg.LocalDir(), "venv/bin/python.modules"), strings.Join(everything(), " "))
	if err := os.Remove(filepath.Join(w.finder.cfg.Backend.Dir, "pip-hangs")); err != nil {
		t.Fatal(err)
	}
	w.find()
	if n := strings.Count(w.called(), "-m venv"); n != 2 {
		t.Errorf("the venv was made %d times, want anew after the interruption:\n%s", n, w.called())
	}
}

func TestIndexThatCannotBeReachedIsNamedAsTheReason(t *testing.T) {
	w := newWorld(t)
	w.python("python3", "venv", "ensurepip")
	w.write("pip-fails", "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'")
	if e := w.fails(); !strings.Contains(e.Error(), "new venv: pip install cannot reach the package index") {
		t.Fatal(e)
	}
	if exists(filepath.Join(w.finder.cfg.LocalDir(), "venv")) {
		t.Error("half a venv was left")
	}
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

func TestSecondStartAsksNobody(t *testing.T) {
	w := newWorld(t)
	want := w.python("python3", everything()...)
	w.wants(w.find(), want)
	calls := w.called()
	w.wants(w.find(), want)
	if w.called() != calls {
		t.Errorf("the second start ran %s", strings.TrimPrefix(w.called(), calls))
	}
}

func TestWhatWasRememberedIsCheckedWhenTheWorldChanged(t *testing.T) {
	for name, change := range map[string]func(w *world) string{
		"the interpreter is gone": func(w *world) string {
			os.Remove(filepath.Join(w.bin, "python3"))
			return filepath.Join(w.bin, "python3.9")
		},
		"its modules are gone": func(w *world) string {
			w.write(filepath.Join(w.bin, "python3.modules"), "")
			return filepath.Join(w.bin, "python3.9")
		},
		"a venv was made": func(w *world) string {
			w.write(".venv/pyvenv.cfg", "")
			return w.python(filepath.Join(w.finder.cfg.Backend.Dir, ".venv/bin/python"), everything()...)
		},
		"the configuration names another": func(w *world) string {
			w.finder.cfg.Backend.Python = "python3.9"
			return filepath.Join(w.bin, "python3.9")
		},
		"the memory is damaged": func(w *world) string {
			w.write(w.finder.memoryFile(), "{")
			return filepath.Join(w.bin, "python3")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.python("python3", everything()...)
			w.python("python3.9", everything()...)
			w.wants(w.find(), filepath.Join(w.bin, "python3"))
			want := change(w)
			w.wants(w.find(), want)
		})
	}
}

func TestTwoStartsAtOnceInstallOnce(t *testing.T) {
	w := newWorld(t)
	w.python("python3", "venv", "ensurepip")
	results := make(chan string, 2)
	for range 2 {
		go func() {
			p, err := w.again().find(t.Context())
			if err != nil {
				p = err.Error()
			}
			results <- p
		}()
	}
	want := filepath.Join(w.finder.cfg.LocalDir(), "venv/bin/python")
	w.wants(<-results, want)
	w.wants(<-results, want)
	if n := strings.Count(w.called(), "-m venv"); n != 1 {
		t.Errorf("%d venvs were made", n)
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
