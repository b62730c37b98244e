// Package hint gives an error what to type next. A type of error may also have
// a method Hint of its own; all of them are printed alike.
package hint

import (
	"errors"
	"strings"
)

type hinted struct {
	error
	hint string
}

func (h *hinted) Hint() string  { return h.hint }
func (h *hinted) Unwrap() error { return h.error }

// With is an error with a hint.
func With(err error, hint string) error { return &hinted{err, hint} }

// Of is the hint of an error, or of one that it wraps, or what mends what the machine
// lacks; "" is none.
func Of(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return lackOf(err)
}

// Word makes of a text a word that a shell takes as it is.
func Word(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
