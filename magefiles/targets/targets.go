// Package targets holds muster's Mage targets, one file a namespace. Other
// repositories import it with mage:import and so get the same targets.
package targets

import (
	"context"
	"errors"
	"os"

	"muster/internal/console"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// The supervisor and the builtin gateway are this same binary, started by itself
// under other names. They have
// to be told apart before Mage looks at the arguments.
func init() {
	supervise.Resident()
	stack.ServeBuiltin()
}

// Exit codes. A script may rely on them.
const (
	exitFailed    = 1
	exitUsage     = 2 // wrong use or configuration
	exitUnhealthy = 3 // status: something is not well
	exitNothing   = 4 // status: nothing runs
)

// run is the edge of every target: it shows an error once and ends the program
// with the code that the error stands for. (Mage would print it a second time,
// in its own form.)
func run(err error) error {
	if err == nil {
		return nil
	}
	var code exitCode
	if errors.As(err, &code) {
		os.Exit(int(code))
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; what this command had started was stopped")
	}
	console.Error(os.Stderr, err)
	var wrong configError
	var usage usageError
	if errors.As(err, &wrong) || errors.As(err, &usage) {
		os.Exit(exitUsage)
	}
	os.Exit(exitFailed)
	return nil
}

// exitCode ends the program with a code; all there is to say has been said.
type exitCode int

func (exitCode) Error() string { return "" }

// configError is a configuration that cannot be used, or read at all.
type configError struct{ error }

func (e configError) Unwrap() error { return e.error }

// usageError is a command called wrongly.
type usageError = stack.UsageError

// value is an optional argument, or what it is when left out.
func value[T any](arg *T, otherwise T) T {
	if arg == nil {
		return otherwise
	}
	return *arg
}

// stderr shows how the work goes.
var stderr = console.Terminal{Out: os.Stderr}
