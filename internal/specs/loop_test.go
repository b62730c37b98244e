package specs

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/internal/apidoc"
	"muster/internal/apitest"
	"muster/internal/config"
)

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
	w := startWatching(t, WatchPython, cfg, apitest.Python(t))
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
	write(t, file, apitest.API)
	w := startWatching(t, WatchFrontend, cfg, "")
	sdk := filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-a", "sdk.gen.ts")
	eventually(t, "the first clients", func() bool { return strings.Contains(w.text(), "TypeScript clients:") })
	if !strings.Contains(read(t, sdk), "postA") {
		t.Error("the first client is of something else")
	}
	w.forget()
	write(t, file, strings.Replace(apitest.API, "postA", "postB", 1))
	eventually(t, "the new name", func() bool { return strings.Contains(read(t, sdk), "postB") })
	eventually(t, "a line for it", func() bool {
		return strings.Contains(w.text(), "a: changed POST /a/{id} (breaking): operationId postA is now postB")
	})
	eventually(t, "a summary", func() bool { return strings.Contains(w.text(), "TypeScript clients:") })

	w.forget()
	write(t, file, apitest.API[:len(apitest.API)/2])
	eventually(t, "an error after a while", func() bool { return strings.Contains(w.text(), "not a whole document") })
	if !strings.Contains(read(t, sdk), "postB") {
		t.Error("a broken document changed the client")
	}
	w.forget()
	write(t, file, apitest.API[:len(apitest.API)/2])
	write(t, file, strings.Replace(apitest.API, "getA", "getB", 1))
	eventually(t, "the whole document", func() bool { return strings.Contains(read(t, sdk), "getB") })
	if strings.Contains(w.text(), "is not installed") {
		t.Error("a document that was broken for a moment is an error")
	}
	write(t, filepath.Join(cfg.Specs.Dir, "a", "asyncapi.json"), string(mustLoad(t, "../clients/testdata/kinds/asyncapi.yaml").Canonical()))
	eventually(t, "WebSocket types", func() bool { return isDir(filepath.Join(cfg.Specs.TypeScript[0].Dir, "ws-types-a")) })
}

func mustLoad(t testing.TB, file string) apidoc.Document {
	t.Helper()
	d, err := apidoc.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWatchFrontendFollowsServersThatReload(t *testing.T) {
	t.Parallel()
	cfg := project(t, "testdata/shop")
	web := tsProject(t)
	cfg.Frontends, cfg.Specs.TypeScript = web.Frontends, web.Specs.TypeScript
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

func TestWatchFrontendMakesRemovedClientsAgain(t *testing.T) {
	t.Parallel()
	cfg := project(t, "")
	web := filepath.Join(cfg.Dir, "web") // with nothing installed: a WebSocket's client needs no generator
	dir := filepath.Join(web, "clients")
	cfg.Frontends = []config.Frontend{{Process: config.Process{Dir: web}}}
	cfg.Specs.TypeScript = []config.TypeScriptClients{{Dir: dir, RESTPrefix: "rest-", WSPrefix: "ws-"}}
	write(t, filepath.Join(cfg.Specs.Dir, "shop", "asyncapi.json"), `{"asyncapi":"3.0.0","channels":{"c":{"address":"/c","messages":{"m":{"payload":{"type":"object"}}}}},
"operations":{"o":{"action":"send","channel":{"$ref":"#/channels/c"}}}}`)
	w := startWatching(t, WatchFrontend, cfg, "")
	file := filepath.Join(dir, "ws-shop", "client.ts")
	there := func() bool { _, err := os.Stat(file); return err == nil }
	eventually(t, "the first client", there)
	// One that is edited is made again, and from then on its folder is watched.
	made, edited := read(t, file), time.Time{}
	eventually(t, "the client made again after it was edited", func() bool {
		if read(t, file) == made && !edited.IsZero() {
			return true
		}
		if time.Since(edited) > time.Second {
			edited = time.Now()
			write(t, file, "// mine at "+edited.String()+"\n")
		}
		return false
	})
	for _, gone := range []string{file, filepath.Dir(file), dir} {
		// At one stroke: what is made again meanwhile would keep a folder from going.
		if err := os.Rename(gone, filepath.Join(t.TempDir(), "gone")); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the client made again after "+gone+" was removed", there)
	}
	if strings.Contains(w.text(), "is not installed") {
		t.Errorf("got %s", w.text())
	}
}
