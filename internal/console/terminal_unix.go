//go:build unix

package console

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// inForeground tells whether no other job has the terminal.
func inForeground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// terminalSize is 0 where there is no terminal, or it does not tell.
func terminalSize(f *os.File) (rows, columns int) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return int(size.Row), int(size.Col)
}

// notifyMoved tells of what makes the lines of a terminal others' than ours, or
// breaks them.
func notifyMoved(c chan<- os.Signal) { signal.Notify(c, syscall.SIGCONT, syscall.SIGWINCH) }
