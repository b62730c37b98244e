package specs

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/config"
	"muster/internal/fuzztest"
)

// FuzzExported tries that an export removes nothing outside of the folder of the
// documents, whatever lies in place of the list of what it wrote.
func FuzzExported(f *testing.F) {
	f.Add([]byte(`{"exported":["openapi.json","broker/asyncapi.json"]}`))
	f.Add([]byte(`{"exported":["../openapi.json","/etc/openapi.json","","a/../../x/openapi.json"]}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzztest.Bound(t)
		dir := t.TempDir()
		e := Exporter{Config: &config.Config{Dir: filepath.Join(dir, "p"), Specs: config.Specs{Dir: filepath.Join(dir, "p", "specs")}}}
		outside := []string{filepath.Join(dir, "openapi.json"), filepath.Join(dir, "p", "openapi.json"), filepath.Join(dir, "x", "openapi.json")}
		for _, file := range append(slices.Clone(outside), e.recordFile(), filepath.Join(e.Config.Specs.Dir, "x", "openapi.json")) {
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d, err := apidoc.Parse([]byte(`{"openapi":"3.1.0","paths":{}}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.write(map[string]apidoc.Document{"openapi.json": d}, true); err != nil {
			return
		}
		for _, file := range outside {
			if _, err := os.Stat(file); err != nil {
				t.Error(err)
			}
		}
		if !slices.Equal(e.exported(), []string{"openapi.json"}) {
			t.Errorf("exported %q", e.exported())
		}
	})
}

// FuzzMounted tries documents that servers answer with.
func FuzzMounted(f *testing.F) {
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"/a":{}},"servers":[{"url":"/x"}]}`), []byte(`{"openapi":"3.0.0","paths":{"/b":{}}}`), "/api/v1/b")
	f.Add([]byte(`{"asyncapi":"2.6.0","channels":{"/a":{"$ref":"#/channels/b"},"b":3}}`), []byte(`{"asyncapi":"3.0.0","channels":{"a":{"address":"/x"}}}`), "/")
	f.Add([]byte("openapi: 3.1.0\nservers: [3, {}]\n"), []byte("openapi: 3.1.0\npaths: []\n"), "")
	f.Fuzz(func(t *testing.T, one, other []byte, at string) {
		fuzztest.Bound(t)
		whole, err := apidoc.Parse(one)
		if err != nil {
			return
		}
		part, err := apidoc.Parse(other)
		if err != nil || part.Kind != whole.Kind {
			return
		}
		placeAt(part, at, "/api")
		place(whole, "/api")
		mergeMounted(whole, part)
		if _, err := apidoc.Parse(whole.Canonical()); err != nil {
			t.Errorf("%s: %v", whole.Canonical(), err)
		}
	})
}
