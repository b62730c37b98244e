package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMutationsAreOfLinesThatThereAre keeps the list of check:mutations, which runs
// too long for every day.
func TestMutationsAreOfLinesThatThereAre(t *testing.T) {
	t.Parallel()
	const root = "../.."
	list, err := readMutations(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 30 {
		t.Errorf("%d mutations are fewer than there were", len(list))
	}
	for _, m := range list {
		if _, err := m.apply(root); err != nil {
			t.Error(err)
		}
		if m.old == m.new {
			t.Errorf("%s: nothing is changed", m.what)
		}
		test, script, _ := strings.Cut(m.run, "/")
		found := false
		files, err := filepath.Glob(filepath.Join(root, m.pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			found = found || err == nil && strings.Contains(string(text), "func "+test+"(")
		}
		if test == "TestScripts" {
			_, err := os.Stat(filepath.Join(root, m.pkg, "testdata", "script", script+".txtar"))
			found = found && err == nil
		}
		if !found {
			t.Errorf("%s: there is no test %s in %s", m.what, m.run, m.pkg)
		}
	}
}

func TestAMutationIsCaughtByTheInnermostTest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ what, out, test, said string }{
		{"a test fails", `{"Action":"output","Package":"a","Test":"TestA/b","Output":"it is wrong\n"}
{"Action":"fail","Package":"a","Test":"TestA/b"}
{"Action":"fail","Package":"a","Test":"TestA"}
{"Action":"fail","Package":"a"}`, "TestA/b", ""},
		{"a test hangs", `{"Action":"run","Package":"a","Test":"TestA"}
{"Action":"output","Package":"a","Test":"TestA","Output":"panic: test timed out after 2m0s\n"}
{"Action":"fail","Package":"a"}`, "TestA", ""},
		{"it does not compile", `go: warning
{"ImportPath":"a","Action":"build-output","Output":"a.go:1:2: no\n"}
{"Action":"fail","Package":"a","FailedBuild":"a"}`, "", "go: warning\na.go:1:2: no\n"},
		{"all pass", `{"Action":"pass","Package":"a","Test":"TestA"}
{"Action":"pass","Package":"a"}`, "", ""},
	} {
		if failed, said := readFailure([]byte(test.out)); failed != test.test || said != test.said {
			t.Errorf("%s: got %q, %q", test.what, failed, said)
		}
	}
}
