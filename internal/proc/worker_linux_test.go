package proc

import (
	"os/exec"
	"testing"
)

func TestAWorkerThatItsReloaderEndsIsNotMissed(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]struct{ ended, killed bool }{
		"exit 1":        {true, false},
		"kill -KILL $$": {true, true},
		"kill -TERM $$": {false, false}, // as uvicorn does at a change during the load
	} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			// What sh becomes does not collect the child.
			reloader := exec.Command("sh", "-c", `sh -c "$0" & exec sleep 3600`, end)
			if err := reloader.Start(); err != nil {
				t.Fatal(err)
			}
			defer reloader.Wait()
			defer reloader.Process.Kill()
			eventually(t, "the worker has ended", func() bool {
				children := Children(reloader.Process.Pid)
				if len(children) != 1 {
					return false
				}
				p, err := look(children[0])
				return err == nil && p.ended
			})
			if ended, killed := DeadChild(reloader.Process.Pid); ended != want.ended || killed != want.killed {
				t.Errorf("ended %t, killed %t", ended, killed)
			}
		})
	}
}
