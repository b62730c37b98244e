package workspace

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/fuzztest"
)

// FuzzNode tries that whatever lies above a folder, its packages are those of one of the
// managers, which installs in a folder above or in it.
func FuzzNode(f *testing.F) {
	f.Add(`{"packageManager":"pnpm@9.1.0+sha512.x","workspaces":["apps/*","!apps/a"]}`, "packages: [apps/**, '!**/b']")
	f.Add(`{"devEngines":{"packageManager":{"name":"yarn"}},"workspaces":{"packages":["["]}}`, "packages: x")
	f.Add(`{"packageManager":"npm@\u001b[31m"}`, "a: &a [*a]")
	f.Add(`{"workspaces":["`+strings.Repeat("**/", 40)+`x"]}`, "")
	f.Fuzz(func(t *testing.T, manifest, pnpm string) {
		fuzztest.Bound(t)
		root := t.TempDir()
		dir := filepath.Join(root, strings.Repeat("apps/a/", 12))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"package.json": manifest, pnpmWorkspace: pnpm} {
			if text == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		n := OfNode(dir, root)
		if !slices.Contains([]string{NPM, PNPM, Yarn, Bun}, n.Manager) || n.Root != root && n.Root != dir || n.Lock != "" {
			t.Errorf("%+v", n)
		}
		fuzztest.Shown(t, n.Version)
	})
}
