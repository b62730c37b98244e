package gateway_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/gateway"
)

// table prints the routes as PATTERN -> SERVER, a line each.
func table(t *testing.T, c *config.Config) []string {
	t.Helper()
	list, err := gateway.Routes(c)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range list {
		line := string(r.Kind) + " " + r.Pattern() + " -> " + r.Server + " " + strings.Join(r.Instances, ",")
		if r.Problem != "" {
			line = string(r.Kind) + " " + r.Pattern() + " !! " + r.Problem
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	query := strings.Replace(designFile, `"path"`, `"query_param"`, 1)
	for name, test := range map[string]struct {
		text      string
		want, not []string
	}{
		"the file of the design": {designFile, []string{
			"rest /api/v1/broker -> broker 127.0.0.1:8001",
			"rest /api/v1/broker/* -> broker 127.0.0.1:8001",
			"websocket /api/v1/datafeed/ws -> datafeed 127.0.0.1:8002",
			"shared /api/v1/* -> core 127.0.0.1:8003",
			"shared /health -> core 127.0.0.1:8003",
			"shared /docs -> core 127.0.0.1:8003",
		}, []string{"core/ws", "frontend"}},
		"by query": {query, []string{
			"websocket /api/v1/ws?type=broker -> broker 127.0.0.1:8001",
			"websocket /api/v1/ws?type=* ->",
		}, []string{"/api/v1/broker/ws"}},
		"without core the first server gets what is shared": {
			"nginx: {port: 8000}\nservers:\n  a: {port: 8001, instances: 2, modules: [x, core]}\n  b: {port: 8011, modules: [y]}\n",
			[]string{"websocket /api/v1/x/ws -> a 127.0.0.1:8001,127.0.0.1:8002", "shared /health -> a 127.0.0.1:8001,127.0.0.1:8002", "rest /api/v1/y/* -> b 127.0.0.1:8011"},
			[]string{"/core"}},
		"websocket_routes choose between two servers of a module": {
			"nginx: {port: 8000}\nservers:\n  a: {port: 8001, modules: [x]}\n  b: {port: 8011, modules: [x]}\nwebsocket_routes: {x: b}\n",
			[]string{"rest /api/v1/x/* -> b 127.0.0.1:8011", "websocket /api/v1/x/ws -> b 127.0.0.1:8011"}, nil},
		"what is not exposed has no route": {
			"nginx: {port: 8000}\nservers:\n  a: {port: 8001, modules: [x], expose: false}\n  b: {port: 8011, modules: [y]}\n",
			[]string{"rest /api/v1/y/* -> b 127.0.0.1:8011", "shared /health -> b 127.0.0.1:8011"}, []string{"/x", "-> a"}},
		"nor has core": {
			"nginx: {port: 8000}\nservers:\n  core: {port: 8001, expose: false}\n  b: {port: 8011, modules: [y]}\n",
			[]string{"rest /api/v1/y/* -> b 127.0.0.1:8011"}, []string{"-> core"}},
		"a page has the root": {
			designFile + "frontend: {dir: ., command: [npm, run, dev], port: 5173}\n",
			[]string{"frontend /* -> frontend 127.0.0.1:5173,[::1]:5173", "shared /health -> core 127.0.0.1:8003"}, []string{"/docs"}},
		"no base URL": {
			"api_base_url: \"\"\nnginx: {port: 8000}\nservers:\n  a: {port: 8001, modules: [x]}\n  core: {port: 8002}\n",
			[]string{"rest /x/* -> a 127.0.0.1:8001", "shared /* -> core 127.0.0.1:8002"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := table(t, load(t, test.text))
			for _, w := range test.want {
				if !slices.Contains(got, w) {
					t.Errorf("no route %q in\n%s", w, strings.Join(got, "\n"))
				}
			}
			for _, n := range test.not {
				if strings.Contains(strings.Join(got, "\n"), n) {
					t.Errorf("%q occurs in\n%s", n, strings.Join(got, "\n"))
				}
			}
		})
	}
}

func TestRoutesComeFromTheDocuments(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"broker/openapi.json": `{"openapi": "3.1.0", "paths": {"/api/v1/broker/orders": {}, "/api/v1/accounts": {}, "/api/v1/trades/{id}/legs": {},
			"/api/v1/{everything}": {}, "/api/v1/health": {}, "/elsewhere": {}, "/api/v1/evil; x": {}}}`,
		"broker/asyncapi.json":   `{"asyncapi": "3.0.0", "channels": {"orders": {"address": "/api/v1/live/orders"}, "bad": {"address": "x; y"}}}`,
		"datafeed/asyncapi.json": `{"asyncapi": "2.6.0", "channels": {"/api/v1/datafeed/stream": {}}}`,
		"chat/openapi.json":      `{"openapi": "3.1.0", "paths": {"/api/v1/chat/rooms": {}}}`,
		"mounted/openapi.json":   `{"openapi": "3.1.0", "servers": [{"url": "https://here.example/api/v1/mounted"}], "paths": {"/rooms": {}}}`,
		"partner/openapi.json":   `{"openapi": "3.1.0", "servers": [{"url": "https://partner.example/v2"}], "paths": {"/orders": {}}}`,
		"tape/asyncapi.json":     `{"asyncapi": "3.0.0", "channels": {"x": {"address": "/stream"}}}`,
		"broken/openapi.json":    `{`,
		"core/openapi.json":      `{"openapi": "3.1.0", "paths": {"/api/v1/health": {}}}`,
	}
	without, _, _ := strings.Cut(designFile, "websocket_routes:")
	for name, text := range map[string]string{"left out": without, "given": designFile} {
		t.Run(name, func(t *testing.T) {
			c := load(t, text)
			for file, data := range files {
				path := filepath.Join(c.Specs.Dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got := strings.Join(table(t, c), "\n") + "\n"
			documented := []string{
				"rest /api/v1/accounts -> broker 127.0.0.1:8001\n",
				"rest /api/v1/trades/* -> broker 127.0.0.1:8001\n",
				"websocket /api/v1/live/orders -> broker 127.0.0.1:8001\n",
				"websocket /api/v1/datafeed/stream -> datafeed 127.0.0.1:8002\n",
			}
			for _, w := range documented {
				if strings.Contains(got, w) != (name == "left out") {
					t.Errorf("websocket_routes %s, route %q in\n%s", name, w, got)
				}
			}
			if !strings.Contains(got, "rest /api/v1/chat/* !! no server has the module chat\n") {
				t.Errorf("chat, which no server has, is not marked in\n%s", got)
			}
			if !strings.Contains(got, "rest /api/v1/mounted/* !! no server has the module mounted\n") {
				t.Errorf("a module that is mounted, which no server has, is not marked in\n%s", got)
			}
			for _, n := range []string{"partner", "tape", "elsewhere", "evil", "everything", "broken !!", "core !!"} {
				if strings.Contains(got, n) {
					t.Errorf("%q occurs in\n%s", n, got)
				}
			}
			generated(t, c, gateway.Options{})
		})
	}
}
