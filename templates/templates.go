// Package templates holds the texts that muster generates files from.
package templates

import "embed"

// FS holds every template by its file name.
//
//go:embed *.tmpl
var FS embed.FS
