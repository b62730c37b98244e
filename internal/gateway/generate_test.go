package gateway_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/gateway/install"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// load writes a configuration file into a new folder and reads it.
func load(t testing.TB, text string) *config.Config {
	t.Helper()
	return loadIn(t, t.TempDir(), text)
}

func loadIn(t testing.TB, dir, text string) *config.Config {
	t.Helper()
	file := filepath.Join(dir, "dev-config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// realNginx is the machine's nginx. Where there is none, what needs it is left
// out; the test command of the README gets one first.
func realNginx(t testing.TB, c *config.Config) gateway.Binary {
	t.Helper()
	b, err := install.Find(context.Background(), c)
	if err != nil {
		t.Skip(err)
	}
	return b
}

// generated writes c's nginx.conf and has nginx test it.
func generated(t testing.TB, c *config.Config, o gateway.Options) string {
	t.Helper()
	if o.Binary.Path == "" {
		o.Binary = realNginx(t, c)
	}
	if o.User == "" {
		o.User = gateway.User()
	}
	data, err := gateway.Generate(c, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := gateway.Prepare(c); err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.Write(c.Local().NginxConf(), data); err != nil {
		t.Fatal(err)
	}
	if err := gateway.Validate(context.Background(), c, o.Binary, c.Local().NginxConf()); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return string(data)
}

const designFile = `
api_base_url: "/api/v1"
nginx:
  port: 8000
  worker_processes: 1
  worker_connections: 1024
servers:
  broker:
    port: 8001
    instances: 1
    modules: [broker]
    reload: true
  datafeed:
    port: 8002
    instances: 1
    modules: [datafeed]
    reload: true
  core:
    port: 8003
    modules: []
websocket:
  routing_strategy: "path"
  query_param_name: "type"
websocket_routes:
  broker: broker
  datafeed: datafeed
`

func TestGeneratedTextMatchesTheGoldenFile(t *testing.T) {
	variants := map[string]string{
		"path":  designFile,
		"query": strings.Replace(designFile, `"path"`, `"query_param"`, 1),
		"balanced": `
nginx: {port: 8000, worker_processes: auto}
servers:
  broker: {port: 8001, instances: 3, modules: [broker, core], balance: least_conn}
  datafeed: {port: 8011, instances: 2, modules: [datafeed], balance: ip_hash}
frontend: {dir: ., command: [npm, run, dev], port: 5173}
`,
		"tls": `
api_base_url: ""
nginx: {port: 8443, host: 0.0.0.0, tls: true, redirect_port: 8080}
servers:
  core: {port: 8001}
`,
	}
	for name, text := range variants {
		t.Run(name, func(t *testing.T) {
			c := load(t, text)
			got, err := gateway.Generate(c, gateway.Options{User: "root root", Binary: gateway.Binary{Version: "1.28.0",
				Modules: []string{"http_ssl", "http_v2", "http_stub_status"}}})
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(string(got), c.Dir, "/project")
			golden := filepath.Join("testdata", name+".conf")
			if *update {
				if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if text != string(want) {
				t.Errorf("differs from %s (-update rewrites it):\n%s", golden, text)
			}
		})
	}
}

func TestGeneratedFilePassesNginx(t *testing.T) {
	generated(t, load(t, designFile), gateway.Options{})
	generated(t, load(t, strings.Replace(designFile, `"path"`, `"query_param"`, 1)), gateway.Options{})
}
