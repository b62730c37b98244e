package proc

import (
	"strconv"
	"sync"
	"syscall"
)

// Exit is how a process ended.
type Exit struct {
	known  bool // only a process's parent learns more than that it ended
	status syscall.WaitStatus
}

// OK tells whether the process is known to have succeeded.
func (e Exit) OK() bool { return e.known && e.status.Exited() && e.status.ExitStatus() == 0 }

// Known tells whether it is known how the process ended.
func (e Exit) Known() bool { return e.known }

// Code is the exit code of a process that ended by itself.
func (e Exit) Code() int { return e.status.ExitStatus() }

// Signal names the signal that ended the process, such as SIGKILL; "" if none did,
// or nobody knows.
func (e Exit) Signal() string {
	if !e.known || !e.status.Signaled() {
		return ""
	}
	return signalName(e.status.Signal())
}

func (e Exit) String() string {
	switch {
	case !e.known:
		return "ended"
	case e.status.Signaled():
		return "killed by " + e.Signal()
	default:
		return "exit code " + strconv.Itoa(e.status.ExitStatus())
	}
}

// children are the processes whose exit status somebody waits for, by pid. It
// belongs to this process as a whole, as the right to reap does.
var children = struct {
	sync.Mutex
	pids map[int]bool
	all  bool // the others are ours to reap too; see BecomeSubreaper
}{pids: map[int]bool{}}

// reap collects a child that has ended.
func reap(pid int) syscall.WaitStatus {
	children.Lock()
	_, ws, _ := waitChild(pid, true)
	delete(children.pids, pid)
	children.Unlock()
	reapInherited()
	return ws
}

// abandon ends a child that cannot be watched, or known again.
func abandon(pid int) {
	kill(pid, syscall.SIGKILL)
	waitChild(pid, true)
}

// reapGroup collects what became our child when its parent ended: the rest of
// a group whose leader is gone.
func reapGroup(pgid int) {
	for {
		if pid, _, err := waitChild(-pgid, false); err != nil || pid <= 0 {
			return
		}
	}
}

// DeadChild tells of a dead child of the process that was not collected: so
// stands a reloader whose worker failed, and that now waits for a change of the
// sources. By SIGTERM a reloader ends a worker that was still loading, and will
// collect it.
func DeadChild(pid int) (found, killed bool) {
	for _, child := range Children(pid) {
		p, err := look(child)
		if err != nil || !p.ended {
			continue
		}
		if p.status.Signal() != syscall.SIGTERM {
			return true, p.status.Signaled()
		}
	}
	return false, false
}
