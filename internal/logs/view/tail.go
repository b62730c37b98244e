// Package view shows the logs to a person or a program: the last lines or those
// of some time, filtered by process, level and pattern, and whatever comes. It
// reads the files alone and asks no unifier, so that it works whether one runs,
// dies or is replaced.
package view

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
)

// Options say which lines Tail shows, and how.
type Options struct {
	Only []string // names of processes or servers; none: all
	Grep string   // regular expression (regexp/syntax) that the text matches; "": all
	Text string   // that the text has in it, in upper or lower case; "": all
	// Request is the id of a request: lines that have it as a word, and of several logs
	// those that there are in order of time, as far as it is known; "": all.
	Request string
	Level   Level         // the least level; NoLevel: all
	Since   time.Duration // only lines that are not older; 0: of any age
	Lines   int           // the last so many lines that match; negative: all there are

	// Probe, if not nil, tells which answers of a process are good ones to its
	// health checks.
	// The lines that say no more than that one of them went well are left out.
	Probe func(process, path string, status int) bool

	Follow bool  // go on with the lines that come
	Live   *Live // a choice that may change meanwhile; nil: none
	// JSON prints an object a line: process, level, time, text. The time, in RFC
	// 3339, is the one that the line says or else that of its writing: up to a
	// second before that for a line that was there, and left out if nobody knows.
	JSON bool

	Terminal bool // a person reads: JSON lines are made readable
	Color    bool // with colours; otherwise those of the lines are taken out, too
}

// grep is the regular expression asked for; nil is none.
func (o Options) grep() (*regexp.Regexp, error) {
	if o.Grep == "" {
		return nil, nil
	}
	grep, err := regexp.Compile(o.Grep)
	if err != nil {
		return nil, fmt.Errorf("-grep=%s is no regular expression: %s", o.Grep,
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return grep, nil
}

// Check tells what is wrong with the pattern.
func (o Options) Check() error {
	_, err := o.grep()
	return err
}

// Log is a log to show.
type Log struct {
	Name string // of its process; "": it is the unified log, whose lines say it
	Path string // absolute
}

// Tail writes lines of the logs to w, one log after the other, and until ctx
// ends those that come. It reads the rotated files as well, as far as they are
// needed, and goes on when a log is rotated, cleaned, removed or written by
// another supervisor.
func Tail(ctx context.Context, w io.Writer, o Options, all ...Log) error {
	grep, err := o.grep()
	if err != nil {
		return err
	}
	out := newPrinter(w, o)
	var streams []*stream
	var requests map[string]bool
	if o.Request != "" {
		requests = map[string]bool{}
	}
	for _, l := range all {
		s := &stream{Log: l, filter: newFilter(o, grep), out: out}
		s.filter.requests = requests
		s.each = func(line []byte, written time.Time, _ int64) error { return s.show(line, written) }
		defer s.close()
		streams = append(streams, s)
	}
	return ended(showAll(ctx, streams, o, out))
}

// noLogError says that there is nothing to show.
type noLogError struct{ path string }

func (e *noLogError) Error() string { return "there is no log yet: " + e.path }
func (e *noLogError) Hint() string  { return "start the backend first: backend:start" }
func (e *noLogError) Unwrap() error { return os.ErrNotExist }

// showAll prints what the streams have and, if it is to follow, what comes.
func showAll(ctx context.Context, streams []*stream, o Options, out *printer) error {
	found := false
	var histories []*history
	for _, s := range streams {
		h, err := openHistory(s.Path)
		if err != nil {
			return err
		}
		defer h.close()
		histories = append(histories, h)
		found = found || len(h.files) > 0
	}
	if o.Request != "" {
		if err := printTogether(ctx, streams, histories, o); err != nil {
			return err
		}
	}
	for i, s := range streams {
		if o.Request == "" {
			if err := o.Live.during(func() error { return s.printPast(ctx, histories[i], o) }); err != nil {
				return err
			}
		}
		if err := s.take(histories[i]); err != nil {
			return err
		}
	}
	if !found && !o.Follow {
		return &noLogError{streams[0].Path}
	}
	if err := out.flush(); err != nil || !o.Follow {
		return err
	}
	return followAll(ctx, streams, func() error { return o.Live.during(out.flush) })
}

// ended makes the end of the context no error: it is how a tail ends.
func ended(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
