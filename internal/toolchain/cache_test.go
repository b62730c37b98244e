package toolchain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
		"the interpreter may not be run": func(w *world) string {
			if err := os.Chmod(filepath.Join(w.bin, "python3"), 0o644); err != nil {
				w.t.Fatal(err)
			}
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
		"an environment became active": func(w *world) string {
			venv := filepath.Join(w.finder.cfg.Dir, "active")
			w.finder.env = []string{"PATH=" + venv + "/bin:" + w.bin, "VIRTUAL_ENV=" + venv}
			return w.python(filepath.Join(venv, "bin/python3"), everything()...)
		},
		"the backend is elsewhere": func(w *world) string {
			w.finder.cfg.Backend.Dir = filepath.Join(w.finder.cfg.Dir, "elsewhere")
			return w.python(filepath.Join(w.finder.cfg.Backend.Dir, ".venv/bin/python"), everything()...)
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
	want := filepath.Join(w.finder.cfg.Local().Venv(), "bin/python")
	w.wants(<-results, want)
	w.wants(<-results, want)
	if n := strings.Count(w.called(), "-m venv"); n != 1 {
		t.Errorf("%d venvs were made", n)
	}
}

func BenchmarkRemembered(b *testing.B) {
	dir := b.TempDir()
	f := &finder{report: func(string) {}, env: os.Environ(), cfg: testConfig(dir)}
	if err := f.remember(&interpreter{path: "/bin/sh", origins: []string{"/bin/ls", "/bin/cat"}}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, ok := f.remembered(); !ok {
			b.Fatal("forgotten")
		}
	}
}

func TestWhatTheFoundUvicornKnowsIsRead(t *testing.T) {
	dir := t.TempDir()
	cfg := testConfig(dir)
	f := &finder{report: func(string) {}, env: os.Environ(), cfg: cfg}
	source := filepath.Join(dir, "site", "uvicorn", "main.py")
	if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
		t.Fatal(err)
	}
	origins := []string{filepath.Join(dir, "site/fastapi/__init__.py"), filepath.Join(dir, "site/uvicorn/__init__.py")}
	if err := f.remember(&interpreter{path: "/bin/sh", origins: origins}); err != nil {
		t.Fatal(err)
	}
	const option = "--timeout-graceful-shutdown"
	for _, test := range []struct {
		text string
		want bool
	}{
		{"", false}, // it is not there
		{"@click.option(\"--timeout-keep-alive\")\n", false},
		{"@click.option(\n    \"--timeout-graceful-shutdown\",\n    type=int,\n)", true},
	} {
		if test.text != "" {
			if err := os.WriteFile(source, []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := UvicornKnows(cfg, "/bin/sh", option); got != test.want {
			t.Errorf("%q: %v", test.text, got)
		}
	}
	if UvicornKnows(cfg, "/bin/else", option) {
		t.Error("of an interpreter that was not found")
	}
	for text, want := range map[string]bool{
		"": false,
		"def get_trusted_client_host(\n    ...\n    return None\n":                     true,
		"def get_trusted_client_host(\n    ...\n    return x_forwarded_for_hosts[0]\n": false,
	} {
		headers := filepath.Join(filepath.Dir(source), "middleware", "proxy_headers.py")
		if err := os.MkdirAll(filepath.Dir(headers), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(headers, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := UvicornLosesClients(cfg, "/bin/sh"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
