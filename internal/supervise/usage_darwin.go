package supervise

import (
	"context"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// usage is not known here without cgo.
func usage(int) (cpu time.Duration, rss int64) { return 0, 0 }

// worker tells of a dead child of the process that was not collected: so
// stands a reloader whose worker failed. By SIGTERM a reloader ends a worker that
// was still loading, and will collect it.
func worker(pid int) (ended, killed bool) {
	for _, child := range childPIDs(pid) {
		k, err := unix.SysctlKinfoProc("kern.proc.pid", child)
		if err != nil || k.Proc.P_stat != zombie {
			continue
		}
		if sig := syscall.Signal(k.Proc.P_xstat & 0x7f); sig != syscall.SIGTERM {
			return true, sig != 0
		}
	}
	return false, false
}

// awaitWorker blocks until ctx ends: a dead worker is noticed by its health.
func awaitWorker(ctx context.Context, _ int) { <-ctx.Done() }
