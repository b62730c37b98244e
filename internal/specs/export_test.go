package specs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/internal/apidoc"
	"muster/internal/apitest"
	"muster/internal/clients"
)

func silent(string) {}

func TestExportWritesOnlyWhatMeansSomethingElse(t *testing.T) {
	t.Parallel()
	cfg := project(t, "testdata/shop")
	python := apitest.Python(t)
	changed, err := Exporter{Config: cfg, Python: python}.Export(t.Context(), silent)
	if err != nil || len(changed) != 2 {
		t.Fatalf("changed %v, %v", changed, err)
	}
	whole, module := filepath.Join(cfg.Specs.Dir, "openapi.json"), filepath.Join(cfg.Specs.Dir, "shop", "openapi.json")
	d, err := apidoc.Load(module)
	if err != nil || d.Count() != 11 {
		t.Fatalf("%d operations, %v", d.Count(), err)
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
	if d, err := apidoc.Load(module); err != nil || d.Count() != 12 {
		t.Errorf("the last good document is gone: %d operations, %v", d.Count(), err)
	}
}

func TestExportSeesTwoSavesInOneSecond(t *testing.T) {
	t.Parallel()
	cfg := project(t, "testdata/shop")
	e := Exporter{Config: cfg, Python: apitest.Python(t)}
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
	write(t, filepath.Join(cfg.Backend.Dir, "api.json"), apitest.API)
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
	e := Exporter{Config: cfg, Only: apidoc.AsyncAPI}
	if changed, err := e.Export(t.Context(), silent); err != nil || len(changed) != 1 || filepath.Base(changed[0]) != "asyncapi.json" {
		t.Errorf("one kind: changed %v, %v", changed, err)
	}
	if !isDir(filepath.Join(cfg.Specs.Dir, "a")) {
		t.Error("an export of one kind removed a document of the other")
	}
	e.Only = apidoc.OpenAPI
	if changed, err := e.Export(t.Context(), silent); err != nil || len(changed) != 2 || isDir(filepath.Join(cfg.Specs.Dir, "a")) {
		t.Errorf("the other kind: changed %v, %v", changed, err)
	}
	cfg.Specs.ExportCommand = []string{"sh", "-c", "exit 0"}
	if _, err := (Exporter{Config: cfg, Python: ""}).Export(t.Context(), silent); err == nil || !strings.Contains(err.Error(), "wrote no openapi.json") {
		t.Errorf("got %v", err)
	}
}

func TestPythonClientCallsARealServer(t *testing.T) {
	t.Parallel()
	python := apitest.Python(t)
	cfg := project(t, "testdata/shop")
	e := Exporter{Config: cfg, Python: python}
	if _, err := e.ByImport(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := clients.Generate(t.Context(), cfg, clients.Options{}); err != nil {
		t.Fatal(err)
	}
	if !t.Run("mypy", func(t *testing.T) { apitest.Mypy(t, cfg.Backend.Dir, "clients", "use.py") }) {
		t.Log(read(t, filepath.Join(cfg.Specs.Python.Dir, "shop_client.py"))[:3000])
	}
	url := serve(t, cfg)
	if out := apitest.Run(t, cfg.Backend.Dir, python, "use.py", url); out != "ok\n" {
		t.Error(out)
	}
}
