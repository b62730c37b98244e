//go:build linux

package supervise

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/internal/local"
)

func TestACopyOfAProjectHasNoPartInItsProcesses(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("core-0")
	pr.start(StartOptions{})
	before := pr.ids()[0]
	for _, how := range []string{"while it runs", "after a crash"} {
		t.Run(how, func(t *testing.T) {
			if how != "while it runs" {
				pr.killSupervisor()
			}
			copied := newProject(t)
			if out, err := exec.Command("cp", "-a", string(pr.local), copied.local.Project()).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if st := copied.status(); st.Running || len(st.Processes) > 0 {
				t.Errorf("status: %+v", st)
			}
			if err := copied.client().Stop(t.Context(), nil, time.Second); err != nil && !errors.Is(err, ErrNothingRuns) {
				t.Error(err)
			}
			copied.add("core-0")
			copied.start(StartOptions{})
			if ours, others := copied.client().Orphans(); len(ours)+len(others) > 0 {
				t.Errorf("orphans: %v, %v", ours, others)
			}
			if err := copied.client().Stop(t.Context(), nil, time.Second); err != nil {
				t.Error(err)
			}
			if !before.Alive() {
				t.Fatal("the original's process was ended")
			}
		})
	}
	pr.start(StartOptions{})
	if now := pr.ids()[0]; now != before {
		t.Errorf("pid %d, before %d", now.PID, before.PID)
	}
}

func TestAProjectThatWasMovedIsStillItself(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("core-0", "-fork", "session")
	pr.start(StartOptions{})
	pr.killSupervisor()
	before, old := pr.marked(), pr.local.Project()
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(old, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(old, 0o700); err != nil { // another one is put in its place
		t.Fatal(err)
	}
	pr.local = local.Of(moved)
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Error(err)
	}
	for _, id := range before {
		if id.Alive() {
			t.Errorf("%s still runs", id.Describe())
		}
	}
}

func TestAnotherContainersStateIsShownAndNotActedOn(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("core-0")
	pr.start(StartOptions{})
	pr.killSupervisor()
	before := pr.ids()[0]
	state, err := os.ReadFile(pr.local.State())
	if err != nil {
		t.Fatal(err)
	}
	st, err := loadState(pr.local)
	if err != nil || st.Namespace == "" {
		t.Fatalf("%+v, %v", st, err)
	}
	const there = "pid:[1]"
	elsewhere := strings.Replace(string(state), st.Namespace, there, 1)
	if err := os.WriteFile(pr.local.State(), []byte(elsewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	if st := pr.status(); st.Elsewhere != there || !st.Running || st.Healthy() || st.Processes[0].PID != 0 || !strings.Contains(st.Processes[0].Detail, "another container") {
		t.Errorf("status: %+v", st)
	}
	for name, act := range map[string]func() error{
		"stop":    func() error { return pr.client().Stop(t.Context(), nil, time.Second) },
		"restart": func() error { return pr.client().Restart(t.Context(), nil, time.Second) },
	} {
		if err := act(); !errors.As(err, new(*Elsewhere)) || !strings.Contains(err.Error(), there) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !before.Alive() {
		t.Fatal("it was acted on")
	}
	if now, err := os.ReadFile(pr.local.State()); err != nil || string(now) != elsewhere {
		t.Errorf("state.json is another: %v", err)
	}
	if err := os.WriteFile(pr.local.State(), state, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAStopWithoutASupervisorGivesTheLockBack(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("core-0")
	pr.start(StartOptions{})
	pr.killSupervisor()
	for _, wrong := range []func() error{
		func() error { return os.Rename(pr.local.Logs(), pr.local.Logs()+".away") },
		func() error { return os.WriteFile(pr.local.Logs(), nil, 0o600) },
	} {
		if err := wrong(); err != nil {
			t.Fatal(err)
		}
	}
	if err := pr.client().Stop(t.Context(), nil, time.Second); err != nil {
		t.Fatal(err)
	}
	lock, err := local.Lock(pr.local.SupervisorLock())
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
	os.Remove(pr.local.Logs())
	if err := os.Rename(pr.local.Logs()+".away", pr.local.Logs()); err != nil {
		t.Fatal(err)
	}
}
