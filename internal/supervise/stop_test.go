package supervise

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAStopEndsAProcessThatIsJustBeingRestarted(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	hang := filepath.Join(t.TempDir(), "hang")
	p := pr.add("hung-0", "-hang", hang, "-deaf")
	p.Health.Timeout, p.StopTimeout = 50*time.Millisecond, time.Hour
	pr.start(StartOptions{})
	if err := os.WriteFile(hang, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "hung-0 is to be restarted", func() bool { return pr.process("hung-0").State == Stopping })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := pr.client().Stop(ctx, nil, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestDeadlinesDoNotReadTheWallClock(t *testing.T) {
	t.Parallel()
	c := &child{born: time.Now()}
	if time.Now().Before(c.killAt()) {
		t.Error("what a process leaves that ended unasked is not killed at once")
	}
	deadline := time.Now().Add(time.Minute)
	c.setKillAt(deadline)
	const monotonic = " m=" // time.Time.String shows that it has a monotonic reading
	if got := c.killAt(); !got.Equal(deadline) || !strings.Contains(got.String(), monotonic) {
		t.Errorf("deadline %s became %s", deadline, got)
	}
}
