package scaffold_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/config"
	"muster/internal/scaffold"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestRepositories drafts the configuration of every repository in testdata, on a
// machine that has none of the programs of images. What each one is to become stands
// beside it, and loads.
func TestRepositories(t *testing.T) {
	t.Setenv("PATH", filepath.Join(t.TempDir(), "nothing"))
	scaffold.WithoutDebian()
	repos, err := filepath.Glob("testdata/repos/*")
	if err != nil || len(repos) == 0 {
		t.Fatal(repos, err)
	}
	for _, repo := range repos {
		t.Run(filepath.Base(repo), func(t *testing.T) {
			dir := copied(t, repo)
			draft, err := scaffold.Read(dir, "")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "golden", filepath.Base(repo)+".yaml")
			if *update {
				if err := os.WriteFile(golden, draft.YAML, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || !bytes.Equal(want, draft.YAML) {
				t.Errorf("%v: not as in %s:\n%s", err, golden, draft.YAML)
			}
			if strings.Contains(string(draft.YAML), "s3cret") {
				t.Error("a secret of .env is in it")
			}
			loads(t, dir, draft)
		})
	}
}

// copied is a repository in a folder of its own, with the names that may not be
// in this one.
func copied(t *testing.T, repo string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "repo")
	if err := os.CopyFS(dir, os.DirFS(repo)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "dotenv"), filepath.Join(dir, ".env")); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return dir
}

// loads checks that a draft is a configuration without a mistake.
func loads(t *testing.T, dir string, draft *scaffold.Draft) *config.Config {
	t.Helper()
	file := filepath.Join(dir, "dev-config.yaml")
	if err := os.WriteFile(file, draft.YAML, 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, draft.YAML)
	}
	return cfg
}
