package clients

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/apitest"
)

// ogen brings the documents of several services along.
const ogen = "github.com/ogen-go/ogen@v1.24.0"

// The documents of real services come from packages of the npm registry, and
// from Go modules.
func TestPythonOfRealServices(t *testing.T) {
	python := apitest.Python(t)
	for _, c := range []struct {
		service, pack, file string
		tags                []string // GitHub's whole API takes a type checker long
		operations          int      // at least
	}{
		{"GitHub", "@octokit/openapi@23", "generated/api.github.com.json", []string{"repos", "issues", "pulls", "actions", "search"}, 400},
		{"Directus", "@directus/specs@15", "dist/openapi.json", nil, 80},
		{"Blockfrost", "@blockfrost/openapi@0.1.93", "openapi.yaml", nil, 80},
		{"Stripe", "github.com/stripe/stripe-mock@v0.203.0", "embedded/openapi/spec3.json", nil, 500},
		{"Kubernetes", "k8s.io/client-go@v0.31.0", "openapi/openapitest/testdata/api__v1_openapi.json", nil, 150},
		{"Deployments", "k8s.io/client-go@v0.31.0", "openapi/openapitest/testdata/apis__apps__v1_openapi.json", nil, 50},
		{"Figma", "@figma/rest-api-spec@0.43", "openapi/openapi.yaml", nil, 45},
		{"Galaxy", "@scalar/galaxy@0.2", "dist/3.1.json", nil, 8},
		{"Boards", ogen, "_testdata/examples/2ch.yml", nil, 15},
		{"Trading", ogen, "_testdata/examples/tinkoff.json", nil, 20},
		{"Firecracker", ogen, "_testdata/examples/firecracker.json", nil, 25},
		{"OpenAI", ogen, "_testdata/examples/openai-2.3.0.openapi.yaml", nil, 2},
		{"Superset", ogen, "_testdata/examples/superset.json", nil, 130},
		{"Azure", ogen, "_testdata/examples/autorest/ApiManagementClient-openapi.json", nil, 95},
		{"Telegram", ogen, "_testdata/examples/telegram_bot_api.json", nil, 75},
		{"InfluxDB", "github.com/influxdata/influxdb-client-go/v2@v2.14.0", "domain/oss.yml", []string{"Dashboards", "Checks", "NotificationEndpoints", "NotificationRules", "Tasks", "Templates", "Users"}, 60},
		{"Asana", "github.com/pb33f/libopenapi@v0.42.4", "test_specs/asana.yaml", nil, 150},
		{"Namespaces", "github.com/getkin/kin-openapi@v0.153.0", "openapi3/testdata/lxkns.yaml", nil, 3},
		{"Ory", "github.com/ory/client-go@v1.22.92", "api/openapi.yaml", []string{"identity", "frontend", "courier", "relationship"}, 60},
	} {
		t.Run(c.service, func(t *testing.T) {
			t.Parallel()
			d, err := apidoc.Load(document(t, c.pack, c.file))
			if err != nil {
				t.Fatal(err)
			}
			if len(c.tags) > 0 {
				keepTags(d, c.tags)
			}
			if n := d.Count(); n < c.operations {
				t.Errorf("only %d operations", n)
			}
			m := pyModule{Name: strings.ToLower(c.service)}
			dir := t.TempDir()
			write(t, filepath.Join(dir, m.file()), string(pythonClient(t, d, m)))
			apitest.Mypy(t, dir, m.file())
			module := strings.TrimSuffix(m.file(), ".py")
			out := apitest.Run(t, dir, python, "-c", "import inspect, "+module+" as m; print(sum(inspect.iscoroutinefunction(f) and not n.startswith('_') for n, f in vars(m."+m.class()+").items()) - 1)")
			if strings.TrimSpace(out) != fmt.Sprint(d.Count()) {
				t.Errorf("%s methods for %d operations", strings.TrimSpace(out), d.Count())
			}
			if c.service == "Stripe" { // a minute
				return
			}
			// Every method, against a server that goes by the document.
			data, err := json.Marshal(d.Root)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "document.json"), string(data))
			answers, err := filepath.Abs("testdata/answers.py")
			if err != nil {
				t.Fatal(err)
			}
			out = apitest.Run(t, dir, python, answers, m.file(), "document.json")
			if faults := strings.Split(strings.TrimSpace(out), "\n"); len(faults) > 1 {
				t.Errorf("%d methods do not get what the server says, or do not say what it needs:\n%s", len(faults)-1, out[:min(len(out), 3000)])
			}
		})
	}
}

// document is one file of a package of npm, or of a Go module.
func document(t *testing.T, pack, file string) string {
	t.Helper()
	if host, _, _ := strings.Cut(pack, "/"); strings.Contains(host, ".") {
		return inModule(t, pack, file)
	}
	return packed(t, pack, file)
}

// packed is one file of a package, kept between runs of the tests.
func packed(t *testing.T, pack, file string) string {
	t.Helper()
	dir := apitest.Cached(t, "packed")
	kept := filepath.Join(dir, identifier(pack, "p")+"-"+filepath.Base(file))
	if _, err := os.Stat(kept); err == nil {
		return kept
	}
	tmp := t.TempDir()
	cmd := exec.Command("npm", "pack", "--silent", "--pack-destination", tmp, pack)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the npm registry is not to be had: %v\n%s", err, out)
	}
	all, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	apitest.Run(t, tmp, "tar", "xzf", all[0], "package/"+file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(tmp, "package", filepath.FromSlash(file)), kept); err != nil {
		t.Fatal(err)
	}
	return kept
}

// inModule is one file of a Go module, which Go keeps.
func inModule(t *testing.T, module, file string) string {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = t.TempDir() // not this module's business
	out, err := cmd.Output()
	var m struct{ Dir, Error string }
	if e := json.Unmarshal(out, &m); err != nil || e != nil || m.Dir == "" {
		t.Skipf("the Go modules are not to be had: %v %s", err, m.Error)
	}
	return filepath.Join(m.Dir, filepath.FromSlash(file))
}

// keepTags removes the operations that have none of the tags.
func keepTags(d apidoc.Document, tags []string) {
	paths := apidoc.Object(d.Root["paths"])
	for path, item := range paths {
		item := apidoc.Object(item)
		left := false
		for _, m := range []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"} {
			op := apidoc.Object(item[m])
			keep := false
			for _, tag := range apidoc.Texts(apidoc.List(op["tags"])) {
				keep = keep || slices.Contains(tags, tag)
			}
			if !keep {
				delete(item, m)
			}
			left = left || keep
		}
		if !left {
			delete(paths, path)
		}
	}
}

// The clients of all of them together pass the strict compiler.
func TestTypeScriptOfRealServices(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	const examples = "@asyncapi/cli@4.1.1"
	for _, c := range []struct{ service, pack, file string }{
		{"figma", "@figma/rest-api-spec@0.43", "openapi/openapi.yaml"},
		{"galaxy", "@scalar/galaxy@0.2", "dist/3.1.json"},
		{"boards", ogen, "_testdata/examples/2ch.yml"},
		{"trading", ogen, "_testdata/examples/tinkoff.json"},
		{"firecracker", ogen, "_testdata/examples/firecracker.json"},
		{"openai", ogen, "_testdata/examples/openai-2.3.0.openapi.yaml"},
		{"azure", ogen, "_testdata/examples/autorest/ApiManagementClient-openapi.json"},
		{"telegram", ogen, "_testdata/examples/telegram_bot_api.json"},
		{"namespaces", "github.com/getkin/kin-openapi@v0.153.0", "openapi3/testdata/lxkns.yaml"},
		{"slack", examples, "assets/examples/slack-rtm-asyncapi.yml"},
		{"kraken", examples, "assets/examples/kraken-websocket-request-reply-multiple-channels-asyncapi.yml"},
		{"filtered", examples, "assets/examples/kraken-websocket-request-reply-message-filter-in-reply-asyncapi.yml"},
		{"gemini", examples, "assets/examples/websocket-gemini-asyncapi.yml"},
		{"streetlights", examples, "assets/examples/streetlights-mqtt-asyncapi.yml"},
	} {
		data := read(t, document(t, c.pack, c.file))
		name := "openapi"
		if c.pack == examples {
			name = "asyncapi"
		}
		write(t, filepath.Join(cfg.Specs.Dir, c.service, name+filepath.Ext(c.file)), data)
	}
	r, err := Generate(t.Context(), cfg, Options{Only: []Kind{REST, WebSocket}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Ran != 14 {
		t.Errorf("%d clients: %v", r.Ran, r.Written)
	}
	tsc(t, cfg.Page().Dir, false)
}
