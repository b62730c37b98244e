package clients

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/apitest"
	"muster/internal/config"
	"muster/internal/hint"
)

// checked is a project with clients of three kinds of a module, made by a command
// that leaves no mark, and of another.
func checked(t *testing.T) *config.Config {
	t.Helper()
	dir := t.TempDir()
	cfg := &config.Config{Dir: dir, Servers: []config.Server{{Process: config.Process{Name: "shop", Port: 8001}, Modules: []string{"a", "b"}}}}
	cfg.Specs.Dir = filepath.Join(dir, "specs")
	cfg.Specs.Python.Dir = filepath.Join(dir, "clients")
	cfg.Specs.TypeScript = []config.TypeScriptClients{{Dir: filepath.Join(dir, "web"), WSPrefix: "ws-", Command: []string{"cp", "{input}", "{output}/index.json"}}}
	for _, m := range []string{"a", "b"} {
		write(t, filepath.Join(cfg.Specs.Dir, m, "openapi.json"), apitest.API)
		write(t, filepath.Join(cfg.Specs.Dir, m, "asyncapi.json"), `{"asyncapi":"3.0.0","channels":{"c":{"address":"/c","messages":{"m":{"payload":{"type":"object"}}}}},
"operations":{"o":{"action":"send","channel":{"$ref":"#/channels/c"}}}}`)
	}
	if _, err := Generate(t.Context(), cfg, Options{}); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func isStale(t *testing.T, cfg *config.Config) (bool, string) {
	t.Helper()
	var out bytes.Buffer
	stale, err := Check(t.Context(), cfg, &out)
	if err != nil {
		t.Fatal(err)
	}
	return stale, out.String()
}

func TestCheckOfACheckoutWithOtherLineEnds(t *testing.T) {
	t.Parallel()
	cfg := checked(t)
	n := 0
	err := filepath.WalkDir(cfg.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.Contains(path, ".local") {
			return err
		}
		n++
		write(t, path, strings.ReplaceAll(read(t, path), "\n", "\r\n"))
		return nil
	})
	if err != nil || n < 8 {
		t.Fatalf("%d files, %v", n, err)
	}
	if stale, out := isStale(t, cfg); stale {
		t.Errorf("stale:\n%s", out)
	}
	if r, err := Generate(t.Context(), cfg, Options{}); err != nil || len(r.Written) > 0 {
		t.Errorf("wrote %v, %v", r.Written, err)
	}
	client := filepath.Join(cfg.Specs.Python.Dir, "a_client.py")
	write(t, client, strings.Replace(read(t, client), "\r\n", "\r\n\r\n", 1))
	if stale, _ := isStale(t, cfg); !stale {
		t.Error("another line is not seen")
	}
}

func TestCheckSeesClientsThatAreLeftOver(t *testing.T) {
	t.Parallel()
	cfg := checked(t)
	if err := os.RemoveAll(filepath.Join(cfg.Specs.Dir, "b")); err != nil {
		t.Fatal(err)
	}
	stale, out := isStale(t, cfg)
	for _, want := range []string{"a/clients/b_client.py", "a/web/b/index.json", "a/web/ws-b/client.ts"} {
		if !stale || strings.Count(out, "--- "+want+"\n") != 1 {
			t.Errorf("no %s in\n%.400s", want, out)
		}
	}
	own := filepath.Join(cfg.Dir, "web", "b", "own.ts") // with somebody's file in it, it is not what was made
	write(t, own, "// mine\n")
	if _, err := Generate(t.Context(), cfg, Options{}); err != nil || read(t, own) == "" || read(t, filepath.Join(filepath.Dir(own), "index.json")) == "" {
		t.Error(err)
	}
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	if _, err := Generate(t.Context(), cfg, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(own)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", filepath.Dir(own), err)
	}
	if stale, out := isStale(t, cfg); stale {
		t.Errorf("stale:\n%s", out)
	}
}

func TestVersionsThatDoNotGoTogetherAreTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		generator, typescript, place string
		bad                          bool
	}{
		{"0.95.0", "7.0.2", "", true},
		{"0.99.0", "7.1.0-beta", "", true},
		{"0.95.0", "7.0.2", "node_modules/@hey-api/openapi-ts", true},
		{"0.95.0", "5.9.3", "", false},
		{"0.99.0", "6.0.0", "", false},
		{"1.2.0", "7.0.2", "", false},
	} {
		dir := t.TempDir()
		pack := filepath.Join(dir, "node_modules", "@hey-api", "openapi-ts")
		write(t, filepath.Join(pack, "package.json"), `{"version":"`+c.generator+`","main":"index.mjs"}`)
		write(t, filepath.Join(pack, "index.mjs"), "export const createClient = () => {};\n")
		write(t, filepath.Join(dir, filepath.FromSlash(c.place), "node_modules", "typescript", "package.json"), `{"version":"`+c.typescript+`"}`)
		entry, version, err := generatorPlace(dir)
		if err != nil {
			t.Fatal(err)
		}
		err = checkTypeScript(entry, version, dir)
		if !c.bad && err != nil || c.bad && (err == nil || !strings.Contains(err.Error(), c.generator+" does not go with TypeScript "+c.typescript) ||
			!strings.Contains(hint.Of(err), "npm install --save-dev typescript@5")) {
			t.Errorf("%s with %s: %v", c.generator, c.typescript, err)
		}
		if c.bad {
			if _, err := startResident(t.Context(), dir, false, idleTime); err == nil || !strings.Contains(err.Error(), "does not go with") {
				t.Errorf("it runs nevertheless: %v", err)
			}
		}
	}
}

func TestAFailedGeneratorTellsTheCause(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pack := filepath.Join(dir, "node_modules", "@hey-api", "openapi-ts")
	write(t, filepath.Join(pack, "package.json"), `{"version":"0.95.0","main":"index.mjs"}`)
	write(t, filepath.Join(pack, "index.mjs"), `export const createClient = () => {
  const job = new Error('Job failed');
  job.originalError = { error: new Error('reading the input', { cause: new Error('no such schema: Order') }), jobIndex: 0 };
  throw new AggregateError([job], '');
};
`)
	r, err := startResident(t.Context(), dir, false, idleTime)
	if err != nil {
		t.Skip(err) // no node
	}
	defer r.close()
	if err := r.generate(t.Context(), "in.json", "out"); err == nil || !strings.HasSuffix(err.Error(), "Job failed: reading the input: no such schema: Order") {
		t.Errorf("got %v", err)
	}
	trace := "Error: no such schema: Order\n" + strings.Repeat("    at work (/a/b.js:1:2)\n", 40) + "\nNode.js v20.1.0\n"
	set := tsSet{TypeScriptClients: config.TypeScriptClients{Command: []string{"sh", "-c", `printf "%s" "$0"; exit 3`, trace}}, home: dir}
	if err := set.custom(t.Context(), "in", "out"); err == nil || !strings.HasSuffix(err.Error(), "exit status 3): Error: no such schema: Order") {
		t.Errorf("got %v", err)
	}
}
