package supervise

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"muster/internal/logs/view"
)

// StartError says which processes did not start, and why. Nothing that the
// failed start had started is left running.
type StartError struct{ Failures []Failure }

// Failure is one process that did not start.
type Failure struct {
	Process string `json:"process"`
	Port    int    `json:"port,omitempty"`
	Detail  string `json:"detail"` // why, for a person
	Cause
	WaitsFor  string          `json:"waits_for,omitempty"`  // the process that has to be there first
	Hint      string          `json:"hint,omitempty"`       // what to do about it
	Log       string          `json:"log,omitempty"`        // its log file
	Lines     []string        `json:"last_lines,omitempty"` // of the log
	Exception *view.Exception `json:"exception,omitempty"`  // the last one in them
}

func (e *StartError) Error() string {
	var b strings.Builder
	for i, f := range e.Failures {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s did not start: %s", f.Process, f.Detail)
		for _, line := range f.Lines {
			b.WriteString("\n    " + line)
		}
	}
	return b.String()
}

// Hint tells what to do, or names the logs to read.
func (e *StartError) Hint() string {
	var files []string
	for _, f := range e.Failures {
		if f.Hint != "" {
			return f.Hint
		}
		if f.Log != "" {
			files = append(files, f.Log)
		}
	}
	if len(files) == 0 {
		return ""
	}
	return "the whole log: " + strings.Join(files, ", ")
}

// ReadLog adds what the process said last.
func (f *Failure) ReadLog(log string) {
	f.Log, f.Lines = log, lastWords(log)
	f.Exception = view.LastException(f.Lines)
}

// startError tells which processes have failed, with the end of their logs.
func (s *supervisor) startError(procs []*process) error {
	var e StartError
	for _, p := range procs {
		now := p.snapshot()
		if now.state == Starting && now.id.PID == 0 {
			if why := s.standstill(p); why != "" {
				e.Failures = append(e.Failures, Failure{Process: p.spec.Name, Port: p.spec.Port, Detail: "waits for " + p.blockedBy() + why,
					Cause: Cause{Reason: Waits}, WaitsFor: p.blockedBy()})
			}
			continue
		}
		if now.state.well() || !arrived(now) {
			continue
		}
		f := Failure{Process: p.spec.Name, Port: p.spec.Port, Detail: now.detail, Cause: now.cause, Hint: now.hint}
		if f.Detail == "" {
			f.Detail = string(now.state)
		}
		if !now.since.IsZero() && f.Hint == "" { // it did run, so its log can tell
			f.ReadLog(p.spec.Log)
		}
		e.Failures = append(e.Failures, f)
	}
	if len(e.Failures) == 0 {
		return nil
	}
	return &e
}

// standstill tells why what a process waits for is not on its way: nobody would
// end the wait. That is also so where all wait in turn, from via on.
func (s *supervisor) standstill(p *process, via ...*process) string {
	d := s.find(p.blockedBy())
	if d == nil {
		return ""
	}
	if slices.Contains(via, d) {
		return ", as that does in turn"
	}
	switch on := d.snapshot(); {
	case on.state == Failed:
		return ", which has failed: " + on.detail
	case !on.wanted:
		return ", which does not run: start that too"
	case on.state == Starting && on.id.PID == 0:
		if why := s.standstill(d, append(via, p)...); why != "" {
			return ", which waits for " + d.blockedBy() + why
		}
	case arrived(on) && !on.state.well():
		return ", which is " + string(on.state) + ": " + on.detail
	}
	return ""
}

// How much of a failed process's log is shown: some lines, or a traceback from
// its beginning, unless that is very long.
const (
	lastLines     = 30
	mostLastLines = 100
)

// lastWords is what a process said last.
func lastWords(log string) []string {
	lines, err := view.LastLines(log, mostLastLines)
	if err != nil {
		return nil
	}
	from := max(len(lines)-lastLines, 0)
	for i, line := range lines[:from] {
		if strings.HasPrefix(line, "Traceback (") { // Python's word for it
			from = i
		}
	}
	return lines[from:]
}

// FailuresOf are the processes of which an error tells that they did not start, or
// cannot: those of a StartError, and those whose ports are taken.
func FailuresOf(err error) (all []Failure) {
	var start *StartError
	var taken *PortsTaken
	var port *PortTaken
	switch {
	case errors.As(err, &start):
		return start.Failures
	case errors.As(err, &taken):
		for _, e := range taken.Errors {
			all = append(all, FailuresOf(e)...)
		}
	case errors.As(err, &port):
		all = []Failure{{Process: port.Process, Port: port.Port, Detail: port.Error(), Cause: CauseOf(port), Hint: port.Hint()}}
	}
	return all
}
