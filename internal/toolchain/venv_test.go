package toolchain

import (
	"archive/zip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wheel writes a package that pip installs without building anything.
func wheel(t *testing.T, dir, name, metadata string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, name+"-1.0-py3-none-any.whl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	info := name + "-1.0.dist-info/"
	record := ""
	for _, file := range []struct{ name, text string }{
		{name + "/__init__.py", ""},
		{info + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n" + metadata},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", ""},
	} {
		record += file.name + ",,\n"
		if strings.HasSuffix(file.name, "RECORD") {
			file.text = record
		}
		w, err := z.Create(file.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(file.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRealVenv makes a venv with the machine's Python and pip, out of wheels
// that lie beside it.
func TestRealVenv(t *testing.T) {
	w := newWorld(t)
	wheels := t.TempDir()
	wheel(t, wheels, "fastapi", "")
	wheel(t, wheels, "uvicorn", "Provides-Extra: standard\nRequires-Dist: websockets ; extra == \"standard\"\n")
	wheel(t, wheels, "websockets", "")
	wheel(t, wheels, "sqlalchemy", "")
	w.write("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\n  \"sqlalchemy>=1\",\n]\n")
	f := w.again()
	f.env = append(os.Environ(), "PIP_NO_INDEX=1", "PIP_FIND_LINKS="+wheels, "PIP_CACHE_DIR="+t.TempDir())
	base := f.ask(t.Context(), "/usr/bin/python3")
	if base.err != nil || !base.canVenv {
		t.Skip("the system's Python cannot make a venv")
	}
	f.bases = []*interpreter{base}
	p, err := f.ownVenv(t.Context())
	if err != nil || p == nil {
		t.Fatalf("%v, %v, tried %v, reported %q", p, err, f.tried, w.reported)
	}
	w.wants(p.path, filepath.Join(f.cfg.Local().Venv(), "bin/python"))
	if !exists(filepath.Join(f.cfg.Local().Venv(), "lib/python"+p.version+"/site-packages/sqlalchemy")) {
		t.Error("the dependency of pyproject.toml was not installed")
	}
	reported := len(w.reported)
	if again, err := w.again().ownVenv(t.Context()); err != nil || again == nil || len(w.reported) != reported {
		t.Errorf("the second time: %v, %v, reported %q", again, err, w.reported[reported:])
	}
}

func TestNewVenvIsFilledFromRequirements(t *testing.T) {
	w := newWorld(t)
	w.python("python3", "venv", "ensurepip")
	file := w.write("requirements.txt", "fastapi\n")
	want := filepath.Join(w.finder.cfg.Local().Venv(), "bin/python")
	w.wants(w.find(), want)
	if !strings.Contains(w.called(), "fastapi uvicorn[standard] -r "+file) {
		t.Error(w.called())
	}
	w.write("requirements.txt", "fastapi\nhttpx\n")
	w.wants(w.find(), want)
	if strings.Count(w.called(), "-m pip") != 2 || strings.Count(w.called(), "-m venv") != 1 {
		t.Errorf("a changed requirement must be installed into the same venv:\n%s", w.called())
	}
	if strings.Contains(w.called(), "half a venv looks complete") {
		t.Error("a kill of pip would leave a venv that is believed")
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
	w.write(filepath.Join(w.finder.cfg.Local().Venv(), "bin/python.modules"), strings.Join(everything(), " "))
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
	if exists(w.finder.cfg.Local().Venv()) {
		t.Error("half a venv was left")
	}
}
