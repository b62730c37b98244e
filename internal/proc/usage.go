package proc

import (
	"syscall"
	"time"
)

// Usage sums up what a process and all its descendants use: CPU time since
// their start, and resident memory in bytes. Both are 0 where the system does
// not tell.
func Usage(pid int) (cpu time.Duration, rss int64) {
	p, err := look(pid)
	if err != nil {
		return 0, 0
	}
	cpu, rss = p.cpu, p.rss
	for _, child := range Children(pid) {
		c, r := Usage(child)
		cpu, rss = cpu+c, rss+r
	}
	return cpu, rss
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
		if sig := syscall.Signal(p.status & 0x7f); sig != syscall.SIGTERM {
			return true, sig != 0
		}
	}
	return false, false
}
