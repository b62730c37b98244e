package console

import (
	"context"
	"errors"
	"os"
)

// Exit codes. A script may rely on them.
const (
	Failed    Code = 1
	Usage     Code = 2 // wrong use or configuration
	Unhealthy Code = 3 // status: something is not well
	Nothing   Code = 4 // status: nothing runs
)

// Code ends the program with a code; all there is to say has been said.
type Code int

func (Code) Error() string { return "" }

// Exit is the edge of every target: it shows an error once and ends the program.
// The code is that of the error's method ExitCode() int, or Failed. (Mage would
// print the error a second time, in its own form.)
func Exit(err error) error {
	if err == nil {
		return nil
	}
	if code, ok := errors.AsType[Code](err); ok {
		os.Exit(int(code))
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; what this command had started was stopped")
	}
	Terminal{os.Stderr}.Error(err)
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		os.Exit(coded.ExitCode())
	}
	os.Exit(int(Failed))
	return nil
}

// Or is an option of a target, or what it is when left out.
func Or[T any](option *T, otherwise T) T {
	if option == nil {
		return otherwise
	}
	return *option
}
