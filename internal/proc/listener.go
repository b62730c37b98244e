package proc

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Whose tells to whom a listening socket belongs, as a process of ours sees it.
type Whose int

const (
	Own     Whose = iota // to the process, or to what comes from it
	Another              // to somebody else
	Unseen               // to somebody in a container, another user, another system
)

// Listener tells who answers at a host and port: the process itself or, with
// its name, somebody else.
func (c *Child) Listener(host string, port int) (Whose, Holder) {
	sockets := listeners()
	maps.DeleteFunc(sockets, func(_ string, at netip.AddrPort) bool { return !answers(at, host, port) })
	if len(sockets) == 0 {
		return Unseen, Holder{}
	}
	// Mostly it is the process's own, and nobody else has to be looked at.
	for _, pid := range c.tree() {
		if len(heldBy(pid, sockets)) > 0 {
			return Own, Holder{}
		}
	}
	for _, pid := range allPIDs() {
		if len(heldBy(pid, sockets)) == 0 {
			continue
		}
		if c.brought(pid) {
			return Own, Holder{}
		}
		return Another, PortHolder(port)
	}
	return Unseen, Holder{}
}

// answers tells whether a socket gets the connections to a host and port.
func answers(at netip.AddrPort, host string, port int) bool {
	return int(at.Port()) == port && (at.Addr().IsUnspecified() || slices.Contains(Addresses(host), at.Addr().String()))
}

// ListensOn lists where the process and what comes from it listen, for a person.
func (c *Child) ListensOn() string {
	sockets, at := listeners(), map[string]bool{}
	for _, pid := range c.tree() {
		for _, a := range heldBy(pid, sockets) {
			at[a.String()] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(at)), ", ")
}

// tree is the process with all that descends from it.
func (c *Child) tree() []int {
	pids := []int{c.ID.PID}
	for i := 0; i < len(pids); i++ {
		pids = append(pids, Children(pids[i])...)
	}
	return pids
}

// brought tells whether a process that does not descend from ours comes from it
// all the same: it stayed in its group, it has its mark, or it lost its parent
// and came to us without the mark of any other.
func (c *Child) brought(pid int) bool {
	p, err := look(pid)
	if err != nil {
		return false
	}
	env, _ := environ(pid)
	if p.group == c.ID.PID || c.mark.on(env) {
		return true
	}
	children.Lock()
	defer children.Unlock()
	return p.parent == os.Getpid() && !children.pids[pid] && !children.pids[p.group] && variable(env, markProject) == ""
}

// Left names what of the child's group lives, and why it cannot be ended, if
// that is so.
func (c *Child) Left() (left []Holder, err error) {
	for _, id := range group(c.ID.PID) {
		h := Holder{PID: id.PID, Command: CommandLine(id.PID)}
		if e := kill(id.PID, 0); errors.Is(e, syscall.EPERM) {
			left, err = append([]Holder{h}, left...), fmt.Errorf("it is another user's: %w", e)
		} else if e == nil {
			left = append(left, h)
		}
	}
	return left, err
}
