package specs

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// large is a document of so many paths with a GET each, models of their own and
// some of the other kinds.
func large(n int) Document {
	paths, schemas := map[string]any{}, map[string]any{}
	for i := range n {
		name := fmt.Sprint("Item", i)
		ref := map[string]any{"$ref": "#/components/schemas/" + name}
		body := map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": ref}}, "description": ""}
		id := map[string]any{"name": "id", "in": "path", "required": true, "schema": map[string]any{"type": "integer"}}
		limit := map[string]any{"name": "limit", "in": "query", "schema": map[string]any{"type": "integer"}}
		paths[fmt.Sprintf("/items%d/{id}", i)] = map[string]any{"get": map[string]any{"operationId": fmt.Sprint("get_item_", i), "summary": "Get it",
			"parameters": []any{id, limit}, "responses": map[string]any{"200": body}}}
		schemas[name] = map[string]any{"type": "object", "required": []any{"id", "name"}, "properties": map[string]any{
			"id": map[string]any{"type": "integer"}, "name": map[string]any{"type": "string"}, "kind": map[string]any{"type": "string", "enum": []any{"a", "b"}},
			"tags": map[string]any{"type": "array", "items": map[string]any{"type": "string"}}, "when": map[string]any{"type": "string", "format": "date-time"},
			"next": map[string]any{"anyOf": []any{map[string]any{"$ref": fmt.Sprint("#/components/schemas/Item", i/5*5+(i+1)%5)}, map[string]any{"type": "null"}}}}}
	}
	data, err := json.Marshal(map[string]any{"openapi": "3.1.0", "info": map[string]any{"title": "Large", "version": "1"}, "paths": paths,
		"components": map[string]any{"schemas": schemas}})
	if err != nil {
		panic(err)
	}
	d, err := Parse(data)
	if err != nil {
		panic(err)
	}
	return d
}

func BenchmarkPython300Paths(b *testing.B) {
	file := filepath.Join(b.TempDir(), "openapi.json")
	write(b, file, string(large(300).Canonical()))
	for b.Loop() {
		d, err := Load(file)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Python(d, PythonModule{Name: "large"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTypeScript300PathsResident(b *testing.B) {
	cfg := tsProject(b)
	file := filepath.Join(cfg.Specs.Dir, "large", "openapi.json")
	ts := NewTypeScript(cfg)
	defer ts.Close()
	if err := ts.Warm(b.Context()); err != nil {
		b.Fatal(err)
	}
	d := large(300)
	generate := func(i int) {
		object(d.Root["info"])["version"] = fmt.Sprint(i)
		object(d.Root, "paths", "/items0/{id}", "get")["operationId"] = fmt.Sprint("get_item_0_", i)
		write(b, file, string(d.Canonical()))
		if r, err := Generate(b.Context(), cfg, Options{TypeScript: ts}); err != nil || r.Ran != 1 {
			b.Fatal(r, err)
		}
	}
	generate(-1)
	for i := 0; b.Loop(); i++ {
		generate(i)
	}
}

func BenchmarkDiff300Paths(b *testing.B) {
	old, new := large(300), large(300)
	delete(object(new.Root, "components", "schemas", "Item7", "properties"), "name")
	for b.Loop() {
		if len(Diff(old, new)) == 0 {
			b.Fatal("no difference")
		}
	}
}

// BenchmarkSaveToClients is the time from the save of a source, with the
// server in reload mode, to new clients in both languages.
func BenchmarkSaveToClients(b *testing.B) {
	cfg := project(b, "testdata/shop")
	web := tsProject(b)
	cfg.Frontend, cfg.Specs.TypeScript = web.Frontend, web.Specs.TypeScript
	cfg.Servers[0].Reload = true
	main := filepath.Join(cfg.Backend.Dir, "shop", "main.py")
	source := read(b, main)
	serve(b, cfg, "--reload", "--reload-dir", "shop")
	startWatching(b, WatchPython, cfg, pythonFor(b))
	frontend := startWatching(b, WatchFrontend, cfg, pythonFor(b))
	eventually(b, "the first clients", func() bool { return strings.Contains(frontend.text(), "TypeScript clients:") })
	sdk := filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-shop", "sdk.gen.ts")
	client := filepath.Join(cfg.Specs.Python.Dir, "shop_client.py")
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("brandnew%d", i)
		write(b, main, source+"\n\n@app.get('/shop/new', operation_id='"+name+"')\ndef new(): ...\n")
		eventually(b, name, func() bool { return strings.Contains(read(b, client), name) && strings.Contains(read(b, sdk), name) })
	}
}
