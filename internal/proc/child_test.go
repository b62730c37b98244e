package proc

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDeadlinesDoNotReadTheWallClock(t *testing.T) {
	t.Parallel()
	c := &Child{since: time.Now()}
	deadline := time.Now().Add(time.Minute)
	c.SetDeadline(deadline)
	const monotonic = " m=" // time.Time.String shows that it has a monotonic reading
	if got := c.Deadline(); !got.Equal(deadline) || !strings.Contains(got.String(), monotonic) {
		t.Errorf("deadline %s became %s", deadline, got)
	}
}

func TestACommandLeavesItsOwnChildrenToWhoStartedThem(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has ended", func() bool {
		_, err := Identify(cmd.Process.Pid)
		return err != nil
	})
	reapInherited() // as a stop that acts for the supervisor does
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// eventually polls until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 40 s: %s", what)
		}
	}
}

func TestAVariableThatCannotBeHandedOverIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := Spawn(Command{Exe: "/bin/true", Args: []string{"true"}, Dir: dir, Env: []string{"TOKEN=a\x00b"},
		Log: filepath.Join(dir, "log"), Socket: NoSocket})
	if err == nil || !strings.Contains(err.Error(), `"TOKEN" holds a NUL byte`) {
		t.Errorf("got %v", err)
	}
}
