package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAHealthCommandTellsByItsEnd(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	p := *pr.add("db-0")
	for _, tt := range []struct {
		script, reason string
		verdict        verdict
		limit          time.Duration
	}{
		{"echo ready; yes | head -c 1000000", "", verdictHealthy, time.Minute},
		{"echo not yet; exit 3", "sh: exit code 3: not yet", verdictSick, time.Minute},
		{"kill -9 $$", "sh: killed by SIGKILL", verdictSick, time.Minute},
		{"sleep 3600 & wait", "no answer within 50ms", verdictHung, 50 * time.Millisecond},
		{"sleep 3600 &", "", verdictHealthy, time.Minute},
		{"sleep 3600 & echo down; false", "sh: exit code 1: down", verdictSick, time.Minute},
	} {
		p.Health.Path, p.Health.Command = "", []string{"sh", "-c", tt.script}
		r := check(t.Context(), pr.local, p, tt.limit)
		if r.verdict != tt.verdict || r.reason != tt.reason {
			t.Errorf("%s: %+v", tt.script, r)
		}
	}
	eventually(t, "nothing of a command is left", func() bool { return len(pr.marked()) == 0 })
	if _, err := os.Stat(pr.local.Log("db-0")); err == nil {
		t.Errorf("what it says is in the server's log: %q", pr.log("db-0"))
	}
	p.Health.Command = []string{"./missing"}
	if r := check(t.Context(), pr.local, p, time.Minute); r.verdict != verdictSick || !strings.Contains(r.reason, filepath.Join(p.Dir, "missing")) {
		t.Errorf("a missing program: %+v", r)
	}
}

func TestAProcessIsAsHealthyAsItsCommandSays(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	well := filepath.Join(t.TempDir(), "well")
	write(t, well, "")
	p := pr.add("db-0")
	p.Health.Path, p.Health.Command = "", []string{"test", "-e", well}
	pr.start(StartOptions{})
	before := pr.process("db-0")
	os.Remove(well)
	eventually(t, "db-0 is unhealthy", func() bool {
		now := pr.process("db-0")
		return now.State == Unhealthy && now.Detail == "test: exit code 1"
	})
	write(t, well, "")
	eventually(t, "db-0 is healthy again", func() bool { return pr.process("db-0").State == Healthy })
	if now := pr.process("db-0"); now.PID != before.PID {
		t.Errorf("it was restarted: %+v", now)
	}
}
