package plan

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/internal/config"
)

func TestTheSingleProcessHasWhatTheServersSay(t *testing.T) {
	cfg := parse(t, `
nginx: {port: 8000}
servers:
  orders:
    port: 8001
    modules: [orders]
    health: {path: /api/v1/orders/health}
    env: {A: "1", SAME: x}
    env_file: .env
    stop_timeout: 9s
    reload: true
    reload_exclude: [data]
    args: [--log-level, debug]
    depends_on: [db, stock]
  stock:
    port: 8002
    modules: [stock]
    health: {path: /api/v1/stock/health}
    env: {A: "2", B: "3", SAME: x}
    env_file: .env
    reload: true
    reload_exclude: [data, "*.tmp"]
    args: [--log-level, debug]
  db: {port: 5432, command: [sh], health: {tcp: true}}
  report: {port: 8009, command: [sh], depends_on: [stock, db]}
`)
	one := Single(cfg)
	if len(one.Servers) != 3 || one.Nginx == nil {
		t.Fatalf("%+v", one)
	}
	b, report := one.Servers[0], one.Servers[2]
	if b.Name != "backend" || b.Port != 8001 || b.Modules != nil || b.Health.Path != "/api/v1/orders/health" ||
		b.StopTimeout != 9*time.Second || !b.Reload || b.EnvFile != filepath.Join(cfg.Dir, ".env") ||
		!slices.Equal(b.ReloadExclude, []string{"data", "*.tmp"}) || !slices.Equal(b.Args, []string{"--log-level", "debug"}) ||
		!slices.Equal(b.DependsOn, []config.Dependency{{Name: "db", Condition: config.Healthy}}) || !slices.Equal(b.Env, []config.EnvVar{{Name: "A", Value: "1"}, {Name: "SAME", Value: "x"}, {Name: "B", Value: "3"}}) {
		t.Errorf("%+v", b)
	}
	if !slices.Equal(report.DependsOn, []config.Dependency{{Name: "backend", Condition: config.Healthy}, {Name: "db", Condition: config.Healthy}}) {
		t.Errorf("report depends on %v", report.DependsOn)
	}
	want := []string{"health of orders and stock differ: that of orders is taken", "A of orders and stock differ: that of orders is taken"}
	if got := SingleConflicts(cfg); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if cfg.Servers[3].DependsOn[0].Name != "stock" {
		t.Error("the configuration itself was changed")
	}
}

func TestTheSingleProcessReadsTheFilesOfAllServers(t *testing.T) {
	cfg := parse(t, `
servers:
  a: {port: 8001, modules: [a], env_file: a.env, env: {OWN: server}}
  b: {port: 8002, modules: [b], env_file: b.env}
backend: {env: {COMMON: backend}}
`)
	for name, text := range map[string]string{"a.env": "A=1\nBOTH=a\nOWN=file\nCOMMON=file\n", "b.env": "B=2\nBOTH=b\n"} {
		if err := os.WriteFile(filepath.Join(cfg.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Build(Single(cfg), tools)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"A": "1", "B": "2", "BOTH": "a", "OWN": "server", "COMMON": "backend"} {
		if got, _ := env(p.Processes[0], name); got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	if got := SingleConflicts(cfg); len(got) != 1 || !strings.HasPrefix(got[0], "BOTH of a and b differ") {
		t.Errorf("%q", got)
	}
}

func TestASingleProcessIsNotWaitedForInACircle(t *testing.T) {
	cfg := parse(t, `
servers:
  a: {port: 8001, modules: [a]}
  c: {port: 8002, command: [sh], depends_on: [a]}
  b: {port: 8003, modules: [b], depends_on: [c]}
`)
	one := Single(cfg)
	if len(one.Servers[0].DependsOn) > 0 || !slices.Equal(one.Servers[1].DependsOn, []config.Dependency{{Name: "backend", Condition: config.Healthy}}) {
		t.Errorf("%+v", one.Servers)
	}
	if got := SingleConflicts(cfg); len(got) != 1 || !strings.Contains(got[0], "c waits for one of the servers") {
		t.Errorf("%q", got)
	}
}

func TestWhereThereIsNothingToMergeAllIsAsItWas(t *testing.T) {
	for _, text := range []string{
		"servers: {api: {port: 8001, command: [sh], health: {path: /api/ping/}}}",
		"servers: {api: {port: 8001}, b: {port: 8002, command: [sh]}}",
		"servers: {a: {port: 8001, modules: [a]}, b: {port: 8002, modules: [b], app: other:app}}",
		"workers: {w: {command: [sh]}}",
	} {
		cfg := parse(t, "nginx: {port: 8000}\n"+text+"\n")
		if one := Single(cfg); !reflect.DeepEqual(one, cfg) {
			t.Errorf("%s: %+v", text, one)
		}
	}
}

func TestTheGatewayStaysForWhatElseIsReachedThere(t *testing.T) {
	two := "nginx: {port: 8000}\nservers:\n  a: {port: 8001, modules: [a]}\n  b: {port: 8002, modules: [b], paths: [/b]}\n"
	for more, port := range map[string]int{
		"": 8000, "frontend: {dir: .}": 8000, "workers: {w: {command: sh, depends_on: [a]}}": 8000,
		"  c: {port: 8003, command: sh, expose: false}":                  8000,
		"  c: {port: 8003, command: sh, paths: [/c]}":                    8001,
		"frontends: {web: {dir: .}, admin: {dir: ., port: 1, path: /x}}": 8001,
	} {
		one := Single(parse(t, two+strings.Replace(more, "port: 1,", "port: 5174,", 1)+"\n"))
		if b := one.Servers[0]; b.Name != "backend" || b.Port != port || (one.Nginx == nil) != (port == 8000) || len(b.Paths) != 1 {
			t.Errorf("%s: %+v, %v", more, b, one.Nginx)
		}
		if len(one.Workers) > 0 && one.Workers[0].DependsOn[0].Name != "backend" {
			t.Errorf("%+v", one.Workers)
		}
	}
}
