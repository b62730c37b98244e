// Package templates holds the texts that muster generates files from.
package templates

import "embed"

// FS holds every template by its file name.
//
//go:embed *.tmpl
var FS embed.FS

// UvicornReload is the program that runs a uvicorn in reload mode.
//
//go:embed uvicorn_reload.py
var UvicornReload []byte

// MusterMK holds the targets that teams are used to, for a Makefile of theirs. This
// repository's own project.mk includes it.
//
//go:embed muster.mk
var MusterMK []byte
