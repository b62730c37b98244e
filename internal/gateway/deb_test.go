package gateway

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// packDeb builds NAME_1_all.deb in dir.
func packDeb(t *testing.T, dir, name, depends string, files map[string][]byte) {
	t.Helper()
	root := filepath.Join(t.TempDir(), name)
	control := fmt.Sprintf("Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDepends: %s\nDescription: test\n", name, depends)
	write := func(path string, data []byte) {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("DEBIAN/control", []byte(control))
	for path, data := range files {
		write(path, data)
	}
	if out, err := exec.Command("dpkg-deb", "-Znone", "-b", root, filepath.Join(dir, name+"_1_all.deb")).CombinedOutput(); err != nil {
		t.Fatalf("these tests need dpkg-deb: %v\n%s", err, out)
	}
}
