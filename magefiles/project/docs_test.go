package project

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWhatIsPromisedNamesItsTests keeps the tests that docs/reliability.md and
// docs/security.md name, and those of docs/compare.md.
func TestWhatIsPromisedNamesItsTests(t *testing.T) {
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
	known := func(name string) {
		t.Helper()
		found := strings.Contains(tests.String(), "func "+name+"(")
		if strings.HasSuffix(name, ".txtar") {
			_, err := os.Stat(filepath.Join(root, "magefiles/targets/testdata/script", name))
			found = err == nil
		}
		if !found {
			t.Errorf("there is no test %s", name)
		}
	}
	named := regexp.MustCompile(`(?:Test|Fuzz)\w+|[\w-]+\.txtar`)
	var doc string
	for _, name := range []string{"reliability.md", "security.md"} {
		text, err := os.ReadFile(filepath.Join(root, "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		doc += string(text)
	}
	for line := range strings.Lines(doc) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], " ---") || cells[3] == " test " {
			continue
		}
		names := named.FindAllString(cells[3], -1)
		if len(names) == 0 && !strings.Contains(cells[3], "check:") {
			t.Errorf("no test holds: %s", line)
		}
		for _, name := range names {
			known(name)
		}
	}
	compared, err := os.ReadFile(filepath.Join(root, "docs/compare.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(compared), "| made for |")
	for _, name := range named.FindAllString(table, -1) {
		known(name)
	}
}
