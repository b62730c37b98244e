package export_test

import (
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/export"
)

// TestNoTwoObjectsShareAName has processes and files that are called like what is
// written besides, or like each other.
func TestNoTwoObjectsShareAName(t *testing.T) {
	const file = "testdata/names/dev-config.yaml"
	c, keys, err := config.Source(file)
	if err != nil {
		t.Fatal(err)
	}
	files, _, err := export.Kubernetes(export.Source{Name: file, Config: c, Keys: keys}, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, f := range files {
		if other, twice := seen[f.Name]; twice {
			t.Errorf("%s is written twice:\n%s\n%s", f.Name, other, f.Data)
		}
		seen[f.Name] = string(f.Data)
	}
	if len(seen) < 30 {
		t.Errorf("only %d files", len(seen))
	}
	// One Secret a file, none of which is that of the shell's variables.
	gateway, nowhere := seen["deployment-gateway.yaml"], seen["deployment-nowhere.yaml"]
	if !strings.Contains(gateway, "name: a-env\n") || strings.Contains(nowhere, "name: a-env\n") || strings.Count(nowhere, "name: environment\n") != 1 {
		t.Errorf("gateway is\n%s\nnowhere is\n%s", gateway, nowhere)
	}
}
