package supervise

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// digestOf tells a configuration file from another; "" is one that cannot be read.
func digestOf(file string) string {
	b, err := local.Read(file, local.MaxState)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// rereadLimit is how long a process may take to read its configuration again.
const rereadLimit = 5 * time.Second

// reread has each process read its configuration file that runs with another one
// than lies there, whoever wrote it, and names those that have. The error names
// those that have not.
func (s *supervisor) reread(ctx context.Context) (names []string, err error) {
	for _, p := range s.processes() {
		now := p.snapshot()
		if !stale(p.spec, now) {
			continue
		}
		before := proc.Children(now.id.PID)
		s.tell([]*process{p}, reread{})
		if !renewed(ctx, now.id.PID, before) {
			s.tell([]*process{p}, unread{})
			err = errors.Join(err, hint.With(fmt.Errorf("%s has not read %s within %s, and runs on with what it had",
				p.spec.Name, p.spec.ConfigFile, rereadLimit), "see "+p.spec.Log))
			continue
		}
		names = append(names, p.spec.Name)
		fmt.Fprintf(s.log, "[INFO] %s reads its new configuration\n", p.spec.Name)
	}
	return names, err
}

// renewed waits for a child that was not there before: nginx starts new workers
// first, and then tells the old ones to accept no more. The builtin gateway has
// none, and turns at once.
func renewed(ctx context.Context, pid int, before []int) bool {
	isNew := func(pid int) bool { return !slices.Contains(before, pid) }
	for end := time.Now().Add(rereadLimit); len(before) > 0 && !slices.ContainsFunc(proc.Children(pid), isNew); {
		if time.Now().After(end) || !sleep(ctx, 5*time.Millisecond) {
			return false
		}
	}
	return true
}

// stale tells whether a process runs with another configuration than its file
// holds.
func stale(p plan.Process, now snapshot) bool {
	if p.ConfigFile == "" || now.id.PID == 0 {
		return false
	}
	d := digestOf(p.ConfigFile)
	return d != "" && d != now.digest
}

// signalReread is the signal at which servers read their configuration again.
const signalReread = syscall.SIGHUP
