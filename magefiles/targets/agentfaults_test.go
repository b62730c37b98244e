package targets_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"muster/internal/local"
)

// look is one call of a tool, and what its answer says in its fields.
type look struct {
	tool string
	args map[string]any
	want map[string]string // by path; see matches
}

// fault is something that is wrong with a project, and how a program that reads nothing
// but fields finds it.
type fault struct {
	name  string
	files map[string]string
	seed  func(*agentProject) // makes it go wrong, if the files alone do not
	find  []look              // three at most
}

// Servers with faults.
const (
	// answers everything, but for what its paths order
	serverPy = `import http.server, sys, time
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(0.5)
        if self.path.startswith("/raise"):
            raise ValueError("no such order")
        status = 404 if self.path.startswith("/missing") else 200
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
`
	mutePy = `import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
time.sleep(600)
`
)

// server is a configuration of one server that runs main.py.
const oneServer = `servers:
  api: {port: $A, dir: ., command: [python3, main.py, "{port}"], health: {path: /health, start_period: 3s, timeout: 500ms}}
`

// gated is one behind the builtin gateway.
const gated = `gateway: builtin
nginx: {port: $B}
` + `servers:
  api: {port: $A, dir: ., command: [python3, main.py, "{port}"], paths: [/], health: {path: /health}}
`

func faults() []fault {
	start := func(want map[string]string) []look { return []look{{"start", nil, want}} }
	status := func(want map[string]string) []look { return []look{{"status", nil, want}} }
	started := func(p *agentProject) {
		if r := p.ask("start", nil); r.failed {
			p.Fatalf("%v", r.doc)
		}
	}
	crash := func(python string) map[string]string {
		return map[string]string{"dev-config.yaml": oneServer, "main.py": python}
	}
	return []fault{
		{"crash at import", map[string]string{"dev-config.yaml": oneServer, "main.py": "import sub\n", "sub.py": "x = 1\nraise RuntimeError('no licence')\n"}, nil, start(map[string]string{
			"error.code": "start_failed", "error.failures.0.process": "api-0", "error.failures.0.reason": "exited", "error.failures.0.exit_code": "1",
			"error.failures.0.exception.type": "RuntimeError", "error.failures.0.exception.file": "~sub.py", "error.failures.0.exception.line": "2"})},
		{"syntax error", crash("def x(:\n  pass\n"), nil, start(map[string]string{
			"error.failures.0.exception.type": "SyntaxError", "error.failures.0.exception.file": "~main.py", "error.failures.0.exception.line": "1"})},
		{"missing package", crash("import nothere\n"), nil, start(map[string]string{"error.failures.0.exception.type": "ModuleNotFoundError", "error.failures.0.exception.message": "~nothere"})},
		{"missing variable", crash("import os\nos.environ['DATABASE_URL']\n"), nil, start(map[string]string{
			"error.failures.0.exception.type": "KeyError", "error.failures.0.exception.message": "'DATABASE_URL'"})},
		{"dependency refuses connections", crash("import socket\nsocket.create_connection(('127.0.0.1', $C))\n"), nil, start(map[string]string{
			"error.failures.0.exception.type": "ConnectionRefusedError", "error.failures.0.exception.line": "2"})},
		{"killed, as without memory", crash("import os\nos.kill(os.getpid(), 9)\n"), nil, start(map[string]string{
			"error.failures.0.reason": "signal", "error.failures.0.signal": "SIGKILL"})},
		{"port of a stranger", crash(serverPy), func(p *agentProject) { p.listens(p.ports["A"]) }, start(map[string]string{
			"error.code": "port_taken", "error.failures.0.reason": "port_taken", "error.failures.0.holder_pid": fmt.Sprint(os.Getpid())})},
		{"port of another checkout", crash(serverPy), func(p *agentProject) {
			for _, name := range []string{"dev-config.yaml", "main.py"} {
				text, _ := os.ReadFile(filepath.Join(p.dir, name))
				p.write("other/"+name, string(text))
			}
			other := "-config=" + filepath.Join(p.dir, "other", "dev-config.yaml")
			p.muster("backend:start", other)
			p.Cleanup(func() { p.muster("backend:stop", other) })
		}, start(map[string]string{"error.code": "port_taken", "error.failures.0.process": "api-0", "error.failures.0.holder_project": "~/other"})},
		{"module that nobody routes", map[string]string{
			"dev-config.yaml":          "nginx: {port: $B}\nservers:\n  api: {port: $A, modules: [orders]}\nspecs: {dir: specs}\n",
			"specs/bills/openapi.json": `{"openapi": "3.1.0", "info": {"title": "b", "version": "1"}, "paths": {"/api/v1/bills/all": {"get": {"operationId": "all", "responses": {"200": {"description": "x"}}}}}}`,
		}, nil, []look{{"routes", nil, map[string]string{"unanswered": ">0", "routes.0.module": "bills", "routes.0.problem": "~bills"}}}},
		{"404 at the health check", map[string]string{"dev-config.yaml": `servers:
  api: {port: $A, dir: ., command: [python3, main.py, "{port}"], health: {path: /missing, start_period: 1s}}
`, "main.py": serverPy}, nil, start(map[string]string{"error.failures.0.reason": "status", "error.failures.0.http_status": "404"})},
		{"mute server", map[string]string{"dev-config.yaml": `servers:
  api: {port: $A, dir: ., command: [python3, main.py, "{port}"], health: {path: /health, start_period: 1s, timeout: 300ms, retries: 1}}
`, "main.py": mutePy}, nil, start(map[string]string{"error.failures.0.reason": "mute"})},
		{"another port than configured", map[string]string{"dev-config.yaml": `servers:
  api: {port: $A, dir: ., command: [python3, main.py, "$C"], health: {path: /, start_period: 2s}}
`, "main.py": serverPy}, nil, start(map[string]string{"error.failures.0.reason": "refused", "error.failures.0.listens_on": "~:$C", "error.failures.0.port": "$A"})},
		{"dependency that does not come", map[string]string{"dev-config.yaml": `servers:
  api: {port: $A, dir: ., command: [python3, main.py, "{port}"], depends_on: [db]}
workers:
  db: {command: [sleep, "600"], health: {command: ["false"], start_period: 600s}}
`, "main.py": serverPy}, func(p *agentProject) { p.ask("start", map[string]any{"nowait": true}) }, []look{
			{"status", map[string]any{"only": []string{"api"}}, map[string]string{"processes.0.state": "starting", "processes.0.reason": "waits", "processes.0.waits_for": "db-0"}},
			{"status", map[string]any{"only": []string{"db"}}, map[string]string{"processes.0.state": "starting", "processes.0.reason": "health_command"}}}},
		{"log line that does not come", map[string]string{"dev-config.yaml": `workers:
  w: {command: [sleep, "600"], health: {log: ready, start_period: 1s}}
servers: {}
`}, nil, start(map[string]string{"error.failures.0.reason": "log_line"})},
		{"wrong interpreter", map[string]string{"dev-config.yaml": "backend: {python: /nonexistent/python, app: main:app}\nservers:\n  api: {port: $A, modules: [x]}\n"}, nil,
			[]look{{"doctor", nil, map[string]string{"ok": "false", "findings.0.what": "python", "findings.0.ok": "false"}}}},
		{"missing program", map[string]string{"dev-config.yaml": "servers: {}\nworkers:\n  w: {command: [no-such-program]}\n"}, nil,
			start(map[string]string{"error.code": "missing_program"})},
		{"stale client", map[string]string{
			"dev-config.yaml":          "servers:\n  api: {port: $A, command: [sleep, '9']}\nspecs: {dir: specs, python: {dir: clients}}\n",
			"specs/bills/openapi.json": `{"openapi": "3.1.0", "info": {"title": "b", "version": "1"}, "paths": {"/bills": {"get": {"operationId": "all", "responses": {"200": {"description": "x"}}}}}}`,
			"clients/bills_client.py":  "# of another time\n",
		}, nil, []look{{"clients_freshness", nil, map[string]string{"stale": "true", "files.0.change": "*", "files.0.file": "~clients/"}}}},
		{"breaking change of the API", map[string]string{
			"dev-config.yaml":          "servers:\n  api: {port: $A, command: [sleep, '9']}\nspecs: {dir: specs}\n",
			"old/bills/openapi.json":   `{"openapi": "3.1.0", "info": {"title": "b", "version": "1"}, "paths": {"/bills": {"get": {"operationId": "all", "responses": {"200": {"description": "x"}}}}}}`,
			"specs/bills/openapi.json": `{"openapi": "3.1.0", "info": {"title": "b", "version": "1"}, "paths": {}}`,
		}, nil, []look{{"api_diff", map[string]any{"from": "old"}, map[string]string{"breaking": "true", "changes.0.operation": "GET /bills", "changes.0.verb": "removed", "changes.0.module": "bills"}}}},
		{"mistake in the configuration", map[string]string{"dev-config.yaml": "servers:\n  api:\n    prot: 8001\n"}, nil,
			[]look{{"config_check", nil, map[string]string{"valid": "false", "problems.0.line": "3", "problems.0.suggestion": "port"}}}},
		{"task that fails", map[string]string{"dev-config.yaml": "servers: {}\ntasks:\n  migrate: {command: [sh, -c, 'exit 3']}\n"}, nil,
			[]look{{"run_task", map[string]any{"task": "migrate"}, map[string]string{"error.code": "start_failed", "error.failures.0.reason": "exited", "error.failures.0.exit_code": "3"}}}},
		{"task that takes too long", map[string]string{"dev-config.yaml": "servers: {}\ntasks:\n  migrate: {command: [sleep, '60'], timeout: 1s}\n"}, nil,
			start(map[string]string{"error.failures.0.process": "~migrate", "error.failures.0.reason": "timeout"})},
		{"crash loop", crash("import sys\nsys.exit(4)\n"), func(p *agentProject) {
			p.ask("start", map[string]any{"nowait": true})
			p.until("status", nil, "processes.0.restarts", "3")
		}, status(map[string]string{"processes.0.reason": "exited", "processes.0.exit_code": "4", "processes.0.restarts": ">2"})},
		{"start that failed before anybody asked", crash("import nothere\n"), func(p *agentProject) { p.muster("backend:start") },
			status(map[string]string{"running": "false", "failures.0.process": "api-0", "failures.0.reason": "exited", "failures.0.exit_code": "1",
				"failures.0.exception.type": "ModuleNotFoundError", "failures.0.exception.file": "~main.py"})},
		{"server that stands still", map[string]string{"dev-config.yaml": `servers:
  api: {port: $A, dir: ., command: [python3, main.py, "{port}"], health: {path: /health, interval: 200ms, timeout: 200ms, retries: 1}}
`, "main.py": serverPy}, func(p *agentProject) {
			started(p)
			p.stopProcess()
			p.until("status", nil, "processes.0.state", "unhealthy")
		}, status(map[string]string{"healthy": "false", "processes.0.reason": "mute"})},
		{"stranger that answers in a server's place", map[string]string{"dev-config.yaml": `servers:
  api: {port: $A, dir: ., command: [sh, -c, "sleep 1; sleep 600"], health: {path: /health, start_period: 60s}}
`}, func(p *agentProject) {
			if r := p.ask("start", map[string]any{"nowait": true}); r.failed {
				p.Fatal(r.text)
			}
			p.serves(p.ports["A"])
			p.until("status", nil, "processes.0.reason", "port_taken")
		}, status(map[string]string{"processes.0.reason": "port_taken", "processes.0.holder_pid": fmt.Sprint(os.Getpid())})},
		{"profile that is not there", crash(serverPy), nil, []look{{"start", map[string]any{"profiles": []string{"debug"}}, map[string]string{"error.code": "usage"}}}},
		{"name that is not there", crash(serverPy), nil, []look{{"start", map[string]any{"only": []string{"apo"}}, map[string]string{"error.code": "usage", "error.message": "~api-0"}}}},
		{"slow request", map[string]string{"dev-config.yaml": gated, "main.py": serverPy}, func(p *agentProject) {
			started(p)
			p.get(p.ports["B"], "/fast")
			p.get(p.ports["B"], "/slow/orders")
			p.get(p.ports["B"], "/fast")
			p.until("requests", map[string]any{"slowest": true}, "requests.len", "3")
		}, []look{{"requests", map[string]any{"slowest": true, "limit": 1}, map[string]string{"requests.0.path": "/slow/orders", "requests.0.seconds": ">0.4", "requests.0.process": "api-0"}}}},
		{"exception at a request", map[string]string{"dev-config.yaml": gated, "main.py": serverPy}, func(p *agentProject) {
			started(p)
			p.get(p.ports["B"], "/raise")
			p.until("requests", map[string]any{"status": "5xx"}, "requests.len", "1")
		}, []look{
			{"requests", map[string]any{"status": "5xx"}, map[string]string{"requests.0.path": "/raise", "requests.0.process": "api-0"}},
			{"logs", map[string]any{"only": []string{"api-0"}}, map[string]string{"exceptions.0.type": "ValueError", "exceptions.0.message": "no such order", "exceptions.0.file": "~main.py", "exceptions.0.line": "7"}}}},
		{"killed supervisor", crash(serverPy), func(p *agentProject) { started(p); p.killSupervisor() },
			status(map[string]string{"running": "true", "supervisor.alive": "false"})},
		{"orphan", crash(serverPy), func(p *agentProject) {
			started(p)
			p.killSupervisor()
			os.Remove(filepath.Join(p.dir, ".local/run/state.json"))
			p.Cleanup(func() { p.muster("dev:kill") })
		}, []look{{"doctor", nil, map[string]string{"ok": "false", "findings.0.what": "orphans", "findings.0.fixable": "true"}}}},
		{"gateway with another file", map[string]string{"dev-config.yaml": gated, "main.py": serverPy}, func(p *agentProject) {
			started(p)
			conf := local.Of(p.dir).BuiltinConf()
			text, err := os.ReadFile(conf)
			if err == nil {
				err = os.WriteFile(conf, append(text, '\n'), 0o600)
			}
			if err != nil {
				p.Fatal(err)
			}
		}, []look{{"status", map[string]any{"only": []string{"nginx"}}, map[string]string{"processes.0.reason": "other_config"}}}},
		{"configuration that was not taken over", crash(serverPy), func(p *agentProject) {
			started(p)
			p.write("dev-config.yaml", `servers:
  api: {port: $A, dir: ., command: [python3, main.py, "{port}"], health: {path: /health}, env: {DEBUG: "1"}}
`)
		}, status(map[string]string{"differences.0.process": "api-0", "differences.0.what": "~DEBUG"})},
		{"server behind the gateway is gone", map[string]string{"dev-config.yaml": gated, "main.py": serverPy}, func(p *agentProject) {
			started(p)
			p.ask("stop", map[string]any{"only": []string{"api"}})
			p.get(p.ports["B"], "/orders")
			p.until("requests", map[string]any{"status": "5xx"}, "requests.len", "1")
		}, []look{
			{"requests", map[string]any{"status": "5xx"}, map[string]string{"requests.0.status": ">501", "requests.0.path": "/orders"}},
			{"status", map[string]any{"only": []string{"api"}}, map[string]string{"processes.0.state": "stopped"}}}},
	}
}

// TestFaultsAreFoundByFields seeds a fault in a project and finds it in three calls at
// most.
func TestFaultsAreFoundByFields(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"python3", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			p := newAgentProject(t, f.files, "-write")
			if f.seed != nil {
				f.seed(p)
			}
			if len(f.find) > 3 {
				t.Error("more than three calls")
			}
			for _, l := range f.find {
				r := p.ask(l.tool, l.args)
				for path, want := range l.want {
					want = os.Expand(want, func(name string) string { return fmt.Sprint(p.ports[name]) })
					if err := r.matches(path, want); err != nil && want != "*" {
						t.Errorf("%s %v: %v in\n%v", l.tool, l.args, err, r.text)
					}
				}
			}
		})
	}
}
