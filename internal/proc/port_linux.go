package proc

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// PortHolder finds the socket's inode in /proc/net/tcp (proc_pid_net(5)), and
// whoever has that inode open. Of several that is the one the others come from:
// a master and not its worker, and no program that is only about to become
// another one.
func PortHolder(port int) Holder {
	sockets := listenersOn(port)
	if len(sockets) == 0 {
		return Holder{Lingering: true}
	}
	for _, pid := range allPIDs() {
		if !holds(pid, sockets) {
			continue
		}
		for p, err := look(pid); err == nil && holds(p.parent, sockets); p, err = look(pid) {
			pid = p.parent
		}
		return Holder{PID: pid, Command: CommandLine(pid)}
	}
	return Holder{}
}

// holds tells whether a process has one of the sockets open.
func holds(pid int, sockets map[string]bool) bool {
	dir := file(pid, "fd")
	d, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer d.Close()
	fds, _ := d.Readdirnames(-1)
	return slices.ContainsFunc(fds, func(fd string) bool {
		link, err := os.Readlink(dir + "/" + fd)
		return err == nil && sockets[link]
	})
}

// The states of a socket, as /proc/net/tcp writes them.
const (
	established = "01"
	listening   = "0A"
)

// listenersOn are the links to the sockets that listen on a port.
func listenersOn(port int) map[string]bool {
	links := map[string]bool{}
	for link, at := range listeners() {
		if int(at.Port()) == port {
			links[link] = true
		}
	}
	return links
}

// eachSocket reads the machine's TCP sockets (proc_pid_net(5)): the local end,
// the state, and what a descriptor of it links to.
func eachSocket(do func(local netip.AddrPort, state, link string)) {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 10 {
				continue
			}
			if local, err := parseEnd(f[1]); err == nil {
				do(local, f[3], "socket:["+f[9]+"]")
			}
		}
	}
}

// parseEnd reads an address as the kernel prints it: words of four bytes in the
// machine's own order, and the port.
func parseEnd(s string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(s, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	b, err := hex.DecodeString(host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for word := b; len(word) >= 4; word = word[4:] {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	addr, ok := netip.AddrFromSlice(b)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("no address: %q", s)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), nil
}

// listeners are the sockets on which somebody listens, by what a descriptor of
// them links to.
func listeners() map[string]netip.AddrPort {
	if at, err := diagListeners(); err == nil {
		return at
	}
	return procListeners() // a kernel, or a sandbox, without sock_diag
}

func procListeners() map[string]netip.AddrPort {
	at := map[string]netip.AddrPort{}
	eachSocket(func(local netip.AddrPort, state, link string) {
		if state == listening {
			at[link] = local
		}
	})
	return at
}

// heldBy are those of the sockets that a process has open.
func heldBy(pid int, sockets map[string]netip.AddrPort) []netip.AddrPort {
	var held []netip.AddrPort
	dir := file(pid, "fd")
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		link, err := os.Readlink(dir + "/" + e.Name())
		if at, ok := sockets[link]; err == nil && ok {
			held = append(held, at)
		}
	}
	return held
}

// connected looks for connections whose server side is the port.
func connected(port int) (found bool) {
	eachSocket(func(local netip.AddrPort, state, _ string) {
		found = found || state == established && int(local.Port()) == port
	})
	return found
}

// inheritSocket uses pidfd_getfd(2). The process may have the socket under
// another number by now.
func inheritSocket(w exitWatch, pid, port int) Socket {
	conn, err := w.file.SyscallConn()
	if err != nil {
		return NoSocket
	}
	sockets := listenersOn(port)
	dir := file(pid, "fd")
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		link, err := os.Readlink(dir + "/" + e.Name())
		theirs, err2 := strconv.Atoi(e.Name())
		if err != nil || err2 != nil || !sockets[link] {
			continue
		}
		fd := -1
		conn.Control(func(pidfd uintptr) { fd, err = unix.PidfdGetfd(int(pidfd), theirs, 0) })
		if err == nil {
			return Socket(fd)
		}
	}
	return NoSocket
}
