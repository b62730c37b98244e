package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAFileIsOwnUntilSomebodyElseChangesIt(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "sub", "a.py")
	var own Own
	is := func(want bool, what string) {
		t.Helper()
		if own.has(file) != want {
			t.Errorf("%s: own is %v", what, !want)
		}
	}
	is(false, "a file that nobody wrote")
	for i, want := range []bool{true, false} {
		if wrote, err := own.Write(file, []byte("1")); err != nil || wrote != want {
			t.Fatalf("write %d: %v (%v)", i, wrote, err)
		}
	}
	is(true, "a file that was written")
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o644 {
		t.Errorf("its mode is %v (%v)", st.Mode(), err)
	}
	write(t, file, "2")
	is(false, "a file that was written over")
	if err := own.Remove(file); err != nil {
		t.Fatal(err)
	}
	is(true, "a file that was removed")
	if _, err := os.Stat(filepath.Dir(file)); err == nil {
		t.Error("the empty folder stayed")
	}
	write(t, file, "3")
	is(false, "a file that came back")
}

func TestAWriteThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a.py")
	if err := os.MkdirAll(filepath.Join(file, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if wrote, err := new(Own).Write(file, []byte("1")); err == nil || wrote {
		t.Error("a folder was written over")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("there are %v (%v)", entries, err)
	}
}

func TestALoopIsARunForWhatTheRunBeforeDid(t *testing.T) {
	t.Parallel()
	began := time.Now()
	file := filepath.Join(t.TempDir(), "a.py")
	write(t, file, "1")
	for name, c := range map[string]struct {
		changed, told time.Duration // after the end of the run before
		loops         bool
	}{
		"changed by the run":               {-time.Millisecond, 0, true},
		"changed just after the run":       {quiet, quiet, true},
		"changed by the run and told late": {-time.Millisecond, delivery, true},
		"saved again later":                {quiet + time.Millisecond, delivery, false},
		"saved where the clock is behind":  {-time.Hour, delivery + time.Millisecond, false},
		"saved where the clock is ahead":   {time.Hour, quiet, true},
	} {
		var e echoes
		ended, loops := began, false
		for range 3 * loop {
			at := ended.Add(c.changed)
			if err := os.Chtimes(file, at, at); err != nil {
				t.Fatal(err)
			}
			loops = e.run([]string{file}, ended.Add(c.told)) || loops
			ended = ended.Add(time.Minute)
			e.ended = ended
		}
		if loops != c.loops {
			t.Errorf("%s: a loop is %v", name, loops)
		}
	}
}
