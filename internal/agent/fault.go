package agent

import (
	"context"
	"errors"
	"os"

	"muster/internal/config"
	"muster/internal/hint"
	"muster/internal/plan"
	"muster/internal/stack"
	"muster/internal/supervise"
	"muster/internal/toolchain"
)

// Fault is an error as a program reads it.
type Fault struct {
	Code     Code                `json:"code" jsonschema:"what kind of error it is, in one word; docs/agents.md lists them"`
	Message  string              `json:"message" jsonschema:"what failed, where and why, for a person"`
	Hint     string              `json:"hint,omitempty" jsonschema:"what to type next"`
	Problems []config.Problem    `json:"problems,omitempty" jsonschema:"of the configuration: its mistakes"`
	Failures []supervise.Failure `json:"failures,omitempty" jsonschema:"of a start: the processes that did not start"`
}

// Code is what kind of error it is.
type Code string

// The kinds of errors.
const (
	WrongUse       Code = "usage"           // an argument cannot be meant
	WrongConfig    Code = "config"          // the configuration has mistakes: problems
	StartFailed    Code = "start_failed"    // failures; nothing that the start had started is left
	PortTaken      Code = "port_taken"      // failures; nothing was started
	MissingTool    Code = "missing_tool"    // no Python, Node.js or nginx to be had
	MissingProgram Code = "missing_program" // a process's program is not there
	NotRunnable    Code = "not_runnable"    // a process's program may not be run
	NothingRuns    Code = "nothing_runs"
	NoSupervisor   Code = "no_supervisor" // the processes run on without one; start adopts them
	Elsewhere      Code = "elsewhere"     // the project was started in another container
	NoLog          Code = "no_log"        // nothing was ever started
	Canceled       Code = "canceled"
	Timeout        Code = "timeout"
	Failed         Code = "failed" // anything else
)

// usage is a call with arguments that cannot be meant.
type usage = stack.UsageError

func faultOf(err error) Fault {
	f := Fault{Code: Failed, Message: clip(err.Error(), itemBytes/2), Hint: clip(hint.Of(err), itemBytes/4)}
	check, e := config.Checked("", err)
	if e == nil {
		f.Problems, _, _ = page(check.Problems, "")
	}
	f.Failures = shortFailures(supervise.FailuresOf(err), listBytes/2)
	f.Code = codeOf(err, f)
	return f
}

// shortFailures are as many as have so many bytes together, the first with as much of
// its last lines as there is room for.
func shortFailures(all []supervise.Failure, room int) (some []supervise.Failure) {
	for _, f := range all {
		f.Detail, f.HolderCommand, f.Hint = clip(f.Detail, itemBytes/8), clip(f.HolderCommand, itemBytes/8), clip(f.Hint, itemBytes/8)
		if f.Exception != nil {
			e := *f.Exception
			e.Message = clip(e.Message, itemBytes/8)
			f.Exception = &e
		}
		lines := f.Lines
		f.Lines = nil
		if room -= sizeOf(f); room < 0 {
			break
		}
		f.Lines = lastOf(lines, min(room/2, itemBytes))
		room -= sizeOf(f.Lines)
		some = append(some, f)
	}
	return some
}

func codeOf(err error, f Fault) Code {
	var coded interface{ ExitCode() int }
	var program *plan.ProgramError
	switch {
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case len(f.Problems) > 0:
		return WrongConfig
	case errors.As(err, new(*supervise.StartError)):
		return StartFailed
	case len(f.Failures) > 0:
		return PortTaken
	case errors.Is(err, supervise.ErrNothingRuns):
		return NothingRuns
	case errors.Is(err, supervise.ErrNoSupervisor):
		return NoSupervisor
	case errors.As(err, new(*supervise.Elsewhere)):
		return Elsewhere
	case errors.As(err, &program) && program.Missing:
		return MissingProgram
	case program != nil:
		return NotRunnable
	case errors.As(err, new(*toolchain.MissingError)):
		return MissingTool
	case errors.Is(err, os.ErrNotExist):
		return NoLog
	case errors.As(err, new(usage)):
		return WrongUse
	case errors.As(err, &coded) && coded.ExitCode() == 2:
		return WrongConfig
	}
	return Failed
}
