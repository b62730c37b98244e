package scaffold

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"muster/internal/config"
	"muster/internal/printable"
)

// place is where something stands in a file of the repository.
type place struct {
	file string
	line int
}

func (p place) String() string { return p.file + ":" + strconv.Itoa(p.line) }

// draft is a configuration under construction.
type draft struct {
	dir       string          // absolute
	env       []config.EnvVar // of .env, to be looked at only
	envFile   string
	processes []*process
	names     map[string]*process // by what they are called in the repository
	hosts     []host              // names by which services reach each other
	needs     []dependency        // services of images, which all others wait for
	gateway   int                 // port; 0 is none

	readPorts map[string]bool     // by folder, what its sources told
	servings  map[string][]string // likewise

	used, said, left []string
}

// process is one entry of the configuration. Its texts are as the configuration
// reads them: ${NAME} stands for a variable.
type process struct {
	kind     config.Kind
	name     string
	comments []string // what was guessed

	port      int
	movable   bool // its program is told where to listen
	root      bool // it is what a browser is to find at /
	instances int

	image    bool   // it stands for a service of an image
	app      string // uvicorn's
	reload   bool
	args     []string
	command  []string
	dir      string // relative to the repository; "" is its own folder
	env      []config.EnvVar
	envFile  string
	health   health
	depends  []dependency
	paths    []config.Path
	found    []string // paths that its sources serve
	hidden   bool
	socketIO bool   // they serve Socket.IO, which is at /socket.io whatever their path
	page     string // path of a frontend
	profiles []string
	restart  string

	stopSignal, stopTimeout string
	stdinOpen               bool
	unless                  []string
	from                    place
	creates                 *process // the task that makes what is in a database
}

type health struct {
	path, log                string
	tcp                      bool
	command                  []string
	interval, timeout, start string
	retries                  int
}

func (h health) set() bool { return h.path != "" || h.log != "" || h.tcp || h.command != nil }

type dependency struct {
	name      string // in the repository
	condition string // "" is the usual one
	restart   bool
}

// oneLine is a text of a file, fit for a comment and for a terminal.
func oneLine(s string) string {
	return string(printable.Append(nil, []byte(strings.Join(strings.Fields(s), " ")), false))
}

func (d *draft) leave(at place, format string, args ...any) {
	if line := oneLine(at.String() + ": " + fmt.Sprintf(format, args...)); !slices.Contains(d.left, line) {
		d.left = append(d.left, line)
	}
}

func (d *draft) say(format string, args ...any) {
	d.said = append(d.said, oneLine(fmt.Sprintf(format, args...)))
}

func (p *process) note(format string, args ...any) {
	if line := oneLine(fmt.Sprintf(format, args...)); !slices.Contains(p.comments, line) {
		p.comments = append(p.comments, line)
	}
}

func (d *draft) use(file string) {
	if !slices.Contains(d.used, file) {
		d.used = append(d.used, file)
	}
}

// add takes a process in under a name of its own.
func (d *draft) add(p *process, called string) {
	p.name = d.freeName(called)
	if p.name != called {
		d.say("%s: %s is called %s here: %s", p.from, called, p.name, whyNot(called))
	}
	if _, twice := d.names[called]; !twice {
		d.names[called] = p
	}
	d.processes = append(d.processes, p)
}

// finish settles what only all of them together can tell.
func (d *draft) finish() {
	for _, p := range d.processes {
		if p.dir != "" && !d.isDir(p.dir) {
			d.leave(p.from, "%s runs in %s, and there is no such folder: it is run in that of this file", p.name, p.dir)
			p.dir = ""
		}
	}
	d.installs()
	d.ports()
	d.resolve()
	for _, p := range d.processes {
		d.reach(p)
	}
	d.fileHosts()
	d.sourceHosts()
	d.route()
}

// ports gives each process one of its own: those that cannot be told keep theirs.
func (d *draft) ports() {
	taken := map[int]bool{}
	free := func(from, n int) int {
		for ; ; from++ {
			ok := true
			for i := range n {
				ok = ok && !taken[from+i]
			}
			if ok {
				return from
			}
		}
	}
	claim := func(p *process) {
		n, was := max(p.instances, 1), p.port
		if was < 1024 || was+n > 65535 || free(was, n) != was {
			p.port = free(8001, n)
			why := "is taken already"
			if was < 1024 {
				why = "below 1024 is root's"
			} else if was == d.gateway {
				why = "is the gateway's"
			}
			if was > 0 {
				d.say("%s: the port %d of %s %s: here it is %d", p.from, was, p.name, why, p.port)
			}
			if !p.movable && was > 0 {
				d.leave(p.from, "%s: nothing tells its program to listen on %d: write {port} into its command, or have it read PORT", p.name, p.port)
			}
		}
		for i := range n {
			taken[p.port+i] = true
		}
	}
	for _, movable := range []bool{false, true} {
		if movable && d.served() {
			d.gateway = free(8000, 1)
			for d.gateway > 8000 && taken[d.gateway] || d.gateway == 8001 {
				d.gateway = free(8080, 1)
			}
			taken[d.gateway] = true
		}
		for _, p := range d.processes {
			if p.movable == movable && (p.port > 0 || movable && p.port == 0 && p.kind == config.KindServer) {
				claim(p)
			}
		}
	}
}

// resolve gives dependencies the names that processes have here.
func (d *draft) resolve() {
	for _, p := range d.processes {
		var known []dependency
		for _, on := range p.depends {
			other := d.names[on.name]
			switch {
			case other == nil:
				d.leave(p.from, "%s depends on %s, which is not taken over", p.name, on.name)
				continue
			case other == p:
				continue
			case other.kind == config.KindTask:
				on.condition = ""
			case on.condition == config.Succeeded:
				d.leave(p.from, "%s waits for the end of %s, which goes on: it waits until that is healthy", p.name, on.name)
				on.condition = ""
			}
			if on.condition == config.Healthy {
				on.condition = ""
			}
			on.name = other.name
			if !slices.ContainsFunc(known, func(k dependency) bool { return k.name == on.name }) {
				known = append(known, on)
			}
		}
		p.depends = known
	}
}

func lineOf(text, what string) int {
	before, _, ok := strings.Cut(text, what)
	if !ok {
		return 1
	}
	return strings.Count(before, "\n") + 1
}

// below tells whether a path lies in a folder, or is it.
func below(rel, dir string) bool {
	return dir == "" || rel == dir || strings.HasPrefix(rel, dir+"/")
}
