// Package kubetest is a module of its own, of tests only: what is exported is taken by
// the libraries of those who read it. They are large, and nothing of muster's needs them.
package kubetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/export"
	"muster/internal/gateway/contract"
)

// repository is the root of muster's, from the folder of this package.
const repository = "../../.."

// Sources are all configurations that are exported in tests, by name: those of the
// contract of routes, of the exporters' own tests, and the example. root leads to the
// repository.
func Sources(t testing.TB, root string) map[string]export.Source {
	t.Helper()
	all := map[string]export.Source{}
	for _, c := range contract.Cases {
		file := filepath.Join(t.TempDir(), "dev-config.yaml")
		if err := os.WriteFile(file, []byte(Filled(c)), 0o600); err != nil {
			t.Fatal(err)
		}
		all["contract: "+c.Name] = source(t, file)
	}
	everything := filepath.Join(root, "internal", "export", "testdata", "everything", "dev-config.yaml")
	all["everything"] = source(t, everything)
	debug := source(t, everything)
	debug.Profiles = []string{"debug"}
	all["everything, with its profile"] = debug
	all["names"] = source(t, filepath.Join(root, "internal", "export", "testdata", "names", "dev-config.yaml"))
	all["example"] = source(t, filepath.Join(root, "dev-config.yaml"))
	return all
}

// Filled is the configuration of a case with ports.
func Filled(c contract.Case) string {
	replace := []string{"PORT", "8000"}
	for i, name := range c.Servers {
		replace = append(replace, "<"+name+">", fmt.Sprint(8001+i))
	}
	return strings.NewReplacer(replace...).Replace(c.Config)
}

func source(t testing.TB, file string) export.Source {
	t.Helper()
	c, keys, err := config.Source(file)
	if err != nil {
		t.Fatal(err)
	}
	return export.Source{Name: file, Config: c, Keys: keys}
}

// Manifests are the files of an export to Kubernetes.
func Manifests(t testing.TB, s export.Source) []export.File {
	t.Helper()
	files, _, err := export.Kubernetes(s, export.Options{Images: "registry.example/test"})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
