package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/internal/config"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/supervise"
)

// The test binary is the supervisor, the builtin gateway and the servers too.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // or every process of a test lingers for a second
	supervise.Resident()
	ServeBuiltin()
	if len(os.Args) > 2 && os.Args[1] == "server" {
		fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Args[2], http.NotFoundHandler()))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// project is one project of a test. Nothing of it is left when the test ends.
type project struct {
	t      *testing.T
	file   string
	client *supervise.Client
	report *heard
	ports  map[string]int
}

func newProject(t *testing.T) *project {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	pr := &project{t: t, file: filepath.Join(dir, "dev-config.yaml"), report: &heard{}, ports: map[string]int{}}
	pr.client = &supervise.Client{Local: local.Of(dir), Exe: exe}
	t.Cleanup(func() {
		if err := Stop(context.Background(), pr.client); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return pr
}

// port is a free port, which stays that of a name.
func (pr *project) port(name string) int {
	pr.t.Helper()
	if pr.ports[name] == 0 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			pr.t.Fatal(err)
		}
		defer l.Close()
		pr.ports[name] = l.Addr().(*net.TCPAddr).Port
	}
	return pr.ports[name]
}

// configure writes and loads a configuration of servers behind the builtin
// gateway. An argument after a server's name makes it differ.
func (pr *project) configure(servers ...string) *config.Config {
	pr.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "api_base_url: \"\"\ngateway: builtin\nnginx: {port: %d}\nservers:\n", pr.port("gateway"))
	for _, server := range servers {
		name, more, _ := strings.Cut(server, " ")
		fmt.Fprintf(&b, "  %s: {port: %d, modules: [%s], command: [%q, server, \"{port}\", %q], health: {tcp: true}}\n",
			name, pr.port(name), name, pr.client.Exe, more)
	}
	if err := os.WriteFile(pr.file, []byte(b.String()), 0o600); err != nil {
		pr.t.Fatal(err)
	}
	cfg, err := config.Load(pr.file)
	if err != nil {
		pr.t.Fatal(err)
	}
	return cfg
}

// start starts everything of a configuration.
func (pr *project) start(cfg *config.Config) {
	pr.t.Helper()
	p, err := Prepare(pr.t.Context(), cfg, pr.report)
	if err == nil {
		_, err = pr.client.Start(pr.t.Context(), *p.Plan, supervise.StartOptions{})
	}
	if err != nil {
		pr.t.Fatalf("start: %v", err)
	}
}

// pids are the processes that run, by name.
func (pr *project) pids() map[string]int {
	pr.t.Helper()
	st, err := pr.client.Status(pr.t.Context())
	if err != nil {
		pr.t.Fatalf("status: %v", err)
	}
	pids := map[string]int{}
	for _, p := range st.Processes {
		if p.State != supervise.Healthy {
			pr.t.Errorf("%s is %s: %s", p.Name, p.State, p.Detail)
		}
		pids[p.Name] = p.PID
	}
	return pids
}

// heard keeps what a report said last.
type heard struct {
	mu    sync.Mutex
	lines []string
}

func (h *heard) say(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line)
}

func (h *heard) Step(string)                     {}
func (h *heard) Progress(string, int64, int64)   {}
func (h *heard) Begin(string) func() bool        { return func() bool { return false } }
func (h *heard) Done(format string, args ...any) { h.say(fmt.Sprintf(format, args...)) }
func (h *heard) Warn(format string, args ...any) { h.say(fmt.Sprintf(format, args...)) }
func (h *heard) Error(err error)                 { h.say(err.Error()) }

// take is what was said since the last call, sorted.
func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := slices.Sorted(slices.Values(h.lines))
	h.lines = nil
	return lines
}

func TestAReloadTouchesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.start(pr.configure("same", "other", "gone"))
	before := pr.pids()
	pr.report.take()

	cfg := pr.configure("same", "other differs", "fresh")
	if err := Reload(t.Context(), pr.client, cfg, pr.report); err != nil {
		t.Fatal(err)
	}
	want := []string{"nginx reloaded its new configuration", "restarted: other-0", "started: fresh-0", "stopped: gone-0"}
	if said := pr.report.take(); !slices.Equal(said, want) {
		t.Errorf("said %q, not %q", said, want)
	}
	after := pr.pids()
	for name, stays := range map[string]bool{"same-0": true, plan.GatewayName: true, "other-0": false} {
		if (after[name] == before[name]) != stays || after[name] == 0 {
			t.Errorf("%s: pid %d, before %d", name, after[name], before[name])
		}
	}
	if after["fresh-0"] == 0 || after["gone-0"] != 0 || len(after) != 4 {
		t.Errorf("there runs %v", after)
	}

	if err := Reload(t.Context(), pr.client, cfg, pr.report); err != nil {
		t.Fatal(err)
	}
	if said := pr.report.take(); !slices.Equal(said, []string{"every process is as the configuration says"}) {
		t.Errorf("at a second reload: %q", said)
	}
}

func TestARollingRestartReplacesEachInstanceWhileItsServerServes(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	cfg := pr.configure("api", "left")
	pr.start(cfg)
	before := pr.pids()
	url := fmt.Sprintf("http://127.0.0.1:%d/api/x", pr.port("gateway"))

	ctx, end := context.WithCancel(t.Context())
	refused := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			res, err := http.Get(url)
			if err == nil {
				res.Body.Close()
				if res.StatusCode != http.StatusNotFound { // the server's own answer
					err = errors.New(res.Status)
				}
			}
			if err != nil {
				refused <- err
				return
			}
			time.Sleep(time.Millisecond)
		}
		refused <- nil
	}()
	o := RollingOptions{Only: []string{"api"}, Timeout: supervise.OwnTimeout, Drain: DefaultDrain}
	if err := RestartRolling(t.Context(), pr.client, cfg, o, pr.report); err != nil {
		t.Error(err)
	}
	end()
	if err := <-refused; err != nil {
		t.Errorf("a request failed: %v", err)
	}
	after := pr.pids()
	if after["api-0"] == before["api-0"] || after["left-0"] != before["left-0"] || len(after) != len(before) {
		t.Errorf("there runs %v, before %v", after, before)
	}
}

func TestADoctorFindsWhatRunsUnwatched(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	cfg := pr.configure("api")
	processes := func(wrong error) Finding {
		t.Helper()
		findings := Examine(t.Context(), pr.client, cfg, wrong, pr.report)
		if (findings[0].Wrong != "") != (wrong != nil) || findings[0].What != "configuration" {
			t.Errorf("first found: %+v", findings[0])
		}
		i := slices.IndexFunc(findings, func(f Finding) bool { return f.What == "processes" })
		return findings[i]
	}
	if f := processes(nil); f.Detail != "none run" {
		t.Errorf("before the start: %+v", f)
	}
	pr.start(cfg)
	if f := processes(errors.New("broken")); f.Detail != "2, healthy" {
		t.Errorf("after the start: %+v", f)
	}
	st, err := pr.client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	supervisor, err := os.FindProcess(st.Supervisor.PID)
	if err == nil {
		err = supervisor.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		f := processes(nil)
		if f.Wrong == "run without their supervisor" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("without a supervisor: %+v", f)
		}
	}
}
