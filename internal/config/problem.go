package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a file.
type Problem struct {
	File       string `json:"file" jsonschema:"as it was given on the command line"`
	Line       int    `json:"line" jsonschema:"from 1"`
	Column     int    `json:"column" jsonschema:"from 1, in characters"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty" jsonschema:"what was probably meant"`
}

// Check is what config:validate -json says of a file.
type Check struct {
	File     string    `json:"file"`
	Valid    bool      `json:"valid"`
	Problems []Problem `json:"problems" jsonschema:"every mistake, in the order of the file"`
}

// Checked is what there is to say of a file that was loaded, or not: an error that is
// not of its content is returned.
func Checked(file string, err error) (Check, error) {
	c := Check{File: file, Valid: err == nil, Problems: []Problem{}}
	if wrong, ok := errors.AsType[*Error](err); ok {
		c.Problems, err = wrong.Problems, nil
	}
	return c, err
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
