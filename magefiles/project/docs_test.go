package project

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReliabilityNamesWhatThereIs keeps the tests that docs/reliability.md names.
func TestReliabilityNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	const root = "../.."
	var tests strings.Builder
	for _, dir := range []string{"internal", "magefiles"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := os.ReadFile(path)
			tests.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	doc, err := os.ReadFile(filepath.Join(root, "docs/reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], " ---") || cells[3] == " test " {
			continue
		}
		names := regexp.MustCompile(`Test\w+|[\w-]+\.txtar`).FindAllString(cells[3], -1)
		if len(names) == 0 {
			t.Errorf("no test holds: %s", line)
		}
		for _, name := range names {
			found := strings.Contains(tests.String(), "func "+name+"(")
			if strings.HasSuffix(name, ".txtar") {
				_, err := os.Stat(filepath.Join(root, "magefiles/targets/testdata/script", name))
				found = err == nil
			}
			if !found {
				t.Errorf("there is no test %s", name)
			}
		}
	}
}
