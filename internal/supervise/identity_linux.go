package supervise

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

var bootID = sync.OnceValue(func() string {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b))
})

// identify reads who has a pid now: field 22 of proc_pid_stat(5), in clock
// ticks since the boot.
func identify(pid int) (Identity, error) {
	st, err := readStat(pid)
	if err != nil {
		return Identity{}, err
	}
	if st.gone() {
		return Identity{}, errGone
	}
	return Identity{PID: pid, Start: st.start, Boot: bootID()}, nil
}

// stat is what we need of proc_pid_stat(5).
type stat struct {
	state   byte
	ppid    int
	pgrp    int
	session int
	ticks   uint64 // user and system time, in clock ticks
	threads int
	start   uint64 // clock ticks since the boot
	rss     int64  // pages
	exit    int    // wait status, of a zombie
}

// gone tells whether the process has ended. One whose first thread has ended
// is called a zombie while other threads still hold its ports and files.
func (st stat) gone() bool { return st.state == 'X' || st.state == 'Z' && st.threads <= 1 }

func readStat(pid int) (stat, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, errGone
	}
	// The command's name is in parentheses and may hold anything, so the
	// fields are counted from the last one.
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return stat{}, fmt.Errorf("/proc/%d/stat: unexpected form", pid)
	}
	f := strings.Fields(string(b[i+1:]))
	if len(f) < 22 {
		return stat{}, fmt.Errorf("/proc/%d/stat: unexpected form", pid)
	}
	st := stat{state: f[0][0]}
	st.ppid, _ = strconv.Atoi(f[1])
	st.pgrp, _ = strconv.Atoi(f[2])
	st.session, _ = strconv.Atoi(f[3])
	user, _ := strconv.ParseUint(f[11], 10, 64)
	system, _ := strconv.ParseUint(f[12], 10, 64)
	st.ticks = user + system
	st.threads, _ = strconv.Atoi(f[17])
	st.start, _ = strconv.ParseUint(f[19], 10, 64)
	st.rss, _ = strconv.ParseInt(f[21], 10, 64)
	if len(f) > 49 {
		st.exit, _ = strconv.Atoi(f[49])
	}
	return st, nil
}

// allPIDs lists the processes of the machine.
func allPIDs() []int {
	d, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	pids := make([]int, 0, len(names))
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// childPIDs lists the children of a process, zombies included.
func childPIDs(pid int) []int {
	p := strconv.Itoa(pid)
	tasks, err := os.ReadDir("/proc/" + p + "/task")
	if err != nil {
		return nil
	}
	var pids []int
	for _, t := range tasks {
		b, err := os.ReadFile("/proc/" + p + "/task/" + t.Name() + "/children")
		if err != nil {
			return nil
		}
		for f := range strings.FieldsSeq(string(b)) {
			if pid, err := strconv.Atoi(f); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// groupAlive tells whether a process group has a member that is no zombie:
// where nobody reaps orphans, their zombies keep the group for ever.
func groupAlive(pgid int) bool {
	for _, pid := range allPIDs() {
		if st, err := readStat(pid); err == nil && st.pgrp == pgid && !st.gone() {
			return true
		}
	}
	return false
}
