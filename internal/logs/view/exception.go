package view

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Exception is what a program died of, or says that went wrong, as its runtime wrote
// it to the log.
type Exception struct {
	Type    string `json:"type" jsonschema:"such as ModuleNotFoundError"`
	Message string `json:"message,omitempty" jsonschema:"what it says"`
	File    string `json:"file,omitempty" jsonschema:"where it was raised: the innermost place that is not of a library"`
	Line    int    `json:"line,omitempty" jsonschema:"in that file, from 1"`
}

// The forms in which runtimes write exceptions: Python, Node.js and Go.
var forms = sync.OnceValue(func() (f struct{ pythonPlace, pythonEnd, nodeHead, nodePlace, nodeSyntax, goPlace *regexp.Regexp }) {
	f.pythonPlace = regexp.MustCompile(`^ *File "(.+)", line (\d+)`)
	f.pythonEnd = regexp.MustCompile(`^([A-Za-z_][\w.]*)(?:: (.*))?$`)
	f.nodeHead = regexp.MustCompile(`^(?:Uncaught )?((?:[A-Z]\w*)?(?:Error|Exception))(?: \[\w+\])?: (.*)$`)
	f.nodePlace = regexp.MustCompile(`^ +at .*?\(?(?:file://)?((?:/|node:)[^():]+):(\d+):\d+\)?`)
	f.nodeSyntax = regexp.MustCompile(`^(?:file://)?(/[^:]+):(\d+)$`)
	f.goPlace = regexp.MustCompile(`^\t(/.+\.go):(\d+)`)
	return f
})

// LastException is the last exception that lines of a log tell of, or nil.
func LastException(lines []string) *Exception {
	var r ExceptionReader
	var last *Exception
	for _, line := range lines {
		if e := r.Next(line); e != nil {
			last = e
		}
	}
	if e := r.End(); e != nil {
		last = e
	}
	return last
}

// ExceptionReader finds the exceptions in lines that come one after the other.
type ExceptionReader struct {
	inPython bool
	place    Exception  // of Python: the place so far
	own      bool       // which is not of a library
	open     *Exception // of Node.js or Go: its places are still to come
	above    Exception  // of Node.js: the place that was written above it
}

// Next takes a line and returns the exception that ends with it, or before it.
func (r *ExceptionReader) Next(line string) (done *Exception) {
	f := forms()
	line = withoutGroup(line)
	if m := f.pythonPlace.FindStringSubmatch(line); m != nil {
		done = r.End()
		if own := isOwn(m[1]); !r.inPython || own || !r.own {
			r.place.File, r.own = m[1], own
			r.place.Line, _ = strconv.Atoi(m[2])
		}
		r.inPython = true
		return done
	}
	if r.open != nil {
		for _, place := range []*regexp.Regexp{f.nodePlace, f.goPlace} {
			if m := place.FindStringSubmatch(line); m != nil {
				r.found(m[1], m[2])
				return nil
			}
		}
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "- ") || line == "" ||
			strings.HasPrefix(line, "Require stack") || strings.HasPrefix(line, "goroutine ") || strings.HasSuffix(line, ")") {
			return nil
		}
		done = r.End()
	}
	if r.inPython && !strings.HasPrefix(line, " ") && line != "" {
		if m := f.pythonEnd.FindStringSubmatch(line); m != nil {
			r.inPython = false
			e := Exception{Type: m[1], Message: m[2], File: r.place.File, Line: r.place.Line}
			r.place, r.own = Exception{}, false
			return &e
		}
	}
	if m := f.nodeSyntax.FindStringSubmatch(line); m != nil {
		r.above.File = m[1]
		r.above.Line, _ = strconv.Atoi(m[2])
		return done
	}
	if m := f.nodeHead.FindStringSubmatch(line); m != nil {
		r.open = &Exception{Type: m[1], Message: m[2]}
		r.own = false
		if m[1] == "SyntaxError" {
			r.open.File, r.open.Line, r.own = r.above.File, r.above.Line, r.above.File != ""
		}
		r.above = Exception{}
		return done
	}
	if message, ok := strings.CutPrefix(line, "panic: "); ok {
		r.open, r.own = &Exception{Type: "panic", Message: message}, false
	}
	return done
}

// found takes a place, the innermost first.
func (r *ExceptionReader) found(file, line string) {
	if r.own || r.open.File != "" && !isOwn(file) {
		return
	}
	r.open.File, r.own = file, isOwn(file)
	r.open.Line, _ = strconv.Atoi(line)
}

// End returns the exception whose places were still to come. Without any it is an
// ordinary line, but for a panic.
func (r *ExceptionReader) End() *Exception {
	e := r.open
	r.open = nil
	if e == nil || e.File == "" && e.Type != "panic" {
		return nil
	}
	r.own = false
	return e
}

// isOwn tells whether a file is of the project, and not of a library or the runtime.
func isOwn(file string) bool {
	if !filepath.IsAbs(file) {
		return !strings.HasPrefix(file, "<") && !strings.HasPrefix(file, "node:")
	}
	for _, of := range []string{"/site-packages/", "/dist-packages/", "/lib/python", "/node_modules/", "/go/pkg/mod/", "/usr/lib/", "/usr/local/go/"} {
		if strings.Contains(file, of) {
			return false
		}
	}
	return true
}

// withoutGroup takes off what Python draws before the lines of an exception group.
func withoutGroup(line string) string {
	rest := strings.TrimLeft(line, " ")
	if after, ok := strings.CutPrefix(rest, "| "); ok {
		return after
	}
	return line
}
