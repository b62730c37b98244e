package config

import (
	"fmt"
	"slices"
	"strings"
)

// check looks at what only several sections together can tell.
func (d *decoder) check(c *Config) {
	if len(c.Processes()) == 0 && len(d.problems) == 0 {
		at := "servers"
		if _, said := d.where[at]; said {
			d.reportAt(d.place(at), "", "servers is empty: it must name at least one server")
		} else {
			d.reportAt(d.place(at), "", "nothing is to be run: say servers, workers, tasks or frontends")
		}
	}
	d.checkNames(c)
	d.checkPorts(c)
	d.checkModules(c)
	d.checkRoutes(c)
	d.checkDependencies(c)
	d.checkPaths(c)
	d.checkPortNames(c)
	d.checkSingle(c)
	for i, doc := range c.Specs.Documents {
		if path := fmt.Sprintf("specs.documents[%d].server", i); doc.Server != "" {
			d.known(c, path, doc.Server)
		}
	}
	if n := c.Nginx; n != nil && n.RedirectPort != 0 && !n.TLS {
		d.reportAt(d.place("nginx.redirect_port"), "", "nginx.redirect_port redirects to HTTPS: it needs nginx.tls: true")
	}
}

// checkNames keeps every name to one process, or one instance: a-0 is instance 0
// of a, and what -only=a-0 names.
func (d *decoder) checkNames(c *Config) {
	all := c.Processes()
	byName, byInstance := map[string]Member{}, map[string]Member{}
	for _, m := range all {
		if first, twice := byName[m.Name]; twice {
			if d.place(first.Path).line > d.place(m.Path).line {
				first, m = m, first
			}
			d.reportAt(d.place(m.Path), "", "%s has the name of the %s on line %d: choose another", m.Path, first.Kind, d.place(first.Path).line)
			continue
		}
		byName[m.Name] = m
		for _, name := range m.InstanceNames() {
			byInstance[name] = m
		}
	}
	for _, m := range all {
		if of, taken := byInstance[m.Name]; taken && of.Name != m.Name {
			d.reportAt(d.place(m.Path), "", "%s has the name of instance %s of the %s %s on line %d: choose another",
				m.Path, m.Name[len(of.Name)+1:], of.Kind, tick(of.Name), d.place(of.Path).line)
		}
	}
}

// listener is who listens on a port.
type listener struct {
	who  string // for a message
	path string // where the port comes from
}

// checkPorts reports every port that two would listen on.
func (d *decoder) checkPorts(c *Config) {
	holders := map[int]listener{}
	claim := func(port int, l listener) {
		if port == 0 { // was reported as missing or wrong
			return
		}
		first, taken := holders[port]
		if !taken {
			holders[port] = l
			return
		}
		a, b := d.place(first.path), d.place(l.path)
		if b.line < a.line || b.line == a.line && b.column < a.column {
			first, l, a, b = l, first, b, a
			holders[port] = first
		}
		d.reportAt(b, "", "port %d is taken twice: by %s on line %d and by %s on line %d", port, first.who, a.line, l.who, b.line)
	}
	if c.Nginx != nil {
		claim(c.Nginx.Port, listener{"nginx.port", "nginx.port"})
		claim(c.Nginx.RedirectPort, listener{"nginx.redirect_port", "nginx.redirect_port"})
	}
	claim(c.Dashboard.Port, listener{"dashboard.port", "dashboard.port"})
	for _, m := range c.Processes() {
		if m.Port == 0 {
			continue
		}
		path := m.Path + ".port"
		if last := m.Port + m.Instances - 1; last > highPort {
			d.reportAt(d.place(path), "", "%s is %d: with %d instances the last port would be %d, above %d",
				path, m.Port, m.Instances, last, highPort)
			continue
		}
		for i, name := range m.InstanceNames() {
			who := "instance " + name
			if m.Kind == KindFrontend {
				if who = path; d.where[path] == (position{}) {
					who += " (its default)"
				}
			}
			claim(m.Port+i, listener{who, path})
		}
	}
	for _, s := range c.Servers {
		path := "servers." + s.Name + ".debug"
		if s.Debug+s.Instances-1 > highPort {
			d.reportAt(d.place(path), "", "%s is %d: with %d instances the last port would be above %d", path, s.Debug, s.Instances, highPort)
			continue
		}
		for i := range s.Instances {
			if s.Debug != 0 {
				claim(s.Debug+i, listener{"the debugger of " + InstanceName(s.Name, i), path})
			}
		}
	}
}

// checkModules keeps the server core to the shared endpoints, and every
// module to one server that answers for it. With two, websocket_routes says
// which one it is, for requests as for WebSockets.
func (d *decoder) checkModules(c *Config) {
	holder := map[string]string{}
	for _, s := range c.Servers {
		path := "servers." + s.Name + ".modules"
		own := slices.DeleteFunc(slices.Clone(s.Modules), func(m string) bool { return m == Core })
		if s.Name == Core && len(own) > 0 {
			d.reportAt(d.place(path), "", "%s must be []: the server core has the shared endpoints only; move %s to another server",
				path, list(own))
			continue
		}
		for _, m := range own { // every server has core
			first, twice := holder[m]
			if !twice {
				holder[m] = s.Name
				continue
			}
			routed := slices.ContainsFunc(c.WebSocketRoutes, func(r WebSocketRoute) bool { return r.Module == m })
			if !routed {
				d.reportAt(d.place(path+"."+m), "", "the module %s is served by %s on line %d and by %s here: say in websocket_routes which of them answers for it",
					tick(m), tick(first), d.place("servers."+first+".modules."+m).line, tick(s.Name))
			}
		}
	}
}

func (d *decoder) checkRoutes(c *Config) {
	for _, r := range c.WebSocketRoutes {
		path := "websocket_routes." + r.Module
		s, ok := d.routable(c, path, r.Server)
		if !ok || r.Module == Core || slices.Contains(s.Modules, r.Module) {
			continue
		}
		suggestion := ""
		for _, other := range c.Servers {
			if slices.Contains(other.Modules, r.Module) {
				suggestion = other.Name
				break
			}
		}
		d.reportAt(d.place(path), suggestion, "%s: the server %s does not have the module %s; its modules are on line %d",
			path, tick(r.Server), tick(r.Module), d.place("servers."+r.Server+".modules").line)
	}
	if fallback := c.WebSocket.DefaultServer; fallback != "" {
		d.routable(c, "websocket.default_server", fallback)
	}
}

// known returns a server that the file refers to, or reports that there is
// none of that name.
func (d *decoder) known(c *Config, path, name string) (*Server, bool) {
	s, ok := c.Server(name)
	if !ok && len(c.Servers) > 0 { // without any, that was reported
		names := make([]string, len(c.Servers))
		for i, s := range c.Servers {
			names[i] = s.Name
		}
		d.unknown(path, "server", name, names)
	}
	return s, ok
}

// routable is known of a server that the gateway is to lead to.
func (d *decoder) routable(c *Config, path, name string) (*Server, bool) {
	s, ok := d.known(c, path, name)
	if ok && s.Hidden {
		d.reportAt(d.place(path), "", "%s: the server %s has expose: false on line %d, so the gateway leads nobody there",
			path, tick(name), d.place("servers."+name+".expose").line)
		return nil, false
	}
	return s, ok
}

// unknown reports a name that nothing has.
func (d *decoder) unknown(path, kind, name string, known []string) {
	suggestion, note := Nearest(name, known), ""
	if suggestion == "" && len(known) <= 10 {
		note = "; known are " + list(known)
	}
	d.reportAt(d.place(path), suggestion, "%s: there is no %s %s%s", path, kind, tick(name), note)
}

// checkDependencies reports unknown processes, those that cannot be waited for as
// it is said, and those that wait for each other in a circle. It fills in the
// conditions that nobody has said.
func (d *decoder) checkDependencies(c *Config) {
	all := c.Processes()
	names, known := make([]string, len(all)), make(map[string]Member, len(all))
	for i, m := range all {
		names[i], known[m.Name] = m.Name, m
	}
	next := make(map[string][]string, len(all))
	for _, m := range all {
		for i := range m.DependsOn {
			on := &m.DependsOn[i]
			path := m.Path + ".depends_on." + on.Name
			other, ok := known[on.Name]
			if !ok {
				d.unknown(path, "process", on.Name, names)
				continue
			}
			next[m.Name] = append(next[m.Name], on.Name)
			switch task := other.Kind == KindTask; {
			case on.Condition == "" && task:
				on.Condition = Succeeded
			case on.Condition == "":
				on.Condition = Healthy
			case on.Condition == Healthy && task:
				d.reportAt(d.place(path+".condition"), Succeeded, "%s: the task %s ends, and is not healthy before", path, tick(on.Name))
			case on.Condition == Succeeded && !task:
				d.reportAt(d.place(path+".condition"), Healthy, "%s: the %s %s goes on, and does not succeed", path, other.Kind, tick(on.Name))
			}
		}
	}
	const entered, done = 1, 2
	state := map[string]int{}
	var trail []string
	var visit func(m Member)
	visit = func(m Member) {
		state[m.Name] = entered
		trail = append(trail, m.Name)
		for _, to := range next[m.Name] {
			switch state[to] {
			case entered:
				circle := append(slices.Clone(trail[slices.Index(trail, to):]), to)
				d.reportAt(d.place(m.Path+".depends_on."+to), "", "processes wait for each other in a circle: %s", strings.Join(circle, " -> "))
			case 0:
				visit(known[to])
			}
		}
		trail = trail[:len(trail)-1]
		state[m.Name] = done
	}
	for _, m := range all {
		if state[m.Name] == 0 {
			visit(m)
		}
	}
}

// checkPaths keeps every path at the gateway to one process.
func (d *decoder) checkPaths(c *Config) {
	holders := map[string]string{} // path -> where it is said
	claim := func(path, said string) {
		first, taken := holders[path]
		if !taken {
			holders[path] = said
			return
		}
		if d.place(first).line > d.place(said).line {
			first, said = said, first
		}
		d.reportAt(d.place(said), "", "%s: the path %s is taken already, on line %d", said, tick(path+"/"), d.place(first).line)
	}
	for _, s := range c.Servers {
		for _, p := range s.Paths {
			claim(p.Path, "servers."+s.Name+".paths."+p.Path)
		}
	}
	for _, m := range c.Processes() {
		for i := range c.Frontends {
			if m.Kind == KindFrontend && c.Frontends[i].Name == m.Name {
				claim(c.Frontends[i].Path, m.Path+".path")
			}
		}
	}
}

// checkPortNames reports a {port} of what has none, and a {port:NAME} of nobody.
func (d *decoder) checkPortNames(c *Config) {
	look := func(path string, port int, texts ...string) {
		for _, text := range texts {
			text = c.FillPorts(text, port)
			i := strings.Index(text, "{port")
			if i < 0 {
				continue
			}
			name, _, whole := strings.Cut(text[i+len("{port"):], "}")
			switch {
			case !whole:
			case name == "":
				d.reportAt(d.place(path), "", "%s has {port}, and the process has no port: say port, or name another's: {port:NAME}", path)
			case name[0] == ':':
				d.reportAt(d.place(path), "", "%s has %s: no process of that name has a port", path, tick("{port"+name+"}"))
			}
		}
	}
	for _, m := range c.Processes() {
		look(m.Path+".command", m.Port, m.Command...)
		look(m.Path+".health", m.Port, m.Health.Command...)
		for _, v := range m.Env {
			look(m.Path+".env."+v.Name, max(m.Port, 1), v.Value) // {port} may be anything there
		}
	}
	for _, t := range c.Tasks {
		look("tasks."+t.Name+".unless", 0, t.Unless...)
	}
}

// checkSingle looks for variables of which servers have different values that one
// process would have to stand for. Each for itself may have them.
func (d *decoder) checkSingle(c *Config) {
	type setting struct{ value, path string }
	first := map[string]setting{}
	for i := range c.Servers {
		s := &c.Servers[i]
		if !c.Mergeable(s) {
			continue
		}
		for _, v := range s.Env {
			now := setting{v.Value, "servers." + s.Name + ".env." + v.Name}
			was, twice := first[v.Name]
			if !twice {
				first[v.Name] = now
				continue
			}
			if was.value != now.value {
				at := d.place(now.path)
				c.Single = append(c.Single, Problem{File: d.file, Line: at.line, Column: at.column,
					Message: fmt.Sprintf("%s is another than that on line %d: one process cannot have both; make them equal, or run them apart with -multi", now.path, d.place(was.path).line)})
			}
		}
	}
}
