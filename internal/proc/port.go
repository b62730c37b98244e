package proc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Localhost is a host to listen on or to link to: the same one, but "localhost" in
// place of a name below it, and an address in place of "localhost", that this
// machine does not know by name.
func Localhost(host string) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	below := strings.HasSuffix(host, ".localhost")
	if host != "localhost" && !below {
		return host
	}
	switch _, err := net.DefaultResolver.LookupHost(ctx, host); {
	case err != nil && below:
		return Localhost("localhost")
	case err != nil:
		return "127.0.0.1"
	}
	return host
}

// Addresses are what a host stands for. "localhost" is the loopback without
// anybody being asked (RFC 6761, 6.3): an /etc/hosts may lack it.
func Addresses(host string) []string {
	if host == "localhost" {
		return []string{"127.0.0.1", "::1"}
	}
	return []string{host}
}

// TryPort tells whether a port can be listened on, at every address that the
// host stands for. The error is EADDRINUSE where somebody else listens.
func TryPort(host string, port int) error {
	var missing error // an address: a machine may have no IPv6, or nothing else
	tried := false
	for _, a := range Addresses(host) {
		switch err := tryAddress(a, port); {
		case errors.Is(err, syscall.EADDRNOTAVAIL):
			missing = err
		case err != nil:
			return err
		default:
			tried = true
		}
	}
	if tried {
		return nil
	}
	return missing
}

// tryAddress listens for a moment. A program that another goroutine starts
// meanwhile would have the socket until its exec, and with it the port.
func tryAddress(host string, port int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// ReservePort takes a port of this machine's own address without listening on it:
// nobody else can have it, in whichever program or container of this network, for as
// long as some process has the file open. The error is EADDRINUSE where somebody has
// it.
func ReservePort(port int) (*os.File, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	syscall.CloseOnExec(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		syscall.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	return os.NewFile(uintptr(fd), "port "+strconv.Itoa(port)), nil
}

// Holder is a process that listens on a port.
type Holder struct {
	PID       int    // 0: not to be seen by this user
	Command   string // its command line
	Lingering bool   // nobody listens: a connection has the port that is not closed yet
}

func (h Holder) String() string {
	if h.Lingering {
		return "a connection that is still open, or that the system keeps for a minute"
	}
	if h.PID == 0 {
		return "another user's process"
	}
	return fmt.Sprintf("%s (pid %d)", h.Command, h.PID)
}

// Drained waits until no connection to a local TCP port is left, or the time
// is over, and tells which of the two.
func Drained(ctx context.Context, port int, limit time.Duration) bool {
	deadline := time.After(limit)
	for connected(port) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}
