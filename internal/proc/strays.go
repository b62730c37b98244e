package proc

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"muster/internal/local"
)

// What is ours is ended, and nothing else. Ours is the group of a process that
// we started, and a stray: a process that carries our mark, or that came to us
// when its parent ended, and that besides writes its output to our log or listens
// on our port. The mark alone is no reason: a browser that a dev server opened
// has it too. Whoever else is about is named and left alone.

// Member is a process of a project as its supervisor, or its state on disk, has
// it.
type Member struct {
	Mark  Mark
	ID    Identity      // the zero value: it does not run
	Port  int           // that it listens on; 0: none
	Grace time.Duration // what it leaves behind has this from SIGTERM to SIGKILL

	Supervises bool // it has started the others: what is left of its session came from it
}

// Strays lists the living processes of a project beside its members, their
// groups and what comes from them: ours, which a supervisor left that was killed
// between starting a process and writing it down, or whose child was killed and
// left children of its own; and others, which are not to be ended.
//
// While a supervisor lives, members may be others by the end of a search: only
// who is a stray in two in a row is one.
func Strays(project local.Dir, members func() []Member) (ours, others []Identity) {
	for _, s := range strays(project, members, 0) {
		if s.ours {
			ours = append(ours, s.Identity)
		} else {
			others = append(others, s.Identity)
		}
	}
	return ours, others
}

// EndStrays ends what of them is ours: with SIGTERM, and with SIGKILL what
// outlives the Grace of the member that it came from, or else grace. It tells how
// many there were, and who was left alone.
func EndStrays(project local.Dir, members func() []Member, grace time.Duration) (ended int, others []Identity) {
	return end(50*time.Millisecond, func() []stray { return strays(project, members, grace) })
}

func strays(project local.Dir, members func() []Member, grace time.Duration) []stray {
	found := search(project, members(), grace)
	if len(found) == 0 {
		return nil
	}
	again := search(project, members(), grace)
	return slices.DeleteFunc(found, func(s stray) bool { return !slices.Contains(again, s) })
}

// endStrays ends what a process that has ended left outside of its group.
func (c *Child) endStrays(left func(Identity)) {
	_, others := end(20*time.Millisecond, c.strays)
	for _, id := range others {
		left(id)
	}
}

// stray is a living process that nobody else answers for.
type stray struct {
	Identity
	ours  bool
	grace time.Duration
}

// end asks the strays that are ours to end, each once, and kills those that
// outlive their grace, until only others are left, or such as we cannot signal.
func end(slowest time.Duration, find func() []stray) (ended int, others []Identity) {
	asked, until := map[Identity]time.Time{}, map[Identity]time.Time{}
	refused := map[Identity]bool{}
	looks := time.Now().Add(blindLimit)
	for pause := time.Millisecond; ; pause = min(2*pause, slowest) {
		waits := false
		others = nil
		for _, s := range find() {
			if !s.ours || refused[s.Identity] {
				others = append(others, s.Identity)
				continue
			}
			waits = true
			at, told := asked[s.Identity]
			sig := syscall.SIGTERM
			if told && time.Since(at) >= s.grace {
				sig = syscall.SIGKILL
			} else if told {
				continue
			}
			err := s.Signal(sig)
			refused[s.Identity] = errors.Is(err, syscall.EPERM)
			if err == nil && !told {
				asked[s.Identity] = time.Now()
				until[s.Identity] = asked[s.Identity].Add(s.grace)
			}
		}
		// The kernel takes a process's environment and log from it before its port: one
		// that is ending is nobody's any more, and still there.
		for id, end := range until {
			if waits = waits || time.Now().Before(end) && id.Alive(); waits {
				break
			}
		}
		if !waits && (!blind() || time.Now().After(looks)) {
			return len(asked), others
		}
		time.Sleep(pause)
		reapInherited()
	}
}

// blind tells that no process can be looked at for now, as no descriptor is left.
func blind() bool {
	_, err := look(os.Getpid())
	return err != nil
}

// blindLimit is how long an end is held up for that.
const blindLimit = 3 * time.Second

// search finds a project's strays among the processes of the machine.
func search(project local.Dir, members []Member, grace time.Duration) []stray {
	e := evidence{project: project, logs: folder(project.Logs()), alive: map[int]bool{}, groups: map[int]Member{},
		sessions: map[int]Identity{}, marks: map[Mark]Member{}, moved: map[local.Dir]bool{}}
	for _, m := range members {
		if m.Supervises {
			if m.ID.PID > 0 && m.ID.ThisBoot() && !m.ID.Alive() {
				e.sessions[m.ID.PID] = m.ID
			}
			continue
		}
		e.marks[m.Mark] = m
		e.moved[m.Mark.Project] = m.Mark.Project != project
		e.ports = append(e.ports, m.Port)
		if m.ID.Alive() {
			e.alive[m.ID.PID] = true
		} else if m.ID.PID > 0 && m.ID.ThisBoot() {
			e.groups[m.ID.PID] = m
		}
	}
	var found []stray
	for _, pid := range allPIDs() {
		p, err := look(pid)
		if err != nil || p.ended || pid == os.Getpid() || e.alive[pid] || e.alive[p.group] || awaited(pid) {
			continue
		}
		ours, named, from := e.judge(pid, p)
		if !ours && !named || descends(p, e.alive) || !reachable(pid) {
			continue
		}
		if from == (Member{}) {
			from.Grace = grace
		}
		found = append(found, stray{Identity{PID: pid, Start: p.start, Boot: bootID()}, ours, from.Grace})
	}
	return found
}

// evidence is what tells a project's processes from others.
type evidence struct {
	project local.Dir
	logs    logFolder
	ports   []int
	alive   map[int]bool   // members
	groups  map[int]Member // members whose leader has ended
	marks   map[Mark]Member
	moved   map[local.Dir]bool // where the project was when members were started

	sessions map[int]Identity // of supervisors that have ended
}

// judge tells whether a process that is no member is to be ended, or else to be
// named, and the member that it came from, if that is known. What a living member
// has left is its own affair, as long as it began after the member: a daemon of a
// server is part of it.
func (e evidence) judge(pid int, p info) (ours, named bool, from Member) {
	env, _ := environ(pid)
	mark := Mark{local.Dir(variable(env, markProject)), variable(env, markProcess)}
	writes := writesTo(pid, e.logs.has) || (mark.Project == e.project || e.moved[mark.Project]) && printsNowhere(pid, env)
	if m, ok := e.marks[mark]; ok {
		if from = m; e.alive[m.ID.PID] && p.start >= m.ID.Start {
			return false, false, from
		}
	}
	// nginx writes its title over its environment, and with it over the mark.
	// Instead of that, the group of a member whose leader has ended counts. The
	// group's number is taken as long as somebody is in it; that nobody else has
	// been given it since is told by its start, and by the log or the port.
	left, inGroup := e.groups[p.group]
	inGroup = inGroup && p.start >= left.ID.Start
	switch {
	case mark.Project == e.project:
		return writes || listens(pid, e.ports), true, from
	case inGroup:
		return writes || listens(pid, e.ports), true, left
	case e.moved[mark.Project]:
		// Another project may be there by now, on the same ports.
		return writes, false, from
	case overwritten(env) && !lives(p.session):
		// The member was never written down. Its log is left to tell, which nobody
		// opens but us, and that the leader of its session, a supervisor, was killed.
		// If the log could not be opened, the port tells, where that supervisor is known.
		leader, known := e.sessions[p.session]
		return writes || known && p.start >= leader.Start && listens(pid, e.ports), false, from
	}
	return false, writes && !supervises(env) && !supervisor(p.parent), from
}

// strays finds what the process left, once it has ended. As the sub-reaper we are
// the parent of what our own child left; of another's it is told by the mark, or
// it was seen while it came from it.
func (c *Child) strays() []stray {
	find, heir := inherited, isSubreaper()
	if !c.ours {
		find = allPIDs
	}
	logs := folder(filepath.Dir(c.log))
	own := logs.log(c.log)
	var found []stray
	for _, pid := range find() {
		if pid == os.Getpid() || awaited(pid) {
			continue
		}
		p, err := look(pid)
		if err != nil || p.ended || awaited(p.group) {
			continue
		}
		id := Identity{PID: pid, Start: p.start, Boot: bootID()}
		env, _ := environ(pid)
		marked := variable(env, markProject) != ""
		var ours bool
		switch {
		case c.mark.on(env):
			ours = writesTo(pid, logs.has) || printsNowhere(pid, env)
		case !marked && (heir && p.parent == os.Getpid() || c.came(id)):
			ours = writesTo(pid, own)
			if !ours && writesTo(pid, logs.has) {
				continue // it is of another process, which may live
			}
		default:
			continue
		}
		ours = ours || listens(pid, []int{c.port})
		found = append(found, stray{id, ours, time.Duration(c.grace.Load())})
	}
	return found
}

// overwritten tells whether a process has something else in place of its
// environment.
func overwritten(env []byte) bool { return len(env) > 0 && bytes.IndexByte(env, '=') < 0 }

func lives(pid int) bool {
	p, err := look(pid)
	return err == nil && !p.ended
}

// awaited tells whether somebody waits for the end of our child.
func awaited(pid int) bool {
	children.Lock()
	defer children.Unlock()
	return children.pids[pid]
}

func isSubreaper() bool {
	children.Lock()
	defer children.Unlock()
	return children.all
}

// noteDescendants remembers who comes from a process that is not our child: once
// it has ended, nothing else tells of those that have left its group and its
// environment.
func (c *Child) noteDescendants() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[Identity]bool{}
	}
	for todo := Children(c.ID.PID); len(todo) > 0; todo = todo[1:] {
		if id, err := Identify(todo[0]); err == nil && !c.seen[id] {
			c.seen[id] = true
			todo = append(todo, Children(id.PID)...)
		}
	}
}

func (c *Child) came(id Identity) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[id]
}

// descends tells whether a process comes from one of these.
func descends(p info, from map[int]bool) bool {
	for p.parent > 1 {
		if from[p.parent] {
			return true
		}
		var err error
		if p, err = look(p.parent); err != nil {
			return false
		}
	}
	return false
}

// group lists the living members of a process group.
func group(pgid int) []Identity {
	var found []Identity
	for _, pid := range allPIDs() {
		if p, err := look(pid); err == nil && p.group == pgid && !p.ended {
			found = append(found, Identity{PID: pid, Start: p.start, Boot: bootID()})
		}
	}
	return found
}

// folder is a folder under the name by which the system knows it.
func folder(path string) logFolder {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return logFolder(path)
}

type logFolder string

func (f logFolder) has(file string) bool { return strings.HasPrefix(file, string(f)+"/") }

// log recognizes one log of the folder, also rotated or removed.
func (f logFolder) log(path string) func(file string) bool {
	path = filepath.Join(string(f), filepath.Base(path))
	return func(file string) bool {
		rest, ok := strings.CutPrefix(file, path)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == ' ')
	}
}

// printsNowhere tells whether a process has still the output that it, or what it comes
// from, got in place of a log.
func printsNowhere(pid int, env []byte) bool {
	return hasVariable(env, nowhere) && writesTo(pid, func(file string) bool { return file == os.DevNull })
}

// writesTo tells whether a process has such a file as its output.
func writesTo(pid int, such func(file string) bool) bool {
	return slices.ContainsFunc(outputs(pid), such)
}
