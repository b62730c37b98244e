package supervise

import (
	"os"
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

// workerEnded tells whether a child of the process has ended without being
// collected: so stands a reloader whose worker failed and that now waits for
// a change of the sources.
func workerEnded(pid int) bool {
	for _, child := range childPIDs(pid) {
		if st, err := readStat(child); err == nil && st.state == 'Z' {
			return true
		}
	}
	return false
}
