// Package events keeps the journal of a project: what happened to its processes, its
// API and its clients, an object a line, for programs that ask what has changed since
// they last looked. Whoever makes a thing happen writes it down itself, so that a reader
// costs nobody anything and needs no supervisor.
package events

import "time"

// Event is a line of the journal. What does not concern its kind is left out.
type Event struct {
	Time time.Time `json:"time"`
	Kind Kind      `json:"event"`

	// Of a process.
	Process    string   `json:"process,omitempty"`
	Of         string   `json:"of,omitempty"` // server, worker, task, frontend, gateway, watcher
	From       string   `json:"from,omitempty"`
	State      string   `json:"state,omitempty"`
	Detail     string   `json:"detail,omitempty"` // why it is in that state
	Reason     string   `json:"reason,omitempty"` // the same in one word; docs/agents.md lists them
	ExitCode   *int     `json:"exit_code,omitempty"`
	Signal     string   `json:"signal,omitempty"`      // that ended it, such as SIGKILL
	HTTPStatus int      `json:"http_status,omitempty"` // with which it answered its health check
	WaitsFor   string   `json:"waits_for,omitempty"`   // the process that has to be there before its start
	PID        int      `json:"pid,omitempty"`
	Restarts   int      `json:"restarts,omitempty"`   // so far
	Adopted    bool     `json:"adopted,omitempty"`    // its start was another supervisor's
	Seconds    float64  `json:"seconds,omitempty"`    // since its launch; of an operation: how long the command had prepared it, or how long it took
	DependsOn  []string `json:"depends_on,omitempty"` // with "starting": those that it is to be behind

	// Of an operation: what a command asked for.
	Operation string   `json:"operation,omitempty"` // start, stop, restart, reload, roll
	Names     []string `json:"names,omitempty"`     // what it was restricted to
	Added     []string `json:"added,omitempty"`
	Removed   []string `json:"removed,omitempty"`
	Restarted []string `json:"restarted,omitempty"`
	Error     string   `json:"error,omitempty"`

	// Of the API and its clients.
	Module   string `json:"module,omitempty"`
	Document string `json:"document,omitempty"` // openapi, asyncapi
	Change   string `json:"change,omitempty"`
	Breaking bool   `json:"breaking,omitempty"`
	Clients  string `json:"clients,omitempty"` // python, typescript
	Files    int    `json:"files,omitempty"`   // that were written
}

// Kind says what an event is about.
type Kind string

// The kinds.
const (
	Supervisor Kind = "supervisor" // one begins, or ends: see State
	Begin      Kind = "begin"      // of an operation
	End        Kind = "end"        // of an operation
	State      Kind = "state"      // a process reached another state, or waits for another process
	Reload     Kind = "reload"     // a server loads its changed sources
	API        Kind = "api"        // an operation of a document differs
	Clients    Kind = "clients"    // clients were generated anew
	Lost       Kind = "lost"       // what lies behind the cursor given is no longer kept
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{Supervisor, Begin, End, State, Reload, API, Clients, Lost} }
