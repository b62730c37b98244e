package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/fuzztest"
)

// FuzzRecord tries that a record which is damaged costs no more than the work that it
// saves, and that nothing is left over but what lies in a folder of clients.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"made":{"/x":{"Input":"a","Output":"b"}}}`))
	f.Add([]byte(`{"made":{"../..":{"Output":""},"/":{"Output":""},"":{}}}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzztest.Bound(t)
		dir := t.TempDir()
		cfg := &config.Config{Dir: dir}
		cfg.Specs.TypeScript = []config.TypeScriptClients{{Dir: filepath.Join(dir, "clients")}}
		r := readRecord(cfg)
		if err := os.MkdirAll(filepath.Dir(r.file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		r = readRecord(cfg)
		if left := leftOver(cfg, r, nil, nil); len(left) > 0 {
			t.Errorf("left over of nothing: %v", left)
		}
		r.Made["x"] = made{"a", "b"}
		if err := r.write(); err != nil {
			t.Fatal(err)
		}
		if again := readRecord(cfg); len(again.Made) != len(r.Made) || again.Made["x"] != r.Made["x"] {
			t.Errorf("%v was written, and is %v", r.Made, again.Made)
		}
	})
}

// FuzzPackage tries the manifests of the generator and of the compiler that it loads.
func FuzzPackage(f *testing.F) {
	f.Add(`{"version":"0.80.1","main":"./dist/index.js"}`, `{"version":"7.0.1"}`, "Error: x\n    at f (/x:1)\n\n^\nNode.js v22\n")
	f.Add(`{"version":"0.99999999999999999999","main":"../../../../x"}`, `[]`, "\r\n\r")
	f.Fuzz(func(t *testing.T, generator, compiler, said string) {
		fuzztest.Bound(t)
		dir := t.TempDir()
		for name, text := range map[string]string{restGenerator: generator, "typescript": compiler} {
			file := filepath.Join(dir, "node_modules", filepath.FromSlash(name), "package.json")
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		entry, version, err := generatorPlace(dir)
		if err == nil {
			_ = checkTypeScript(entry, version, dir)
		} else if !strings.Contains(err.Error(), filepath.Join(dir, "node_modules")) {
			t.Error(err)
		}
		if n := strings.Count(causes(said), "\n"); n >= 8 || len(causes(said)) > len(said) {
			t.Errorf("%q is %q", said, causes(said))
		}
	})
}
