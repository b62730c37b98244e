// Package project holds the targets of this repository itself: they test, lint
// and measure muster. Other repositories import muster/magefiles/targets alone.
package project

import (
	"fmt"
	"os"
	"regexp"
	"sync"
	"time"

	"muster/internal/config"
	"muster/internal/console"
)

// stderr shows how the work goes.
var stderr = console.Terminal{Out: os.Stderr}

// step does one step, and shows how long it took.
func step(what string, do func() error) error {
	began := time.Now()
	stderr.Step(what)
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	stderr.Done("%s: %s", what, time.Since(began))
	return nil
}

// pattern is a regular expression that is compiled at its first use: the supervisor is
// this program too.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// example is the configuration of this repository, which runs the example.
func example() (*config.Config, error) { return config.Load("dev-config.yaml") }
