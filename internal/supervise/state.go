package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/proc"
)

// savedState is state.json: what runs, told in a way that a later supervisor,
// or a command with no supervisor at all, can act on. There is one as long as
// something may run; an orderly stop removes it.
type savedState struct {
	Version    int            `json:"version"`
	Folder     local.Place    `json:"folder"`                  // the project's
	Namespace  string         `json:"pid_namespace,omitempty"` // in which the pids mean something
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
	LogFrom  int64         `json:"log_from,omitempty"` // size of its log at its launch, in bytes
	Digest   string        `json:"digest,omitempty"`   // of the configuration file that it runs with
}

// members are the processes that it tells of.
func (st savedState) members(dir local.Dir) []proc.Member {
	members := []proc.Member{{ID: st.Supervisor, Supervises: true}}
	for _, p := range st.Processes {
		members = append(members, proc.Member{Mark: proc.Mark{Project: st.of(dir), Process: p.Process.Name},
			ID: p.ID, Port: p.Process.Port, Grace: p.Process.StopTimeout})
	}
	return members
}

// of is where the project was when its processes were started, which is dir
// unless it was moved.
func (st savedState) of(dir local.Dir) local.Dir {
	if st.Folder.Path == "" {
		return dir
	}
	return local.Of(st.Folder.Path)
}

// Elsewhere says that what a state tells of runs in another PID namespace, that
// of a container: whoever has those pids here is somebody else.
type Elsewhere struct{ state savedState }

func (e *Elsewhere) Error() string {
	return fmt.Sprintf("this project was started in another container (%s), and can be seen and stopped only from there", e.state.Namespace)
}

// Hint tells from where.
func (e *Elsewhere) Hint() string {
	return "run the command where the project was started (readlink /proc/self/ns/pid says " + e.state.Namespace +
		"); if that container is gone, all of it has ended: backend:start begins anew"
}

func (e *Elsewhere) status() Status {
	st := Status{Processes: []ProcessStatus{}, Elsewhere: e.state.Namespace, Supervisor: SupervisorStatus{PID: e.state.Supervisor.PID}}
	for _, sp := range e.state.Processes {
		now := snapshot{state: sp.State, restarts: sp.Restarts}
		if sp.ID.PID != 0 {
			st.Running, now.detail = true, fmt.Sprintf("pid %d of another container", sp.ID.PID)
		}
		st.Processes = append(st.Processes, processStatus(sp.Process, now))
	}
	return st
}

// loadState reads state.json. Without one, or with one of an earlier boot or of
// the folder that this one is a copy of, nothing runs: the zero state. The error
// is an *Elsewhere if it is another container's.
func loadState(dir local.Dir) (savedState, error) {
	var st savedState
	b, err := local.Read(dir.State(), local.MaxState)
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
		return savedState{}, hint.With(fmt.Errorf("%s is of version %d, and this muster knows %d", dir.State(), st.Version, stateVersion),
			"stop what runs with the muster that started it, and then begin with this one: backend:start")
	}
	if !st.Supervisor.ThisBoot() {
		return savedState{}, nil // nothing survives a boot
	}
	if st.Folder.Copied(dir.Project()) {
		return savedState{}, nil
	}
	if st.Namespace != "" && st.Namespace != proc.PIDNamespace() {
		return savedState{}, &Elsewhere{st}
	}
	return st, nil
}

func (st savedState) save(dir local.Dir) error {
	st.Version, st.Folder, st.Namespace = stateVersion, local.PlaceAt(dir.Project()), proc.PIDNamespace()
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

// stateRest is how long state.json is left alone after a write: the changes of a start
// or a stop come by the dozen.
const stateRest = 10 * time.Millisecond

// keepState writes state.json after changes, however many came at once. What
// starts in the moment before the write is found by its mark.
func (s *supervisor) keepState() {
	for {
		select {
		case <-s.dirty:
			s.saveState()
			sleep(s.ctx, stateRest)
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *supervisor) saveState() {
	s.stateFile.Lock()
	defer s.stateFile.Unlock()
	if !s.holdsLock() {
		return
	}
	s.mu.Lock()
	st := savedState{Supervisor: s.id, Config: s.config}
	procs := slices.Clone(s.procs)
	s.mu.Unlock()
	for _, p := range procs {
		now, spec := p.snapshot(), p.spec
		spec.StopRank = int(p.rank.Load())
		st.Processes = append(st.Processes, savedProcess{Process: spec, ID: now.id, Since: now.since,
			Restarts: now.restarts, State: now.state, Wanted: now.wanted, LogFrom: now.logged, Digest: now.digest})
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
	if !s.holdsLock() {
		return
	}
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
