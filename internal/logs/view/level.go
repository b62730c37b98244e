package view

import (
	"bytes"
	"fmt"
	"strings"
)

// Level is how serious a line is.
type Level uint8

// The levels, in order. NoLevel is that of a line which says none.
const (
	NoLevel Level = iota
	Debug
	Info
	Warn
	Error
	Critical
)

// String returns the level's name in lower case; "" for NoLevel.
func (l Level) String() string {
	return [...]string{"", "debug", "info", "warn", "error", "critical"}[min(l, Critical)]
}

// ParseLevel understands the names that loggers use, in any case.
func ParseLevel(s string) (Level, error) {
	if l := levelNamed([]byte(s)); l != NoLevel {
		return l, nil
	}
	return NoLevel, fmt.Errorf("unknown level %q: use debug, info, warn, error or critical", s)
}

func levelNamed(word []byte) Level {
	if len(word) < 3 || len(word) > 9 {
		return NoLevel
	}
	switch strings.ToLower(string(word)) {
	case "trace", "debug", "dbg", "verbose":
		return Debug
	case "info", "inf", "notice", "information", "success":
		return Info
	case "warn", "warning", "wrn":
		return Warn
	case "error", "err", "exception":
		return Error
	case "critical", "crit", "fatal", "panic", "alert", "emerg", "emergency":
		return Critical
	}
	return NoLevel
}

// headBytes is how much of a line is searched for its level: a time, a
// logger's name and the level fit, most of the message does not.
const headBytes = 100

const tracebackHead = "Traceback (most recent call last):"

// levelOf returns the level that a line, free of escape sequences, says. It
// knows uvicorn, Python's logging in its usual formats, gunicorn, loguru,
// structlog, nginx (both its logs), npm, JSON lines and logfmt.
func levelOf(text []byte) Level {
	t := bytes.TrimLeft(text, " \t")
	if len(t) == 0 {
		return NoLevel
	}
	if r, ok := ParseRequest(t); ok {
		return r.level()
	}
	if t[0] == '{' {
		if fields, ok := parseJSONLine(t); ok {
			return fields.level()
		}
	}
	if len(t) == len(text) && bytes.HasPrefix(t, []byte(tracebackHead)) {
		return Error
	}
	if l := logfmtLevel(t); l != NoLevel {
		return l
	}
	if len(t) != len(text) {
		return NoLevel // indented: it belongs to the line before
	}
	return headLevel(t[:min(len(t), headBytes)])
}

// logfmtLevel finds level=warn and its like.
func logfmtLevel(t []byte) Level {
	for _, key := range []string{"level=", "lvl=", "severity="} {
		i := bytes.Index(t, []byte(key))
		if i < 0 || i > 0 && t[i-1] != ' ' {
			continue
		}
		value := bytes.TrimPrefix(t[i+len(key):], []byte(`"`))
		n := 0
		for n < len(value) && letter(value[n]) {
			n++
		}
		if l := levelNamed(value[:n]); l != NoLevel {
			return l
		}
	}
	return NoLevel
}

// headLevel finds the word that is the level in the beginning of a line.
func headLevel(t []byte) Level {
	stamped := hasTime(t)
	for i := 0; i < len(t); {
		if !letter(t[i]) {
			i++
			continue
		}
		n := i
		for n < len(t) && letter(t[n]) {
			n++
		}
		if l := levelNamed(t[i:n]); l != NoLevel && isLevel(t, i, n, stamped) {
			return l
		}
		i = n
	}
	return NoLevel
}

// isLevel reports whether the level's name at t[i:n] is meant as one rather
// than a word of the message.
func isLevel(t []byte, i, n int, stamped bool) bool {
	before, after := byte(' '), byte(' ')
	if i > 0 {
		before = t[i-1]
	}
	rest := bytes.TrimLeft(t[n:], " ")
	if n < len(t) {
		after = t[n]
	}
	next := byte(0)
	if len(rest) > 0 {
		next = rest[0]
	}
	upper := bytes.Equal(t[i:n], bytes.ToUpper(t[i:n]))
	switch {
	case before == '[' && next == ']', before == '<' && next == '>': // [info     ]
		return true
	case i == 0 && after == ':': // error: ..., INFO:     ...
		return true
	case !upper:
		return false
	case i == 0:
		return after == ' ' || after == '!'
	case endsWith(t[:i], "| ") && next == '|', endsWith(t[:i], "- ") && next == '-':
		return true
	case endsWith(t[:i], "npm "):
		return true
	case stamped:
		return strings.IndexByte(" [(|:-\t", before) >= 0 && strings.IndexByte(" ])|:-\t", after) >= 0
	}
	return false
}

func endsWith(b []byte, s string) bool { return bytes.HasSuffix(b, []byte(s)) }

// hasTime reports whether a line begins with a date or a time of day, maybe
// within a bracket.
func hasTime(t []byte) bool {
	t = bytes.TrimLeft(t, "[(")
	digits, marks := 0, 0
	for _, c := range t[:min(len(t), 10)] {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '-' || c == '/' || c == ':' || c == '.' || c == 'T':
			marks++
		default:
			return digits >= 4 && marks >= 1
		}
	}
	return digits >= 4 && marks >= 1
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
