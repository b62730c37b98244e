package supervise

import (
	"fmt"
	"slices"
	"time"

	"muster/internal/events"
	"muster/internal/plan"
)

// record writes to the journal of events. That it cannot keeps nobody from running, and
// is said once.
func (s *supervisor) record(e events.Event) {
	if !s.holdsLock() {
		return
	}
	err := s.journal.Write(e)
	if broken := err != nil; s.unheard.Swap(broken) != broken && broken {
		fmt.Fprintf(s.log, "[WARN] events are lost: %v\n", err)
	}
}

func stateEvent(p plan.Process, from, to *snapshot) events.Event {
	e := events.Event{Kind: events.State, Process: p.Name, Of: string(p.Kind), State: string(to.state), Detail: to.detail,
		Reason: string(to.cause.Reason), ExitCode: to.cause.ExitCode, Signal: to.cause.Signal, HTTPStatus: to.cause.HTTPStatus,
		WaitsFor: to.waitsFor, PID: to.id.PID, Restarts: to.restarts, Adopted: to.adopted}
	if from.state != to.state {
		e.From = string(from.state)
	}
	if to.state == Starting && from.state != Starting {
		e.DependsOn = slices.Concat(p.DependsOn, p.After)
	}
	if to.id.PID != 0 {
		e.Seconds = time.Since(to.since).Seconds()
	}
	return e
}
