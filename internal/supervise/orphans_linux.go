package supervise

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"

	"muster/internal/local"
)

// orphans lists the living processes of this project apart from known, their
// groups and what comes from them. They are what a supervisor left that was
// killed between starting a process and writing it down, or whose child was
// killed and left children of its own.
func orphans(dir local.Dir, known map[int]bool) []Identity {
	var found []Identity
	for _, pid := range allPIDs() {
		st, err := readStat(pid)
		if err != nil || pid == os.Getpid() || known[pid] || known[st.pgrp] {
			continue
		}
		if !belongs(pid, dir) || descends(st, known, dir) {
			continue
		}
		if id, err := identify(pid); err == nil {
			found = append(found, id)
		}
	}
	return found
}

// belongs tells whether a process belongs to the project: by its mark or, for
// nginx, which writes its title over its environment, by its configuration
// below our folder or, for a worker that its master's death left behind, by the
// project's folder that it runs in. Its session must have lost its leader, as
// that was our supervisor: an nginx that somebody else started has a living one.
func belongs(pid int, dir local.Dir) bool {
	st, err := readStat(pid)
	if err != nil {
		return false
	}
	env, err := environ(pid)
	if err != nil {
		return false
	}
	if hasMark(env, dir) {
		return true
	}
	if bytes.IndexByte(env, '=') >= 0 || len(env) == 0 || st.session == pid {
		return false
	}
	if _, err := identify(st.session); err == nil {
		return false
	}
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err == nil && bytes.Contains(line, []byte(" "+string(dir)+"/")) {
		return true
	}
	if _, err := identify(st.pgrp); err == nil {
		return false
	}
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err == nil && cwd == dir.Project()
}

// descends tells whether a process comes from a known one. A supervisor is the
// parent of orphans too, but has no mark.
func descends(st stat, known map[int]bool, dir local.Dir) bool {
	for st.ppid > 1 {
		if known[st.ppid] && marked(st.ppid, dir) {
			return true
		}
		var err error
		if st, err = readStat(st.ppid); err != nil {
			return false
		}
	}
	return false
}

// marked tells whether a process carries the project's mark.
func marked(pid int, dir local.Dir) bool {
	env, err := environ(pid)
	return err == nil && hasMark(env, dir)
}

func environ(pid int) ([]byte, error) { return os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ") }

func hasMark(env []byte, dir local.Dir) bool { return hasVariable(env, tagProject+"="+string(dir)) }

func hasVariable(env []byte, variable string) bool {
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if string(v) == variable {
			return true
		}
	}
	return false
}

// endOrphans ends them, with SIGKILL for those that stay past the timeout,
// and tells how many there were.
func endOrphans(dir local.Dir, known map[int]bool, timeout time.Duration) int {
	ended := map[Identity]bool{}
	sig := syscall.SIGTERM
	deadline := time.Now().Add(timeout)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		left := orphans(dir, known)
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

// endStraysOf ends what a process that has ended left outside of its group. As
// the sub-reaper we are the parent of what our own child left; what one left
// that was adopted can be anybody's.
func endStraysOf(dir local.Dir, name string, c *child) {
	told := map[Identity]bool{}
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		pids := childPIDs(os.Getpid())
		if !c.ours {
			pids = allPIDs()
		}
		left := strays(dir, name, pids)
		if len(left) == 0 {
			return
		}
		for _, id := range left {
			if !time.Now().Before(c.killAt()) {
				syscall.Kill(id.PID, killSignal)
			} else if !told[id] {
				syscall.Kill(id.PID, syscall.SIGTERM)
				told[id] = true
			}
		}
		time.Sleep(pause)
		reapOrphans()
	}
}

// strays lists which of pids are living processes of the name, apart from
// those that somebody waits for.
func strays(dir local.Dir, name string, pids []int) []Identity {
	var found []Identity
	for _, pid := range pids {
		children.Lock()
		waited := children.pids[pid]
		children.Unlock()
		if waited {
			continue
		}
		env, err := environ(pid)
		if err != nil || !hasMark(env, dir) || !hasVariable(env, tagProcess+"="+name) {
			continue
		}
		if id, err := identify(pid); err == nil {
			found = append(found, id)
		}
	}
	return found
}
