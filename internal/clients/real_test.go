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
	} {
		t.Run(c.service, func(t *testing.T) {
			t.Parallel()
			file := packed
			if host, _, _ := strings.Cut(c.pack, "/"); strings.Contains(host, ".") {
				file = inModule
			}
			d, err := apidoc.Load(file(t, c.pack, c.file))
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
		})
	}
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
