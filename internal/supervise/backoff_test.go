package supervise

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"muster/internal/plan"
	"muster/internal/proc"
)

func TestBackoffGrowsToItsLimitAndStartsAtZero(t *testing.T) {
	t.Parallel()
	var b backoff
	if d := b.next(); d != 0 {
		t.Errorf("the first restart waits %s", d)
	}
	var waits []time.Duration
	for range 12 {
		waits = append(waits, b.next())
	}
	if waits[0] < backoffFirst*3/4 || waits[0] > backoffFirst || slices.Max(waits) > backoffLimit || waits[11] < backoffLimit*3/4 {
		t.Errorf("waits: %v", waits)
	}
	b.reset()
	if d := b.next(); d != 0 {
		t.Errorf("after a reset the first restart waits %s", d)
	}
}

func TestALongStretchOfHealthResetsTheBackOff(t *testing.T) {
	for healthy, reset := range map[time.Duration]bool{backoffReset - time.Second: false, backoffReset + time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			s := &supervisor{ctx: t.Context(), log: io.Discard, changed: make(chan struct{})}
			// It starts again only when another is healthy: here no program runs.
			p := newProcess(s, plan.Process{Name: "core-0", DependsOn: []string{"db-0"}})
			s.procs = []*process{p, newProcess(s, plan.Process{Name: "db-0"})}
			for range 5 {
				p.life.backoff.next()
			}
			p.child, p.life.runs = &proc.Child{}, true
			p.life.to(Starting, "")
			p.publish()
			go p.run()
			p.checked <- checkResult{verdict: verdictHealthy}
			time.Sleep(healthy)
			p.exited <- proc.Exit{}
			synctest.Wait()
			if now := p.snapshot().state; (now == Starting) != reset {
				t.Errorf("after %s of health its end leads to %s", healthy, now)
			}
			p.leave()
			<-p.done
		})
	}
}

func TestAStartDoesNotWaitForABackOff(t *testing.T) {
	t.Parallel()
	pr := newProject(t)
	missing := filepath.Join(t.TempDir(), "missing")
	pr.add("bad-0", "-die-once", filepath.Join(missing, "flag")) // dies while the folder is missing
	pr.start(StartOptions{NoWait: true})
	eventually(t, "bad-0 waits for seconds", func() bool {
		p := pr.process("bad-0")
		return p.State == Backoff && p.Restarts >= 5
	})
	if err := os.MkdirAll(missing, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(missing, "flag"), "")
	pr.start(StartOptions{})
	if p := pr.process("bad-0"); p.State != Healthy {
		t.Errorf("bad-0: %+v", p)
	}
}
