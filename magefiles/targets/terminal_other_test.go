//go:build !linux

package targets_test

import "github.com/rogpeppe/go-internal/testscript"

// The terminals of scripts are Linux's.

func setUpTerminals(*testscript.Env) {}

func withTerminals(all map[string]command) map[string]command { return all }
