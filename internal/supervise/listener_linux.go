package supervise

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// portHolder finds who listens on a TCP port: the socket's inode is in
// /proc/net/tcp (proc_pid_net(5)), its holder is whoever has that inode open.
// Of several that is the one the others come from: a master and not its worker,
// and no program that is only about to become another one.
func portHolder(port int) Holder {
	inodes := listeningInodes(port)
	if len(inodes) == 0 {
		return Holder{}
	}
	for _, pid := range allPIDs() {
		if !holds(pid, inodes) {
			continue
		}
		for st, err := readStat(pid); err == nil && holds(st.ppid, inodes); st, err = readStat(pid) {
			pid = st.ppid
		}
		return Holder{PID: pid, Command: commandLine(pid)}
	}
	return Holder{}
}

// holds tells whether a process has one of the sockets open.
func holds(pid int, inodes map[string]bool) bool {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	d, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer d.Close()
	fds, _ := d.Readdirnames(-1)
	return slices.ContainsFunc(fds, func(fd string) bool {
		link, err := os.Readlink(dir + "/" + fd)
		return err == nil && inodes[link]
	})
}

func listeningInodes(port int) map[string]bool {
	const listen = "0A" // TCP_LISTEN
	inodes := map[string]bool{}
	suffix := fmt.Sprintf(":%04X", port)
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == listen && strings.HasSuffix(f[1], suffix) {
				inodes["socket:["+f[9]+"]"] = true
			}
		}
	}
	return inodes
}

func commandLine(pid int) string {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	line := string(bytes.TrimSpace(bytes.ReplaceAll(b, []byte{0}, []byte{' '})))
	if len(line) > 120 {
		line = line[:120] + "..."
	}
	return line
}

// inheritSocket takes a copy of the listening socket of an adopted process
// (pidfd_getfd(2)), which may have it under another number by now. Where the
// system does not allow that, there is none, and the process's successor binds
// anew.
func (c *child) inheritSocket(port int) socket {
	conn, err := c.watch.file.SyscallConn()
	if err != nil {
		return noSocket
	}
	inodes := listeningInodes(port)
	dir := "/proc/" + strconv.Itoa(c.id.PID) + "/fd"
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		link, err := os.Readlink(dir + "/" + e.Name())
		theirs, err2 := strconv.Atoi(e.Name())
		if err != nil || err2 != nil || !inodes[link] {
			continue
		}
		fd := -1
		conn.Control(func(pidfd uintptr) { fd, err = unix.PidfdGetfd(int(pidfd), theirs, 0) })
		if err == nil {
			return socket(fd)
		}
	}
	return noSocket
}
