//go:build linux

package supervise

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"muster/internal/proc"
)

func TestDamagedStateLeavesNoOrphans(t *testing.T) {
	t.Parallel()
	for how, damage := range map[string]func(file string) error{
		"empty":   func(file string) error { return os.WriteFile(file, nil, 0o600) },
		"garbage": func(file string) error { return os.WriteFile(file, []byte("{]"), 0o600) },
		"removed": os.Remove,
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			pr := newProject(t)
			pr.add("broker-0")
			for _, act := range []func(){
				func() { pr.start(StartOptions{}) },
				func() {
					if err := pr.client().Stop(t.Context(), nil, 0); err != nil {
						t.Error(err)
					}
				},
			} {
				pr.start(StartOptions{})
				old := pr.process("broker-0").PID
				pr.killSupervisor()
				if err := damage(pr.local.State()); err != nil {
					t.Fatal(err)
				}
				act()
				if _, err := proc.Identify(old); err == nil {
					t.Error("the forgotten process still runs")
				}
			}
			if left := pr.marked(); len(left) != 0 {
				t.Errorf("left running: %v", left)
			}
			if files := pr.local.PidFiles(); len(files) != 0 {
				t.Errorf("left on disk: %v", files)
			}
		})
	}
}

func TestAnAdoptionLeavesTheHelpersOfTheLivingAlone(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("parent-0", "-fork", "session")
	pr.start(StartOptions{})
	eventually(t, "the helper runs", func() bool { return len(pr.marked()) == 2 })
	before := pr.marked()
	pr.killSupervisor()
	pr.start(StartOptions{})
	for _, id := range before {
		if !id.Alive() {
			t.Errorf("pid %d was ended", id.PID)
		}
	}
}

func TestWorkersThatNginxLeftAreEnded(t *testing.T) {
	t.Parallel()
	exe, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip(err)
	}
	pr := newProject(t)
	pr.addNginx(exe, "")
	pr.start(StartOptions{})
	master := pr.process("nginx").PID
	workers := proc.Children(master)
	pr.killSupervisor()
	kill(t, master, syscall.SIGKILL)
	pr.start(StartOptions{})
	if pid := pr.process("nginx").PID; pid == master || pr.process("nginx").State != Healthy {
		t.Errorf("nginx: %+v", pr.process("nginx"))
	}
	for _, w := range workers {
		if _, err := proc.Identify(w); err == nil {
			t.Errorf("worker %d still runs", w)
		}
	}
}

func TestAnNginxThatNothingTellsOfIsEnded(t *testing.T) {
	t.Parallel()
	exe, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip(err)
	}
	pr := newProject(t)
	pr.addNginx(exe, "")
	pr.start(StartOptions{})
	old := pr.marked()
	pr.killSupervisor()
	for _, file := range []string{pr.local.State(), pr.local.Pid("nginx")} {
		if err := os.WriteFile(file, []byte("garbage"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pr.start(StartOptions{})
	if p := pr.process("nginx"); p.State != Healthy {
		t.Errorf("nginx: %+v", p)
	}
	for _, id := range old {
		if id.Alive() {
			t.Errorf("pid %d still runs", id.PID)
		}
	}
}

func TestWhatACrashedServerLeftInAnotherSessionIsEnded(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	pr.add("parent-0", "-fork", "session")
	pr.start(StartOptions{})
	eventually(t, "the helper runs", func() bool { return len(pr.marked()) == 2 })
	before := pr.marked()
	kill(t, pr.process("parent-0").PID, syscall.SIGKILL)
	eventually(t, "the server and its helper are replaced", func() bool {
		return len(pr.marked()) == 2 && !before[0].Alive() && !before[1].Alive()
	})
}
