package proc

import "time"

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
