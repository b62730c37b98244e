package supervise

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/internal/plan"
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
		r := check(t.Context(), pr.local, nil, &p, tt.limit)
		if r.verdict != tt.verdict || r.reason != tt.reason {
			t.Errorf("%s: %+v", tt.script, r)
		}
	}
	eventually(t, "nothing of a command is left", func() bool { return len(pr.marked()) == 0 })
	if _, err := os.Stat(pr.local.Log("db-0")); err == nil {
		t.Errorf("what it says is in the server's log: %q", pr.log("db-0"))
	}
	p.Health.Command = []string{"./missing"}
	if r := check(t.Context(), pr.local, nil, &p, time.Minute); r.verdict != verdictSick || !strings.Contains(r.reason, filepath.Join(p.Dir, "missing")) {
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

func TestAHealthCheckReadsNoAnswerWithoutEnd(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sent := make(chan int, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		n := 0
		for chunk := bytes.Repeat([]byte("x"), 1<<16); err == nil; {
			var m int
			m, err = conn.Write(chunk)
			n += m
		}
		sent <- n
	}()
	p := plan.Process{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Health: plan.Health{Path: "/"}}
	r := check(t.Context(), "", nil, &p, time.Minute)
	if r.verdict != verdictSick || !strings.Contains(r.reason, "not an HTTP answer") {
		t.Errorf("verdict: %+v", r)
	}
	if n := <-sent; n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestAHealthCommandIsNotRunAllTheTime(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	runs := filepath.Join(t.TempDir(), "runs")
	p := pr.add("db-0")
	p.Health.Path, p.Health.Command = "", []string{"sh", "-c", "echo >>" + runs + "; false"}
	p.Health.StartPeriod = 3 * time.Second
	if _, err := pr.client().Start(t.Context(), pr.plan, StartOptions{}); err == nil || !strings.Contains(err.Error(), "not healthy within 3s: sh: exit code 1") {
		t.Errorf("start: %v", err)
	}
	if b, _ := os.ReadFile(runs); len(b) == 0 || len(b) > 15 { // four a second
		t.Errorf("in three seconds it ran %d times", len(b))
	}
}

// docker compose up has its port held by a process that a daemon starts.
func TestAWorkersPortMayBeHeldByWhatAnotherHasStartedForIt(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	db := pr.add("db-0", "-delay", "1h") // it does not listen itself
	db.Kind, db.Health.Path, db.Health.TCP = plan.Worker, "", true
	done := make(chan error, 1)
	go func() {
		_, err := pr.client().Start(t.Context(), pr.plan, StartOptions{})
		done <- err
	}()
	eventually(t, "db-0 runs", func() bool {
		said, _ := os.ReadFile(pr.local.Log("db-0"))
		return len(said) > 0
	})
	daemon := exec.Command(db.Exe, "server", "-port", strconv.Itoa(db.Port))
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		daemon.Process.Kill()
		daemon.Wait()
	})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Fatal(err)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if err := daemon.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("what was started elsewhere was ended: %v", err)
	}
}

func TestALateStartSaysWhatIsWrongAndNotThatTheTimeIsOver(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("late-0", "-delay", "1h").Health.StartPeriod = time.Nanosecond
	_, err := pr.client().Start(t.Context(), pr.plan, StartOptions{})
	if err == nil || !strings.Contains(err.Error(), "nobody listens on") {
		t.Errorf("%v", err)
	}
}
