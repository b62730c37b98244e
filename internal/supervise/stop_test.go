package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/internal/plan"
)

func TestAStopEndsAProcessThatIsJustBeingRestarted(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	hang := filepath.Join(t.TempDir(), "hang")
	p := pr.add("hung-0", "-hang", hang, "-deaf")
	p.Health.Timeout, p.Health.OnFailure, p.StopTimeout = 50*time.Millisecond, plan.OnFailureRestart, time.Hour
	pr.start(StartOptions{})
	if err := os.WriteFile(hang, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "hung-0 is to be restarted", func() bool { return pr.process("hung-0").State == Stopping })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := pr.client().Stop(ctx, nil, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestAStartDuringAStopComesAfterIt(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("deaf-0", "-deaf")
	pr.add("core-0").StopRank = 2
	pr.start(StartOptions{})
	before := pr.status()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- pr.client().Stop(ctx, nil, time.Second) }()
	eventually(t, "the stop has begun", func() bool { return pr.process("deaf-0").State == Stopping })
	if _, err := pr.client().Start(ctx, pr.plan, StartOptions{}); err != nil {
		t.Errorf("start: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if st := pr.status(); !st.Healthy() || len(st.Processes) != 2 {
		t.Errorf("status: %+v", st)
	}
	for i, p := range pr.status().Processes {
		if p.PID == before.Processes[i].PID {
			t.Errorf("%s was not stopped", p.Name)
		}
	}
}

func TestNothingWaitsForWhatIsNotToRun(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("core-0")
	pr.add("web-0").DependsOn = []string{"core-0"}
	pr.start(StartOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := pr.client().Stop(ctx, []string{"core-0"}, time.Second); err != nil {
		t.Fatal(err)
	}
	err := pr.client().Restart(ctx, []string{"web-0"}, time.Second)
	if err == nil || !strings.Contains(err.Error(), "core-0") || ctx.Err() != nil {
		t.Errorf("restart: %v", err)
	}
	if _, err := pr.client().Start(ctx, pr.plan, StartOptions{}); err != nil {
		t.Errorf("start: %v", err)
	}
}

func TestAStopEndsWhatAReloadHasPutInPlace(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("core-0")
	pr.start(StartOptions{})
	before := pr.process("core-0")
	pr.plan.Processes[0].Args = append(pr.plan.Processes[0].Args, "-delay", "1h")
	pr.plan.Processes[0].Health.StartPeriod = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reloaded := make(chan error, 1)
	go func() {
		_, err := pr.client().Reload(ctx, pr.plan)
		reloaded <- err
	}()
	eventually(t, "the reload has started another core-0", func() bool {
		return slices.ContainsFunc(pr.status().Processes, func(p ProcessStatus) bool { // for a moment there is none
			return p.PID != 0 && p.PID != before.PID
		})
	})
	c := pr.client()
	var told []string
	c.OnEvent = func(e Event) { told = append(told, string(e.State)+e.Detail) }
	if err := c.Stop(ctx, nil, time.Second); err != nil {
		t.Fatal(err)
	}
	if err := <-reloaded; err == nil {
		t.Error("the reload says that it went well")
	}
	if !slices.Contains(told, string(Stopped)) || slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, string(Failed)) }) {
		t.Errorf("the stop told of %q", told)
	}
	if left := pr.marked(); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
}

func TestAfterAStopNothingIsLeftToReload(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("deaf-0", "-deaf")
	pr.start(StartOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- pr.client().Stop(ctx, nil, time.Second) }()
	eventually(t, "the stop has begun", func() bool { return pr.process("deaf-0").State == Stopping })
	restarted := make(chan error, 1)
	go func() { restarted <- pr.client().Restart(ctx, nil, time.Second) }()
	if _, err := pr.client().Reload(ctx, pr.plan); !errors.Is(err, ErrNothingRuns) {
		t.Errorf("reload: %v", err)
	}
	if err := <-restarted; !errors.Is(err, ErrNothingRuns) {
		t.Errorf("restart: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if st := pr.status(); st.Running {
		t.Errorf("status: %+v", st)
	}
}

func TestEveryRequestIsAnsweredBeforeTheSupervisorEnds(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	p := pr.add("core-0")
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	args := p.Args
	for range 20 {
		p.Args = args
		pr.start(StartOptions{})
		p.Args = append(slices.Clone(args), "-delay", "1h")
		asked := []func() error{
			func() error { _, err := pr.client().Reload(ctx, pr.plan); return err },
			func() error { return pr.client().Restart(ctx, nil, time.Second) },
			func() error { return pr.client().Stop(ctx, nil, time.Second) },
			func() error { return pr.client().Stop(ctx, nil, time.Second) },
		}
		errs := make(chan error, len(asked))
		for _, ask := range asked {
			go func() { errs <- ask() }()
		}
		for range asked {
			if err := <-errs; err != nil && strings.Contains(err.Error(), "ended while it was asked") {
				t.Error(err)
			}
		}
		eventually(t, "nothing runs", func() bool { return !pr.status().Running })
	}
}

func TestNothingWaitsForWhatStandsStill(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	hang := filepath.Join(t.TempDir(), "hang")
	pr.add("db-0", "-hang", hang).Health.Timeout = 50 * time.Millisecond
	pr.add("web-0").DependsOn = []string{"db-0"}
	pr.start(StartOptions{})
	write(t, hang, "")
	eventually(t, "db-0 is unhealthy", func() bool { return pr.process("db-0").State == Unhealthy })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := pr.client().Restart(ctx, []string{"web-0"}, time.Second)
	if err == nil || !strings.Contains(err.Error(), "waits for db-0, which is unhealthy: no answer within 100ms") {
		t.Errorf("restart: %v", err)
	}
	os.Remove(hang)
	eventually(t, "both are healthy", func() bool { return pr.status().Healthy() })
}

func TestAProcessIsEndedByItsOwnSignalAloneOrWithItsGroup(t *testing.T) {
	t.Parallel()
	for _, mixed := range []bool{false, true} {
		t.Run(fmt.Sprintf("mixed %t", mixed), func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			p := pr.add("jobs-0")
			p.Kind, p.Port, p.Health = plan.Worker, 0, plan.Health{Log: "^child ready", Interval: time.Second, Timeout: time.Second, Retries: 3, StartPeriod: 20 * time.Second}
			p.StopSignal, p.KillMixed = "SIGUSR1", mixed
			p.Exe, p.Args = "/bin/sh", []string{"sh", "-c", `
trap 'echo parent was told; sleep 0.2; exit 0' USR1
( trap 'echo child was told' USR1 TERM; echo child ready; while :; do sleep 0.05; done ) &
while :; do sleep 0.05; done`}
			pr.start(StartOptions{})
			if err := pr.client().Stop(t.Context(), nil, OwnTimeout); err != nil {
				t.Fatal(err)
			}
			if left := pr.marked(); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
			log := pr.log("jobs-0")
			if !strings.Contains(log, "parent was told") || strings.Contains(log, "child was told") == mixed {
				t.Errorf("%s", log)
			}
		})
	}
}

func TestNobodyWaitsForASupervisorThatHasDoneAllAndDoesNotEnd(t *testing.T) {
	t.Parallel()
	ours, its := connected(t)
	var told []string
	c := &Client{Local: newProject(t).local, patience: 100 * time.Millisecond, OnEvent: func(e Event) { told = append(told, e.Warning) }}
	if _, err := fmt.Fprintln(its, `{"last":true}`); err != nil {
		t.Fatal(err)
	}
	if _, err := c.converse(t.Context(), ours, request{Op: opStop}); err != nil {
		t.Error(err)
	}
	if len(told) != 1 || !strings.Contains(told[0], "still runs after 100ms") {
		t.Errorf("told: %q", told)
	}
}
