package toolchain

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	w.wants(p.path, filepath.Join(f.cfg.LocalDir(), "venv/bin/python"))
	if !exists(filepath.Join(f.cfg.LocalDir(), "venv/lib/python"+p.version+"/site-packages/sqlalchemy")) {
		t.Error("the dependency of pyproject.toml was not installed")
	}
	reported := len(w.reported)
	if again, err := w.again().ownVenv(t.Context()); err != nil || again == nil || len(w.reported) != reported {
		t.Errorf("the second time: %v, %v, reported %q", again, err, w.reported[reported:])
	}
}
