package targets_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"muster/internal/local"
	"muster/internal/supervise"
)

// agentProject is a project that a coding agent works on.
type agentProject struct {
	*testing.T
	dir     string
	ports   map[string]int
	session *mcp.ClientSession
	calls   int
}

// newAgentProject writes files, in which $A, $B and $C are free ports and $DIR is the
// project's folder, and starts a server in their folder.
func newAgentProject(t *testing.T, files map[string]string, args ...string) *agentProject {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &agentProject{T: t, dir: dir, ports: map[string]int{}}
	ports := []int{}
	for _, name := range []string{"A", "B", "C"} {
		p.ports[name] = takePorts(t, 1)
		ports = append(ports, p.ports[name])
	}
	for name, text := range files {
		p.write(name, text)
	}
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join(dir, "dev-config.yaml")); err == nil {
			p.muster("backend:stop", "-timeout=2s")
		}
		roots, _ := projects(dir)
		defer killLeft(roots)
		if err := nothingLeft(roots, ports); err != nil {
			t.Error(err)
		}
	})
	p.connect(args...)
	return p
}

func (p *agentProject) write(name, text string) {
	p.Helper()
	text = os.Expand(text, func(name string) string {
		if n, ok := p.ports[name]; ok {
			return fmt.Sprint(n)
		}
		if name == "DIR" {
			return p.dir
		}
		return "$" + name
	})
	if err := local.Write(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
		p.Fatal(err)
	}
}

func (p *agentProject) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Getenv(binaryVar), args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "MUSTER_CONFIG=", "MUSTER_TRUST=", "MUSTER_NO_INSTALL=1", "PYTHONDONTWRITEBYTECODE=1")
	return cmd
}

// muster runs a command, and returns what it printed, well or not.
func (p *agentProject) muster(args ...string) string {
	out, _ := p.command(args...).CombinedOutput()
	return string(out)
}

func (p *agentProject) connect(args ...string) {
	p.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(p.Context(), &mcp.CommandTransport{Command: p.command(append([]string{"agent:serve"}, args...)...)}, nil)
	if err != nil {
		p.Fatal(err)
	}
	p.session = session
	p.Cleanup(func() { session.Close() })
}

// result is what a tool has answered.
type result struct {
	failed bool
	doc    any
	text   string
}

// ask calls a tool. An answer of more than its bound fails the test.
func (p *agentProject) ask(tool string, args map[string]any) result {
	p.Helper()
	p.calls++
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	res, err := p.session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		p.Fatalf("%s %v: %v", tool, args, err)
	}
	data, err := json.Marshal(res.StructuredContent)
	if err != nil {
		p.Fatal(err)
	}
	r := result{failed: res.IsError}
	for _, c := range res.Content {
		r.text += c.(*mcp.TextContent).Text
	}
	if len(data) > 20_000 || len(r.text) > 20_000 {
		p.Errorf("%s %v: %d and %d bytes", tool, args, len(data), len(r.text))
	}
	if err := json.Unmarshal(data, &r.doc); err != nil {
		p.Fatal(err)
	}
	return r
}

// listens has a stranger, this test, listen on a port.
func (p *agentProject) listens(port int) {
	p.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { l.Close() })
}

// serves has a stranger answer on a port.
func (p *agentProject) serves(port int) {
	p.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		p.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })}
	go s.Serve(l)
	p.Cleanup(func() { s.Close() })
}

// get asks a server, whatever it answers.
func (p *agentProject) get(port int, path string) {
	out, _ := exec.Command("curl", "-s", "-m", "10", fmt.Sprintf("http://127.0.0.1:%d%s", port, path)).CombinedOutput()
	p.Logf("%s: %s", path, out)
}

// until asks until a field has a value, as a client does that polls.
func (p *agentProject) until(tool string, args map[string]any, path, want string) {
	p.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		r := p.ask(tool, args)
		got, err := field(r.doc, path)
		if err == nil && got == want {
			return
		}
		if time.Now().After(end) {
			p.Fatalf("%s %v: %s is %s (%v), not %s: %v", tool, args, path, got, err, want, r.doc)
		}
	}
}

// status is that of backend:status.
func (p *agentProject) status() (st supervise.Status) {
	p.Helper()
	out, _ := p.command("backend:status", "-json").Output()
	if err := json.Unmarshal(out, &st); err != nil || st.Supervisor.PID == 0 {
		p.Fatalf("%v: %s", err, out)
	}
	return st
}

// stopProcess has the first process stand still, until the test ends.
func (p *agentProject) stopProcess() {
	p.Helper()
	pid := p.status().Processes[0].PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { syscall.Kill(pid, syscall.SIGCONT) })
}

func (p *agentProject) killSupervisor() {
	p.Helper()
	st := p.status()
	if err := syscall.Kill(st.Supervisor.PID, syscall.SIGKILL); err != nil {
		p.Fatal(err)
	}
	for end := time.Now().Add(patience); lives(st.Supervisor.PID) && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}

// matches compares a field with what is wanted: a value, or with a "~" before it a part
// of one, or with a ">" before it what a number exceeds.
func (r result) matches(path, want string) error {
	got, err := field(r.doc, path)
	if err != nil {
		return err
	}
	ok := got == want
	if part, is := strings.CutPrefix(want, "~"); is {
		ok = strings.Contains(got, part)
	} else if least, is := strings.CutPrefix(want, ">"); is {
		var a, b float64
		_, e1 := fmt.Sscan(got, &a)
		_, e2 := fmt.Sscan(least, &b)
		ok = e1 == nil && e2 == nil && a > b
	}
	if !ok {
		return fmt.Errorf("%s is %s, not %s", path, got, want)
	}
	return nil
}
