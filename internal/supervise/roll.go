package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// flagSeen is how long nginx may go on as before once a flag file has come or
// gone: it believes for a second what it knows of a file.
const flagSeen = 1200 * time.Millisecond

// Roll is the rolling restart of one server behind a gateway. Its stand-ins are
// started, the gateway turns to them at a flag file, the instances are restarted,
// and the gateway turns back.
type Roll struct {
	Server  string         `json:"server"`
	Spares  []plan.Process `json:"spares"`  // one for each instance
	Names   []string       `json:"names"`   // of the instances to restart
	Timeout time.Duration  `json:"timeout"` // from SIGTERM to SIGKILL, or OwnTimeout
	Drain   time.Duration  `json:"drain"`   // that open connections get to end by themselves
}

// Roll restarts the instances of a server while its stand-ins serve. Whatever
// ends it in between, somebody answers: the stand-ins serve until all instances
// are healthy, if need be under the next supervisor.
func (s *supervisor) Roll(ctx context.Context, r Roll) error {
	ctx, end, err := s.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer end()
	if len(s.processes()) == 0 {
		return ErrNothingRuns
	}
	chosen, err := s.choose(r.Names)
	if err != nil {
		return err
	}
	s.merge(plan.Plan{Config: s.configFile(), Processes: r.Spares})
	spares := s.spares(r.Server)
	s.tell(spares, startOrder{failFast: true})
	if err := s.awaitHealthy(ctx, spares, spares); err != nil {
		s.endSpares(r.Server)
		return err
	}
	if err := s.turnAside(r.Server); err != nil {
		s.endSpares(r.Server)
		return err
	}
	sleep(ctx, flagSeen)
	s.drain(ctx, chosen, r.Drain)
	if err := context.Cause(ctx); err == nil {
		s.tell(chosen, restartOrder{r.Timeout})
	}
	if err := s.awaitHealthy(ctx, chosen, chosen); err != nil {
		s.tasks.Go(func() { s.finishRoll(s.ctx, r.Server, r.Drain) })
		return err
	}
	finished := make(chan struct{})
	s.tasks.Go(func() {
		defer close(finished)
		s.finishRoll(s.ctx, r.Server, r.Drain)
	})
	select {
	case <-finished:
	case <-ctx.Done(): // whoever has asked for it is gone, and it comes to its end all the same
	}
	return context.Cause(ctx)
}

// finishRoll has the gateway turn back to a server's instances once all of them
// are healthy, or at once if no stand-in serves, and ends the stand-ins.
func (s *supervisor) finishRoll(ctx context.Context, server string, drain time.Duration) {
	err := s.awaitAll(ctx, func() bool {
		waiting := slices.ContainsFunc(s.instances(server), func(p *process) bool { return p.snapshot().state != Healthy })
		serving := slices.ContainsFunc(s.spares(server), func(p *process) bool {
			now := p.snapshot()
			return now.state == Healthy || now.state == Starting
		})
		return !waiting || !serving
	})
	if err != nil {
		return // the next supervisor does it
	}
	s.turnBack(server)
	sleep(ctx, flagSeen)
	s.drain(ctx, s.spares(server), drain)
	s.endSpares(server)
}

// resumeRolls goes on with the rolling restarts that a supervisor before this one
// had begun.
func (s *supervisor) resumeRolls() {
	s.clearFlags()
	for _, p := range s.processes() {
		if server := p.spec.Server; p.spec.Spare && !s.ending {
			s.tasks.Go(func() { s.finishRoll(s.ctx, server, 0) })
		}
	}
}

// clearFlags removes the flags that no stand-in is behind.
func (s *supervisor) clearFlags() {
	flags, _ := os.ReadDir(filepath.Dir(s.local.Aside("x")))
	for _, f := range flags {
		if !slices.ContainsFunc(s.spares(f.Name()), func(p *process) bool { return p.snapshot().id.PID != 0 }) {
			s.turnBack(f.Name())
		}
	}
}

// turnAside has the gateway send a server's requests to its stand-ins, within
// flagSeen.
func (s *supervisor) turnAside(server string) error {
	flag := s.local.Aside(server)
	if err := local.Mkdir(filepath.Dir(flag)); err != nil {
		return err
	}
	return local.Replace(flag, nil, 0o600)
}

func (s *supervisor) turnBack(server string) {
	if err := os.Remove(s.local.Aside(server)); err != nil && !errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(s.log, "[WARN] the gateway goes on sending requests to the stand-ins of %s: %v\n", server, err)
	}
}

// endSpares ends the stand-ins of a server, which the gateway must not need any
// more, and forgets them.
func (s *supervisor) endSpares(server string) {
	spares := s.spares(server)
	if len(spares) == 0 {
		return
	}
	s.turnBack(server)
	if err := s.stopInOrder(spares, OwnTimeout); err != nil {
		fmt.Fprintf(s.log, "[WARN] %v\n", err)
		return
	}
	s.drop(spares)
}

// drain waits until nobody is connected to processes any more, or for that long.
func (s *supervisor) drain(ctx context.Context, procs []*process, limit time.Duration) {
	end := time.Now().Add(limit)
	for _, p := range procs {
		if !proc.Drained(ctx, p.spec.Port, time.Until(end)) && limit > 0 && ctx.Err() == nil {
			fmt.Fprintf(s.log, "[WARN] %s: connections are still open after %s, and are closed\n", p.spec.Name, limit)
		}
	}
}

func (s *supervisor) spares(server string) []*process {
	return slices.DeleteFunc(s.processes(), func(p *process) bool { return p.spec.Server != server || !p.spec.Spare })
}

func (s *supervisor) instances(server string) []*process {
	return slices.DeleteFunc(s.processes(), func(p *process) bool { return p.spec.Server != server || p.spec.Spare })
}
