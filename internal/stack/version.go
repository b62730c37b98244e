package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"muster/internal/proc"
	"muster/internal/supervise"
	"muster/internal/version"
)

// Versions are this program and the supervisor that runs, as `dev:version -json` prints
// them.
type Versions struct {
	This       version.Build  `json:"this"`
	Supervisor *version.Build `json:"supervisor,omitempty"` // left out where none runs, or one that does not tell
	PID        int            `json:"pid,omitempty"`        // of the supervisor
	Differ     bool           `json:"differ"`               // the supervisor runs another build than this one
}

// FindVersions asks the supervisor, if one runs.
func FindVersions(ctx context.Context, c *supervise.Client) (Versions, error) {
	v := Versions{This: version.This()}
	if proc.Supervises() != nil {
		return v, nil
	}
	st, err := c.Status(ctx)
	if err != nil || !st.Supervisor.Alive {
		return v, err
	}
	v.PID, v.Supervisor = st.Supervisor.PID, st.Supervisor.Build
	v.Differ = v.Supervisor == nil || *v.Supervisor != v.This ||
		(v.This.Modified || v.This.Commit == "") && !sameProgram(v.PID) // which a commit does not tell apart
	return v, nil
}

// sameProgram tells whether a process runs this very program. Where the system does not
// tell it is believed to.
func sameProgram(pid int) bool {
	program := fmt.Sprintf("/proc/%d/exe", pid)
	theirs, err := os.Stat(program)
	if err != nil {
		return true
	}
	exe, err := os.Executable()
	if err != nil {
		return true
	}
	ours, err := os.Stat(exe)
	if err != nil || os.SameFile(ours, theirs) {
		return true
	}
	a, errA := os.ReadFile(program)
	b, errB := os.ReadFile(exe)
	return errors.Join(errA, errB) != nil || bytes.Equal(a, b)
}
