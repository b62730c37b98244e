package console

import (
	"io"
	"time"
)

// Terminal shows on Out how some work goes.
type Terminal struct{ Out io.Writer }

// Step prints a line of progress.
func (t Terminal) Step(format string, args ...any) { Step(t.Out, format, readable(args)...) }

// Done prints a line about something that went well.
func (t Terminal) Done(format string, args ...any) { Done(t.Out, format, readable(args)...) }

// Warn prints a line about something to know.
func (t Terminal) Warn(format string, args ...any) { Warn(t.Out, format, readable(args)...) }

// Error prints an error and its hints.
func (t Terminal) Error(err error) { Error(t.Out, err) }

// Progress shows how much of something has come.
func (t Terminal) Progress(what string, done, total int64) { Progress(t.Out, what, done, total) }

// readable puts durations in the form that people read.
func readable(args []any) []any {
	for i, arg := range args {
		if d, ok := arg.(time.Duration); ok {
			args[i] = Seconds(d)
		}
	}
	return args
}
