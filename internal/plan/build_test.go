package plan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/config"
)

// parse is a configuration in a folder of its own.
func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, err := config.Parse(filepath.Join(t.TempDir(), "dev-config.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func build(t *testing.T, text string, tools Tools) map[string]Process {
	t.Helper()
	p, err := Build(parse(t, text), tools)
	if err != nil {
		t.Fatal(err)
	}
	procs := map[string]Process{}
	for _, proc := range p.Processes {
		procs[proc.Name] = proc
	}
	return procs
}

// env is the last value of a variable, and whether it is set.
func env(p Process, name string) (string, bool) {
	for _, kv := range slices.Backward(p.Env) {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

const three = `
nginx: {port: 8000}
servers:
  broker: {port: 8001, instances: 2, modules: [broker], reload: true}
  datafeed: {port: 8011, modules: [datafeed], depends_on: [broker]}
  core: {port: 8021, modules: []}
`

var tools = Tools{Python: "/usr/bin/python3", Gateway: &Command{Exe: "/usr/sbin/nginx", Args: []string{"nginx"}}}

func TestEveryInstanceIsAProcessOnItsOwnPort(t *testing.T) {
	procs := build(t, three, tools)
	for name, port := range map[string]int{"broker-0": 8001, "broker-1": 8002, "datafeed-0": 8011, "core-0": 8021, "nginx": 8000} {
		p, ok := procs[name]
		if !ok || p.Port != port {
			t.Errorf("%s: port %d, want %d", name, p.Port, port)
		}
		if !strings.HasSuffix(p.Log, filepath.Join(".local", "logs", name+".log")) {
			t.Errorf("%s logs to %s", name, p.Log)
		}
	}
	if len(procs) != 5 {
		t.Errorf("%d processes", len(procs))
	}
}

func TestModulesAreHandedOver(t *testing.T) {
	procs := build(t, three, tools)
	for name, want := range map[string]string{"broker-1": "broker", "datafeed-0": "datafeed", "core-0": "core"} {
		if got, _ := env(procs[name], "ENABLED_MODULES"); got != want {
			t.Errorf("%s: ENABLED_MODULES=%q, want %q", name, got, want)
		}
	}
	one := build(t, "servers: {api: {port: 8001}}", tools)
	if got, ok := env(one["api-0"], "ENABLED_MODULES"); ok {
		t.Errorf("a server that names no modules has all of them, not ENABLED_MODULES=%q", got)
	}
}

func TestTheGatewayStopsFirstDependentsNextAndCoreLast(t *testing.T) {
	procs := build(t, three, tools)
	rank := func(name string) int { return procs[name].StopRank }
	if !(rank("nginx") < rank("datafeed-0") && rank("datafeed-0") < rank("broker-0") &&
		rank("broker-0") == rank("broker-1") && rank("broker-1") < rank("core-0")) {
		t.Errorf("ranks: nginx %d, datafeed %d, broker %d, core %d", rank("nginx"), rank("datafeed-0"), rank("broker-0"), rank("core-0"))
	}
	needed := build(t, "servers:\n  db: {port: 8001, command: [cat]}\n  core: {port: 8002, depends_on: [db]}\n  api: {port: 8003, depends_on: [db]}\n", tools)
	if r := func(name string) int { return needed[name].StopRank }; !(r("api-0") < r("core-0") && r("core-0") < r("db-0")) {
		t.Errorf("ranks: api %d, core %d, db %d", r("api-0"), r("core-0"), r("db-0"))
	}
	if want := []string{"broker-0", "broker-1"}; !slices.Equal(procs["datafeed-0"].DependsOn, want) {
		t.Errorf("datafeed-0 depends on %v", procs["datafeed-0"].DependsOn)
	}
}

func TestUvicornGetsItsSocketAndItsSources(t *testing.T) {
	cfg := parse(t, three)
	if err := os.MkdirAll(filepath.Join(cfg.Dir, "src"), 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := Build(cfg, tools)
	if err != nil {
		t.Fatal(err)
	}
	broker, core := p.Processes[0], p.Processes[3]
	src := filepath.Join(cfg.Dir, "src")
	if args := strings.Join(broker.Args, " "); !broker.Listen || !strings.Contains(args, "trading_api.main:app --fd 3") ||
		!strings.Contains(args, "--reload --reload-dir "+src) {
		t.Errorf("broker-0: %v", broker.Args)
	}
	if strings.Contains(strings.Join(core.Args, " "), "--reload") {
		t.Errorf("core-0: %v", core.Args)
	}
	if path, _ := env(broker, "PYTHONPATH"); !slices.Contains(filepath.SplitList(path), src) {
		t.Errorf("PYTHONPATH=%s", path)
	}
}

func TestUvicornGetsItsPatternsAndArguments(t *testing.T) {
	p := build(t, `
servers:
  a:
    port: 8001
    reload: true
    reload_include: ["*.html"]
    reload_exclude: [data, "*.tmp"]
    args: [--log-level, debug]
    health: {on_failure: restart, command: [check, "{port}"]}
  b: {port: 8002}
`, tools)
	if args := strings.Join(p["a-0"].Args, " "); !strings.HasSuffix(args,
		" --reload-include=*.html --reload-exclude=data --reload-exclude=*.tmp --log-level debug") {
		t.Error(args)
	}
	if check := p["a-0"].Health.Command; !slices.Equal(check, []string{"check", "8001"}) {
		t.Errorf("health: %v", check)
	}
	if a, b := p["a-0"].Health.OnFailure, p["b-0"].Health.OnFailure; a != OnFailureRestart || b != OnFailureReport {
		t.Errorf("on_failure: %s, %s", a, b)
	}
}

func TestAReloadWaitsForOpenResponsesOnlySoLong(t *testing.T) {
	const file = `
servers:
  a: {port: 8001, reload: true}
  b: {port: 8002, reload: true, stop_timeout: 1s}
  c: {port: 8003, reload: true, stop_timeout: 1m, args: [--timeout-graceful-shutdown, "30"]}
  d: {port: 8004, stop_timeout: 1m}
`
	knows := tools
	knows.GracefulLimit = true
	p := build(t, file, knows)
	for name, want := range map[string][]string{"a-0": {"2"}, "b-0": {"1"}, "c-0": {"2", "30"}, "d-0": nil} {
		var got []string
		for i, arg := range p[name].Args {
			if arg == GracefulOption {
				got = append(got, p[name].Args[i+1])
			}
		}
		if !slices.Equal(got, want) { // the last one counts
			t.Errorf("%s: %v", name, p[name].Args)
		}
	}
	if args := build(t, file, tools)["a-0"].Args; slices.Contains(args, GracefulOption) {
		t.Errorf("an older uvicorn is given what it does not know: %v", args)
	}
}

func TestAnOlderUvicornNamesLocalClients(t *testing.T) {
	loses := tools
	loses.LosesClients = true
	const servers = "servers:\n  a: {port: 8001}\n  b: {port: 8002, command: [sh]}\n  c: {port: 8003, env: {FORWARDED_ALLOW_IPS: 10.0.0.1}}\n"
	for _, test := range []struct {
		text    string
		tools   Tools
		a, b, c string
	}{
		{"nginx: {port: 8000}\n", loses, "*", "", "10.0.0.1"},
		{"nginx: {port: 8000, host: \"::1\"}\n", loses, "*", "", "10.0.0.1"},
		{"nginx: {port: 8000, host: localhost}\n", loses, "*", "", "10.0.0.1"},
		{"nginx: {port: 8000, host: 0.0.0.0}\n", loses, "", "", "10.0.0.1"}, // strangers write the header too
		{"nginx: {port: 8000}\n", tools, "", "", "10.0.0.1"},
		{"", loses, "", "", "10.0.0.1"},
	} {
		p := build(t, test.text+servers, test.tools)
		for name, want := range map[string]string{"a-0": test.a, "b-0": test.b, "c-0": test.c} {
			if got, _ := env(p[name], "FORWARDED_ALLOW_IPS"); got != want {
				t.Errorf("%s%s: %q, want %q", test.text, name, got, want)
			}
		}
	}
}

func TestAnyAnswerDoesWhereTheHealthPathIsAGuess(t *testing.T) {
	p := build(t, `
servers:
  a: {port: 8001}
  b: {port: 8002, health: {path: /ready}}
  c: {port: 8003, command: [sh], health: {path: /api/v1/health}}
`, tools)
	for name, want := range map[string]bool{"a-0": true, "b-0": false, "c-0": false} {
		if got := p[name].Health.AnyAnswer; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestACommandIsRunAsItIsWithItsPort(t *testing.T) {
	procs := build(t, `
servers:
  web:
    port: 8001
    instances: 2
    command: [sh, -c, "serve {port}"]
    health: {command: [sh, -c, "check {port}"]}
    env: {A: "1"}
`, Tools{})
	p := procs["web-1"]
	if !slices.Equal(p.Args, []string{"sh", "-c", "serve 8002"}) || !filepath.IsAbs(p.Exe) || p.Listen {
		t.Errorf("%s %v", p.Exe, p.Args)
	}
	if p.Health.Command[2] != "check 8002" {
		t.Errorf("health: %v", p.Health.Command)
	}
	if a, _ := env(p, "A"); a != "1" {
		t.Errorf("A=%q", a)
	}
	if port, _ := env(p, "PORT"); port != "8002" {
		t.Errorf("PORT=%q", port)
	}
}

func TestAMissingProgramIsNamed(t *testing.T) {
	_, err := Build(parse(t, "servers: {web: {port: 8001, command: [no-such-program]}}"), Tools{})
	if err == nil || !strings.Contains(err.Error(), `server web: program "no-such-program" not found`) {
		t.Errorf("%v", err)
	}
}

func TestASpareIsLikeItsInstanceOnAnotherPort(t *testing.T) {
	cfg := parse(t, three)
	s, _ := cfg.Server("datafeed")
	spares, err := Spares(cfg, s, tools)
	if err != nil || len(spares) != s.Instances {
		t.Fatalf("%+v, %v", spares, err)
	}
	spare := spares[0]
	if spare.Name != "datafeed-0.spare" || spare.Server != "datafeed" || spare.Port != cfg.SparePorts()[s.Port] || !spare.Spare {
		t.Errorf("%+v", spare)
	}
	if got, _ := env(spare, "ENABLED_MODULES"); got != "datafeed" {
		t.Errorf("ENABLED_MODULES=%q", got)
	}
}

func TestTheSingleProcessHasEveryModuleOnThePublicPort(t *testing.T) {
	cfg := parse(t, three)
	p, err := Build(Single(cfg), Tools{Python: "/usr/bin/python3"})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Processes) != 1 || p.Processes[0].Port != 8000 || p.Processes[0].Kind != Server {
		t.Fatalf("%+v", p.Processes)
	}
	if _, ok := env(p.Processes[0], "ENABLED_MODULES"); ok {
		t.Error("it does not have all modules")
	}
	if len(cfg.Servers) != 3 || cfg.Nginx == nil {
		t.Error("the configuration itself was changed")
	}
}
