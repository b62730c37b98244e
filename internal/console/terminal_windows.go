package console

import (
	"context"
	"errors"
	"os"
)

// What shows a stack while it runs, runs on no Windows: there are no keys, and
// nothing is drawn twice.

func inForeground(int) bool { return true }

func terminalSize(*os.File) (rows, columns int) { return 0, 0 }

func notifyMoved(chan<- os.Signal) {}

func readKeys(context.Context, *os.File, func([]byte)) error { return errors.ErrUnsupported }

// GuardTerminal does nothing.
func GuardTerminal() {}
