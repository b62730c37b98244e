package proc

import (
	"context"
	"net"
	"strconv"
	"syscall"
)

// Bind listens on a port on behalf of a process. The socket outlives the
// process, so that connections wait for its successor instead of being
// refused.
func Bind(host string, port int) (Socket, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		c.Control(func(fd uintptr) { err = noDelay(fd) })
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
	raw.Control(func(fd uintptr) { s, err = copySocket(fd) })
	return s, err
}

// Socket is a listening socket's descriptor.
type Socket int

// NoSocket is none.
const NoSocket Socket = -1

// Close closes our own descriptor; processes that have the socket keep it.
func (s Socket) Close() {
	if s != NoSocket {
		closeSocket(s)
	}
}
