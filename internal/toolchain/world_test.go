package toolchain

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"muster/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a made-up machine: a project, and a PATH with programs that are
// small scripts. Each script notes in calls how it was called.
type world struct {
	t      *testing.T
	finder *finder
	bin    string
	calls  string

	mu       sync.Mutex
	reported []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	w := &world{t: t, bin: filepath.Join(dir, "bin"), calls: filepath.Join(dir, "calls")}
	project := filepath.Join(dir, "project")
	backend := filepath.Join(project, "backend")
	for _, d := range []string{w.bin, backend} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.finder = &finder{cfg: testConfig(project), report: w.report, env: []string{"PATH=" + w.bin, "HOME=" + dir}}
	return w
}

// again is a finder of the next start: it knows only what is on disk.
func (w *world) again() *finder {
	f := w.finder
	return &finder{cfg: f.cfg, report: f.report, env: f.env, system: f.system, root: f.root, debian: f.debian, refusal: f.refusal}
}

func (w *world) report(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reported = append(w.reported, s)
}

func (w *world) said(part string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.reported, func(s string) bool { return strings.Contains(s, part) })
}

// called returns how the scripts were called so far, one call a line.
func (w *world) called() string {
	data, _ := os.ReadFile(w.calls)
	return string(data)
}

func (w *world) write(path, text string) string {
	w.t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(w.finder.cfg.Backend.Dir, path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	// A process that another test forks meanwhile would hold the file open for
	// writing, and running it would fail with "text file busy".
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, []byte(text), 0o644)
	syscall.ForkLock.RUnlock()
	if err != nil {
		w.t.Fatal(err)
	}
	return path
}

// script makes a program of a shell script.
func (w *world) script(path, body string) string {
	w.t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(w.bin, path)
	}
	w.write(path, "#!/bin/sh\nPATH=/bin:/usr/bin\necho \"${0##*/} $*\" >>'"+w.calls+"'\n"+body)
	if err := os.Chmod(path, 0o755); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// python makes an interpreter with some modules. It can make venvs like
// itself when it has venv and ensurepip; its pip installs everything, unless
// the file pip-fails lies in the project.
func (w *world) python(path string, modules ...string) string {
	w.t.Helper()
	path = w.script(path, `
case "$1 $2" in
"-c "*muster-probe*)
	printf '\nmuster-probe\nexecutable=%s\nversion=%s\n' "$0" "$(cat "$0.version" 2>/dev/null || echo 3.11)"
	for m in $(cat "$0.modules"); do echo "$m=$0.modules"; done ;;
"-c "*muster-dependencies*)
	printf '\nmuster-dependencies\nsqlalchemy>=2\n--evil\n' ;;
"-m venv")
	mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && echo venv ensurepip >"$4/bin/python.modules" && echo "home = $0" >"$4/pyvenv.cfg" ;;
"-m pip")
	[ ! -e "${0%/*}/../complete" ] || echo half a venv looks complete >>'`+w.calls+`'
	if [ -e pip-fails ]; then cat pip-fails; echo; echo "ERROR: Could not find a version" >&2; exit 1; fi
	if [ -e pip-hangs ]; then touch pip-started; sleep 60; fi
	echo fastapi uvicorn websockets >>"$0.modules" ;;
*) exit 9 ;;
esac
`)
	w.write(path+".modules", strings.Join(modules, "\n")+"\n")
	return path
}

func everything() []string { return []string{"fastapi", "uvicorn", "websockets", "venv", "ensurepip"} }

// testConfig has its backend in the folder backend, if there is one.
func testConfig(dir string) *config.Config {
	c := &config.Config{Dir: dir}
	c.Backend.Dir = filepath.Join(dir, "backend")
	return c
}
