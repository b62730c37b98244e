package clients

import "testing"

func TestUnifiedDiff(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"a line changes", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
		{"a new file", "", "1\n2\n", "@@ -0,0 +1,2 @@\n+1\n+2\n"},
		{"a file is gone", "1\n", "", "@@ -1,1 +0,0 @@\n-1\n"},
		{"two places far apart", "a\n1\n2\n3\n4\n5\n6\n7\n8\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\n8\nB\n", "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -7,4 +7,4 @@\n 6\n 7\n 8\n-b\n+B\n"},
		{"lines are put in between", "a\nb\nc\n", "a\nx\nb\ny\nc\n", "@@ -1,3 +1,5 @@\n a\n+x\n b\n+y\n c\n"},
		{"the same", "a\n", "a\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := unified(splitLines([]byte(c.a)), splitLines([]byte(c.b))); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}
