package targets_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"muster/internal/config"
)

// The files of README and of the tutorial load as they stand, with folders where they
// name some.
func TestTheFilesOfTheDocumentsLoad(t *testing.T) {
	t.Setenv("DB_PORT", "5433")
	repo := os.Getenv(repoVar)
	block := regexp.MustCompile("(?s)```yaml[^\n]*\n(.*?)```")
	for _, name := range []string{"README.md", "docs/tutorial.md", "docs/checkouts.md"} {
		text, err := os.ReadFile(filepath.Join(repo, name))
		if err != nil {
			t.Fatal(err)
		}
		blocks := block.FindAllStringSubmatch(string(text), -1)
		for _, b := range blocks {
			if !strings.Contains(b[1], "servers:") {
				continue // of a part of a file
			}
			dir := t.TempDir()
			for _, folder := range []string{"web", "api", "admin", "page", "example/backend"} {
				if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for file, data := range map[string]string{".env": "DB_PORT=5433\n", "dev-config.yaml": b[1]} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := config.Load(filepath.Join(dir, "dev-config.yaml")); err != nil {
				t.Errorf("%s: %v\n%s", name, err, b[1])
			}
		}
		if len(blocks) == 0 {
			t.Errorf("%s has no file", name)
		}
	}
}
