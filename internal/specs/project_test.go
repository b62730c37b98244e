package specs

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/internal/config"
)

func silent(string) {}

func TestExportWritesOnlyWhatMeansSomethingElse(t *testing.T) {
	t.Parallel()
	cfg := project(t, "testdata/shop")
	python := pythonFor(t)
	changed, err := Exporter{Config: cfg, Python: python}.Export(t.Context(), silent)
	if err != nil || len(changed) != 2 {
		t.Fatalf("changed %v, %v", changed, err)
	}
	whole, module := filepath.Join(cfg.Specs.Dir, "openapi.json"), filepath.Join(cfg.Specs.Dir, "shop", "openapi.json")
	d, err := Load(module)
	if err != nil || d.Operations() != 11 {
		t.Fatalf("%d operations, %v", d.Operations(), err)
	}
	reordered := strings.Replace(read(t, whole), "{\n", "{\n\n", 1)
	write(t, whole, reordered)
	if changed, err = (Exporter{Config: cfg, Python: python}).Export(t.Context(), silent); err != nil || len(changed) != 0 || read(t, whole) != reordered {
		t.Errorf("nothing changed, yet wrote %v, %v", changed, err)
	}
	main := filepath.Join(cfg.Backend.Dir, "shop", "main.py")
	source := read(t, main)
	write(t, main, source+"\n\n@app.get('/shop/new', operation_id='new')\ndef new(): ...\n")
	if changed, err = (Exporter{Config: cfg, Python: python}).Export(t.Context(), silent); err != nil || len(changed) != 2 {
		t.Errorf("changed %v, %v", changed, err)
	}
	write(t, main, source+"\nraise RuntimeError('half written')\n")
	if _, err = (Exporter{Config: cfg, Python: python}).Export(t.Context(), silent); err == nil || !strings.Contains(err.Error(), "half written") {
		t.Errorf("got %v", err)
	}
	if d, err := Load(module); err != nil || d.Operations() != 12 {
		t.Errorf("the last good document is gone: %d operations, %v", d.Operations(), err)
	}
}

func TestExportSeesTwoSavesInOneSecond(t *testing.T) {
	t.Parallel()
	cfg := project(t, "testdata/shop")
	e := Exporter{Config: cfg, Python: pythonFor(t)}
	main := filepath.Join(cfg.Backend.Dir, "shop", "main.py")
	source := read(t, main)
	for _, name := range []string{"one", "two"} { // of the same length
		write(t, main, source+"\n\n@app.get('/shop/new', operation_id='"+name+"')\ndef new(): ...\n")
		if err := os.Chtimes(main, time.Unix(1700000000, 0), time.Unix(1700000000, 0)); err != nil {
			t.Fatal(err)
		}
		if _, err := e.ByImport(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(read(t, filepath.Join(cfg.Specs.Dir, "openapi.json")), `"operationId": "`+name+`"`) {
			t.Errorf("%s is not seen", name)
		}
	}
}

func TestExportReadsRunningServers(t *testing.T) {
	t.Parallel()
	cfg := project(t, "testdata/shop")
	main := filepath.Join(cfg.Backend.Dir, "shop", "main.py")
	write(t, main, read(t, main)+"\n\n@app.get('/shop/openapi.json', include_in_schema=False)\ndef own(): return app.openapi()\n")
	serve(t, cfg)
	var said []string
	changed, err := Exporter{Config: cfg, Python: "/no/such/python"}.Export(t.Context(), func(s string) { said = append(said, s) })
	if err != nil || len(changed) != 2 {
		t.Errorf("changed %v, %v, %v", changed, err, said)
	}
}

func TestExportWithACommand(t *testing.T) {
	t.Parallel()
	cfg := project(t, "")
	write(t, filepath.Join(cfg.Backend.Dir, "api.json"), api)
	write(t, filepath.Join(cfg.Specs.Dir, "mine", "asyncapi.json"), `{"asyncapi":"3.0.0"}`)
	cfg.Specs.ExportCommand = []string{"sh", "-c", "mkdir $0/a $0/b && cp api.json $0/a/openapi.json && cp api.json $0/b/openapi.json"}
	if changed, err := (Exporter{Config: cfg, Python: ""}).Export(t.Context(), silent); err != nil || len(changed) != 2 {
		t.Fatalf("changed %v, %v", changed, err)
	}
	cfg.Specs.ExportCommand = []string{"sh", "-c", "mkdir $0/a && cp api.json $0/a/openapi.json"}
	if changed, err := (Exporter{Config: cfg, Python: ""}).Export(t.Context(), silent); err != nil || len(changed) != 1 || isDir(filepath.Join(cfg.Specs.Dir, "b")) {
		t.Errorf("a module that is gone: changed %v, %v", changed, err)
	}
	if !isDir(filepath.Join(cfg.Specs.Dir, "mine")) {
		t.Error("removed what no export wrote")
	}
	cfg.Specs.ExportCommand = []string{"sh", "-c", "mkdir $0/c && cp api.json $0/c/openapi.json && echo '{\"asyncapi\":\"3.0.0\"}' > $0/c/asyncapi.json"}
	e := Exporter{Config: cfg, Only: AsyncAPI}
	if changed, err := e.Export(t.Context(), silent); err != nil || len(changed) != 1 || filepath.Base(changed[0]) != "asyncapi.json" {
		t.Errorf("one kind: changed %v, %v", changed, err)
	}
	if !isDir(filepath.Join(cfg.Specs.Dir, "a")) {
		t.Error("an export of one kind removed a document of the other")
	}
	e.Only = OpenAPI
	if changed, err := e.Export(t.Context(), silent); err != nil || len(changed) != 2 || isDir(filepath.Join(cfg.Specs.Dir, "a")) {
		t.Errorf("the other kind: changed %v, %v", changed, err)
	}
	cfg.Specs.ExportCommand = []string{"sh", "-c", "exit 0"}
	if _, err := (Exporter{Config: cfg, Python: ""}).Export(t.Context(), silent); err == nil || !strings.Contains(err.Error(), "wrote no openapi.json") {
		t.Errorf("got %v", err)
	}
}

func TestGenerateIsIncremental(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	cfg.Specs.Python.Dir = filepath.Join(cfg.Backend.Dir, "clients")
	runs := filepath.Join(cfg.Dir, "runs")
	cfg.Specs.TypeScript[0].Command = []string{"sh", "-c", "echo x >> " + runs + "; cp {input} {output}/api.gen.json"}
	for _, m := range []string{"a", "b"} {
		write(t, filepath.Join(cfg.Specs.Dir, m, "openapi.json"), api)
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
	write(t, filepath.Join(cfg.Specs.Dir, "b", "openapi.json"), strings.Replace(api, "postA", "postB", 1))
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
	if r := generate(); len(r.Written) != 2 || isDir(filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-b")) {
		t.Errorf("a module that is gone: wrote %v", r.Written)
	}
	read(t, mine)
}

func TestDiffStates(t *testing.T) {
	t.Parallel()
	cfg := project(t, "")
	file := filepath.Join(cfg.Specs.Dir, "a", "openapi.json")
	write(t, file, api)
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "x"}} {
		run(t, cfg.Dir, "git", args...)
	}
	write(t, file, strings.Replace(api, `"post":`, `"x-post":`, 1))
	write(t, filepath.Join(cfg.Specs.Dir, "b", "openapi.json"), api)
	old := filepath.Join(t.TempDir(), "old")
	write(t, filepath.Join(old, "a", "openapi.json"), api)
	for _, from := range []string{"HEAD", old} {
		got, err := DiffStates(t.Context(), cfg, from, "")
		if err != nil || len(got) != 3 || got[0].Module != "a" || got[0].Verb != Removed || !got[0].Breaking || got[1].Verb != Added || got[1].Module != "b" {
			t.Errorf("%s: %v, %v", from, got, err)
		}
	}
	if got, err := DiffStates(t.Context(), cfg, filepath.Join(old, "a", "openapi.json"), file); err != nil || len(got) != 1 {
		t.Errorf("two files: %v, %v", got, err)
	}
	for _, bad := range []string{"no-such-revision", "--output=x"} {
		if _, err := DiffStates(t.Context(), cfg, bad, ""); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// watching runs a watcher until the test ends and keeps what it reports.
type watching struct {
	mu   sync.Mutex
	said []string
}

func (w *watching) report(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, s)
}

func (w *watching) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.said, "\n")
}

func (w *watching) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = nil
}

func startWatching(t testing.TB, f func(context.Context, Watcher) error, cfg *config.Config, python string) *watching {
	t.Helper()
	w := &watching{}
	ctx, stop := context.WithCancel(context.Background())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() {
		ended <- f(ctx, Watcher{Config: cfg, Python: python, Report: w.report, Ready: func() { close(ready) }})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(w.text())
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return w
}

func TestWatchPythonFollowsTheSources(t *testing.T) {
	t.Parallel()
	cfg := project(t, "testdata/shop")
	w := startWatching(t, WatchPython, cfg, pythonFor(t))
	client := filepath.Join(cfg.Specs.Python.Dir, "shop_client.py") // inside of the watched tree
	eventually(t, "the first clients", func() bool { return strings.Contains(w.text(), "Python clients: ") })
	before := read(t, client)
	main := filepath.Join(cfg.Backend.Dir, "shop", "main.py")
	source := read(t, main)
	w.forget()
	write(t, main, source+"\n\n@app.get('/shop/new', operation_id='brand_new')\ndef new(): ...\n")
	eventually(t, "the new operation", func() bool { return strings.Contains(read(t, client), "async def brand_new(") })
	eventually(t, "a line for it", func() bool { return strings.Contains(w.text(), "shop: added GET /shop/new") })
	eventually(t, "a summary", func() bool { return strings.Contains(w.text(), "Python clients: 1 files in") })
	after := read(t, client)

	w.forget()
	write(t, main, source+"\nraise RuntimeError('half written')\n")
	eventually(t, "an error", func() bool {
		return strings.Contains(w.text(), "error: the export failed") && strings.Contains(w.text(), "half written")
	})
	if read(t, client) != after {
		t.Error("a failing run changed the client")
	}
	w.forget()
	write(t, main, source)
	eventually(t, "the operation is gone", func() bool { return read(t, client) == before })
	eventually(t, "a line for it", func() bool { return strings.Contains(w.text(), "shop: removed GET /shop/new (breaking)") })
	if n := strings.Count(w.text(), "Python clients"); n > 1 {
		t.Errorf("%d runs for one change:\n%s", n, w.text())
	}
}

func TestWatchFrontendFollowsTheDocuments(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	file := filepath.Join(cfg.Specs.Dir, "a", "openapi.json")
	write(t, file, api)
	w := startWatching(t, WatchFrontend, cfg, "")
	sdk := filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-a", "sdk.gen.ts")
	eventually(t, "the first clients", func() bool { return strings.Contains(w.text(), "TypeScript clients:") })
	if !strings.Contains(read(t, sdk), "postA") {
		t.Error("the first client is of something else")
	}
	w.forget()
	write(t, file, strings.Replace(api, "postA", "postB", 1))
	eventually(t, "the new name", func() bool { return strings.Contains(read(t, sdk), "postB") })
	eventually(t, "a line for it", func() bool {
		return strings.Contains(w.text(), "a: changed POST /a/{id} (breaking): operationId postA is now postB")
	})
	eventually(t, "a summary", func() bool { return strings.Contains(w.text(), "TypeScript clients:") })

	w.forget()
	write(t, file, api[:len(api)/2])
	eventually(t, "an error after a while", func() bool { return strings.Contains(w.text(), "not a whole document") })
	if !strings.Contains(read(t, sdk), "postB") {
		t.Error("a broken document changed the client")
	}
	w.forget()
	write(t, file, api[:len(api)/2])
	write(t, file, strings.Replace(api, "getA", "getB", 1))
	eventually(t, "the whole document", func() bool { return strings.Contains(read(t, sdk), "getB") })
	if strings.Contains(w.text(), "error") {
		t.Error("a document that was broken for a moment is an error")
	}
	write(t, filepath.Join(cfg.Specs.Dir, "a", "asyncapi.json"), string(mustLoad(t, "testdata/kinds/asyncapi.yaml").Canonical()))
	eventually(t, "WebSocket types", func() bool { return isDir(filepath.Join(cfg.Specs.TypeScript[0].Dir, "ws-types-a")) })
}

func mustLoad(t testing.TB, file string) Document {
	t.Helper()
	d, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWatchFrontendFollowsServersThatReload(t *testing.T) {
	t.Parallel()
	cfg := project(t, "testdata/shop")
	web := tsProject(t)
	cfg.Frontend, cfg.Specs.TypeScript = web.Frontend, web.Specs.TypeScript
	cfg.Servers[0].Reload = true
	main := filepath.Join(cfg.Backend.Dir, "shop", "main.py")
	source := read(t, main) + "\n\n@app.get('/shop/openapi.json', include_in_schema=False)\ndef own(): return app.openapi()\n"
	write(t, main, source)
	serve(t, cfg, "--reload", "--reload-dir", "shop")
	if _, err := (Exporter{Config: cfg, Python: ""}).Export(t.Context(), silent); err != nil {
		t.Fatal(err)
	}
	w := startWatching(t, WatchFrontend, cfg, "")
	eventually(t, "the first clients", func() bool { return strings.Contains(w.text(), "TypeScript clients:") })
	sdk := filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-shop", "sdk.gen.ts")
	write(t, main, source+"\n\n@app.get('/shop/new', operation_id='brand_new')\ndef new(): ...\n")
	eventually(t, "the new operation", func() bool { return strings.Contains(read(t, sdk), "brandNew") })
}
