package clients

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/apitest"
	"muster/internal/fuzztest"
	"muster/internal/local"
)

func TestGenerateIsIncremental(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	cfg.Specs.Python.Dir = filepath.Join(cfg.Dir, "backend", "clients")
	runs := filepath.Join(cfg.Dir, "runs")
	cfg.Specs.TypeScript[0].Command = []string{"sh", "-c", "echo x >> " + runs + "; cp {input} {output}/api.gen.json"}
	for _, m := range []string{"a", "b"} {
		write(t, filepath.Join(cfg.Specs.Dir, m, "openapi.json"), apitest.API)
	}
	generate := func() Result {
		t.Helper()
		r, err := Generate(t.Context(), cfg, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := generate(); len(r.Written) != 5 {
		t.Errorf("wrote %v", r.Written)
	}
	for _, f := range []string{"__init__.py", "a_client.py", "b_client.py"} {
		read(t, filepath.Join(cfg.Specs.Python.Dir, f))
	}
	if r := generate(); len(r.Written) != 0 || read(t, runs) != "x\nx\n" {
		t.Errorf("nothing changed, yet wrote %v, ran %q", r.Written, read(t, runs))
	}
	write(t, filepath.Join(cfg.Specs.Dir, "b", "openapi.json"), strings.Replace(apitest.API, "postA", "postB", 1))
	if r := generate(); len(r.Written) != 2 || read(t, runs) != "x\nx\nx\n" {
		t.Errorf("one changed, and wrote %v, ran %q", r.Written, read(t, runs))
	}
	edited := filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-a", "api.gen.json")
	write(t, edited, "{}")
	var diff bytes.Buffer
	if stale, err := Check(t.Context(), cfg, &diff); err != nil || !stale || !strings.Contains(diff.String(), "-{}\n") {
		t.Errorf("stale %v, %v:\n%.300s", stale, err, diff.String())
	}
	if read(t, edited) != "{}" {
		t.Error("a check wrote")
	}
	if r := generate(); len(r.Written) != 1 {
		t.Errorf("an edited client: wrote %v", r.Written)
	}
	diff.Reset()
	if stale, err := Check(t.Context(), cfg, &diff); err != nil || stale || diff.Len() > 0 {
		t.Errorf("stale %v, %v:\n%s", stale, err, diff.String())
	}
	if err := os.RemoveAll(filepath.Join(cfg.Specs.Dir, "b")); err != nil {
		t.Fatal(err)
	}
	if stale, err := Check(t.Context(), cfg, &diff); err != nil || !stale || !strings.Contains(diff.String(), "+++ /dev/null") {
		t.Errorf("a module that is gone: stale %v, %v:\n%s", stale, err, diff.String())
	}
	mine := filepath.Join(cfg.Specs.Python.Dir, "my_client.py")
	write(t, mine, "# by hand\n")
	if r := generate(); len(r.Written) != 2 || local.IsDir(filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-b")) {
		t.Errorf("a module that is gone: wrote %v", r.Written)
	}
	read(t, mine)
}

func FuzzClients(f *testing.F) {
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"/a":{"get":{"parameters":[{"name":"x","in":"query"}]}}}}`))
	f.Add([]byte("asyncapi: 2.6.0\nchannels: {a: {publish: {message: {$ref: '#/channels/a/publish/message'}}}}\n"))
	f.Add([]byte(hostileSocket("*/")))
	f.Add([]byte(hostileREST(`"""`)))
	for _, file := range []string{"sockets/syntax/asyncapi.yaml", "sockets/market/asyncapi.yaml", "keywords/asyncapi.yaml", "keywords/openapi.yaml", "modelled/openapi.yaml"} {
		f.Add([]byte(read(f, filepath.Join("testdata", file))))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzztest.Bound(t)
		d, err := apidoc.Parse(data)
		if err != nil {
			return
		}
		if d.Kind == apidoc.OpenAPI {
			pythonClient(t, d, pyModule{Name: "x"})
		} else if _, _, err := socketClient(d, "x", socketReads); err != nil {
			t.Fatal(err)
		}
	})
}
