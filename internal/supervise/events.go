package supervise

import (
	"context"
	"time"
)

// sendEvents sends an event for each change of a process's state, until the
// returned function is called, and in the end one for each warning.
func (s *supervisor) sendEvents(ctx context.Context, out *answer) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	var known []*process // those that have left the plan too: their end is news
	seen := map[*process]snapshot{}
	first := !s.greeted.Swap(true) // nobody has been told of the adopted ones
	for _, p := range s.processes() {
		if now := p.snapshot(); !first || !now.adopted {
			known, seen[p] = append(known, p), now
		}
	}
	send := func() {
		for _, p := range s.processes() {
			if _, ok := seen[p]; !ok {
				known, seen[p] = append(known, p), snapshot{state: Stopped}
			}
		}
		for _, p := range known {
			now, old := p.snapshot(), seen[p]
			if now.state == old.state && now.id == old.id && now.detail == old.detail {
				continue
			}
			seen[p] = now
			out.send(reply{Event: &Event{Process: p.spec.Name, State: now.state, URL: p.spec.URL,
				Detail: now.detail, Adopted: now.adopted, Seconds: time.Since(now.since).Seconds()}})
		}
	}
	go func() {
		defer close(done)
		for {
			changes := s.changes()
			send()
			select {
			case <-changes:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
		send() // what changed last
		for _, text := range s.unifier.Warnings() {
			out.send(reply{Event: &Event{Warning: text}})
		}
	}
}
