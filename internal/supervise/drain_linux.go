package supervise

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// Workers lists the children of a process: of nginx's master, its workers.
func Workers(pid int) []int { return childPIDs(pid) }

// Drained waits until no connection to a local TCP port is left, or the time
// is over, and tells which of the two.
func Drained(ctx context.Context, port int, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for connections(port) > 0 {
		if time.Now().After(deadline) || !sleep(ctx, 10*time.Millisecond) {
			return false
		}
	}
	return true
}

// connections counts the established connections whose server side is the
// port (proc_pid_net(5)).
func connections(port int) int {
	const established = "01"
	suffix, n := fmt.Sprintf(":%04X", port), 0
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) > 3 && f[3] == established && strings.HasSuffix(f[1], suffix) {
				n++
			}
		}
	}
	return n
}
