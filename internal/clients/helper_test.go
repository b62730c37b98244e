package clients

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"go.uber.org/goleak"

	"muster/internal/apidoc"
	"muster/internal/apitest"
	"muster/internal/config"
	"muster/internal/local"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) } // notify keeps some from its start

// parse is a document written in a test.
func parse(t testing.TB, text string) apidoc.Document {
	t.Helper()
	d, err := apidoc.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// pythonClient is the Python client of a document.
func pythonClient(t testing.TB, d apidoc.Document, m pyModule) []byte {
	t.Helper()
	tmpl, err := pythonTemplate()
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := python(tmpl, d, m, pythonReads)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// write puts a file in place in one step, as editors and tools do: a file that
// is created and then filled is two changes where the machine is busy.
func write(t testing.TB, file, text string) {
	t.Helper()
	if err := local.Write(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// golden compares with a file below testdata, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		write(t, file, string(got))
		return
	}
	if want := read(t, file); want != string(got) {
		t.Errorf("%s differs (rewrite it with -update):\n%s", name, diff.Diff("want", []byte(want), "got", got))
	}
}

// tsc type-checks everything below src, as strictly as there is.
func tsc(t testing.TB, dir string, emit bool) {
	t.Helper()
	write(t, filepath.Join(dir, "tsconfig.json"), fmt.Sprintf(`{"compilerOptions":{"strict":true,"noEmit":%t,"outDir":"out","target":"es2022",
	"module":"esnext","moduleResolution":"bundler","lib":["es2022","dom","dom.iterable"],"types":[],"skipLibCheck":true,
	"noUnusedLocals":true,"isolatedModules":true,"verbatimModuleSyntax":true},"include":["src"]}`, !emit))
	apitest.Run(t, dir, filepath.Join(dir, "node_modules", ".bin", "tsc"), "-p", ".")
}

// tsProject is a project whose frontend has the generator installed.
func tsProject(t testing.TB) *config.Config {
	t.Helper()
	dir, web := t.TempDir(), apitest.Frontend(t)
	cfg := &config.Config{Dir: dir, File: filepath.Join(dir, "dev-config.yaml"),
		Servers:   []config.Server{{Process: config.Process{Name: "shop", Port: 8001}, Modules: []string{"shop"}}},
		Frontends: []config.Frontend{{Process: config.Process{Dir: web}}}}
	cfg.Specs.Dir = filepath.Join(dir, "specs")
	cfg.Specs.TypeScript = []config.TypeScriptClients{{Dir: filepath.Join(web, "src", "clients"), RESTPrefix: "trader-client-", WSPrefix: "ws-types-"}}
	return cfg
}

func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
