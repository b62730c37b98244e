//go:build mage

// muster: a modular backend as several processes behind one gateway.
package main

import (
	// mage:import
	_ "muster/magefiles/project"
	// mage:import
	_ "muster/magefiles/targets"
)
