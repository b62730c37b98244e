package supervise

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAFileInPlaceOfTheLogsFolderKeepsNothingFromEnding(t *testing.T) {
	t.Parallel()
	for _, alive := range []bool{true, false} {
		pr := newProject(t)
		pr.add("a-0")
		pr.start(StartOptions{})
		st := pr.status()
		eventually(t, "the folder is away", func() bool { // the supervisor makes it anew
			return os.RemoveAll(pr.local.Logs()) == nil && os.WriteFile(pr.local.Logs(), nil, 0o600) == nil
		})
		if alive { // what starts again prints into nothing
			kill(t, st.Processes[0].PID, syscall.SIGKILL)
			eventually(t, "it runs again, with a warning", func() bool {
				st := pr.status()
				return st.Processes[0].State == Healthy && st.Processes[0].PID != 0 && len(st.Warnings) > 0
			})
		} else {
			kill(t, st.Supervisor.PID, syscall.SIGKILL)
		}
		if err := pr.client().Stop(context.Background(), nil, 2*time.Second); err != nil {
			t.Errorf("stop, supervisor alive: %t: %v", alive, err)
		}
		if left := pr.marked(); len(left) > 0 {
			t.Errorf("running on, supervisor alive: %t: %v", alive, left)
		}
	}
}

// TestDamagedFilesKeepNothingFromStartingAndEnding puts into the place of each
// file what does not belong there.
func TestDamagedFilesKeepNothingFromStartingAndEnding(t *testing.T) {
	t.Parallel()
	damages := map[string]func(path string) error{
		"garbage": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("\xff", 10_000)), 0o600) },
		"sparse":  func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 20<<30)) },
		"folder":  func(path string) error { return os.MkdirAll(filepath.Join(path, "full"), 0o700) },
		"fifo":    func(path string) error { return syscall.Mkfifo(path, 0o600) },
	}
	for name, damage := range damages {
		for _, of := range []string{"positions", "unified log", "time index", "log", "supervisor's log", "state"} {
			t.Run(name+" for the "+of, func(t *testing.T) {
				t.Parallel()
				pr := newProject(t)
				pr.add("a-0")
				if err := pr.local.Make(); err != nil {
					t.Fatal(err)
				}
				path := map[string]string{"positions": pr.local.Checkpoint(), "unified log": pr.local.Unified(),
					"time index": pr.local.Unified() + ".idx", "log": pr.local.Log("a-0"),
					"supervisor's log": pr.local.Log(supervisorName), "state": pr.local.State()}[of]
				t.Cleanup(func() { os.RemoveAll(path) }) // nobody reads 20 GB for a message
				put := func() {
					t.Helper()
					eventually(t, "the damage is done", func() bool { // the supervisor may write it anew
						return errors.Join(os.RemoveAll(path), damage(path)) == nil
					})
				}
				put()
				var told []string
				c := pr.client()
				c.OnEvent = func(e Event) { told = append(told, e.Warning) }
				if _, err := c.Start(t.Context(), pr.plan, StartOptions{}); err != nil {
					t.Fatalf("start: %v", err)
				}
				st := pr.status()
				warns := of != "state" && (name == "folder" || name == "fifo" || of == "positions")
				if said := strings.Join(told, ""); warns != (len(st.Warnings) > 0) || warns != (said != "") {
					t.Errorf("warnings %q, told %q", st.Warnings, said)
				}
				for _, alive := range []bool{true, false} {
					put()
					if !alive {
						kill(t, st.Supervisor.PID, syscall.SIGKILL)
					}
					began := time.Now()
					if err := pr.client().Stop(context.Background(), nil, 2*time.Second); err != nil && !errors.Is(err, ErrNothingRuns) {
						t.Errorf("stop, supervisor alive: %t: %v", alive, err)
					}
					if took := time.Since(began); took > 15*time.Second {
						t.Errorf("stop took %s", took)
					}
					if left := pr.marked(); len(left) > 0 {
						t.Fatalf("running on, supervisor alive: %t: %v", alive, left)
					}
					if alive {
						pr.start(StartOptions{})
						st = pr.status()
					}
				}
			})
		}
	}
}
