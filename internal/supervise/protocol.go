package supervise

import (
	"encoding/json"
	"fmt"
	"sync"
	"syscall"
	"time"

	"muster/internal/plan"
)

// request is what a command asks the supervisor for: one JSON line each.
type request struct {
	Op      string         `json:"op"`
	Plan    *plan.Plan     `json:"plan,omitempty"`
	Names   []string       `json:"names,omitempty"`
	Timeout time.Duration  `json:"timeout,omitempty"`
	Wait    bool           `json:"wait,omitempty"`
	Lease   bool           `json:"lease,omitempty"` // everything is stopped when the connection ends
	Signal  syscall.Signal `json:"signal,omitempty"`
	Roll    *Roll          `json:"roll,omitempty"`
	Began   time.Time      `json:"began,omitzero"` // of the command
}

// The operations of the control socket.
const (
	opStart   = "start"
	opStop    = "stop"
	opRestart = "restart"
	opReload  = "reload"
	opRoll    = "roll"
	opReread  = "reread"
	opStatus  = "status"
	opSignal  = "signal"
	opClean   = "clean-logs"
)

// unknownOperation begins what a supervisor says, now and in earlier versions, that a
// command asks for something that it does not know.
const unknownOperation = "unknown operation "

// parseRequest reads a request that has what its operation needs.
func parseRequest(line []byte) (req request, err error) {
	if err := json.Unmarshal(line, &req); err != nil {
		return request{}, err
	}
	return req, req.check()
}

// check tells whether a request has what its operation needs.
func (r request) check() error {
	switch r.Op {
	case opStart, opReload:
		if r.Plan == nil {
			return fmt.Errorf("the request %q has no plan", r.Op)
		}
	case opRoll:
		if r.Roll == nil || len(r.Roll.Names) == 0 {
			return fmt.Errorf("the request %q names no instance", r.Op)
		}
	case opSignal:
		if len(r.Names) != 1 {
			return fmt.Errorf("the request %q names %d processes: it takes one", r.Op, len(r.Names))
		}
	case opStop, opRestart, opStatus, opClean, opReread:
	default:
		return fmt.Errorf(unknownOperation+"%q: the supervisor is of another version; stop it first", r.Op)
	}
	return nil
}

// reply is one JSON line of the answer: any number of events, then the result.
type reply struct {
	Heard   bool        `json:"heard,omitempty"` // the first line, before all others, and then each sign of life
	Event   *Event      `json:"event,omitempty"`
	Running bool        `json:"already_running,omitempty"`
	Nothing bool        `json:"nothing_runs,omitempty"`
	Status  *Status     `json:"status,omitempty"`
	Changes Changes     `json:"changes,omitzero"`
	Error   string      `json:"error,omitempty"`
	Failed  *StartError `json:"failed,omitempty"`
	Last    bool        `json:"last,omitempty"` // nothing runs any more: the supervisor goes too

	// Beat is how soon, at the latest, the next line follows; 0, of an older
	// supervisor: that is not known.
	Beat time.Duration `json:"beat,omitempty"`
}

// answer are the lines that a connection gets, which several write.
type answer struct {
	mu  sync.Mutex
	out *json.Encoder
}

func (a *answer) send(r reply) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = a.out.Encode(r)
}

// beat is the pause between two signs of life.
const beat = time.Second

// live says that the request is heard, and from then on that we live, until the
// returned function is called.
func (a *answer) live() (stop func()) {
	heard := reply{Heard: true, Beat: beat}
	a.send(heard)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(beat); ; {
			select {
			case <-tick.C:
				a.send(heard)
			case <-end:
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// Event tells of a process that reached another state or, with nothing but a
// Warning, of what is wrong with the logs at the end of an operation.
type Event struct {
	Process string  `json:"process"`
	State   State   `json:"state"`
	URL     string  `json:"url,omitempty"`
	Detail  string  `json:"detail,omitempty"`
	Notice  string  `json:"notice,omitempty"` // what it does, in the state that it is in
	Adopted bool    `json:"adopted,omitempty"`
	Seconds float64 `json:"seconds"` // since the process's start
	Warning string  `json:"warning,omitempty"`
}
