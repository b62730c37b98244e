package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestLoadSample(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dev-config.yaml")
	if err := os.WriteFile(file, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", c)
	_, err = Parse("x.yaml", []byte(strings.ReplaceAll(sample, "instances", "instnces")+"logs:\n\tcolor: true\n"))
	t.Log(err)
	_, err = Parse("x.yaml", []byte(strings.ReplaceAll(sample, "instances", "instnces")+"depnds:\n"))
	t.Log(err)
}
