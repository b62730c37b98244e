// Package project holds the targets of this repository itself: they test, lint
// and measure muster. Other repositories import muster/magefiles/targets alone.
package project

import (
	"os"

	"muster/internal/config"
	"muster/internal/console"
)

// stderr shows how the work goes.
var stderr = console.Terminal{Out: os.Stderr}

// example is the configuration of this repository, which runs the example.
func example() (*config.Config, error) { return config.Load("dev-config.yaml") }
