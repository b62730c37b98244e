package supervise

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// orphans lists the living processes that carry this project's mark, apart
// from those in the groups of known. They are what a supervisor left that was
// killed between starting a process and writing it down, or whose child was
// killed and left children of its own.
func orphans(paths Paths, known map[int]bool) []Identity {
	var found []Identity
	for _, pid := range allPIDs() {
		st, err := readStat(pid)
		if err != nil || pid == os.Getpid() || known[pid] || known[st.pgrp] {
			continue
		}
		if !marked(pid, paths) {
			continue
		}
		if id, err := identify(pid); err == nil {
			found = append(found, id)
		}
	}
	return found
}

// marked tells whether a process carries the project's mark.
func marked(pid int, paths Paths) bool {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	mark := []byte(tagProject + "=" + paths.Root)
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if bytes.Equal(v, mark) {
			return true
		}
	}
	return false
}

// endOrphans ends them, with SIGKILL for those that stay past the timeout,
// and tells how many there were.
func endOrphans(paths Paths, known map[int]bool, timeout time.Duration) int {
	ended := map[Identity]bool{}
	sig := syscall.SIGTERM
	deadline := time.Now().Add(timeout)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		left := orphans(paths, known)
		if len(left) == 0 {
			return len(ended)
		}
		if time.Now().After(deadline) {
			sig = syscall.SIGKILL
		}
		for _, id := range left {
			if !ended[id] || sig == syscall.SIGKILL {
				syscall.Kill(id.PID, sig)
				ended[id] = true
			}
		}
		time.Sleep(pause)
		reapOrphans()
	}
}
