//go:build linux

package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"muster/internal/local"
	"muster/internal/plan"
)

// takeDescriptors leaves the living supervisor those that it has open.
func (f *faults) takeDescriptors(length time.Duration) {
	pid := f.supervisorPID()
	open, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		return
	}
	var limit unix.Rlimit
	if unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &limit) != nil {
		return
	}
	few := unix.Rlimit{Cur: uint64(len(open)), Max: limit.Max}
	limit.Cur = limit.Max // as Go's runtime has it; now it may be few already
	if unix.Prlimit(pid, unix.RLIMIT_NOFILE, &few, nil) != nil {
		return
	}
	f.after(length, func() {
		if f.isSupervisor(pid) {
			unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil)
		}
	})
}

// fewProcesses makes a cgroup in which nobody can start a process, or a thread: no
// limit of a user's holds for root.
func fewProcesses(t *testing.T) string {
	for _, root := range []string{"/sys/fs/cgroup/pids", "/sys/fs/cgroup"} {
		dir := filepath.Join(root, fmt.Sprintf("muster-faults-%d", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		if os.WriteFile(filepath.Join(dir, "pids.max"), []byte("0"), 0) == nil {
			return dir
		}
		os.Remove(dir)
	}
	t.Log("processes won't be scarce, as there is no cgroup to be had")
	return ""
}

// takeProcesses lets the living supervisor start nothing, no thread of its own
// either: it may die of that.
func (f *faults) takeProcesses(length time.Duration) {
	pid := strconv.Itoa(f.supervisorPID())
	if f.few == "" || pid == "0" || // which would be this process
		os.WriteFile(filepath.Join(f.few, "cgroup.procs"), []byte(pid), 0) != nil {
		return
	}
	f.after(length, func() {
		os.WriteFile(filepath.Join(filepath.Dir(f.few), "cgroup.procs"), []byte(pid), 0)
	})
}

// protect lets nobody open a file of the project for writing; who has one open writes on.
func (f *faults) protect(length time.Duration) {
	if !f.full {
		return
	}
	dir := f.local.Project()
	if err := mountReadOnly(dir); err != nil {
		f.fail("%v", err)
		return
	}
	f.removed = true // what starts now prints into nothing
	f.after(length, func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			f.fail("%v", err)
		}
	})
}

// clean removes what is in .local, as "git clean -xfd" does, and writes what a
// command would generate before it starts anything.
func (f *faults) clean() {
	f.removed = true
	os.RemoveAll(string(f.local))
	os.Mkdir(string(f.local), 0o700)
	os.WriteFile(f.local.NginxConf(), f.conf, 0o600)
	clear(f.skip)
}

// inCopy lets a command run in a copy of the project, which has no part in what
// the original runs.
func (f *faults) inCopy(verb string) {
	f.note("%s in a copy", verb)
	copied := local.Of(f.TempDir())
	out, err := exec.Command("cp", "-r", string(f.local), string(copied)).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "No such file") { // removed meanwhile
		f.note("          %s", out)
	}
	_, wait := f.commandIn(copied, verb, f.plan)
	if err := wait(); err != nil {
		f.note("          in the copy: %v", err)
	}
	if err := os.RemoveAll(string(copied)); err != nil {
		f.fail("%v", err)
	}
}

// roll restarts core-0 while its stand-in serves.
func (f *faults) roll(killAfter time.Duration) {
	f.runWith(plan.Plan{Config: f.plan.Config, Processes: f.spares}, "roll", killAfter, "core-0")
}
