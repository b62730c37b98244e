package supervise

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// bind listens on a process's port on its behalf. The socket outlives the
// process, so that connections wait for its successor instead of being
// refused.
func bind(host string, port int) (socket, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		c.Control(func(fd uintptr) {
			// A server that gets its socket as a descriptor may not know that it
			// is TCP; what it accepts inherits this (tcp(7)).
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		})
		return err
	}}
	l, err := lc.Listen(context.Background(), "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return noSocket, err
	}
	defer l.Close()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		return noSocket, err
	}
	s := noSocket
	raw.Control(func(fd uintptr) {
		// Not an os.File: whether the socket blocks is shared with every
		// process that has it, and os.File may change that.
		var n int
		n, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
		s = socket(n)
	})
	return s, err
}

// socket is a listening socket's descriptor.
type socket int

const noSocket socket = -1

func (s socket) close() {
	if s != noSocket {
		unix.Close(int(s))
	}
}

// Holder is a process that listens on a port.
type Holder struct {
	PID     int    // 0: not to be seen by this user
	Command string // its command line
}

func (h Holder) String() string {
	if h.PID == 0 {
		return "another user's process"
	}
	return fmt.Sprintf("%s (pid %d)", h.Command, h.PID)
}

// PortTaken is a port that a process needs and that somebody else holds.
type PortTaken struct {
	Process string
	Port    int
	Holder  Holder
}

func (e *PortTaken) Error() string {
	return fmt.Sprintf("port %d of %s is taken by %s", e.Port, e.Process, e.Holder)
}

// Hint says what to do about it.
func (e *PortTaken) Hint() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("give %s another port in the configuration, or see who has it: sudo ss -ltnp 'sport = :%d'", e.Process, e.Port)
	}
	return fmt.Sprintf("end it (kill %d), or give %s another port in the configuration", e.Holder.PID, e.Process)
}

// addresses are what a host stands for. "localhost" is the loopback without
// anybody being asked (RFC 6761, 6.3): an /etc/hosts may lack it.
func addresses(host string) []string {
	if host == "localhost" {
		return []string{"127.0.0.1", "::1"}
	}
	return []string{host}
}

// checkPort tells whether a port can be listened on, and who is in the way.
func checkPort(process, host string, port int) error {
	for _, a := range addresses(host) {
		err := tryPort(a, port)
		if err == nil {
			continue
		}
		if errors.Is(err, syscall.EADDRINUSE) {
			return &PortTaken{Process: process, Port: port, Holder: portHolder(port)}
		}
		if a != "::1" || !errors.Is(err, syscall.EADDRNOTAVAIL) { // no IPv6 here
			return fmt.Errorf("port %d of %s: %w", port, process, err)
		}
	}
	return nil
}

// tryPort listens for a moment. A program that another goroutine starts
// meanwhile would have the socket until its exec, and with it the port.
func tryPort(host string, port int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}
