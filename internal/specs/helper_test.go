package specs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/internal/config"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	// notify keeps its own goroutines for as long as the program runs.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rjeczalik/notify.(*nonrecursiveTree).dispatch"),
		goleak.IgnoreTopFunction("github.com/rjeczalik/notify.(*nonrecursiveTree).internal"),
		goleak.IgnoreTopFunction("github.com/rjeczalik/notify.(*inotify).send"),
		goleak.IgnoreTopFunction("golang.org/x/sys/unix.EpollWait"),
		goleak.IgnoreAnyFunction("github.com/rjeczalik/notify.(*inotify).loop"))
}

// parse is a document written in a test.
func parse(t testing.TB, text string) Document {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	// In one step, as editors and tools do: a file that is created and then
	// filled is two changes where the machine is busy.
	tmp := filepath.Join(filepath.Dir(file), temporary+filepath.Base(file))
	if err := os.WriteFile(tmp, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, file); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// golden compares with a file below testdata, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		write(t, file, string(got))
		return
	}
	if want := read(t, file); want != string(got) {
		t.Errorf("%s differs (rewrite it with -update):\n%s", name, unified(splitLines([]byte(want)), splitLines(got)))
	}
}

// hung is how long a wait must last to be taken for one without an end. Node
// and Python take seconds of the processor to start, and on a machine that is
// shared by ten tenfold that.
const hung = time.Minute

// eventually polls until ok, and fails when that hangs.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(hung); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// missing skips a test for want of a program, but not where all must be there.
func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

var findPython = sync.OnceValue(func() string {
	for _, p := range []string{os.Getenv("MUSTER_TEST_PYTHON"), "python3", "/usr/bin/python3"} {
		if p != "" && exec.Command(p, "-c", "import fastapi, uvicorn, httpx, pydantic").Run() == nil {
			return p
		}
	}
	return ""
})

// pythonFor is an interpreter that has what the application and the clients need.
func pythonFor(t testing.TB) string {
	t.Helper()
	p := findPython()
	if p == "" {
		missing(t, "no python3 with fastapi, uvicorn, httpx and pydantic")
	}
	return p
}

// mypy type-checks files, strictly. What it learned of the libraries is kept
// between runs.
func mypy(t testing.TB, dir string, files ...string) {
	t.Helper()
	if _, err := exec.LookPath("mypy"); err != nil {
		missing(t, "no mypy")
	}
	args := append([]string{"--strict", "--no-error-summary", "--cache-dir", cached(t, "mypy"), "--python-executable", pythonFor(t)}, files...)
	run(t, dir, "mypy", args...)
}

// run runs a program that must succeed.
func run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		const most = 6000
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out[:min(len(out), most)])
	}
	return string(out)
}

// cached is a place in the user's cache, for what tests fetch or work out at
// some cost and that is the same the next time.
func cached(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "muster-tests")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// npm is a folder with packages of the npm registry installed, kept between
// runs of the tests. only keeps just those files of the packages.
func npm(t testing.TB, packages ...string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(strings.Join(packages, " ")))
	dir := cached(t, "npm-"+hex.EncodeToString(sum[:6]))
	if isDir(filepath.Join(dir, "node_modules")) {
		return dir
	}
	if _, err := exec.LookPath("npm"); err != nil {
		missing(t, "no npm")
	}
	tmp, err := os.MkdirTemp(cached(t, ""), "new-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	write(t, filepath.Join(tmp, "package.json"), `{"private":true}`)
	cmd := exec.Command("npm", append([]string{"install", "--no-fund", "--no-audit", "--ignore-scripts", "--silent"}, packages...)...)
	cmd.Dir = tmp
	if out, err := cmd.CombinedOutput(); err != nil {
		missing(t, "the npm registry is not to be had: %v\n%s", err, out)
	}
	if err := os.Rename(tmp, dir); err != nil && !isDir(dir) {
		t.Fatal(err)
	}
	return dir
}

// frontend is a folder whose node_modules are those of npm.
func frontend(t testing.TB) string {
	t.Helper()
	packages := npm(t, restGenerator+"@0.99", "typescript@5.9", "ws@8", "@types/node@20")
	dir := filepath.Join(t.TempDir(), "frontend")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(packages, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "package.json"), `{"private":true,"type":"module"}`)
	return dir
}

// tsc type-checks everything below src, as strictly as there is.
func tsc(t testing.TB, dir string, emit bool) {
	t.Helper()
	write(t, filepath.Join(dir, "tsconfig.json"), fmt.Sprintf(`{"compilerOptions":{"strict":true,"noEmit":%t,"outDir":"out","target":"es2022",
	"module":"esnext","moduleResolution":"bundler","lib":["es2022","dom","dom.iterable"],"types":[],"skipLibCheck":true,
	"noUnusedLocals":true,"isolatedModules":true,"verbatimModuleSyntax":true},"include":["src"]}`, !emit))
	run(t, dir, filepath.Join(dir, "node_modules", ".bin", "tsc"), "-p", ".")
}

// project is a configuration of a backend in a temporary folder.
func project(t testing.TB, backend string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	cfg := &config.Config{Dir: dir, File: filepath.Join(dir, "dev-config.yaml"),
		Servers: []config.Server{{Name: "shop", Port: freePort(t), Modules: []string{"shop"}}},
		Backend: config.Backend{Dir: filepath.Join(dir, "backend"), App: "shop.main:app"}}
	if backend != "" {
		copyTree(t, backend, cfg.Backend.Dir)
	}
	cfg.Specs = config.Specs{Dir: filepath.Join(dir, "specs"), Sources: []string{cfg.Backend.Dir}}
	cfg.Specs.Python.Dir = filepath.Join(cfg.Backend.Dir, "clients")
	return cfg
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// serve runs uvicorn until the test ends, and waits until it serves.
func serve(t testing.TB, cfg *config.Config, args ...string) string {
	t.Helper()
	url := moduleURL(cfg, "shop")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, pythonFor(t), append([]string{"-m", "uvicorn", cfg.Backend.App, "--port", port}, args...)...)
	cmd.Dir = cfg.Backend.Dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	eventually(t, "uvicorn serves", func() bool {
		resp, err := client.Get(url + "/openapi.json")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return url
}

func asHint(err error, h *interface{ Hint() string }) bool { return errors.As(err, h) }
