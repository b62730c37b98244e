package clients

import (
	"fmt"
	"path/filepath"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/apitest"
)

func BenchmarkPython300Paths(b *testing.B) {
	file := filepath.Join(b.TempDir(), "openapi.json")
	write(b, file, string(apitest.Large(300)))
	for b.Loop() {
		d, err := apidoc.Load(file)
		if err != nil {
			b.Fatal(err)
		}
		pythonClient(b, d, pyModule{Name: "large"})
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
	d := parse(b, string(apitest.Large(300)))
	generate := func(i int) {
		apidoc.Object(d.Root["info"])["version"] = fmt.Sprint(i)
		apidoc.Object(d.Root, "paths", "/items0/{id}", "get")["operationId"] = fmt.Sprint("get_item_0_", i)
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
