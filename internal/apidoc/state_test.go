package apidoc

import (
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/apitest"
)

func TestDiffStates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(filepath.Join(dir, "specs"), "a", "openapi.json")
	write(t, file, apitest.API)
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "x"}} {
		apitest.Run(t, dir, "git", args...)
	}
	write(t, file, strings.Replace(apitest.API, `"post":`, `"x-post":`, 1))
	write(t, filepath.Join(filepath.Join(dir, "specs"), "b", "openapi.json"), apitest.API)
	old := filepath.Join(t.TempDir(), "old")
	write(t, filepath.Join(old, "a", "openapi.json"), apitest.API)
	for _, from := range []string{"HEAD", old} {
		got, err := DiffStates(t.Context(), filepath.Join(dir, "specs"), from, "")
		if err != nil || len(got) != 3 || got[0].Module != "a" || got[0].Verb != Removed || !got[0].Breaking || got[1].Verb != Added || got[1].Module != "b" {
			t.Errorf("%s: %v, %v", from, got, err)
		}
	}
	if got, err := DiffStates(t.Context(), filepath.Join(dir, "specs"), filepath.Join(old, "a", "openapi.json"), file); err != nil || len(got) != 1 {
		t.Errorf("two files: %v, %v", got, err)
	}
	for _, bad := range []string{"no-such-revision", "--output=x"} {
		if _, err := DiffStates(t.Context(), filepath.Join(dir, "specs"), bad, ""); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
