package targets_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheDocumentsNameTargetsAndOptionsThatAre(t *testing.T) {
	t.Parallel()
	repo := os.Getenv(repoVar)
	files, err := filepath.Glob(filepath.Join(repo, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "example/backend/README.md", "example/frontend/README.md"} {
		files = append(files, filepath.Join(repo, name))
	}
	list := muster(t, "-l")
	var namespaces []string
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+):`).FindAllStringSubmatch(list, -1) {
		namespaces = append(namespaces, m[1])
	}
	mention := regexp.MustCompile("\\b([a-z]+):([a-z][a-zA-Z]+)((?: -[a-z]+(?:=[^\\s`]+)?)*)")
	help := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mention.FindAllStringSubmatch(string(text), -1) {
			target := m[1] + ":" + m[2]
			if !slices.Contains(namespaces, m[1]) {
				continue // some other word with a colon
			}
			if !strings.Contains(list, "  "+target+" ") {
				t.Errorf("%s names %s, which is not there", filepath.Base(file), target)
				continue
			}
			for flag := range strings.FieldsSeq(m[3]) {
				flag, _, _ = strings.Cut(flag, "=")
				if help[target] == "" {
					help[target] = muster(t, "-h", target)
				}
				if !strings.Contains(help[target], flag) {
					t.Errorf("%s names %s %s, which is not there", filepath.Base(file), target, flag)
				}
			}
		}
	}
}
