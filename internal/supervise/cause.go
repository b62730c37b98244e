package supervise

import (
	"errors"
	"io/fs"
	"syscall"

	"muster/internal/plan"
	"muster/internal/proc"
)

// Reason is why a process is not well, or not yet, in one word for a program.
type Reason string

// The reasons.
const (
	Refused        Reason = "refused"         // nobody listens on its port
	Mute           Reason = "mute"            // its health check got no answer in time
	BadStatus      Reason = "status"          // it answered with an error status
	BadAnswer      Reason = "answer"          // it answered what no health check understands, or hung up
	CheckFailed    Reason = "health_command"  // its health command failed
	NoLogLine      Reason = "log_line"        // no line of its log matches health.log yet
	Slow           Reason = "slow"            // it is healthy, and answers late
	TakenPort      Reason = "port_taken"      // somebody else has its port, or answers on it
	Exited         Reason = "exited"          // it ended by itself
	Signaled       Reason = "signal"          // a signal ended it
	Gone           Reason = "gone"            // it ended, and nobody knows how
	TimedOut       Reason = "timeout"         // a task was not done in time
	WorkerEnded    Reason = "worker_ended"    // a reloader's worker could not load the application, and waits for a change
	WorkerKilled   Reason = "worker_killed"   // a signal ended a reloader's worker
	ReloadLoop     Reason = "reload_loop"     // each start writes a source that is watched
	Waits          Reason = "waits"           // another process has to be there first
	MissingProgram Reason = "missing_program" // its program, or its folder, is not there
	NotRunnable    Reason = "not_runnable"    // its program may not be run
	NoResources    Reason = "no_resources"    // the system has no processes, memory, descriptors or disk left
	NotLaunched    Reason = "not_launched"    // it could not be launched for another reason
	Stuck          Reason = "stuck"           // it does not end, whatever it is sent
	OtherConfig    Reason = "other_config"    // it runs with another configuration than its file holds
)

// Cause is what is known of why a process is not well. Detail says the same to a
// person. The zero value: nothing is to be said.
type Cause struct {
	Reason     Reason `json:"reason,omitempty" jsonschema:"why it is not well, or not yet, in one word; docs/agents.md lists them"`
	ExitCode   *int   `json:"exit_code,omitempty" jsonschema:"with which it ended by itself"`
	Signal     string `json:"signal,omitempty" jsonschema:"that ended it, such as SIGKILL"`
	HTTPStatus int    `json:"http_status,omitempty" jsonschema:"with which it answered its health check"`
	ListensOn  string `json:"listens_on,omitempty" jsonschema:"where it listens instead of its port: HOST:PORT, HOST:PORT"`
	Holder
}

// Holder is who has a port that is not his.
type Holder struct {
	HolderPID     int    `json:"holder_pid,omitempty" jsonschema:"of the process that has its port; left out where that cannot be seen"`
	HolderCommand string `json:"holder_command,omitempty" jsonschema:"command line of the process that has its port"`
	HolderProject string `json:"holder_project,omitempty" jsonschema:"folder of the project that started the process that has its port, if muster did"`
}

// holderOf is what is known of who has a port.
func holderOf(h proc.Holder) Holder {
	of := Holder{HolderPID: h.PID, HolderCommand: h.Command}
	if dir := proc.ProjectOf(h.PID); dir != "" {
		of.HolderProject = dir.Project()
	}
	return of
}

// CauseOf is what an error tells of why a process cannot be launched.
func CauseOf(err error) Cause {
	var taken *PortTaken
	var program *plan.ProgramError
	switch {
	case err == nil:
		return Cause{}
	case errors.As(err, &taken):
		return Cause{Reason: TakenPort, Holder: holderOf(taken.Holder)}
	case errors.As(err, &program) && !program.Missing, errors.Is(err, fs.ErrPermission):
		return Cause{Reason: NotRunnable}
	case program != nil, errors.Is(err, fs.ErrNotExist):
		return Cause{Reason: MissingProgram}
	}
	for _, e := range []error{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, e) {
			return Cause{Reason: NoResources}
		}
	}
	return Cause{Reason: NotLaunched}
}

// causeOfEnd is why a child ended.
func causeOfEnd(e proc.Exit) Cause {
	if !e.Known() {
		return Cause{Reason: Gone}
	}
	if s := e.Signal(); s != "" {
		return Cause{Reason: Signaled, Signal: s}
	}
	code := e.Code()
	return Cause{Reason: Exited, ExitCode: &code}
}

// statusError is an answer to a health check that is not a good one.
type statusError struct {
	error
	status int
}

// commandError is a health command that failed.
type commandError struct{ error }

func (e commandError) Unwrap() error { return e.error }

// causeOfCheck is why a health check was not answered well.
func causeOfCheck(v verdict, err error) Cause {
	var status statusError
	switch {
	case v == verdictHealthy:
		return Cause{}
	case v == verdictRefused:
		return Cause{Reason: Refused}
	case v == verdictHung:
		return Cause{Reason: Mute}
	case errors.As(err, &status):
		return Cause{Reason: BadStatus, HTTPStatus: status.status}
	case errors.As(err, new(commandError)):
		return Cause{Reason: CheckFailed}
	}
	return Cause{Reason: BadAnswer}
}
