package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/internal/plan"
	"muster/internal/proc"
)

// killSupervisor is the end that nobody can prepare for.
func (pr *project) killSupervisor() {
	pr.t.Helper()
	pid := pr.status().Supervisor.PID
	kill(pr.t, pid, syscall.SIGKILL)
	eventually(pr.t, "the supervisor is gone", func() bool {
		_, err := proc.Identify(pid)
		return err != nil
	})
}

func TestAKilledSupervisorLosesNothing(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("writer-0", "-lines", "500")
	pr.addListening("core-0")
	pr.start(StartOptions{})
	before := pr.status()
	for range 3 {
		pr.killSupervisor()
		st := pr.status()
		if st.Supervisor.Alive || !st.Running || !st.Healthy() {
			t.Fatalf("status without a supervisor: %+v", st)
		}
		pr.start(StartOptions{})
		for i, p := range pr.status().Processes {
			if p.PID != before.Processes[i].PID || !p.Adopted || p.State != Healthy || p.Restarts != 0 {
				t.Errorf("after the adoption: %+v, before: %+v", p, before.Processes[i])
			}
		}
	}
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Fatal(err)
	}
	unified, err := os.ReadFile(pr.local.Unified())
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Count(pr.log("writer-0"), "line ")
	if got := strings.Count(string(unified), "writer-0          >> line "); got != want || want == 0 {
		t.Errorf("the unified log has %d of %d lines", got, want)
	}
	for n := range want {
		if c := strings.Count(string(unified), fmt.Sprintf("line %08d\n", n)); c != 1 {
			t.Fatalf("line %d is there %d times", n, c)
		}
	}
}

func TestAStartAfterTheSupervisorsDeathRestartsOnlyTheDead(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("alive-0")
	pr.add("dead-0")
	pr.start(StartOptions{})
	alive, dead := pr.process("alive-0").PID, pr.process("dead-0").PID
	pr.killSupervisor()
	kill(t, dead, syscall.SIGKILL)
	eventually(t, "dead-0 is seen as dead", func() bool { return pr.process("dead-0").State == Failed })
	pr.start(StartOptions{})
	if p := pr.process("alive-0"); p.PID != alive || p.State != Healthy {
		t.Errorf("alive-0: %+v", p)
	}
	if p := pr.process("dead-0"); p.PID == dead || p.State != Healthy {
		t.Errorf("dead-0: %+v", p)
	}
}

func TestAStopWorksWithoutASupervisor(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("broker-0", "-fork", "session")
	pr.add("core-0")
	pr.start(StartOptions{})
	pr.killSupervisor()
	if err := pr.client().Stop(t.Context(), nil, 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
	if st := pr.status(); st.Running {
		t.Errorf("status: %+v", st)
	}
}

func TestAProcessThatWasNeverWrittenDownIsEnded(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("broker-0")
	pr.start(StartOptions{})
	pr.killSupervisor()
	// As if the supervisor had died before state.json told of the process.
	st, err := loadState(pr.local)
	if err != nil {
		t.Fatal(err)
	}
	old := st.Processes[0].ID
	st.Processes[0].ID = proc.Identity{}
	if err := st.save(pr.local); err != nil {
		t.Fatal(err)
	}
	pr.start(StartOptions{})
	if old.Alive() {
		t.Error("the forgotten process still runs")
	}
	if p := pr.process("broker-0"); p.State != Healthy || p.PID == old.PID {
		t.Errorf("broker-0: %+v", p)
	}
}

func TestStateThatNamesSomebodyElsesProcessIsNotBelieved(t *testing.T) {
	t.Parallel()
	mine, err := proc.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]proc.Identity{
		"a reused pid":    {PID: mine.PID, Start: mine.Start + 1, Boot: mine.Boot},
		"an earlier boot": {PID: mine.PID, Start: mine.Start, Boot: "another"},
	} {
		t.Run(name, func(t *testing.T) {
			pr := newProject(t)
			p := pr.add("broker-0")
			if err := pr.local.Make(); err != nil {
				t.Fatal(err)
			}
			st := savedState{Supervisor: mine, Processes: []savedProcess{{Process: *p, ID: id}}}
			if err := st.save(pr.local); err != nil {
				t.Fatal(err)
			}
			// A stop that believed it would end this very test.
			if st := pr.status(); st.Running {
				os.Remove(pr.local.State())
				t.Fatalf("status: %+v", st)
			}
			if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil && !errors.Is(err, ErrNothingRuns) {
				t.Error(err)
			}
		})
	}
}

func TestNothingOfAnEarlierBootIsShown(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	p := pr.add("broker-0")
	if err := pr.local.Make(); err != nil {
		t.Fatal(err)
	}
	gone := proc.Identity{PID: os.Getpid(), Start: 1, Boot: "another"}
	st := savedState{Supervisor: gone, Processes: []savedProcess{{Process: *p, ID: gone, State: Healthy, Wanted: true}}}
	if err := st.save(pr.local); err != nil {
		t.Fatal(err)
	}
	if st := pr.status(); st.Running || len(st.Processes) > 0 {
		t.Errorf("status: %+v", st)
	}
}

func TestACrashedProcessIsRestartedAtOnce(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("broker-0")
	pr.start(StartOptions{})
	before := pr.process("broker-0")
	kill(t, before.PID, syscall.SIGKILL)
	eventually(t, "broker-0 is healthy again", func() bool {
		p := pr.process("broker-0")
		return p.State == Healthy && p.PID != before.PID && p.Restarts == 1
	})
}

func TestAStopWithoutASupervisorStartsNothing(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("deaf-0", "-deaf")
	pr.add("broker-0")
	pr.start(StartOptions{})
	broker, supervisor := pr.process("broker-0"), pr.status().Supervisor.PID
	kill(t, supervisor, syscall.SIGKILL)
	eventually(t, "the supervisor is gone", func() bool { return !pr.status().Supervisor.Alive })
	stopped := make(chan error, 1)
	go func() { stopped <- pr.client().Stop(t.Context(), []string{"deaf-0"}, 300*time.Millisecond) }()
	eventually(t, "the stop has begun", func() bool {
		text, _ := os.ReadFile(pr.local.Log(supervisorName))
		return strings.Contains(string(text), "deaf-0 stopping")
	})
	kill(t, broker.PID, syscall.SIGKILL)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
	pr.start(StartOptions{})
	if p := pr.process("broker-0"); p.State != Healthy || p.PID == broker.PID {
		t.Errorf("after the next start: %+v", p)
	}
}

func TestACrashLoopIsShownWithItsReason(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("bad-0", "-die", "1ms", "-delay", "1h")
	pr.start(StartOptions{NoWait: true})
	eventually(t, "bad-0 waits between restarts", func() bool {
		p := pr.process("bad-0")
		return p.State == Backoff && p.Restarts >= 3 && p.Detail == "exit code 3"
	})
}

func TestRestartPoliciesAreKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		policy plan.Restart
		signal syscall.Signal
		state  State
	}{
		{plan.RestartNever, syscall.SIGKILL, Failed},
		{plan.RestartOnFailure, syscall.SIGKILL, Healthy},
		{plan.RestartOnFailure, syscall.SIGTERM, Stopped}, // the server exits with 0
		{plan.RestartAlways, syscall.SIGTERM, Healthy},
	} {
		t.Run(string(tt.policy)+" "+tt.signal.String(), func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.add("broker-0").Restart = tt.policy
			pr.add("core-0") // keeps the supervisor busy
			pr.start(StartOptions{})
			pid := pr.process("broker-0").PID
			kill(t, pid, tt.signal)
			eventually(t, string(tt.state), func() bool {
				p := pr.process("broker-0")
				return p.State == tt.state && p.PID != pid
			})
		})
	}
}

func TestAnAdoptedProcessThatEndsIsNotTakenForSuccessful(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("broker-0").Restart = plan.RestartOnFailure
	pr.add("core-0") // keeps the supervisor busy
	pr.start(StartOptions{})
	pr.killSupervisor()
	pr.start(StartOptions{})
	before := pr.process("broker-0")
	if !before.Adopted {
		t.Fatalf("broker-0: %+v", before)
	}
	kill(t, before.PID, syscall.SIGKILL)
	eventually(t, "broker-0 is restarted", func() bool {
		p := pr.process("broker-0")
		return p.State == Healthy && p.PID != before.PID
	})
}

func TestAHungProcessIsReportedOrRestartedAndASlowOneNeither(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	hang := filepath.Join(t.TempDir(), "hang")
	pr.add("paused-0", "-hang", hang).Health.Timeout = 100 * time.Millisecond
	hung0 := pr.add("hung-0", "-hang", hang)
	hung0.Health.Timeout, hung0.Health.OnFailure = 100*time.Millisecond, plan.OnFailureRestart
	slow0 := pr.add("slow-0", "-slow", "150ms")
	slow0.Health.Timeout, slow0.Health.Retries = 100*time.Millisecond, 100 // hung after 10 s: the machine may be busy
	pr.start(StartOptions{})
	paused, hung, slow := pr.process("paused-0").PID, pr.process("hung-0").PID, pr.process("slow-0").PID
	if err := os.WriteFile(hang, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "hung-0 is ended", func() bool { return pr.process("hung-0").PID != hung })
	eventually(t, "paused-0 is reported", func() bool { return pr.process("paused-0").State == Unhealthy })
	if p := pr.process("paused-0"); p.PID != paused || p.Detail != "no answer within 200ms" {
		t.Errorf("paused-0: %+v", p)
	}
	os.Remove(hang)
	eventually(t, "paused-0 is healthy again", func() bool { return pr.process("paused-0").State == Healthy })
	if p := pr.process("paused-0"); p.PID != paused || p.Restarts != 0 {
		t.Errorf("paused-0 was restarted: %+v", p)
	}
	eventually(t, "hung-0 is healthy again", func() bool { return pr.process("hung-0").State == Healthy })
	eventually(t, "slow-0 is called slow", func() bool { return strings.HasPrefix(pr.process("slow-0").Detail, "slow") })
	if p := pr.process("slow-0"); p.PID != slow || p.State != Healthy {
		t.Errorf("slow-0: %+v", p)
	}
}

func TestARestartRefusesNoConnection(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	p := pr.addListening("broker-0", "-drain", "-delay", "50ms")
	pr.start(StartOptions{})
	var mu sync.Mutex
	answers := map[string]int{} // by the pid that gave them
	var asking sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	asking.Go(func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
		for ctx.Err() == nil {
			r, err := client.Get(p.URL + "/health")
			if err != nil {
				t.Error(err)
				return
			}
			pid, err := io.ReadAll(r.Body)
			r.Body.Close()
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			answers[string(pid)]++
			mu.Unlock()
		}
	})
	defer asking.Wait()
	defer stop()
	seen := map[int]bool{}
	answered := func() {
		t.Helper()
		pid := pr.process("broker-0").PID
		eventually(t, "the server answers", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return answers[strconv.Itoa(pid)] >= 20 || t.Failed()
		})
		if seen[pid] {
			t.Errorf("pid %d was not restarted", pid)
		}
		seen[pid] = true
	}
	restart := func() {
		t.Helper()
		if err := pr.client().Restart(t.Context(), nil, 20*time.Second); err != nil {
			t.Fatal(err)
		}
		answered()
	}
	answered()
	restart()
	restart()
	pr.killSupervisor() // the socket must come over to the next one too
	pr.start(StartOptions{})
	restart()
}
