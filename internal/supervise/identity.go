package supervise

import "errors"

// Identity names one process for good. A pid alone may have been given to
// somebody else; a pid with its start time on one boot has not.
type Identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // in the kernel's own unit
	Boot  string `json:"boot"`  // differs after every boot
}

// errGone says that there is no such process, or that it is a zombie.
var errGone = errors.New("no such process")

// Alive tells whether this very process still runs. A zombie does not.
func (id Identity) Alive() bool {
	if id.PID <= 0 {
		return false
	}
	now, err := identify(id.PID)
	return err == nil && now == id
}
