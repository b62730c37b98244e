package supervise

import (
	"context"
	"os/exec"
	"strconv"
	"time"
)

// Workers lists the children of a process: of nginx's master, its workers.
func Workers(pid int) []int { return childPIDs(pid) }

// Drained waits until no connection to a local TCP port is left, or the time
// is over, and tells which of the two.
func Drained(ctx context.Context, port int, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for {
		// lsof ends with 1 when it finds nothing.
		err := exec.CommandContext(ctx, "lsof", "-nP", "-iTCP:"+strconv.Itoa(port), "-sTCP:ESTABLISHED").Run()
		if err != nil {
			return ctx.Err() == nil
		}
		if time.Now().After(deadline) || !sleep(ctx, 50*time.Millisecond) {
			return false
		}
	}
}
