package proc

import (
	"context"
	"net"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Bind listens on a port on behalf of a process. The socket outlives the
// process, so that connections wait for its successor instead of being
// refused.
func Bind(host string, port int) (Socket, error) {
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
		return NoSocket, err
	}
	defer l.Close()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		return NoSocket, err
	}
	s := NoSocket
	raw.Control(func(fd uintptr) {
		// Not an os.File: whether the socket blocks is shared with every
		// process that has it, and os.File may change that.
		var n int
		n, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
		s = Socket(n)
	})
	return s, err
}

// Socket is a listening socket's descriptor.
type Socket int

// NoSocket is none.
const NoSocket Socket = -1

// Close closes our own descriptor; processes that have the socket keep it.
func (s Socket) Close() {
	if s != NoSocket {
		unix.Close(int(s))
	}
}
