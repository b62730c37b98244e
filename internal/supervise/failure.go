package supervise

import (
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
	Process string   `json:"process"`
	Reason  string   `json:"reason"`
	Hint    string   `json:"hint,omitempty"`  // what to do about it
	Log     string   `json:"log,omitempty"`   // its log file
	Lines   []string `json:"lines,omitempty"` // the log's last lines
}

func (e *StartError) Error() string {
	var b strings.Builder
	for i, f := range e.Failures {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s did not start: %s", f.Process, f.Reason)
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

// startError tells which processes have failed, with the end of their logs.
func (s *supervisor) startError(procs []*process) error {
	var e StartError
	for _, p := range procs {
		now := p.snapshot()
		if now.state == Starting && now.id.PID == 0 {
			if why := s.standstill(p); why != "" {
				e.Failures = append(e.Failures, Failure{Process: p.spec.Name, Reason: "waits for " + p.blockedBy() + why})
			}
			continue
		}
		if now.state.well() || !arrived(now) {
			continue
		}
		f := Failure{Process: p.spec.Name, Reason: now.detail, Hint: now.hint}
		if f.Reason == "" {
			f.Reason = string(now.state)
		}
		if !now.since.IsZero() && f.Hint == "" { // it did run, so its log can tell
			f.Log = p.spec.Log
			f.Lines = lastWords(p.spec.Log)
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
