// Package targets holds muster's Mage targets, one file a namespace. Other
// repositories import it with mage:import and so get the same targets.
package targets

import (
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

// stdout gets what was asked for, stderr how the work goes.
var (
	stdout = console.Terminal{Out: os.Stdout}
	stderr = console.Terminal{Out: os.Stderr}
)

// usageError is a command called wrongly.
type usageError = stack.UsageError
