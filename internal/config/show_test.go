package config

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// roundTrip shows what a file loads as, and loads that again.
func roundTrip(t *testing.T, name string, data []byte) {
	t.Helper()
	c, err := Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	showAndLoad(t, c)
}

func showAndLoad(t *testing.T, c *Config) {
	t.Helper()
	shown, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(c.File, shown)
	if err != nil {
		t.Fatalf("what is shown does not load: %v\n%s", err, shown)
	}
	if !reflect.DeepEqual(c, again) {
		t.Fatalf("what is shown loads as something else\n got %+v\nwant %+v\n%s", again, c, shown)
	}
}

func TestShowGolden(t *testing.T) {
	for name, file := range map[string]string{"sample": sample, "everything": everything} {
		t.Run(name, func(t *testing.T) {
			c, err := Parse("/srv/dev-config.yaml", []byte(file))
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.YAML()
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			showAndLoad(t, c)
		})
	}
}

func TestWhatLoadsIsShownAsTheSame(t *testing.T) {
	for _, m := range mistakes {
		if m.want == "(it loads)" {
			roundTrip(t, "dev-config.yaml", []byte(m.file))
		}
	}
}

// TestAnyConfigIsShownAsTheSame makes configurations by chance, with texts
// that YAML treats specially.
func TestAnyConfigIsShownAsTheSame(t *testing.T) {
	for seed := range uint64(400) {
		c := anyConfig(rand.New(rand.NewPCG(seed, 1)))
		t.Run(fmt.Sprint(seed), func(t *testing.T) { showAndLoad(t, c) })
	}
}

// anyConfig makes a configuration that Parse would accept.
func anyConfig(r *rand.Rand) *Config {
	texts := []string{"", "yes", "010", "~", "null", "1e3", "- a", "a: b", "# no comment", "two\nlines\n", "\ttab ", " blank ", "ü\u2028\U0001f600",
		"'", `"`, `\`, "$HOME", "${X:-y}", "a$$", "*a", "&a", "!x", "%", "@", "`", "|", ">", "2001-01-01", "<<", "\a\x1b\x7f\u0085", "a\r\nb", strings.Repeat("long ", 60)}
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	some := func() bool { return r.IntN(2) == 0 }
	port := 2000
	nextPort := func(n int) int { p := port; port += n; return p }
	path := func() string {
		return filepath.Clean(pick("/srv", "/srv/a b", "/else/where", "/srv/yes", "/srv/~", "/srv/~/x", "/srv/..x", "/", "/srv/ü: #", "/srv/- x"))
	}
	command := func() []string {
		argv := []string{pick("run", "./run", "yes", "10", "a b")}
		for range r.IntN(4) {
			argv = append(argv, pick(texts...))
		}
		return argv
	}
	env := func() (env []EnvVar) {
		for i := range r.IntN(4) {
			env = append(env, EnvVar{pick("A", "_b", "NO", "null") + itoa(i), pick(texts...)})
		}
		return env
	}
	duration := func() time.Duration { return time.Duration(10+r.IntN(3_000_000)) * time.Millisecond }
	file := func() string { return pick("", path()) }
	c := &Config{
		File: "/srv/dev-config.yaml", Dir: "/srv",
		APIBaseURL: pick("", "/api/v1", "/~a/b.c-_"), Gateway: pick(GatewayAuto, GatewayNginx, GatewayBuiltin),
		WebSocket: WebSocket{RoutingStrategy: pick(RouteByPath, RouteByQuery), QueryParamName: pick("type", "_1", "yes")},
		Backend:   Backend{Dir: path(), App: pick("a:b", "a.b:c.d"), Python: pick("", "python3", "yes", "/usr/bin/python3"), Env: env(), EnvFile: file()},
		Specs:     Specs{Asked: true, Dir: path(), Sources: []string{path(), path()}},
		Logs:      Logs{Color: some(), MaxSize: []int64{0, 4096, 1e6, 123_456_789}[r.IntN(4)], MaxFiles: r.IntN(5), AccessLog: some()},
	}
	if some() {
		c.Nginx = &Nginx{Host: pick("127.0.0.1", "::1", "localhost"), Port: nextPort(1), WorkerProcesses: pick("auto", "4"), WorkerConnections: 64, ReadTimeout: time.Minute,
			Version: pick("", "1.28", "1.28.2", "^1.26", ">=1.26 <1.29"), Mirror: pick("", "http://localhost:1/x"), Extra: pick("", "a b.conf"), TLS: some()}
		if some() {
			c.Nginx.Hosts = []string{pick("yes", "my.test"), pick("*.yes", "192.0.2.1", "::1")}[:r.IntN(3)]
		}
		if c.Nginx.TLS && some() {
			c.Nginx.RedirectPort = nextPort(1)
		}
	}
	anyProcess := func(name string) Process {
		p := Process{Name: name, Instances: 1, Dir: path(), Env: env(), EnvFile: file(),
			Health:      Health{Interval: duration(), Timeout: duration(), Retries: 1 + r.IntN(9), StartPeriod: duration(), OnFailure: pick(OnFailureReport, OnFailureRestart)},
			StopTimeout: time.Duration(r.IntN(5)) * time.Second, StopSignal: pick(stopSignals...), KillMode: pick(KillGroup, KillMixed),
			StdinOpen: some(), Restart: pick(RestartAlways, RestartOnFailure, RestartNever)}
		if some() {
			p.Profiles = []string{"debug", "yes"}
		}
		if some() {
			p.Image, p.Build = pick("", "yes", "r.example:5000/a/b:1@sha256:0"), &Build{path(), pick("", "a b/Dockerfile"), pick("", "on", "1e3"), env()}
		}
		return p
	}
	for i := range 1 + r.IntN(4) {
		name := pick("yes", "null", "on", "a-b", "c_d") + itoa(i)
		s := Server{Process: anyProcess(name), App: c.Backend.App, Balance: pick(RoundRobin, LeastConn, IPHash)}
		s.Instances = 1 + r.IntN(3)
		s.Port = nextPort(s.Instances)
		switch r.IntN(3) {
		case 0:
			s.Modules = []string{}
		case 1:
			s.Modules = []string{Core, "true" + itoa(i)}
		}
		if some() {
			s.Command = command()
		} else if s.App = pick(s.App, "x.y:z"); some() {
			s.Args = command()
		} else if s.Reload = some(); some() {
			s.Args = command()
		}
		if s.Reload {
			s.ReloadExclude = []string{pick("data", "*.tmp", "a b", "yes", "10")}
		}
		switch r.IntN(3) {
		case 0:
			s.Health.Path = pick("/", "/a?b=%20", "/health")
		case 1:
			s.Health.TCP = true
		default:
			s.Health.Command = command()
		}
		if i > 0 && some() {
			s.DependsOn = []Dependency{{c.Servers[0].Name, pick(Started, Healthy), some()}}
		}
		if s.Hidden = some(); !s.Hidden && some() {
			s.Paths = []Path{{"/p" + itoa(i), some()}}
		}
		if !s.Hidden && len(s.Modules) > 0 {
			c.WebSocketRoutes = append(c.WebSocketRoutes, WebSocketRoute{s.Modules[1], name})
		}
		c.Servers = append(c.Servers, s)
	}
	if some() {
		w := anyProcess("worker")
		w.Command, w.Instances, w.Health.Log = command(), 1+r.IntN(3), pick("", "^ready$")
		c.Workers = append(c.Workers, w)
	}
	if some() {
		t := Task{Process: anyProcess("task"), Timeout: duration(), Unless: command()}
		t.Command, t.Restart, t.Health = command(), RestartNever, Health{}
		c.Tasks = append(c.Tasks, t)
	}
	if !c.Servers[0].Hidden && some() {
		c.WebSocket.DefaultServer = c.Servers[0].Name
	}
	if c.WebSocketRoutes == nil && some() {
		c.WebSocketRoutes = []WebSocketRoute{}
	}
	if some() {
		f := Frontend{Process: anyProcess(pick("frontend", "page")), Path: pick("", "/admin")}
		f.Command, f.Port, f.Health.TCP = command(), nextPort(1), true
		c.Frontends = append(c.Frontends, f)
	}
	if some() {
		c.Specs.ExportCommand = command()
		c.Specs.Python.Dir = path()
		dir := path()
		for range 1 + r.IntN(2) {
			dir = filepath.Join(dir, "more")
			c.Specs.TypeScript = append(c.Specs.TypeScript,
				TypeScriptClients{Dir: dir, RESTPrefix: pick("", "r-", "1"), WSPrefix: pick("w-", "0x1"), Command: command()})
		}
	}
	return c
}
