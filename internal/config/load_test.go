package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"muster/internal/local"
)

const sample = `api_base_url: "/api/v1"
nginx:
  port: 8000
  worker_processes: 1        # a number, or auto
  worker_connections: 1024
servers:
  broker:
    port: 8001               # instance i listens on port + i
    instances: 1
    modules: [broker]        # handed over as ENABLED_MODULES=broker
    reload: true
  datafeed:
    port: 8002
    instances: 1
    modules: [datafeed]
    reload: true
  core:
    port: 8003
    modules: []              # shared endpoints only; stops last
websocket:
  routing_strategy: "path"   # /api/v1/{module}/ws; or query_param: /api/v1/ws?type=...
  query_param_name: "type"
websocket_routes:
  broker: broker             # module -> server
  datafeed: datafeed
`

// everything says something for every key.
const everything = `api_base_url: /
gateway: builtin
nginx:
  host: "::1"
  hosts: [my.test, "*.My.test", 192.0.2.1]
  port: 9000
  worker_processes: auto
  worker_connections: 64
  read_timeout: 5m
  version: 1.28
  mirror: https://mirror.example/nginx/
  extra: ./nginx/extra.conf
  tls: true
  redirect_port: 9001
env_file: all.env
servers:
  api:
    port: 9100
    instances: 3
    paths: [/api, {path: /socket.io/, strip: true}]
    modules: [core, orders, on]
    reload: false
    command: "serve --port {port} --title 'two words' \"a \\\" b\" c\\ d ''"
    dir: services/api
    env:
      LEVEL: 010
      ON: yes
      KEY: "two\nlines"
    env_file: api.env
    health: {command: [check, 1], interval: 500ms, timeout: 1s, retries: 5, start_period: 1m30s, on_failure: restart}
    depends_on: {db: {condition: service_started, restart: true}, migrate: {}}
    stop_timeout: 0s
    stop_signal: SIGINT
    kill_mode: mixed
    stdin: open
    profiles: [debug]
    image: registry.example:5000/shop/api:1.4@sha256:ab
    build: {context: services, dockerfile: api/Dockerfile, target: run, args: {VERSION: 1.40}}
    restart: on-failure
    balance: least_conn
  db:
    port: 9200
    health:
      tcp: true
    reload: true
    reload_include: ["*.html"]
    reload_exclude: [data, "*.tmp"]
    args: [--log-level, debug, --root-path=/db]
    app: db.main:app
    expose: false
workers:
  mailer: {command: [mail, "{port}"], port: 9400, instances: 2, depends_on: [db, migrate], health: {log: "ready in \\d+"}}
  tail: {command: tail -f x, health: {command: check}, watch: ["**/*.go", x], build: .}
tasks:
  migrate: {command: [migrate, up], unless: [migrate, check], timeout: 1m, depends_on: [db]}
websocket:
  routing_strategy: query_param
  query_param_name: channel
  default_server: api
websocket_routes:
  orders: api
backend:
  dir: backend
  app: shop.main:create.app
  python: venv/bin/python
  env: {A: 1.50}
  env_file: /etc/shop.env
frontends:
  web:
    dir: web
    command: [pnpm, dev]
    port: 9300
    env: {B: "true"}
  admin: {dir: admin, port: 9301, path: /admin}
specs:
  dir: api/specs
  export_command: make specs
  sources: [backend/src, shared]
  documents: [{server: api, url: /v1/docs.json}, {server: db}]
  python: {dir: clients/py}
  typescript:
    - dir: clients/ts
      rest_prefix: ""
      ws_prefix: ws-
      command: [generate, "{input}", "{output}"]
    - {}
logs:
  color: true
  max_size: 512KiB
  max_files: 0
  access_log: true
`

func TestEveryKeyIsRead(t *testing.T) {
	got, err := Parse("/srv/dev-config.yaml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	usual := Health{Interval: 10 * time.Second, Timeout: 2 * time.Second, Retries: 3, StartPeriod: 30 * time.Second,
		OnFailure: OnFailureReport}
	tcp, log, check, page := usual, usual, usual, usual
	tcp.TCP, log.Log, check.Command, page.TCP, page.StartPeriod = true, `ready in \d+`, []string{"check"}, true, time.Minute
	mailer := process("mailer", 9400, "/srv/backend", []string{"mail", "{port}"}, log)
	mailer.Instances, mailer.DependsOn = 2, []Dependency{{"db", Healthy, false}, {"migrate", Succeeded, false}}
	tail := process("tail", 0, "/srv/backend", []string{"tail", "-f", "x"}, check)
	tail.Watch, tail.Build = []string{"**/*.go", "x"}, &Build{Context: "/srv"}
	migrate := process("migrate", 0, "/srv/backend", []string{"migrate", "up"}, Health{})
	migrate.Restart, migrate.DependsOn = RestartNever, []Dependency{{"db", Healthy, false}}
	web := process("web", 9300, "/srv/web", []string{"pnpm", "dev"}, page)
	web.Env = []EnvVar{{"B", "true"}}
	want := &Config{
		File: "/srv/dev-config.yaml", Dir: "/srv", APIBaseURL: "", Gateway: GatewayBuiltin,
		Nginx: &Nginx{Host: "::1", Hosts: []string{"my.test", "*.My.test", "192.0.2.1"}, Port: 9000, WorkerProcesses: "auto", WorkerConnections: 64, ReadTimeout: 5 * time.Minute, Version: "1.28",
			Mirror: "https://mirror.example/nginx/", Extra: "nginx/extra.conf", TLS: true, RedirectPort: 9001},
		EnvFile: "/srv/all.env",
		Servers: []Server{
			{Process: Process{Name: "api", Port: 9100, Instances: 3,
				Command: []string{"serve", "--port", "{port}", "--title", "two words", `a " b`, "c d", ""},
				Dir:     "/srv/services/api",
				Env:     []EnvVar{{"LEVEL", "010"}, {"ON", "yes"}, {"KEY", "two\nlines"}}, EnvFile: "/srv/api.env",
				Health: Health{Command: []string{"check", "1"}, Interval: 500 * time.Millisecond, Timeout: time.Second, Retries: 5, StartPeriod: 90 * time.Second,
					OnFailure: OnFailureRestart},
				DependsOn: []Dependency{{"db", Started, true}, {"migrate", Succeeded, false}}, Restart: RestartOnFailure,
				StopSignal: "SIGINT", KillMode: KillMixed, StdinOpen: true, Profiles: []string{"debug"},
				Image: "registry.example:5000/shop/api:1.4@sha256:ab", Build: &Build{"/srv/services", "api/Dockerfile", "run", []EnvVar{{"VERSION", "1.40"}}}},
				Modules: []string{"core", "orders", "on"}, Paths: []Path{{"/api", false}, {"/socket.io", true}},
				App: "shop.main:create.app", Balance: LeastConn},
			{Process: process("db", 9200, "/srv/backend", nil, tcp), App: "db.main:app", Hidden: true, Reload: true,
				ReloadInclude: []string{"*.html"}, ReloadExclude: []string{"data", "*.tmp"}, Args: []string{"--log-level", "debug", "--root-path=/db"},
				Balance: RoundRobin},
		},
		Workers: []Process{mailer, tail},
		Tasks:   []Task{{migrate, []string{"migrate", "check"}, time.Minute}},
		Frontends: []Frontend{
			{web, ""},
			{process("admin", 9301, "/srv/admin", []string{"npm", "run", "dev"}, page), "/admin"},
		},
		WebSocket:       WebSocket{RoutingStrategy: RouteByQuery, QueryParamName: "channel", DefaultServer: "api"},
		WebSocketRoutes: []WebSocketRoute{{"orders", "api"}},
		Backend: Backend{Dir: "/srv/backend", App: "shop.main:create.app", Python: "/srv/venv/bin/python",
			Env: []EnvVar{{"A", "1.50"}}, EnvFile: "/etc/shop.env"},
		Specs: Specs{Asked: true, Dir: "/srv/api/specs", ExportCommand: []string{"make", "specs"},
			Sources: []string{"/srv/backend/src", "/srv/shared"}, Documents: []ServedDocument{{"api", "/v1/docs.json"}, {"db", "/openapi.json"}}, Python: PythonClients{Dir: "/srv/clients/py"},
			TypeScript: []TypeScriptClients{
				{Dir: "/srv/clients/ts", WSPrefix: "ws-", Command: []string{"generate", "{input}", "{output}"}},
				{Dir: "/srv/web/src/clients", RESTPrefix: "trader-client-", WSPrefix: "ws-types-"}}},
		Logs: Logs{Color: true, MaxSize: 512 << 10, AccessLog: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// process is one that says nothing but this.
func process(name string, port int, dir string, command []string, h Health) Process {
	return Process{Name: name, Port: port, Instances: 1, Dir: dir, Command: command, Health: h, Restart: RestartAlways,
		StopTimeout: 3 * time.Second, StopSignal: "SIGTERM", KillMode: KillGroup}
}

func TestWhatOneProcessCannotStandFor(t *testing.T) {
	c, err := Parse("f.yaml", []byte(`
servers:
  a: {port: 8001, modules: [a], env: {A: 1, SAME: x}}
  b: {port: 8002, modules: [b], env: {SAME: x, A: 2}}
  c: {port: 8003, command: x, env: {A: 3}}
`))
	want := "f.yaml:4:51: servers.b.env.A is another than that on line 3: one process cannot have both; make them equal, or run them apart with -multi"
	if err != nil || len(c.Single) != 1 || (&Error{c.Single}).Error() != want {
		t.Errorf("%v, %v", err, c.Single)
	}
}

func TestDefaults(t *testing.T) {
	c, err := Parse("/srv/dev-config.yaml", []byte(`
servers:
  api: {port: 8001}
  job: {port: 8002, command: [job]}
nginx: {port: 8000}
frontend: {dir: web}
specs:
  python:
  typescript:
`))
	if err != nil {
		t.Fatal(err)
	}
	usual := Health{Interval: 10 * time.Second, Timeout: 2 * time.Second, Retries: 3, StartPeriod: 30 * time.Second, OnFailure: OnFailureReport}
	path, tcp, page := usual, usual, usual
	path.Path, path.Guessed, tcp.TCP, page.TCP, page.StartPeriod = "/api/v1/health", true, true, true, time.Minute
	want := &Config{
		File: "/srv/dev-config.yaml", Dir: "/srv", APIBaseURL: "/api/v1", Gateway: GatewayAuto,
		Nginx: &Nginx{Host: "127.0.0.1", Port: 8000, WorkerProcesses: "1", WorkerConnections: 1024, ReadTimeout: time.Minute},
		Servers: []Server{
			{Process: process("api", 8001, "/srv", nil, path), App: "trading_api.main:app", Balance: RoundRobin},
			{Process: process("job", 8002, "/srv", []string{"job"}, tcp), App: "trading_api.main:app", Balance: RoundRobin},
		},
		WebSocket: WebSocket{RoutingStrategy: RouteByPath, QueryParamName: "type"},
		Backend:   Backend{Dir: "/srv", App: "trading_api.main:app"},
		Frontends: []Frontend{{process("frontend", 5173, "/srv/web", []string{"npm", "run", "dev"}, page), ""}},
		Specs: Specs{Asked: true, Dir: "/srv/specs", Sources: []string{"/srv"}, Python: PythonClients{Dir: "/srv/clients"},
			TypeScript: []TypeScriptClients{{Dir: "/srv/web/src/clients", RESTPrefix: "trader-client-", WSPrefix: "ws-types-"}}},
		Logs: Logs{MaxSize: 64 << 20, MaxFiles: 3},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

// put writes files below a new folder and returns it.
func put(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadTheSampleUnchanged(t *testing.T) {
	dir := put(t, map[string]string{"dev-config.yaml": sample, "src/main.py": ""})
	c, err := Load(filepath.Join(dir, "dev-config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Servers) != 3 || c.Servers[2].Name != Core || c.Servers[2].Modules == nil || len(c.Servers[2].Modules) != 0 {
		t.Errorf("%+v", c.Servers)
	}
	if want := []string{filepath.Join(dir, "src")}; !reflect.DeepEqual(c.Specs.Sources, want) {
		t.Errorf("sources %v, want %v where it exists", c.Specs.Sources, want)
	}
	if c.Local() != local.Of(dir) {
		t.Error(c.Local())
	}
}

func TestLoadTheRepositorysOwnFile(t *testing.T) {
	if _, err := Load("../../dev-config.yaml"); err != nil {
		t.Fatal(err)
	}
}

func TestLoadSaysWhichFileIsMissing(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "dev-config.yaml"))
	var hinted interface{ Hint() string }
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), "-config=FILE") {
		t.Errorf("%v", err)
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("%v", err)
	}
}

func TestLoadChecksWhatTheFileNames(t *testing.T) {
	dir := put(t, map[string]string{
		"dev-config.yaml": `nginx:
  port: 8000
  extra: extra.conf
servers:
  a:
    port: 8001
    dir: there
    env_file: a.env
  b:
    port: 8002
    dir: a.env
    env_file: gone.env
backend: {dir: gone}
frontend:
  dir: gone too
`,
		"there/x": "",
		"a.env":   "OK=1\n2=3\nNOTHING\n",
	})
	file := filepath.Join(dir, "dev-config.yaml")
	_, err := Load(file)
	if err == nil {
		t.Fatal("no error")
	}
	want := strings.ReplaceAll(`DIR/dev-config.yaml:3:10: nginx.extra: there is no file DIR/extra.conf
DIR/dev-config.yaml:11:10: servers.b.dir: DIR/a.env is not a folder
DIR/dev-config.yaml:12:15: servers.b.env_file: there is no file DIR/gone.env
DIR/dev-config.yaml:13:16: backend.dir: there is no folder DIR/gone
DIR/dev-config.yaml:15:8: frontend.dir: there is no folder DIR/gone too
DIR/a.env:2:1: the name `+"`2`"+` must be letters, digits and _, not beginning with a digit
DIR/a.env:3:1: a = is missing: write NAME=VALUE`, "DIR", dir)
	if err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestFileIsNamedAsTheUserDid(t *testing.T) {
	dir := put(t, map[string]string{"dev-config.yaml": "x: 1\n"})
	t.Chdir(dir)
	_, err := Load("./dev-config.yaml")
	if err == nil || !strings.HasPrefix(err.Error(), "./dev-config.yaml:1:1: ") {
		t.Errorf("%v", err)
	}
}

func BenchmarkParse(b *testing.B) {
	var file strings.Builder
	file.WriteString("nginx: {port: 8000}\nservers:\n")
	for i := range 200 {
		n := itoa(i)
		file.WriteString("  server-" + n + "x:\n    port: " + itoa(10000+10*i) + "\n    instances: 2\n    modules: [a" + n + ", b" + n +
			", c" + n + ", d" + n + ", e" + n + ", f" + n + ", g" + n + ", h" + n + ", i" + n + ", j" + n + "]\n    reload: true\n    env: {A: 1, B: two}\n")
	}
	data := []byte(file.String())
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse("dev-config.yaml", data); err != nil {
			b.Fatal(err)
		}
	}
}
