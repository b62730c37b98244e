package supervise

import (
	"context"
	"os"
	"syscall"
	"time"
)

const clockTick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on

// usage sums up what a process and all its descendants use: CPU time since
// their start, and resident memory in bytes.
func usage(pid int) (cpu time.Duration, rss int64) {
	st, err := readStat(pid)
	if err != nil {
		return 0, 0
	}
	cpu = time.Duration(st.ticks) * clockTick
	rss = st.rss * int64(os.Getpagesize())
	for _, child := range childPIDs(pid) {
		c, r := usage(child)
		cpu, rss = cpu+c, rss+r
	}
	return cpu, rss
}

// worker tells of a dead child of the process that was not collected: so
// stands a reloader whose worker failed, and that now waits for a change of the
// sources. Which signal ended it is in field 52 of proc_pid_stat(5): by SIGTERM
// a reloader ends a worker that was still loading, and will collect it.
func worker(pid int) (ended, killed bool) {
	for _, child := range childPIDs(pid) {
		st, err := readStat(child)
		if err != nil || !st.gone() {
			continue
		}
		if sig := syscall.Signal(st.exit & 0x7f); sig != syscall.SIGTERM {
			return true, sig != 0
		}
	}
	return false, false
}

// awaitWorker blocks until a child of the process ends, or ctx does.
func awaitWorker(ctx context.Context, pid int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, child := range childPIDs(pid) {
		w, err := watchPID(child)
		if err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { w.file.SetReadDeadline(time.Unix(1, 0)) })
		go func() {
			w.wait()
			stop()
			w.close()
			cancel()
		}()
	}
	<-ctx.Done()
}
