package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"muster/internal/local"
	"muster/internal/plan"
)

// savedState is state.json: what runs, told in a way that a later supervisor,
// or a command with no supervisor at all, can act on. There is one as long as
// something may run; an orderly stop removes it.
type savedState struct {
	Version    int            `json:"version"`
	Supervisor Identity       `json:"supervisor"`
	Config     string         `json:"config"`
	Processes  []savedProcess `json:"processes"`
}

const stateVersion = 1

type savedProcess struct {
	Process  plan.Process `json:"process"`
	ID       Identity     `json:"id"` // zero: not running
	Since    time.Time    `json:"since"`
	Restarts int          `json:"restarts"`
	State    State        `json:"state"` // as of the supervisor's last breath
	Wanted   bool         `json:"wanted"`
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
	if st.Supervisor.Boot != bootID() {
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
