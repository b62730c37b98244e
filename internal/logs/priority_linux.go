package logs

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// niceness is what the unifier's thread runs at: where the writers need all
// CPUs, they come first. It still gets the share of a CPU, an eighth where
// three writers have two, that keeps up with lines written one by one.
const niceness = 7

// yieldToWriters makes the calling goroutine's thread, which ends with it, one
// of lower priority: setpriority(2) is about a thread on Linux.
func yieldToWriters() {
	runtime.LockOSThread()
	unix.Setpriority(unix.PRIO_PROCESS, 0, niceness)
}
