package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a file.
type Problem struct {
	File         string // as the user gave it
	Line, Column int    // from 1; a column counts characters
	Message      string
	Suggestion   string // what was probably meant; "" when nothing comes near
}

// String gives FILE:LINE:COLUMN: message, with the suggestion if there is one.
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Suggestion != "" {
		s += " (did you mean " + tick(p.Suggestion) + "?)"
	}
	return s
}

// Error holds every mistake that was found in a file, in the order of the
// file.
type Error struct{ Problems []Problem }

// Error gives one problem a line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sortProblems orders by position and drops what is said twice, as happens
// when two places share an anchor.
func sortProblems(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	seen := make(map[Problem]bool, len(problems))
	return slices.DeleteFunc(problems, func(p Problem) bool {
		p.Suggestion = ""
		again := seen[p]
		seen[p] = true
		return again
	})
}
