// Package targets holds muster's Mage targets, one file a namespace. Other
// repositories import it and so get the same targets:
//
//	//go:build mage
//
//	package main
//
//	import (
//		// mage:import
//		_ "muster/magefiles/targets"
//	)
//
// A target of one's own calls them as Go methods. An option is a pointer, and nil where
// it is left out; config is the path of the configuration, nil for the nearest
// dev-config.yaml. What goes wrong is shown, with a hint, and ends the program with an
// exit code of its own (README lists them), as Mage's own errors do: a target that
// returns has done its work.
package targets

import (
	"os"

	"muster/internal/console"
	"muster/internal/stack"
	_ "muster/internal/supervise/early" // first
)

// The builtin gateway and the guard of a terminal are this same binary, started by itself
// under other names, as the supervisor is, and a shell asks it for words in a call of its
// own. They have to be told apart before Mage looks at the arguments, and what it would
// say of an unknown target helps nobody.
func init() {
	stack.ServeBuiltin()
	console.GuardTerminal()
	complete()
	refuseUnknown()
}

// stdout gets what was asked for, stderr how the work goes.
var (
	stdout = console.Terminal{Out: os.Stdout}
	stderr = console.Terminal{Out: os.Stderr}
)

// usageError is a command called wrongly.
type usageError = stack.UsageError
