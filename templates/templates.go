// Package templates holds the texts that muster generates files from.
package templates

import (
	"embed"
	"strings"
)

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

//go:embed completion
var completion embed.FS

// Completion is what makes a shell (bash, zsh or fish) complete the words of muster. Of
// a command that is not muster itself, program is asked.
func Completion(shell, program string) (string, error) {
	text, err := completion.ReadFile("completion/" + shell)
	if shell == "fish" { // where a backslash has a meaning within quotes
		program = strings.ReplaceAll(program, `\`, `\\`)
	}
	quoted := "'" + strings.ReplaceAll(program, "'", `'\''`) + "'"
	return strings.ReplaceAll(string(text), "{{program}}", quoted), err
}
