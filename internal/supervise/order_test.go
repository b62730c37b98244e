package supervise

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/plan"
)

func TestWhoDependsOnATaskWaitsForItsNextRunToo(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	trace := filepath.Join(t.TempDir(), "trace")
	pr.add("other-0")
	task := pr.add("migrate-0")
	task.Kind, task.Restart, task.Port, task.Timeout = plan.Task, plan.RestartNever, 0, patience
	task.Args = []string{task.Exe, "traced", "-trace", trace, "-exit=0", "-delay=100ms"}
	pr.add("web-0").DependsOn = []string{"migrate-0"}
	web := &pr.plan.Processes[2]
	web.Args = []string{web.Exe, "traced", "-trace", trace, "-needs=migrate-0", "-port", web.Args[3]}
	pr.start(StartOptions{})
	if err := pr.client().Stop(t.Context(), []string{"web-0"}, OwnTimeout); err != nil {
		t.Fatal(err)
	}
	pr.start(StartOptions{})
	runs, lines, err := readTrace(trace)
	if err == nil {
		err = inTime(runs, 0, false)
	}
	if err != nil || len(runs) != 4 {
		t.Errorf("%v: %q", err, lines)
	}
}

func TestWhoIsNotInThePlanAnyMoreEndsInOrderAndIsNotStarted(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("db-0").StopRank = 2
	pr.add("old-0")
	web := pr.add("web-0", "-term-delay", "100ms")
	web.DependsOn = []string{"db-0"}
	pr.start(StartOptions{})
	if err := pr.client().Stop(t.Context(), []string{"db-0", "old-0"}, OwnTimeout); err != nil {
		t.Fatal(err)
	}
	pr.plan.Processes = pr.plan.Processes[:1]
	pr.plan.Processes[0].StopRank = 1
	pr.start(StartOptions{})
	var names []string
	for _, p := range pr.status().Processes {
		names = append(names, p.Name)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"db-0", "web-0"}) {
		t.Errorf("there are %q", names)
	}
	if err := pr.client().Stop(t.Context(), nil, OwnTimeout); err != nil {
		t.Fatal(err)
	}
	if farewell(t, pr, "db-0") < farewell(t, pr, "web-0") {
		t.Error("db-0 ended before web-0")
	}
}

func TestAReloadRestartsWhoFollowsAndNobodyForItsRank(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("core-0")
	pr.add("db-0")
	pr.add("web-0")
	pr.plan.Processes[2].DependsOn, pr.plan.Processes[2].RestartWith = []string{"db-0"}, []string{"db-0"}
	pr.start(StartOptions{})
	pr.plan.Processes = slices.Clone(pr.plan.Processes)
	pr.plan.Processes[0].StopRank, pr.plan.Processes[1].Env = 2, []string{"X=1"}
	pr.add("new-0", "-term-delay", "100ms")
	ch, err := pr.client().Reload(t.Context(), pr.plan)
	if err != nil || !slices.Equal(ch.Unchanged, []string{"core-0"}) || !slices.Equal(ch.Restarted, []string{"db-0", "web-0"}) {
		t.Errorf("%+v, %v", ch, err)
	}
	pr.killSupervisor() // the next one knows of the rank
	if err := pr.client().Stop(t.Context(), nil, OwnTimeout); err != nil {
		t.Fatal(err)
	}
	if farewell(t, pr, "core-0") < farewell(t, pr, "new-0") {
		t.Error("core-0 ended before new-0")
	}
}

func TestAWaitForWhatWaitsForNobodyEnds(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("other-0")
	pr.add("db-0")
	pr.add("api-0").DependsOn = []string{"db-0"}
	pr.add("web-0").DependsOn = []string{"api-0"}
	pr.start(StartOptions{})
	if err := pr.client().Stop(t.Context(), []string{"web-0", "api-0", "db-0"}, OwnTimeout); err != nil {
		t.Fatal(err)
	}
	pr.start(StartOptions{Names: []string{"api-0", "web-0"}, NoWait: true})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := pr.client().Start(ctx, pr.plan, StartOptions{Names: []string{"web-0"}})
	want := "web-0 did not start: waits for api-0, which waits for db-0, which does not run: start that too"
	if err == nil || err.Error() != want {
		t.Errorf("start: %v", err)
	}
}

func TestASupervisorThatIsKilledBeforeItHasWrittenAnythingLeavesATrace(t *testing.T) {
	t.Parallel()
	dir := local.Of(t.TempDir())
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	lock, err := local.Lock(dir.SupervisorLock())
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(dir, lock, io.Discard, logs.Options{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := loadState(dir); err != nil || st.Supervisor != s.id {
		t.Errorf("state: %+v, %v", st, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir.State()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state is left: %v", err)
	}
}
