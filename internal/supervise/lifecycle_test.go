package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/plan"
)

func TestStartRunsEverythingAndStopLeavesNothing(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("broker-0", "-delay", "30ms")
	pr.addListening("core-0", "-delay", "30ms")
	pr.start(StartOptions{})

	st := pr.status()
	if !st.Running || !st.Healthy() || !st.Supervisor.Alive || len(st.Processes) != 2 {
		t.Fatalf("status after start: %+v", st)
	}
	for _, p := range st.Processes {
		if p.PID == 0 || p.RSSBytes == 0 || p.UptimeSeconds <= 0 {
			t.Errorf("%s: %+v", p.Name, p)
		}
		b, err := os.ReadFile(pr.local.Pid(p.Name))
		if err != nil || strings.TrimSpace(string(b)) != strconv.Itoa(p.PID) {
			t.Errorf("pid file of %s: %q, %v; pid is %d", p.Name, b, err, p.PID)
		}
	}
	if already := pr.start(StartOptions{}); !already {
		t.Error("a second start does not say that all runs")
	}
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Fatal(err)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if pr.status().Running {
		t.Error("status says that something runs")
	}
	for _, dir := range []string{pr.local.Pids(), pr.local.Run()} {
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			if f.Name() != "lock" && f.Name() != filepath.Base(pr.local.Checkpoint()) {
				t.Errorf("left on disk: %s", filepath.Join(dir, f.Name()))
			}
		}
	}
	for _, p := range pr.plan.Processes {
		if err := checkPort(p); err != nil {
			t.Error(err)
		}
	}
	if err := pr.client().Stop(t.Context(), nil, time.Second); !errors.Is(err, ErrNothingRuns) {
		t.Errorf("a second stop: %v", err)
	}
	unified, _ := os.ReadFile(pr.local.Unified())
	for _, want := range []string{"broker-0          >> hello from broker-0\n", "core-0            >> bye from core-0"} {
		if strings.Count(string(unified), want) != 1 {
			t.Errorf("unified log has %q not once:\n%s", want, unified)
		}
	}
}

func TestAServerThatDiesFailsTheStartAtOnce(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("good-0")
	pr.add("bad-0", "-die", "1ms", "-delay", "1h")
	began := time.Now()
	_, err := pr.client().Start(t.Context(), pr.plan, StartOptions{})
	var failed *StartError
	if !errors.As(err, &failed) {
		t.Fatalf("start: %v", err)
	}
	if f := failed.Failures[0]; f.Process != "bad-0" || f.Detail != "exit code 3" || f.Reason != Exited || *f.ExitCode != 3 || !slices.Contains(f.Lines, "Traceback: it went wrong") {
		t.Errorf("failure: %+v", f)
	}
	if took := time.Since(began); took > pr.plan.Processes[1].Health.StartPeriod/2 {
		t.Errorf("took %s", took)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestAServerThatNeverGetsHealthyFailsTheStart(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("good-0")
	pr.add("late-0", "-delay", "1h").Health.StartPeriod = 300 * time.Millisecond
	_, err := pr.client().Start(t.Context(), pr.plan, StartOptions{})
	if err == nil || !strings.Contains(err.Error(), "late-0 did not start: not healthy within 300ms") {
		t.Fatalf("start: %v", err)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestAnInterruptedStartLeavesNothing(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("late-0", "-delay", "1h")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := pr.client().Start(ctx, pr.plan, StartOptions{})
		done <- err
	}()
	eventually(t, "late-0 runs", func() bool { return len(pr.marked()) > 0 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("start: %v", err)
	}
	eventually(t, "nothing is left", func() bool { return len(pr.marked()) == 0 && !pr.status().Running })
}

func TestTheEndOfALeaseStopsEverything(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("broker-0")
	lease := NewLease()
	pr.start(StartOptions{Lease: lease})
	if st := pr.status(); !st.Healthy() {
		t.Fatalf("status: %+v", st)
	}
	lease.Close() // as the kernel does for a command that is killed
	eventually(t, "nothing is left", func() bool { return len(pr.marked()) == 0 })
}

func TestALeaseLastsLongerThanAnAnswerMayTake(t *testing.T) {
	t.Parallel()
	ours, its := connected(t)
	c := &Client{Local: newProject(t).local, patience: 50 * time.Millisecond}
	if _, err := fmt.Fprintln(its, `{}`); err != nil {
		t.Fatal(err)
	}
	if _, err := c.converse(t.Context(), ours, request{Op: opStart, Lease: true}); err != nil {
		t.Fatal(err)
	}
	lease := NewLease()
	lease.begin(ours)
	select {
	case <-lease.Ended():
		t.Error("the lease ended while the supervisor lives")
	case <-time.After(6 * c.patience):
	}
	its.Close()
	<-lease.Ended()
}

func TestALeaseEndsWhenEverythingIsStoppedFromElsewhere(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("broker-0")
	lease := NewLease()
	defer lease.Close()
	pr.start(StartOptions{Lease: lease})
	select {
	case <-lease.Ended():
		t.Fatal("the lease ended while all runs")
	default:
	}
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Fatal(err)
	}
	select {
	case <-lease.Ended():
	case <-time.After(20 * time.Second):
		t.Error("the lease goes on")
	}
}

func TestADeafProcessIsKilledAfterTheTimeout(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("deaf-0", "-deaf")
	pr.add("good-0")
	pr.start(StartOptions{})
	began := time.Now()
	if err := pr.client().Stop(t.Context(), nil, 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("killed after %s already", took)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestAStopEndsGrandchildrenThatIgnoreIt(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"group", "session"} {
		t.Run("in the "+where, func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.add("parent-0", "-fork", where)
			pr.start(StartOptions{})
			eventually(t, "the grandchild runs", func() bool { return len(pr.marked()) == 2 })
			if err := pr.client().Stop(t.Context(), nil, 100*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if left := pr.marked(); len(left) != 0 {
				t.Errorf("left running: %v", left)
			}
		})
	}
}

func TestAStopAsksTheWholeGroupToEnd(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("parent-0", "-fork", "polite")
	pr.start(StartOptions{})
	eventually(t, "the grandchild runs", func() bool { return strings.Count(pr.log("parent-0"), "hello from") == 2 })
	if err := pr.client().Stop(t.Context(), nil, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	if log := pr.log("parent-0"); strings.Count(log, "bye from") != 2 {
		t.Errorf("log: %q", log)
	}
}

func TestProcessesStopInTheOrderOfTheirRanks(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	for name, rank := range map[string]int{"nginx": 0, "broker-0": 1, "core-0": 2} {
		pr.add(name, "-term-delay", "20ms").StopRank = rank
	}
	pr.start(StartOptions{})
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Fatal(err)
	}
	ended := func(name string) int64 {
		f := strings.Fields(pr.log(name))
		n, err := strconv.ParseInt(f[len(f)-1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const gap = int64(20 * time.Millisecond) // the next was told only after the one before had gone
	if ended("broker-0")-ended("nginx") < gap || ended("core-0")-ended("broker-0") < gap {
		t.Errorf("ends: nginx %d, broker %d, core %d", ended("nginx"), ended("broker-0"), ended("core-0"))
	}
}

func TestOfTwoStartsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("broker-0", "-delay", "50ms")
	var wg sync.WaitGroup
	already := make([]bool, 4)
	for i := range already {
		wg.Go(func() {
			runs, err := pr.client().Start(t.Context(), pr.plan, StartOptions{})
			if err != nil {
				t.Errorf("start: %v", err)
			}
			already[i] = runs
		})
	}
	wg.Wait()
	won := 0
	for _, a := range already {
		if !a {
			won++
		}
	}
	if won != 1 || strings.Count(pr.log("broker-0"), "hello") != 1 {
		t.Errorf("%d starts won, log: %q", won, pr.log("broker-0"))
	}
}

func TestADependentWaitsForWhatItDependsOn(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("late-0", "-delay", "100ms")
	pr.add("web-0").DependsOn = []string{"late-0"}
	var events []string
	c := pr.client()
	c.OnEvent = func(e Event) { events = append(events, e.Process+" "+string(e.State)+" "+e.Detail) }
	if _, err := c.Start(t.Context(), pr.plan, StartOptions{}); err != nil {
		t.Fatal(err)
	}
	at := func(what string) int { return slices.Index(events, what) }
	if at("web-0 starting waits for late-0") < 0 || at("late-0 healthy ") < 0 || at("late-0 healthy ") > at("web-0 healthy ") {
		t.Errorf("events: %q", events)
	}
}

func TestOnlyTheNamedProcessesAreActedOn(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("broker-0")
	pr.add("broker-1")
	pr.add("core-0")
	pr.start(StartOptions{Names: []string{"broker"}})
	state := func(name string) State { return pr.process(name).State }
	if state("broker-0") != Healthy || state("broker-1") != Healthy || state("core-0") != Stopped {
		t.Fatalf("after start -only=broker: %+v", pr.status())
	}
	pr.start(StartOptions{})
	before := pr.status()
	if err := pr.client().Restart(t.Context(), []string{"broker-1"}, time.Second); err != nil {
		t.Fatal(err)
	}
	after := pr.status()
	for i, p := range before.Processes {
		if same := p.PID == after.Processes[i].PID; same != (p.Name != "broker-1") {
			t.Errorf("%s: pid %d, then %d", p.Name, p.PID, after.Processes[i].PID)
		}
	}
	if err := pr.client().Stop(t.Context(), []string{"broker-0"}, time.Second); err != nil {
		t.Fatal(err)
	}
	if state("broker-0") != Stopped || state("core-0") != Healthy {
		t.Errorf("after stop -only=broker-0: %+v", pr.status())
	}
	if err := pr.client().Stop(t.Context(), []string{"brokr"}, time.Second); err == nil || !strings.Contains(err.Error(), "core-0") {
		t.Errorf("stop of an unknown process: %v", err)
	}
}

func TestAStoppedProcessStartsInItsNewForm(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("web-0")
	pr.add("core-0")
	pr.start(StartOptions{})
	if err := pr.client().Stop(t.Context(), []string{"web-0"}, time.Second); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	web := &pr.plan.Processes[0]
	web.Port, web.Args = port, append(slices.Clone(web.Args), "-port", strconv.Itoa(port))
	pr.start(StartOptions{})
	if p := pr.process("web-0"); p.State != Healthy || p.Port != port {
		t.Errorf("web-0: %+v", p)
	}
}

func TestAReloadTouchesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("same-0")
	pr.add("other-0")
	pr.add("gone-0")
	pr.start(StartOptions{})
	before := pr.process("same-0").PID
	pr.add("page").Kind = plan.Frontend
	pr.start(StartOptions{}) // beside the backend, of which alone the reload is
	next := plan.Plan{Config: pr.plan.Config, Processes: slices.Clone(pr.plan.Processes[:2])}
	next.Processes[1].Env = []string{"X=1"}
	pr.plan.Processes = next.Processes
	pr.add("new-0")
	ch, err := pr.client().Reload(t.Context(), pr.plan)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ch.Added, []string{"new-0"}) || !slices.Equal(ch.Removed, []string{"gone-0"}) ||
		!slices.Equal(ch.Restarted, []string{"other-0"}) || !slices.Equal(ch.Unchanged, []string{"same-0"}) {
		t.Errorf("changes: %+v", ch)
	}
	st := pr.status()
	if len(st.Processes) != 4 || !st.Healthy() || pr.process("same-0").PID != before || pr.process("page").State != Healthy {
		t.Errorf("status: %+v", st)
	}
}

func TestTheControlSocketIsReachedInADeepFolder(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	deep := filepath.Join(pr.local.Project(), strings.Repeat("deep/", 40))
	pr.local = local.Of(deep)
	pr.add("broker-0")
	pr.start(StartOptions{})
	if st := pr.status(); !st.Supervisor.Alive || !st.Healthy() {
		t.Errorf("status: %+v", st)
	}
	if st, err := os.Stat(pr.local.Socket()); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v, %v", st, err)
	}
}

func TestWhatCannotBeLaunchedIsTriedAgain(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	p := pr.add("web-0")
	exe := filepath.Join(t.TempDir(), "server")
	if err := os.Symlink(p.Exe, exe); err != nil {
		t.Fatal(err)
	}
	p.Exe = exe
	pr.add("core-0")
	pr.start(StartOptions{})
	os.Remove(exe) // as while it is built anew
	kill(t, pr.process("web-0").PID, syscall.SIGKILL)
	eventually(t, "the missing program is told of", func() bool {
		now := pr.process("web-0")
		return now.State == Backoff && strings.Contains(now.Detail, "no such file")
	})
	if err := os.Symlink(p.Args[0], exe); err != nil {
		t.Fatal(err)
	}
	eventually(t, "web-0 is healthy again", func() bool { return pr.process("web-0").State == Healthy })
}

func TestARestartEndsDependentsFirst(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.addListening("db-0").StopRank = 2
	web := pr.add("web-0", "-term-delay", "50ms")
	web.DependsOn = []string{"db-0"}
	pr.add("other-0")
	pr.start(StartOptions{})
	if err := pr.client().Restart(t.Context(), nil, OwnTimeout); err != nil {
		t.Fatal(err)
	}
	if db, web := farewell(t, pr, "db-0"), farewell(t, pr, "web-0"); db < web {
		t.Errorf("db-0 ended %s before web-0", time.Duration(web-db))
	}
	if st := pr.status(); !st.Healthy() || len(st.Processes) != 3 {
		t.Errorf("status: %+v", st)
	}
}

// farewell is when a process said that it ends.
func farewell(t *testing.T, pr *project, name string) int64 {
	t.Helper()
	var at int64
	for line := range strings.Lines(pr.log(name)) {
		if f := strings.Fields(line); len(f) == 4 && f[0] == "bye" {
			at, _ = strconv.ParseInt(f[3], 10, 64)
		}
	}
	if at == 0 {
		t.Fatalf("%s has not said that it ends: %q", name, pr.log(name))
	}
	return at
}

func TestAProcessHasItsOwnTimeToEndOnEveryWay(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func(*project) error{
		"stop":    func(pr *project) error { return pr.client().Stop(t.Context(), nil, OwnTimeout) },
		"restart": func(pr *project) error { return pr.client().Restart(t.Context(), nil, OwnTimeout) },
		"reload": func(pr *project) error {
			pr.plan.Processes[0].Env = []string{"X=1"}
			_, err := pr.client().Reload(t.Context(), pr.plan)
			return err
		},
		"a stop without a supervisor": func(pr *project) error {
			pr.killSupervisor()
			return pr.client().Stop(t.Context(), nil, OwnTimeout)
		},
		"the supervisor's own end": func(pr *project) error {
			id := pr.status().Supervisor.PID
			kill(t, id, syscall.SIGTERM)
			eventually(t, "the supervisor has gone", func() bool { return !pr.status().Supervisor.Alive })
			return nil
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.add("slow-0", "-term-delay", "3500ms").StopTimeout = time.Minute
			pr.start(StartOptions{})
			if err := end(pr); err != nil {
				t.Fatal(err)
			}
			farewell(t, pr, "slow-0")
		})
	}
}

func TestAStopEndsASupervisorWhoseSocketIsGone(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("web-0")
	pr.start(StartOptions{})
	if err := os.Remove(pr.local.Socket()); err != nil {
		t.Fatal(err)
	}
	c := pr.client()
	c.patience = 300 * time.Millisecond
	_, err := c.Start(t.Context(), pr.plan, StartOptions{})
	if err == nil || !strings.Contains(err.Error(), "does not listen on "+pr.local.Socket()) || hint.Of(err) == "" {
		t.Errorf("start: %v", err)
	}
	if err := c.Stop(t.Context(), nil, OwnTimeout); err != nil {
		t.Errorf("stop: %v", err)
	}
	farewell(t, pr, "web-0")
}

func TestARequestThatSaysTooLittleIsRefused(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("web-0")
	pr.start(StartOptions{})
	for line, want := range map[string]string{
		`{"op":"start"}`:                     "has no plan",
		`{"op":"reload"}`:                    "has no plan",
		`{"op":"signal"}`:                    "names 0 processes",
		`{"op":"signal","names":["a", "b"]}`: "names 2 processes",
		`{"op":"explode"}`:                   "another version",
		`nonsense`:                           "invalid character",
		`{"op":3}`:                           "cannot unmarshal",
	} {
		conn, err := dialSocket(pr.local)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(conn, line)
		answer, err := io.ReadAll(conn)
		if conn.Close(); err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%s: %s, %v", line, answer, err)
		}
	}
	if st := pr.status(); !st.Healthy() {
		t.Errorf("status: %+v", st)
	}
}

func TestAStopTellsWhoWasGivenUpForIt(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("late-0", "-delay", "1h")
	failed := make(chan error, 1)
	go func() {
		_, err := pr.client().Start(t.Context(), pr.plan, StartOptions{})
		failed <- err
	}()
	eventually(t, "late-0 runs", func() bool { return len(pr.marked()) > 0 })
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "a stop came in between") {
		t.Errorf("start: %v", err)
	}
}
