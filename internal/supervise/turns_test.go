package supervise

import (
	"testing"
	"testing/synctest"

	"muster/internal/plan"
)

func TestEachOfTheLastRequestsIsToldThatTheSupervisorEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supervisor{changed: make(chan struct{})}
		last := make(chan bool, 2)
		s.asked()
		s.asked()
		go func() { last <- s.conclude() }()
		synctest.Wait()
		if len(last) > 0 {
			t.Fatal("the first has its outcome before the second")
		}
		go func() { last <- s.conclude() }()
		for range 2 {
			if !<-last {
				t.Error("one is not told")
			}
		}
		if s.asked() {
			t.Error("another is taken")
		}
	})
}

func TestARequestWaitsForNoOtherWhileSomethingRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supervisor{changed: make(chan struct{}), ctx: t.Context()}
		p := newProcess(s, plan.Process{Name: "core-0"})
		p.now.wanted = true
		s.procs = []*process{p}
		s.asked()
		s.asked()
		last := make(chan bool, 1)
		go func() { last <- s.conclude() }()
		synctest.Wait()
		if len(last) == 0 || <-last {
			t.Error("it waits, or ends the supervisor")
		}
		s.count(1, 2)
	})
}
