package proc

import (
	"bytes"
	"os"
	"slices"
	"strings"

	"muster/internal/local"
)

// Mark is what every process that we start carries in its environment, and
// whatever it starts in turn. By it a process is known as ours even when nothing
// else remembers it.
type Mark struct {
	Project local.Dir
	Process string // its name
}

const (
	markProject    = "MUSTER_PROJECT"
	markProcess    = "MUSTER_PROCESS"
	markSupervisor = "MUSTER_SUPERVISOR"
	markOutput     = "MUSTER_OUTPUT"
)

// nowhere is in the environment of a process whose log could not be opened: its output,
// and that of what it starts, is os.DevNull.
const nowhere = markOutput + "=nowhere"

func (m Mark) variables() []string {
	return []string{markProject + "=" + string(m.Project), markProcess + "=" + m.Process}
}

// on tells whether an environment, as environ reads it, has the mark.
func (m Mark) on(env []byte) bool {
	return !slices.ContainsFunc(m.variables(), func(v string) bool { return !hasVariable(env, v) })
}

// SupervisorMark is the variable by which the supervisor of a project is known
// when the project's files tell of it no more. Its children do not get it.
func SupervisorMark(project local.Dir) string { return markSupervisor + "=" + string(project) }

// WithoutMark is an environment less the mark of whatever we were started by.
func WithoutMark(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return name == markProject || name == markProcess || name == markSupervisor || name == markOutput
	})
}

// Marked tells whether a process carries a project's mark.
func Marked(pid int, project local.Dir) bool {
	env, err := environ(pid)
	return err == nil && hasVariable(env, markProject+"="+string(project))
}

// ProjectOf is the project whose mark a process carries; "" if it carries none, or
// cannot be looked at.
func ProjectOf(pid int) local.Dir {
	env, err := environ(pid)
	if err != nil {
		return ""
	}
	return local.Dir(variable(env, markProject))
}

// supervises tells whether an environment is that of a supervisor, of whatever
// project.
func supervises(env []byte) bool { return variable(env, markSupervisor) != "" }

func supervisor(pid int) bool {
	env, _ := environ(pid)
	return supervises(env)
}

// SupervisorLockFD is the descriptor with which a supervisor holds the lock of its
// project.
const SupervisorLockFD = 3

// Unlocked are the living supervisors of a project that hold another lock than the
// one that lies there: the project's files were removed under them. It tells besides
// whether anything carries the project's mark.
func Unlocked(project local.Dir) (found []Identity, marked bool) {
	lock, _ := os.Stat(project.SupervisorLock())
	is := func(env []byte) bool { return hasVariable(env, SupervisorMark(project)) }
	for _, pid := range allPIDs() {
		env, _ := environ(pid)
		marked = marked || hasVariable(env, markProject+"="+string(project))
		if !is(env) || !reachable(pid) {
			continue
		}
		// A child of one has its environment until it becomes another program.
		p, err := look(pid)
		if err != nil {
			continue
		}
		if env, _ := environ(p.parent); is(env) {
			continue
		}
		if held, err := opened(pid, SupervisorLockFD); err != nil || lock != nil && os.SameFile(held, lock) {
			continue
		}
		if id, err := Identify(pid); err == nil {
			found = append(found, id)
		}
	}
	return found, marked
}

// Projects are those of which something of this user lives here that carries their
// mark: each with its supervisor, or 0 where none lives.
func Projects() (map[local.Dir]int, error) {
	if _, err := environ(os.Getpid()); err != nil {
		return nil, err
	}
	found := map[local.Dir]int{}
	for _, pid := range allPIDs() {
		if !ownedBy(pid, os.Geteuid()) {
			continue
		}
		env, _ := environ(pid)
		if dir := variable(env, markSupervisor); dir != "" {
			// A child of one has its environment until it becomes another program.
			if p, err := look(pid); err == nil && !p.ended && reachable(pid) && !supervisor(p.parent) {
				found[local.Dir(dir)] = pid
			}
		} else if dir := variable(env, markProject); dir != "" && reachable(pid) {
			found[local.Dir(dir)] += 0
		}
	}
	return found, nil
}

func hasVariable(env []byte, variable string) bool {
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if string(v) == variable {
			return true
		}
	}
	return false
}

// variable is the value of a variable of an environment, or "".
func variable(env []byte, name string) string {
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if value, ok := bytes.CutPrefix(v, []byte(name+"=")); ok {
			return string(value)
		}
	}
	return ""
}
