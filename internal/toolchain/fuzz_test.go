package toolchain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/fuzztest"
	"muster/internal/workspace"
)

// FuzzLock tries the locks of npm: what it does not understand is not installed.
func FuzzLock(f *testing.F) {
	const lock = `{"packages":{"":{"name":"x"},"node_modules/a":{"version":"1.0.0","integrity":"sha512-x"},"node_modules/b":{"optional":true}}}`
	f.Add(lock, lock)
	f.Add(`{"packages":{"node_modules/../../x":{}}}`, `null`)
	f.Add(`{"packages":null}`, `{"packages":[]}`)
	f.Fuzz(func(t *testing.T, want, have string) {
		fuzztest.Bound(t)
		dir := t.TempDir()
		n := &nodeProject{dir: dir, space: workspace.Node{Manager: workspace.NPM, Root: dir, Lock: filepath.Join(dir, "package-lock.json")}}
		n.manager = managerOf(n.space)
		put(t, n.space.Lock, want)
		put(t, filepath.Join(dir, "node_modules", ".package-lock.json"), have)
		n.installed(manifest{})
		if print := n.fingerprint("", nil); n.stamp(print) != nil || !n.stamped(print) {
			t.Error("what was installed is not known")
		}
	})
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzRange tries the versions that a project asks for.
func FuzzRange(f *testing.F) {
	for _, s := range []string{">=3.9,<4", "~=3.11", ">=18 <23 || ^24", "*", "3.*", "==3.12.*", "!=1", "v20.x", "latest", ">"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, wanted string) {
		fuzztest.Bound(t)
		meets("3.12.1", wanted)
		satisfies("v22.1.0", wanted)
		satisfies(wanted, oldestNode)
	})
}

// FuzzProject tries the files that say what a Python project needs, and what is
// remembered of a search.
func FuzzProject(f *testing.F) {
	f.Add("[project]\nname = \"x\"\nrequires-python = '>=3.9' # as we test\n", "name: x\ndependencies: [python=3.12]\n", `{"interpreter":"/bin/sh","files":[{"path":"/x"}]}`)
	f.Add("[ project ]\nrequires-python\n", "name: &a [*a]\n", `null`)
	f.Add("requires-python = \"x", "? : -", `{"interpreter":"/bin/sh","files":[{"path":"/x/uvicorn/__init__.py","time":-1}]}`)
	f.Fuzz(func(t *testing.T, pyproject, conda, memory string) {
		fuzztest.Bound(t)
		dir := t.TempDir()
		x := &finder{cfg: &config.Config{Dir: dir, Backend: config.Backend{Dir: dir}}}
		put(t, filepath.Join(dir, "pyproject.toml"), pyproject)
		put(t, filepath.Join(dir, "environment.yml"), conda)
		put(t, x.memoryFile(), memory)
		if wanted := x.requiredPython(); !strings.Contains(pyproject, wanted) {
			t.Errorf("%q is required", wanted)
		}
		asked := false
		condaEnvironment(toolCall{dir: dir, ask: func(args ...string) string { asked = true; return "" }})
		if asked && !strings.Contains(conda, "name") {
			t.Error("an environment without a name")
		}
		if python, ok := x.remembered(); ok && !executable(python) {
			t.Errorf("remembers %q", python)
		}
		UvicornKnows(x.cfg, "/bin/sh", "--x")
	})
}
