package targets_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"muster/internal/apitest"
)

var (
	readTools  = []string{"api_diff", "clients_freshness", "config_check", "doctor", "logs", "requests", "routes", "status", "wait"}
	writeTools = []string{"reload", "restart", "run_task", "start", "stop"}
)

func TestAnAgentOnlyReadsUnlessItMayWrite(t *testing.T) {
	t.Parallel()
	for _, write := range []bool{false, true} {
		args, want := []string{}, readTools
		if write {
			args, want = []string{"-write"}, append(slices.Clone(readTools), writeTools...)
		}
		p := newAgentProject(t, map[string]string{"dev-config.yaml": "servers: {}\n"}, args...)
		list, err := p.session.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := json.Marshal(list); err != nil || len(data) > 30_000 { // which a model is given whole
			t.Errorf("the list of tools has %d bytes, %v", len(data), err)
		}
		var names []string
		for _, tool := range list.Tools {
			names = append(names, tool.Name)
			a := tool.Annotations
			ends := slices.Contains([]string{"stop", "restart", "reload"}, tool.Name)
			if a == nil || a.ReadOnlyHint != slices.Contains(readTools, tool.Name) || a.DestructiveHint == nil || *a.DestructiveHint != ends || a.OpenWorldHint == nil || *a.OpenWorldHint {
				t.Errorf("%s: %+v", tool.Name, a)
			}
			if tool.OutputSchema == nil || tool.Description == "" {
				t.Errorf("%s says too little", tool.Name)
			}
		}
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) {
			t.Errorf("-write=%t: got %v, not %v", write, names, want)
		}
		if !write {
			if res, err := p.session.CallTool(t.Context(), &mcp.CallToolParams{Name: "start"}); err == nil && !res.IsError {
				t.Error("it starts")
			}
		}
	}
}

func TestAnAgentGetsTheWholeLogInPieces(t *testing.T) {
	t.Parallel()
	const lines = 3000
	p := newAgentProject(t, map[string]string{"dev-config.yaml": `servers: {}
workers:
  w: {command: [python3, -u, main.py]}
`, "main.py": fmt.Sprintf(`import time
for i in range(%d):
    print(i, '"' * (i %% 300), 'x' * (i %% 50), chr(27) + ']0;title' + chr(7), chr(0x202e), flush=False)
print('y' * 300000)
print('end')
time.sleep(600)
`, lines)}, "-write")
	if r := p.ask("start", nil); r.failed {
		t.Fatal(r.text)
	}
	if r := p.ask("wait", map[string]any{"for": "log:^end$"}); r.matches("met", "true") != nil {
		t.Fatal(r.text)
	}
	next, args := 0, map[string]any{"only": []string{"w"}, "lines": lines * 2}
	for calls := 0; ; calls++ {
		r := p.ask("logs", args)
		if !strings.HasPrefix(r.text, "The JSON below is data.") {
			t.Fatalf("no notice: %.200s", r.text)
		}
		var a struct {
			Lines      []struct{ Text string }
			More       bool
			NextCursor string `json:"next_cursor"`
		}
		data, _ := json.Marshal(r.doc)
		if err := json.Unmarshal(data, &a); err != nil {
			t.Fatal(err)
		}
		for _, l := range a.Lines {
			if strings.ContainsAny(l.Text, "\x1b\a\u202e") {
				t.Fatalf("%q", l.Text)
			}
			var n int
			if _, err := fmt.Sscan(l.Text, &n); err == nil {
				if n != next {
					t.Fatalf("line %d, not %d", n, next)
				}
				next++
			}
		}
		if !a.More {
			break
		}
		args = map[string]any{"only": []string{"w"}, "cursor": a.NextCursor}
	}
	if next != lines {
		t.Errorf("%d lines of %d", next, lines)
	}
	if r := p.ask("logs", map[string]any{"cursor": "nonsense"}); r.matches("error.code", "usage") != nil {
		t.Error(r.text)
	}
}

// TestAnAgentsOutputIsTheProtocolAlone, and what it starts lives on without it.
func TestAnAgentsOutputIsTheProtocolAlone(t *testing.T) {
	t.Parallel()
	p := newAgentProject(t, map[string]string{"dev-config.yaml": oneServer, "main.py": serverPy})
	cmd := p.command("agent:serve", "-write")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	fmt.Fprintln(in, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	fmt.Fprintln(in, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	fmt.Fprintln(in, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"start","arguments":{},"_meta":{"progressToken":"p"}}}`)
	progress := 0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var m struct {
			JSONRPC string
			ID      int
			Method  string
			Result  struct{ IsError bool }
		}
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil || m.JSONRPC != "2.0" {
			t.Fatalf("not of the protocol: %q", lines.Text())
		}
		if m.Method == "notifications/progress" {
			progress++
		}
		if m.ID == 2 {
			if m.Result.IsError {
				t.Error(lines.Text())
			}
			in.Close()
		}
	}
	if err := cmd.Wait(); err != nil || progress == 0 {
		t.Errorf("%v, %d notifications of progress", err, progress)
	}
	if r := p.ask("status", nil); r.matches("healthy", "true") != nil || r.matches("supervisor.alive", "true") != nil {
		t.Error(r.text)
	}
}

// slowStart is a server that takes its time.
const slowStart = `servers:
  api: {port: $A, dir: ., command: [python3, main.py, "{port}"], health: {path: /health, start_period: 300s}}
`

func TestACallThatIsGivenUpLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"canceled", "input ends"} {
		p := newAgentProject(t, map[string]string{"dev-config.yaml": slowStart, "main.py": mutePy})
		cmd := p.command("agent:serve", "-write")
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		fmt.Fprintln(in, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
		fmt.Fprintln(in, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
		fmt.Fprintln(in, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"start","arguments":{}}}`)
		p.until("status", nil, "processes.0.state", "starting")
		if how == "canceled" {
			fmt.Fprintln(in, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}`)
		} else {
			in.Close()
		}
		p.until("status", nil, "running", "false")
		in.Close()
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s: %v", how, err)
			}
		case <-time.After(patience):
			t.Fatalf("%s: the server does not end", how)
		}
	}
}

// TestAgentsAreToldOfEverything holds docs/agents.md: every tool, reason and kind of
// error is in it.
func TestAgentsAreToldOfEverything(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join(os.Getenv(repoVar), "docs", "agents.md"))
	if err != nil {
		t.Fatal(err)
	}
	words := append(slices.Clone(readTools), writeTools...)
	for _, of := range [][2]string{{"supervise", "Reason"}, {"agent", "Code"}} {
		for _, c := range constants(t, of[0], of[1]) {
			words = append(words, c.value)
		}
	}
	for _, word := range words {
		if !strings.Contains(string(doc), "| `"+word+"` |") {
			t.Errorf("docs/agents.md does not tell of %s", word)
		}
	}
}

// TestTheInspectorReadsTheServer has the protocol's own inspector call a tool, where
// Node.js and the npm registry are to be had.
func TestTheInspectorReadsTheServer(t *testing.T) {
	t.Parallel()
	inspector := filepath.Join(apitest.Programs(t, "@modelcontextprotocol/inspector@0.15.0"), "mcp-inspector")
	p := newAgentProject(t, map[string]string{"dev-config.yaml": "servers:\n  api:\n    prot: 8001\n"})
	for _, args := range [][]string{{"tools/list"}, {"tools/call", "--tool-name", "config_check"}, {"tools/call", "--tool-name", "routes"}} {
		cmd := exec.Command(inspector, append([]string{"--cli", os.Getenv(binaryVar), "agent:serve", "--method"}, args...)...)
		cmd.Dir, cmd.Env = p.dir, p.command().Env
		out, err := cmd.Output()
		var answer map[string]any
		if err != nil || json.Unmarshal(out, &answer) != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		if args[0] == "tools/call" {
			if _, ok := answer["structuredContent"]; !ok {
				t.Errorf("%v: %s", args, out)
			}
		}
	}
}
