package supervise

import (
	"fmt"
	"net"
	"os"

	"muster/internal/local"
	"muster/internal/proc"
)

func dialSocket(dir local.Dir) (conn *net.UnixConn, err error) {
	err = proc.WithSocketPath(dir.Socket(), func(path string) error {
		conn, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	return conn, err
}

// listenSocket makes the control socket. Whoever calls it holds the lock, so
// a socket file that is there has no owner any more.
func listenSocket(dir local.Dir) (l *net.UnixListener, err error) {
	if err := os.Remove(dir.Socket()); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("remove the old control socket: %w", err)
	}
	err = proc.WithSocketPath(dir.Socket(), func(path string) error {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	l.SetUnlinkOnClose(false) // the command that makes it hands it over; its owner removes the file
	return l, os.Chmod(dir.Socket(), 0o600)
}
