package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var bootID = sync.OnceValue(func() string {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b))
})

const clockTick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on

// look reads proc_pid_stat(5). Its start is in clock ticks since the boot. One
// whose first thread has ended is called a zombie while other threads still
// hold its ports and files: it has not ended.
func look(pid int) (info, error) {
	b, err := os.ReadFile(file(pid, "stat"))
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ESRCH):
		return info{}, ErrGone
	case err != nil: // we have no descriptor left
		return info{}, err
	}
	p, ok := parseStat(b)
	if !ok {
		return info{}, fmt.Errorf("/proc/%d/stat: unexpected form", pid)
	}
	return p, nil
}

func parseStat(b []byte) (p info, ok bool) {
	// The command's name is in parentheses and may hold anything, so the
	// fields are counted from the last one, and the state is number 0.
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 22 {
		return info{}, false
	}
	number := func(i int) int {
		if i >= len(f) {
			return 0
		}
		n, _ := strconv.Atoi(f[i])
		return n
	}
	p = info{parent: number(1), group: number(2), session: number(3)}
	p.cpu = time.Duration(number(11)+number(12)) * clockTick
	p.start, _ = strconv.ParseUint(f[19], 10, 64)
	p.rss = int64(number(21)) * int64(os.Getpagesize())
	p.status = syscall.WaitStatus(number(49))
	threads := number(17)
	p.ended = f[0] == "X" || f[0] == "Z" && threads <= 1
	return p, true
}

func file(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }

func environ(pid int) ([]byte, error)   { return os.ReadFile(file(pid, "environ")) }
func arguments(pid int) ([]byte, error) { return os.ReadFile(file(pid, "cmdline")) }

func ownedBy(pid, uid int) bool {
	var st syscall.Stat_t
	return syscall.Stat(file(pid, "environ"), &st) == nil && int(st.Uid) == uid
}

func opened(pid, fd int) (os.FileInfo, error) {
	return os.Stat(file(pid, "fd/"+strconv.Itoa(fd)))
}

func outputs(pid int) []string {
	var files []string
	for _, fd := range []string{"fd/1", "fd/2"} {
		if link, err := os.Readlink(file(pid, fd)); err == nil {
			files = append(files, link)
		}
	}
	return files
}

func listens(pid int, ports []int) bool {
	return slices.ContainsFunc(ports, func(port int) bool {
		sockets := listenersOn(port)
		return port != 0 && len(sockets) > 0 && holds(pid, sockets)
	})
}

var PIDNamespace = sync.OnceValue(func() string {
	name, _ := os.Readlink("/proc/self/ns/pid")
	return name
})

func reachable(pid int) bool {
	name, _ := os.Readlink(file(pid, "ns/pid"))
	return name == PIDNamespace()
}

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

// Children reads the children of every thread (proc_pid_task_tid_children(5)).
func Children(pid int) []int {
	tasks, err := os.ReadDir(file(pid, "task"))
	if err != nil {
		return nil
	}
	var pids []int
	for _, t := range tasks {
		pids, err = appendChildren(pids, pid, t.Name())
		if err != nil {
			return nil
		}
	}
	return pids
}

func appendChildren(pids []int, pid int, task string) ([]int, error) {
	b, err := os.ReadFile(file(pid, "task/"+task+"/children"))
	for f := range strings.FieldsSeq(string(b)) {
		if pid, err := strconv.Atoi(f); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

// inherited reads the first thread's children only: to that one orphans come
// (find_new_reaper in kernel/exit.c), and of the others there may be dozens.
func inherited() []int {
	pids, _ := appendChildren(nil, os.Getpid(), strconv.Itoa(os.Getpid()))
	return pids
}

func groupAlive(pgid int) bool {
	pids := allPIDs()
	for _, pid := range pids {
		p, err := look(pid)
		if err == nil && p.group == pgid && !p.ended || err != nil && !errors.Is(err, ErrGone) {
			return true
		}
	}
	return len(pids) == 0 // it can't be told for now
}
