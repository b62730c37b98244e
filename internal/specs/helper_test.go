package specs

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"muster/internal/apitest"
	"muster/internal/clients"
	"muster/internal/config"
	"muster/internal/local"
)

func TestMain(m *testing.M) {
	// notify keeps its own goroutines for as long as the program runs.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rjeczalik/notify.(*nonrecursiveTree).dispatch"),
		goleak.IgnoreTopFunction("github.com/rjeczalik/notify.(*nonrecursiveTree).internal"),
		goleak.IgnoreTopFunction("github.com/rjeczalik/notify.(*inotify).send"),
		goleak.IgnoreTopFunction("golang.org/x/sys/unix.EpollWait"),
		goleak.IgnoreAnyFunction("github.com/rjeczalik/notify.(*inotify).loop"))
}

// write puts a file in place in one step, as editors and tools do: a file that
// is created and then filled is two changes where the machine is busy.
func write(t testing.TB, file, text string) {
	t.Helper()
	if err := local.Write(file, []byte(text), 0o644); err != nil {
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

// project is a configuration of a backend in a temporary folder.
func project(t testing.TB, backend string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	cfg := &config.Config{Dir: dir, File: filepath.Join(dir, "dev-config.yaml"),
		Servers: []config.Server{{Process: config.Process{Name: "shop", Port: freePort(t)}, Modules: []string{"shop"}}},
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

// freePort is a port apart from those of the other packages' tests, which run at
// the same time, and from those that the kernel gives out (32768 and up, ip(7)).
func freePort(t testing.TB) int {
	t.Helper()
	const lowest, highest = 10000, 11999
	// A program that another test starts meanwhile would have the port until its exec.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for range 1000 {
		port := lowest + rand.IntN(highest-lowest)
		if l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// serve runs uvicorn until the test ends, and waits until it serves.
func serve(t testing.TB, cfg *config.Config, args ...string) string {
	t.Helper()
	url := clients.ServerURL(&cfg.Servers[0])
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, apitest.Python(t), append([]string{"-m", "uvicorn", cfg.Backend.App, "--port", port}, args...)...)
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

// tsProject is a project whose frontend has the generator installed.
func tsProject(t testing.TB) *config.Config {
	t.Helper()
	cfg := project(t, "")
	dir := apitest.Frontend(t)
	cfg.Frontends = []config.Frontend{{Process: config.Process{Dir: dir}}}
	cfg.Specs.TypeScript = []config.TypeScriptClients{{Dir: filepath.Join(dir, "src", "clients"), RESTPrefix: "trader-client-", WSPrefix: "ws-types-"}}
	cfg.Specs.Python.Dir = ""
	return cfg
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
