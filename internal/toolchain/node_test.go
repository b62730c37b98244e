package toolchain

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/internal/apitest"
)

// nodeWorld is a world with a frontend, a node and an npm that makes what
// real npm leaves behind.
func nodeWorld(t *testing.T) (*world, *nodeProject) {
	t.Helper()
	w := newWorld(t)
	dir := filepath.Join(w.finder.cfg.Dir, "frontend")
	w.write(filepath.Join(dir, "package.json"), `{"name": "page", "dependencies": {"a": "1"}}`)
	w.script("node", "echo v20.20.2\n")
	w.script("npm", `if [ -e npm-fails ]; then echo "npm error network" >&2; exit 1; fi
mkdir -p node_modules && touch node_modules/.package-lock.json
[ "$1" = ci ] || echo '{"packages": {}}' >package-lock.json
`)
	return w, &nodeProject{dir: dir, report: w.report, env: w.finder.env}
}

func TestPackagesAreInstalledFromTheLockOnce(t *testing.T) {
	w, n := nodeWorld(t)
	w.write(filepath.Join(n.dir, "package-lock.json"), `{"packages": {"node_modules/a": {"version": "1.0.0"}}}`)
	for range 2 {
		if err := n.ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Count(w.called(), "npm ci") != 1 || strings.Count(w.called(), "node --version") != 1 {
		t.Errorf("want one npm ci and one node --version:\n%s", w.called())
	}
	w.write(filepath.Join(n.dir, "package-lock.json"), `{"packages": {"node_modules/a": {"version": "1.0.1"}}}`)
	if err := n.ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Count(w.called(), "npm ci") != 2 {
		t.Errorf("a changed lock must be installed:\n%s", w.called())
	}
	os.RemoveAll(filepath.Join(n.dir, "node_modules"))
	if err := n.ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Count(w.called(), "npm ci") != 3 {
		t.Errorf("removed packages must be installed again:\n%s", w.called())
	}
}

func TestWithoutALockPackagesAreInstalledAndLocked(t *testing.T) {
	w, n := nodeWorld(t)
	for range 2 {
		if err := n.ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Count(w.called(), "npm install") != 1 || !w.said("npm install in "+n.dir) {
		t.Errorf("%s%q", w.called(), w.reported)
	}
}

func TestOnlyWhatTheUserInstalledAsLockedIsNotInstalledAgain(t *testing.T) {
	const a = `"node_modules/a": {"version": "1.0.0", "integrity": "x"}`
	for name, c := range map[string]struct {
		lock, noted, folder string
		installs            bool
	}{
		"as locked":                         {`"": {}, ` + a, a, "a", false},
		"without what is for other systems": {a + `, "node_modules/b": {"version": "2.0.0", "optional": true}`, a, "a", false},
		"without a package":                 {a + `, "node_modules/b": {"version": "2.0.0"}`, a, "a", true},
		"another version":                   {a, strings.Replace(a, "1.0.0", "1.0.1", 1), "a", true},
		"another content":                   {a, strings.Replace(a, `"x"`, `"y"`, 1), "a", true},
		"a folder that is gone":             {a, a, "b", true},
	} {
		t.Run(name, func(t *testing.T) {
			w, n := nodeWorld(t)
			w.write(filepath.Join(n.dir, "package-lock.json"), `{"packages": {`+c.lock+`}}`)
			w.write(filepath.Join(n.dir, "node_modules/.package-lock.json"), `{"packages": {`+c.noted+`}}`)
			w.write(filepath.Join(n.dir, "node_modules", c.folder, "package.json"), "{}")
			if err := n.ensure(t.Context()); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(w.called(), "npm") != c.installs {
				t.Error(w.called())
			}
		})
	}
}

func TestNodeProblemsAreSaidWithWhatToType(t *testing.T) {
	for name, test := range map[string]struct {
		change func(w *world, n *nodeProject)
		want   string
	}{
		"no node":        {func(w *world, n *nodeProject) { os.Remove(filepath.Join(w.bin, "node")) }, "no Node.js, which "},
		"no npm":         {func(w *world, n *nodeProject) { os.Remove(filepath.Join(w.bin, "npm")) }, "no npm, which "},
		"an old node":    {func(w *world, n *nodeProject) { w.script("node", "echo v16.1.0") }, "no Node.js >=18; tried:\n  PATH: "},
		"engines":        {func(w *world, n *nodeProject) { w.write(n.dir+"/package.json", `{"engines": {"node": "^22 || >=24"}}`) }, "is v20.20.2"},
		"npm fails":      {func(w *world, n *nodeProject) { w.write(n.dir+"/npm-fails", "") }, "npm install: failed with exit code 1: npm error network"},
		"pnpm's lock":    {func(w *world, n *nodeProject) { w.write(n.dir+"/pnpm-lock.yaml", "") }, "no pnpm, which "},
		"yarn's lock":    {func(w *world, n *nodeProject) { w.write(n.dir+"/yarn.lock", "") }, "no yarn, which "},
		"bun's lock":     {func(w *world, n *nodeProject) { w.write(n.dir+"/bun.lock", "") }, "no bun, which "},
		"no node at all": {func(w *world, n *nodeProject) { w.script("node", "exit 3") }, "failed with exit code 3"},
		"no package":     {func(w *world, n *nodeProject) { os.Remove(n.dir + "/package.json") }, "there is no package.json in"},
		"broken package": {func(w *world, n *nodeProject) { w.write(n.dir+"/package.json", "{") }, "package.json is not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			w, n := nodeWorld(t)
			test.change(w, n)
			err := n.ensure(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			var missing *MissingError
			if errors.As(err, &missing) && missing.Hint() == "" {
				t.Error("no hint")
			}
			if exists(filepath.Join(n.dir, "node_modules", stampFile)) {
				t.Error("it counts as installed")
			}
		})
	}
}

// TestEachManagerInstallsItsOwnLockOnce has a stand-in for each manager, which leaves
// behind what the real one does.
func TestEachManagerInstallsItsOwnLockOnce(t *testing.T) {
	for name, test := range map[string]struct {
		manager, lock, text, mark, call string
	}{
		"npm":    {"npm", "npm-shrinkwrap.json", `{"packages": {}}`, "node_modules/.package-lock.json", "npm ci"},
		"pnpm":   {"pnpm", "pnpm-lock.yaml", "", "node_modules/.modules.yaml", "pnpm install --frozen-lockfile"},
		"yarn 1": {"yarn", "yarn.lock", "# yarn lockfile v1\n", "node_modules/.yarn-integrity", "yarn install --frozen-lockfile"},
		"yarn":   {"yarn", "yarn.lock", "__metadata:\n  version: 8\n", "node_modules/.yarn-state.yml", "yarn install --immutable"},
		"pnp":    {"yarn", "yarn.lock", "__metadata:\n  version: 8\n", ".pnp.cjs", "yarn install --immutable"},
		"bun":    {"bun", "bun.lock", "{}", "node_modules", "bun install --frozen-lockfile"},
	} {
		t.Run(name, func(t *testing.T) {
			w, n := nodeWorld(t)
			n.top = w.finder.cfg.Dir
			lock := w.write(filepath.Join(n.top, test.lock), test.text)
			w.write(filepath.Join(n.top, "package.json"), `{"workspaces": ["*"]}`)
			packages := "mkdir -p node_modules/a\n"
			if name == "pnp" {
				packages = ""
			}
			w.script(test.manager, packages+`[ -d `+test.mark+` ] || echo '{"packages": {}}' >`+test.mark+`
pwd >>where`)
			ensure := func(calls int) {
				t.Helper()
				if err := n.ensure(t.Context()); err != nil {
					t.Fatal(err)
				}
				if strings.Count(w.called(), test.call) != calls {
					t.Fatalf("want %d calls of %s:\n%s", calls, test.call, w.called())
				}
			}
			ensure(1)
			ensure(1)
			// What the user has installed is no worse than what we have.
			os.Remove(n.stampPath())
			ensure(1)
			later := time.Now().Add(time.Minute)
			if err := os.WriteFile(lock, []byte(test.text+" \n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(lock, later, later); err != nil {
				t.Fatal(err)
			}
			if test.manager != "npm" { // which compares what stands in the lock
				ensure(2)
			}
			if where, _ := os.ReadFile(filepath.Join(n.top, "where")); !strings.HasPrefix(string(where), n.top+"\n") {
				t.Errorf("it installed in %s", where)
			}
		})
	}
}

func TestAManagerThatIsNotThereIsNamedWithHowToGetIt(t *testing.T) {
	for name, test := range map[string]struct {
		packageManager string
		corepack       bool
		want           string
	}{
		"of any version":    {"pnpm", false, "npm install -g pnpm"},
		"of one":            {"pnpm@9.1.0+sha512.ab", false, "npm install -g pnpm@9.1.0"},
		"corepack is there": {"pnpm@9.1.0", true, "corepack enable pnpm"},
		"a newer yarn":      {"yarn@4.1.0", false, "npm install -g corepack && corepack enable yarn"},
		"an old yarn":       {"yarn@1.22.22", false, "npm install -g yarn@1.22.22"},
		"bun":               {"bun@1.2.0", true, "npm install -g bun@1.2.0"},
		"no shell":          {"pnpm@9; rm -rf /", false, "npm install -g pnpm"},
	} {
		t.Run(name, func(t *testing.T) {
			w, n := nodeWorld(t)
			w.write(filepath.Join(n.dir, "package.json"), `{"packageManager": "`+test.packageManager+`", "dependencies": {"a": "1"}}`)
			if test.corepack {
				w.script("corepack", "")
			}
			var missing *MissingError
			if err := n.ensure(t.Context()); !errors.As(err, &missing) || missing.Hint() != test.want {
				t.Errorf("got %v, %q", err, missing)
			}
			if strings.Contains(w.called(), "npm") || strings.Contains(w.called(), "corepack") {
				t.Errorf("something was installed for the whole machine:\n%s", w.called())
			}
		})
	}
}

func TestAPackageWithoutDependenciesIsLeftAsItIs(t *testing.T) {
	w, n := nodeWorld(t)
	w.write(filepath.Join(n.dir, "package.json"), `{"scripts": {"start": "node server.js"}}`)
	if err := n.ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.called(), "npm") || exists(filepath.Join(n.dir, "node_modules")) {
		t.Error(w.called())
	}
}

// TestRealNpm installs a package that lies beside the frontend, so that no
// network is needed.
func TestRealNpm(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not installed")
	}
	w := newWorld(t)
	dir := filepath.Join(w.finder.cfg.Dir, "frontend")
	w.write(filepath.Join(dir, "package.json"), `{"name": "page", "version": "1.0.0", "dependencies": {"local": "file:local"}}`)
	w.write(filepath.Join(dir, "local/package.json"), `{"name": "local", "version": "1.0.0"}`)
	if err := Node(t.Context(), dir, "", w.report); err != nil {
		t.Fatal(err)
	}
	if !exists(filepath.Join(dir, "node_modules/local/package.json")) || !w.said("npm install in ") {
		t.Fatalf("not installed; reported %q", w.reported)
	}
	os.Remove(filepath.Join(dir, "node_modules", stampFile))
	w.reported = nil
	if err := Node(t.Context(), dir, "", w.report); err != nil {
		t.Fatal(err)
	}
	if w.said("npm") {
		t.Errorf("what npm itself installed was not recognised: %q", w.reported)
	}
}

// The package lies beside the frontend. What a manager has installed by itself is not
// installed again.
func TestOtherRealManagers(t *testing.T) {
	t.Setenv("PATH", apitest.Programs(t, "pnpm@10", "yarn@1")+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, manager := range []string{"pnpm", "yarn"} {
		t.Run(manager, func(t *testing.T) {
			w := newWorld(t)
			dir := filepath.Join(w.finder.cfg.Dir, "frontend")
			w.write(filepath.Join(dir, "package.json"),
				`{"name": "page", "version": "1.0.0", "devEngines": {"packageManager": {"name": "`+manager+`"}}, "dependencies": {"local": "file:./local"}}`)
			w.write(filepath.Join(dir, "local/package.json"), `{"name": "local", "version": "1.0.0"}`)
			n := &nodeProject{dir: dir, report: w.report, env: os.Environ()}
			for i, installs := range []bool{true, false, false} {
				w.reported = nil
				if err := n.ensure(t.Context()); err != nil {
					t.Fatal(err)
				}
				if w.said(manager+" install in "+dir) != installs || !exists(filepath.Join(dir, "node_modules/local/package.json")) {
					t.Fatalf("call %d reported %q", i, w.reported)
				}
				if i == 1 {
					os.Remove(n.stampPath())
				}
			}
			// As in a fresh clone.
			if err := os.RemoveAll(filepath.Join(dir, "node_modules")); err != nil {
				t.Fatal(err)
			}
			w.reported = nil
			if err := n.ensure(t.Context()); err != nil || n.space.Lock == "" || !w.said("the packages of its "+filepath.Base(n.space.Lock)) {
				t.Fatalf("%v; reported %q", err, w.reported)
			}
		})
	}
}

// TestRealNpmWorkspace has a frontend that is a member of a workspace.
func TestRealNpmWorkspace(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not installed")
	}
	w := newWorld(t)
	top := w.finder.cfg.Dir
	w.write(filepath.Join(top, "package.json"), `{"name": "all", "private": true, "workspaces": ["apps/*", "local"]}`)
	w.write(filepath.Join(top, "apps/web/package.json"), `{"name": "web", "version": "1.0.0", "dependencies": {"local": "*"}}`)
	w.write(filepath.Join(top, "local/package.json"), `{"name": "local", "version": "1.0.0"}`)
	dir := filepath.Join(top, "apps/web")
	for i, want := range []string{"npm install in " + top, "", ""} {
		w.reported = nil
		if err := Node(t.Context(), dir, top, w.report); err != nil {
			t.Fatal(err)
		}
		if want == "" && w.said("npm") || !w.said(want) && want != "" || !exists(filepath.Join(top, "node_modules/local")) {
			t.Fatalf("call %d reported %q", i, w.reported)
		}
		if i == 1 { // what npm itself has left is enough
			os.Remove(filepath.Join(top, "node_modules", stampFile+"-apps-web"))
		}
	}
}

func TestVersionRanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version, wanted string
		want            bool
	}{
		{"v20.20.2", ">=18", true}, {"v16.0.0", ">=18", false}, {"v18.0.0", ">=18", true},
		{"v20.18.9", "^20.19.0 || >=22.12.0", false}, {"v20.19.0", "^20.19.0 || >=22.12.0", true},
		{"v21.0.0", "^20.19.0 || >=22.12.0", false}, {"v22.12.0", "^20.19.0 || >=22.12.0", true},
		{"v20.1.0", "20", true}, {"v21.1.0", "20", false}, {"v20.1.0", "20.x", true}, {"v20.1.0", "*", true},
		{"v20.1.0", ">= 18 < 21", true}, {"v21.0.0", ">= 18 < 21", false}, {"v22.3.0", "18.0.0 - 22", true},
		{"v19.0.0", ">18", true}, {"v18.9.0", ">18", false}, {"v20.1.5", "~20.1.2", true}, {"v20.2.0", "~20.1.2", false},
		{"v20.0.0", "lts/*", true}, {"v20.0.0", "", true}, {"v20.0.0", "<=20", true}, {"v0.3.1", "^0.3.0", true}, {"v0.4.0", "^0.3.0", false},
		{"v0.9.0", "^0.8", false}, {"v0.8.5", "^0.8", true}, {"v0.0.5", "^0.0", true}, {"v0.5.0", "^0", true}, {"v0.0.4", "^0.0.3", false},
		{"v23.0.0-nightly20240601", ">=18", true}, {"v22.1.0", "18 || 20.x", false}, {"v21.0.0", "18 - 20", false},
	} {
		if got := satisfies(test.version, test.wanted); got != test.want {
			t.Errorf("%s satisfies %q: %v", test.version, test.wanted, got)
		}
	}
}

func TestPythonRanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version, wanted string
		want            bool
	}{
		{"3.11.2", ">=3.9,<4", true}, {"3.11.2", ">=3.12", false}, {"3.11.2", ">= 3.9 , < 3.11", false}, {"3.11.2", "<=3.11", false},
		{"3.11.2", "~=3.9", true}, {"3.11.2", "~=3.9.1", false}, {"3.11.2", "~=3.11.1", true}, {"3.11.2", "!=3.11.*", false},
		{"3.11.2", ">=3.9,!=3.11.0", true}, {"3.11.2", "==3.11.*", true}, {"3.11.2", ">3.11", true}, {"3.11.2", "", true},
		{"3.11.2", "^3.9", true}, {"3.11.2", "nonsense", true},
	} {
		if got := meets(test.version, test.wanted); got != test.want {
			t.Errorf("%s meets %q: %v", test.version, test.wanted, got)
		}
	}
}

func TestAnInstallationSaysThatItRuns(t *testing.T) {
	w, n := nodeWorld(t)
	n.alive = 10 * time.Millisecond
	// It ends when it was said, so that the test waits for no clock.
	said := make(chan struct{})
	var once sync.Once
	n.report = func(line string) {
		if strings.HasPrefix(line, "npm install still runs, since ") {
			once.Do(func() { close(said) })
		}
		w.report(line)
	}
	fifo := filepath.Join(n.dir, "go-on")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	w.script("npm", "read line <go-on; mkdir -p node_modules && touch node_modules/.package-lock.json\necho '{\"packages\": {}}' >package-lock.json\n")
	go func() {
		select {
		case <-said:
		case <-time.After(time.Minute):
		}
		f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
		if err == nil {
			f.WriteString("\n")
			f.Close()
		}
	}()
	if err := n.ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-said:
	default:
		t.Error("nothing is said while it runs")
	}
	if !w.said("npm install in " + n.dir + ": the packages of its package.json; the first time this takes minutes") {
		t.Error("what it installs is not said")
	}
}
