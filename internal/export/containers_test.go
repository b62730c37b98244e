package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"muster/internal/config"
	"muster/internal/export"
	"muster/internal/gateway/contract"
	"muster/internal/gateway/contract/ask"
)

var containers = flag.Bool("containers", false, "run TestContainers, as magefiles/project/containers.sh does in a machine of its own")

// Images of the check: PREFIX/NAME.
const (
	images   = "localhost/check"
	nginx    = "docker.io/library/nginx:1.28"
	kubectl  = "registry.k8s.io/kubectl:v1.36.3"
	secret   = "never to be written: $x"
	deadline = 3 * time.Minute
)

// TestContainers runs what is exported: the contract of routes over servers that tell who
// they are, and the example.
func TestContainers(t *testing.T) {
	if !*containers {
		return
	}
	e := newEngine(t)
	for _, c := range contract.Cases {
		t.Run("contract: "+c.Name, func(t *testing.T) { e.contract(t, c) })
	}
	t.Run("instances come and go", e.comeAndGo)
	t.Run("example, Compose", e.example)
	t.Run("example, Kubernetes", e.pods)
}

// engine is Podman, behind the socket at which Docker's clients ask.
type engine struct{ before map[string]bool }

// The server of the contract: it tells by its port who it is.
const echo = `
import json, os, socket
async def app(scope, receive, send):
    name, host = os.environ["PORT"], socket.gethostname()
    if scope["type"] == "lifespan":
        while True:
            what = (await receive())["type"]
            await send({"type": what + ".complete"})
            if what.endswith("shutdown"):
                return
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": name})
        await receive()
    else:
        uri = scope["raw_path"].decode()
        if scope["query_string"]:
            uri += "?" + scope["query_string"].decode()
        body = json.dumps({"server": name, "uri": uri, "host": host}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})
`

// newEngine makes the images of Debian's packages. What is not to be had in a container
// ends here, with the reason that Podman gives.
func newEngine(t *testing.T) *engine {
	dir := t.TempDir()
	run(t, dir, "sh", "-c", "tar -C /image -c . | podman import --quiet --change STOPSIGNAL=SIGQUIT - "+nginx)
	run(t, dir, "podman", "network", "create", "trial")
	run(t, dir, "podman", "run", "--rm", "--network=trial", nginx, "true")
	run(t, dir, "podman", "network", "rm", "trial")
	write(t, dir, "echo.py", echo)
	write(t, dir, "serve", "#!/bin/sh\nexec python -m uvicorn trading_api.main:app --host 0.0.0.0 --port $PORT\n")
	write(t, dir, "kubectl", "#!/bin/sh\n# There is no API server to wait for.\n")
	for name, lines := range map[string]string{
		images + "/echo": "COPY echo.py /app/trading_api/main.py\nCOPY serve /usr/bin/x\nCOPY serve /usr/bin/npm\nENV PYTHONPATH=/app\nSTOPSIGNAL SIGTERM",
		images + "/api":  "COPY trading_api /app/trading_api\nENV PYTHONPATH=/app\nSTOPSIGNAL SIGTERM",
		kubectl:          "COPY kubectl /usr/bin/kubectl",
	} {
		run(t, dir, "cp", "-r", filepath.Join("/muster/example/backend/src/trading_api"), dir)
		write(t, dir, "Containerfile", "FROM "+nginx+"\n"+lines+"\n")
		run(t, dir, "podman", "build", "--quiet", "--network=none", "--tag="+name, ".")
	}
	for _, c := range contract.Cases {
		for _, name := range c.Servers {
			run(t, dir, "podman", "tag", images+"/echo", images+"/"+name)
		}
	}
	const socket = "unix:///run/podman.sock"
	service := exec.CommandContext(t.Context(), "podman", "system", "service", "--time=0", socket)
	service.Stderr = os.Stderr
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = service.Process.Kill()
		_ = service.Wait()
	})
	t.Setenv("DOCKER_HOST", socket)
	e := &engine{before: map[string]bool{}}
	for _, line := range e.left(t) {
		e.before[line] = true
	}
	return e
}

func run(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	out, err := try(dir, program, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return out
}

func try(dir, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	if err != nil {
		out.Write(complaints.Bytes())
	}
	return strings.TrimSpace(out.String()), err
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// left is what there is beside images: containers, networks, secrets and processes.
func (e *engine) left(t testing.TB) (all []string) {
	for _, args := range [][]string{{"ps", "--all", "--format={{.Names}}"}, {"pod", "ls", "--format={{.Name}}"},
		{"network", "ls", "--format={{.Name}}"}, {"volume", "ls", "--format={{.Name}}"}, {"secret", "ls", "--format={{.Name}}"}} {
		for line := range strings.FieldsSeq(run(t, "", "podman", args...)) {
			if line = args[0] + " " + line; !e.before[line] {
				all = append(all, line)
			}
		}
	}
	processes, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, file := range processes {
		comm, err := os.ReadFile(file)
		if line := "process " + strings.TrimSpace(string(comm)); err == nil && !e.before[line] {
			all = append(all, line)
		}
	}
	return all
}

// gone tells that nothing is left.
func (e *engine) gone(t testing.TB) {
	t.Helper()
	var left []string
	eventually(t, func() error {
		if left = e.left(t); left != nil {
			return fmt.Errorf("%s is left", strings.Join(left, ", "))
		}
		return nil
	})
}

func eventually(t testing.TB, check func() error) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// stack is a project of Compose that runs.
type stack struct {
	*engine
	dir  string
	addr string
}

func (s *stack) compose(t testing.TB, args ...string) string {
	t.Helper()
	return run(t, s.dir, "docker-compose", append([]string{"--project-name=check", "--progress=quiet"}, args...)...)
}

// up exports a configuration and has it run until all is healthy.
func (e *engine) up(t *testing.T, text string, files map[string]string) *stack {
	t.Helper()
	s := &stack{engine: e, dir: t.TempDir(), addr: "127.0.0.1:8000"}
	for name, data := range files {
		write(t, s.dir, name, data)
	}
	yaml, _, err := export.Compose(load(t, s.dir, text), export.Options{Images: images})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.dir, "compose.yaml", string(yaml))
	ctx, stop := context.WithCancel(context.Background())
	checked := make(chan struct{})
	go func() {
		defer close(checked)
		checkHealth(ctx)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			out, err := try(s.dir, "docker-compose", "--project-name=check", "logs", "--no-color", "--tail=30")
			t.Logf("%s %v", out, err)
			out, err = try("", "podman", "ps", "--all")
			t.Logf("%s %v", out, err)
		}
		stop()
		<-checked
		s.compose(t, "down", "--volumes")
		e.gone(t)
	})
	s.compose(t, "up", "--detach", "--wait", "--wait-timeout=120")
	return s
}

// checkHealth does what Podman has systemd's timers do.
func checkHealth(ctx context.Context) {
	for ctx.Err() == nil {
		out, _ := exec.CommandContext(ctx, "podman", "ps", "--filter=health=starting", "--filter=health=unhealthy", "--format={{.Names}}").Output()
		for name := range strings.FieldsSeq(string(out)) {
			_ = exec.CommandContext(ctx, "podman", "healthcheck", "run", name).Run()
		}
		select {
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func load(t testing.TB, dir, text string) export.Source {
	t.Helper()
	write(t, dir, "dev-config.yaml", text)
	file := filepath.Join(dir, "dev-config.yaml")
	c, keys, err := config.Source(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return export.Source{Name: "dev-config.yaml", Config: c, Keys: keys}
}

// filled is the configuration of a case, and the ports of its servers.
func filled(c contract.Case) (string, map[string]string) {
	ports := map[string]string{}
	replace := []string{"PORT", "8000"}
	for i, name := range c.Servers {
		ports[name] = fmt.Sprint(8001 + i)
		replace = append(replace, "<"+name+">", ports[name])
	}
	return strings.NewReplacer(replace...).Replace(c.Config), ports
}

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (e *engine) contract(t *testing.T, c contract.Case) {
	text, ports := filled(c)
	s := e.up(t, text, nil)
	for _, r := range c.Requests {
		if err := ask.Request(t.Context(), client, s.addr, r, ports[r.Server]); err != nil {
			t.Error(err)
		}
	}
}

// comeAndGo has nginx, which runs on, find the instances that there are now.
func (e *engine) comeAndGo(t *testing.T) {
	text, _ := filled(contract.Cases[0])
	s := e.up(t, text, nil)
	began := inspect(t, "check-nginx-1").State.StartedAt
	hosts := map[string]bool{}
	where := func() error {
		var who struct{ Host string }
		data, err := get(s.addr, "/api/v1/broker/x")
		if err == nil {
			err = json.Unmarshal([]byte(data), &who)
		}
		hosts[who.Host] = true
		return err
	}
	s.compose(t, "up", "--detach", "--no-recreate", "--scale=broker=3")
	eventually(t, func() error {
		if err := where(); err != nil || len(hosts) < 3 {
			return fmt.Errorf("of three instances %d answer: %w", len(hosts), err)
		}
		return nil
	})
	s.compose(t, "up", "--detach", "--no-recreate", "--scale=broker=1")
	old := inspect(t, "check-broker-1").address()
	s.compose(t, "stop", "broker")
	run(t, "", "podman", "run", "--detach", "--name=other", "--network=check_default", "--ip="+old, nginx, "sleep", "infinity")
	defer run(t, "", "podman", "rm", "--force", "--time=0", "other")
	s.compose(t, "up", "--detach", "--force-recreate", "--no-deps", "broker")
	if now := inspect(t, "check-broker-1").address(); now == old {
		t.Errorf("it is at %s again", now)
	}
	clear(hosts)
	eventually(t, where)
	for range 50 {
		if err := where(); err != nil {
			t.Error(err)
		}
	}
	if now := inspect(t, "check-nginx-1").State.StartedAt; now != began {
		t.Errorf("nginx was started again at %s, %s before", now, began)
	}
}

func get(addr, path string) (string, error) {
	resp, err := client.Get("http://" + addr + path)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, resp.StatusCode, data)
	}
	return string(data), err
}

// container is what Podman says of one.
type container struct {
	State struct {
		StartedAt, FinishedAt time.Time
		ExitCode              int
	}
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress string }
	}
}

func (c container) address() string {
	for _, n := range c.NetworkSettings.Networks {
		return n.IPAddress
	}
	return ""
}

func inspect(t testing.TB, name string) container {
	t.Helper()
	var all []container
	if err := json.Unmarshal([]byte(run(t, "", "podman", "container", "inspect", name)), &all); err != nil || len(all) != 1 {
		t.Fatalf("%s: %d, %v", name, len(all), err)
	}
	return all[0]
}

// shop is the example with a task before its servers, and a secret; its page, which is
// built from packages of npm, is a stand-in.
func shop(t testing.TB) string {
	text, err := os.ReadFile("/muster/dev-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	shop := string(text)
	for old, with := range map[string]string{
		"    modules: [broker] ":  "    depends_on: [migrate]\n    image: " + images + "/api\n    env: {TOKEN: '${TOKEN}', COST: '5$$'}\n    modules: [broker] ",
		"    modules: [datafeed]": "    image: " + images + "/api\n    modules: [datafeed]",
		"    modules: []":         "    image: " + images + "/api\n    modules: []",
		"example/backend\n":       ".\n",
		"example/frontend\n":      ".\n  command: [npm]\n  image: " + images + "/echo\n",
	} {
		if strings.Count(shop, old) != 1 {
			t.Fatalf("the example has not once %q", old)
		}
		shop = strings.Replace(shop, old, with, 1)
	}
	return shop + `
env_file: secrets.env
tasks:
  migrate:
    image: ` + images + `/api
    command: [python, -c, "import os; print(len(os.environ['TOKEN']), '$$x')"]
    unless: [python, -c, "raise SystemExit(1)"]
`
}

var secrets = map[string]string{"secrets.env": "TOKEN='" + secret + "'\n"}

func (e *engine) example(t *testing.T) {
	t.Setenv("COMPOSE_ENV_FILES", "secrets.env")
	s := e.up(t, shop(t), secrets)
	if text, _ := os.ReadFile(filepath.Join(s.dir, "compose.yaml")); bytes.Contains(text, []byte(secret)) {
		t.Error("the secret is written")
	}
	task, broker := inspect(t, "check-migrate-1"), inspect(t, "check-broker-1")
	if task.State.ExitCode != 0 || task.State.FinishedAt.IsZero() || task.State.FinishedAt.After(broker.State.StartedAt) {
		t.Errorf("the task ended with %d at %s, and broker was started at %s", task.State.ExitCode, task.State.FinishedAt, broker.State.StartedAt)
	}
	if got, want := run(t, "", "podman", "logs", "check-migrate-1"), fmt.Sprint(len(secret), " $x"); got != want {
		t.Errorf("the task printed %q, want %q", got, want)
	}
	told(t, "check-broker-1")
	for path, want := range map[string]string{
		"/api/v1/broker/account": "buying_power", "/api/v1/datafeed/symbols": "AAPL", "/api/v1/health": "core", "/": "5173",
	} {
		if got, err := get(s.addr, path); err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: %v %s, want %s", path, err, got, want)
		}
	}
	if got, err := ask.Socket(t.Context(), s.addr, "/?token=x"); err != nil || got != "5173" {
		t.Errorf("the page's WebSocket: %s %v", got, err)
	}
	s.compose(t, "stop")
	for _, name := range []string{"broker", "datafeed", "core", "frontend", "nginx"} {
		if c := inspect(t, "check-"+name+"-1"); c.State.FinishedAt.IsZero() || c.State.ExitCode == 137 {
			t.Errorf("%s ended with %d at %s", name, c.State.ExitCode, c.State.FinishedAt)
		}
	}
}

// told tells whether a container of broker has its environment.
func told(t testing.TB, name string) {
	t.Helper()
	for variable, want := range map[string]string{"TOKEN": secret, "COST": "5$", "PORT": "8001", "ENABLED_MODULES": "broker"} {
		if got := run(t, "", "podman", "exec", name, "printenv", variable); got != want {
			t.Errorf("%s is %q, want %q", variable, got, want)
		}
	}
}

// pods has Podman run the Kubernetes objects that it knows. Nothing waits for others
// there, and nothing routes: there is no API server.
func (e *engine) pods(t *testing.T) {
	dir := t.TempDir()
	for name, data := range secrets {
		write(t, dir, name, data)
	}
	files, _, err := export.Kubernetes(load(t, dir, shop(t)), export.Options{Images: images})
	if err != nil {
		t.Fatal(err)
	}
	all, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "secrets-env"}, "stringData": map[string]string{"TOKEN": secret}})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"configmap-", "job-", "deployment-"} {
		for _, f := range files {
			if strings.Contains(string(f.Data), secret) {
				t.Errorf("the secret is in %s", f.Name)
			}
			if strings.HasPrefix(f.Name, kind) {
				all = append(append(all, "\n---\n"...), f.Data...)
			}
		}
	}
	write(t, dir, "all.yaml", string(all))
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := try("", "podman", "ps", "--all")
			t.Log(out)
		}
		run(t, dir, "podman", "kube", "down", "--force", "all.yaml")
		_, _ = try(dir, "podman", "secret", "rm", "secrets-env") // which that leaves
		_, _ = try(dir, "podman", "network", "rm", "podman-default-kube-network")
		e.gone(t)
	})
	run(t, dir, "podman", "kube", "play", "all.yaml")
	pods := run(t, dir, "podman", "ps", "--all", "--format={{.Names}}")
	named := func(part string) string {
		for name := range strings.FieldsSeq(pods) {
			if strings.Contains(name, part) && !strings.Contains(name, "wait-for") && !strings.Contains(name, "infra") {
				return name
			}
		}
		t.Fatalf("no container is called %s:\n%s", part, pods)
		return ""
	}
	told(t, named("broker"))
	for server, port := range map[string]string{"broker": "8001", "datafeed": "8002", "core": "8003"} {
		eventually(t, func() error {
			out, err := try("", "podman", "exec", named(server), "curl", "-fsS", "http://127.0.0.1:"+port+"/api/v1/health")
			if err == nil && !strings.Contains(out, "core") {
				err = fmt.Errorf("%s says %s", server, out)
			}
			return err
		})
	}
	eventually(t, func() error {
		if got, want := run(t, "", "podman", "logs", named("migrate")), fmt.Sprint(len(secret), " $x"); got != want {
			return fmt.Errorf("the task printed %q, want %q", got, want)
		}
		return nil
	})
}
