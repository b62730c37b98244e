package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// savedState is state.json: what runs, told in a way that a later supervisor,
// or a command with no supervisor at all, can act on. There is one as long as
// something may run; an orderly stop removes it.
type savedState struct {
	Version    int            `json:"version"`
	Supervisor proc.Identity  `json:"supervisor"`
	Config     string         `json:"config"`
	Processes  []savedProcess `json:"processes"`
}

const stateVersion = 1

type savedProcess struct {
	Process  plan.Process  `json:"process"`
	ID       proc.Identity `json:"id"` // zero: not running
	Since    time.Time     `json:"since"`
	Restarts int           `json:"restarts"`
	State    State         `json:"state"` // as of the supervisor's last breath
	Wanted   bool          `json:"wanted"`
}

// loadState reads state.json. Without one, or with one of an earlier boot,
// nothing runs: the zero state.
func loadState(dir local.Dir) (savedState, error) {
	var st savedState
	b, err := os.ReadFile(dir.State())
	if errors.Is(err, os.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, err
	}
	if err := json.Unmarshal(b, &st); err != nil {
		return savedState{}, fmt.Errorf("%s: %w", dir.State(), err)
	}
	if st.Version != stateVersion {
		return savedState{}, fmt.Errorf("%s: version %d is not one of this muster", dir.State(), st.Version)
	}
	if !st.Supervisor.ThisBoot() {
		return savedState{}, nil // nothing survives a boot
	}
	return st, nil
}

func (st savedState) save(dir local.Dir) error {
	st.Version = stateVersion
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return local.Replace(dir.State(), b, 0o600)
}

func (s *supervisor) markDirty() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

// keepState writes state.json after changes, however many came at once. What
// starts in the moment before the write is found by its mark.
func (s *supervisor) keepState() {
	for {
		select {
		case <-s.dirty:
			s.saveState()
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *supervisor) saveState() {
	s.mu.Lock()
	st := savedState{Supervisor: s.id, Config: s.config}
	procs := slices.Clone(s.procs)
	s.mu.Unlock()
	for _, p := range procs {
		now := p.snapshot()
		st.Processes = append(st.Processes, savedProcess{Process: p.spec, ID: now.id, Since: now.since,
			Restarts: now.restarts, State: now.state, Wanted: now.wanted})
	}
	if err := st.save(s.local); err != nil {
		fmt.Fprintf(s.log, "[WARN] state not written: %v\n", err)
		time.AfterFunc(fileRetry, s.markDirty)
	}
}

// writePID makes the pid file of a process say what is so now.
func (s *supervisor) writePID(p *process) {
	s.pidFile.Lock()
	defer s.pidFile.Unlock()
	file, pid := s.local.Pid(p.spec.Name), p.snapshot().id.PID
	var err error
	if pid == 0 {
		if err = os.Remove(file); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	} else {
		err = local.Replace(file, fmt.Appendf(nil, "%d\n", pid), 0o600)
	}
	if err != nil {
		fmt.Fprintf(s.log, "[WARN] %v\n", err)
		time.AfterFunc(fileRetry, func() {
			if s.find(p.spec.Name) == p {
				s.writePID(p)
			}
		})
	}
}

// fileRetry is the pause before a file is written again, where the disk may be
// full for a while.
const fileRetry = time.Second
