package proc

import (
	"bytes"
	"errors"

	"muster/internal/printable"
)

// Identity names one process for good. A pid alone may have been given to
// somebody else; a pid with its start time on one boot has not.
type Identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // in the kernel's own unit
	Boot  string `json:"boot"`  // differs after every boot
}

// ErrGone says that there is no such process, or that it is a zombie.
var ErrGone = errors.New("no such process")

// Identify tells who has a pid now. A zombie is nobody.
func Identify(pid int) (Identity, error) {
	p, err := look(pid)
	if err != nil {
		return Identity{}, err
	}
	if p.ended {
		return Identity{}, ErrGone
	}
	return Identity{PID: pid, Start: p.start, Boot: bootID()}, nil
}

// Alive tells whether this very process still runs.
func (id Identity) Alive() bool {
	if id.PID <= 0 {
		return false
	}
	now, err := Identify(id.PID)
	return err == nil && now == id
}

// gone tells whether it is certain that the process has ended: while no descriptor is
// left, it cannot be looked at.
func (id Identity) gone() bool {
	now, err := Identify(id.PID)
	return errors.Is(err, ErrGone) || err == nil && now != id
}

// ThisBoot tells whether the machine has not been booted since.
func (id Identity) ThisBoot() bool { return id.Boot == bootID() }

// CommandLine is what a process was called with, cut short if it is long and
// without what a terminal would obey; "" where the system does not tell.
func CommandLine(pid int) string {
	args, _ := arguments(pid)
	line := string(bytes.TrimSpace(bytes.ReplaceAll(args, []byte{0}, []byte{' '})))
	if len(line) > 120 {
		line = line[:120] + "..."
	}
	return printable.Line(line)
}

// Describe names a process for a person.
func (id Identity) Describe() string {
	return Holder{PID: id.PID, Command: CommandLine(id.PID)}.String()
}
