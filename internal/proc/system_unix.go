//go:build unix

package proc

import (
	"net"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supervises has nothing to say: any Unix does.
func Supervises() error { return nil }

// Exists tells whether somebody has a pid, be it a zombie.
func Exists(pid int) bool { return syscall.Kill(pid, 0) == nil }

func kill(pid int, sig syscall.Signal) error { return syscall.Kill(pid, sig) }

func waitChild(pid int, block bool) (ended int, status syscall.WaitStatus, err error) {
	options := syscall.WNOHANG
	if block {
		options = 0
	}
	for {
		ended, err = syscall.Wait4(pid, &status, options, nil)
		if err != syscall.EINTR {
			return ended, status, err
		}
	}
}

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// OwnSession has a program that is started survive this one and its terminal.
func OwnSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// KeepToUs keeps a descriptor that we were started with from our children, and
// tells whether there is one.
func KeepToUs(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC)
	return err == nil
}

func makeFIFO(path string) error { return syscall.Mkfifo(path, 0o600) }

func makeBlocking(f *os.File) error { return syscall.SetNonblock(int(f.Fd()), false) }

func signalName(s syscall.Signal) string {
	if n := unix.SignalName(s); n != "" {
		return n
	}
	return "signal " + strconv.Itoa(int(s))
}

// SignalOf is a signal by its name, or 0.
func SignalOf(name string) syscall.Signal { return unix.SignalNum(name) }

func jobControl() []os.Signal {
	return []os.Signal{syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU}
}

// noDelay: a server that gets its socket as a descriptor may not know that it is
// TCP; what it accepts inherits this (tcp(7)).
func noDelay(fd uintptr) error {
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
}

// copySocket makes no os.File: whether the socket blocks is shared with every
// process that has it, and os.File may change that.
func copySocket(fd uintptr) (Socket, error) {
	n, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
	return Socket(n), err
}

func closeSocket(s Socket) { unix.Close(int(s)) }

func PeerUID(conn *net.UnixConn) (uid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	if e := raw.Control(func(fd uintptr) { uid, err = peerUID(int(fd)) }); e != nil {
		return 0, e
	}
	return uid, err
}
