package proc

import (
	"bytes"
	"os"
	"syscall"
	"time"

	"muster/internal/local"
)

// Orphans lists the living processes of a project apart from known, their
// groups and what comes from them. They are what a supervisor left that was
// killed between starting a process and writing it down, or whose child was
// killed and left children of its own.
func Orphans(project local.Dir, known map[int]bool) []Identity {
	var found []Identity
	for _, pid := range allPIDs() {
		p, err := look(pid)
		if err != nil || pid == os.Getpid() || known[pid] || known[p.group] {
			continue
		}
		if !Belongs(pid, project) || descends(p, known, project) {
			continue
		}
		if id, err := Identify(pid); err == nil {
			found = append(found, id)
		}
	}
	return found
}

// Belongs tells whether a process belongs to a project: by its mark or, for
// nginx, which writes its title over its environment, by its configuration
// below our folder or, for a worker that its master's death left behind, by the
// project's folder that it runs in. Its session must have lost its leader, as
// that was our supervisor: an nginx that somebody else started has a living one.
func Belongs(pid int, project local.Dir) bool {
	p, err := look(pid)
	if err != nil {
		return false
	}
	env, err := environ(pid)
	if err != nil {
		return false
	}
	if ofProject(env, project) {
		return true
	}
	if bytes.IndexByte(env, '=') >= 0 || len(env) == 0 || p.session == pid || lives(p.session) {
		return false
	}
	args, err := arguments(pid)
	if err == nil && bytes.Contains(args, []byte(" "+string(project)+"/")) {
		return true
	}
	if lives(p.group) {
		return false
	}
	dir, err := workingDir(pid)
	return err == nil && dir == project.Project()
}

func lives(pid int) bool {
	p, err := look(pid)
	return err == nil && !p.ended
}

// descends tells whether a process comes from a known one. A supervisor is the
// parent of orphans too, but has no mark.
func descends(p info, known map[int]bool, project local.Dir) bool {
	for p.parent > 1 {
		if known[p.parent] && Marked(p.parent, project) {
			return true
		}
		var err error
		if p, err = look(p.parent); err != nil {
			return false
		}
	}
	return false
}

// EndOrphans ends them, with SIGKILL for those that stay past the timeout, and
// tells how many there were.
func EndOrphans(project local.Dir, known map[int]bool, timeout time.Duration) int {
	asked := map[Identity]bool{}
	deadline := time.Now().Add(timeout)
	end(50*time.Millisecond, asked, func() []Identity { return Orphans(project, known) },
		func() bool { return time.Now().After(deadline) })
	return len(asked)
}

// endStrays ends what a process that has ended left outside of its group. As
// the sub-reaper we are the parent of what our own child left; what another's
// left can be anybody's.
func (c *Child) endStrays() {
	end(20*time.Millisecond, map[Identity]bool{}, c.strays, c.overdue)
}

// end asks processes to end, each once, and kills them when they are overdue,
// until none is left.
func end(slowest time.Duration, asked map[Identity]bool, left func() []Identity, overdue func() bool) {
	for pause := time.Millisecond; ; pause = min(2*pause, slowest) {
		ids := left()
		if len(ids) == 0 {
			return
		}
		sig := syscall.SIGTERM
		if overdue() {
			sig = syscall.SIGKILL
		}
		for _, id := range ids {
			if !asked[id] || sig == syscall.SIGKILL {
				syscall.Kill(id.PID, sig)
				asked[id] = true
			}
		}
		time.Sleep(pause)
		reapInherited()
	}
}

// strays lists the living processes with the mark of one that has ended, apart
// from those that somebody waits for.
func (c *Child) strays() []Identity {
	pids := Children(os.Getpid())
	if !c.ours {
		pids = allPIDs()
	}
	var found []Identity
	for _, pid := range pids {
		children.Lock()
		waited := children.pids[pid]
		children.Unlock()
		if waited {
			continue
		}
		env, err := environ(pid)
		if err != nil || !c.mark.on(env) {
			continue
		}
		if id, err := Identify(pid); err == nil {
			found = append(found, id)
		}
	}
	return found
}
