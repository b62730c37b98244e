package config

import (
	"slices"
	"strings"
)

// check looks at what only several sections together can tell.
func (d *decoder) check(c *Config) {
	d.checkInstanceNames(c)
	d.checkPorts(c)
	d.checkModules(c)
	d.checkRoutes(c)
	d.checkDependencies(c)
	if n := c.Nginx; n != nil && n.RedirectPort != 0 && !n.TLS {
		d.reportAt(d.place("nginx.redirect_port"), "", "nginx.redirect_port redirects to HTTPS: it needs nginx.tls: true")
	}
}

// checkInstanceNames keeps a server's name from meaning another server's
// instance: a-0 is instance 0 of a, and what -only=a-0 names.
func (d *decoder) checkInstanceNames(c *Config) {
	for _, s := range c.Servers {
		for _, other := range c.Servers {
			rest, ok := strings.CutPrefix(other.Name, s.Name+"-")
			if !ok || len(rest) > 3 || !only(rest, digits) {
				continue
			}
			for i := range s.Instances {
				if InstanceName(s.Name, i) == other.Name {
					at := "servers." + other.Name
					d.reportAt(d.place(at), "", "%s has the name of instance %d of the server %s on line %d: choose another",
						at, i, tick(s.Name), d.place("servers."+s.Name).line)
				}
			}
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
	for _, s := range c.Servers {
		if s.Port == 0 {
			continue
		}
		path := "servers." + s.Name + ".port"
		if last := s.Port + s.Instances - 1; last > highPort {
			d.reportAt(d.place(path), "", "%s is %d: with %d instances the last port would be %d, above %d",
				path, s.Port, s.Instances, last, highPort)
			continue
		}
		for i := range s.Instances {
			claim(s.Port+i, listener{"instance " + InstanceName(s.Name, i), path})
		}
	}
	if c.Frontend != nil {
		who := "frontend.port"
		if _, said := d.where[who]; !said {
			who += " (its default)"
		}
		claim(c.Frontend.Port, listener{who, "frontend.port"})
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
		s, ok := d.known(c, path, r.Server)
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
		d.known(c, "websocket.default_server", fallback)
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
		suggestion := nearest(name, names)
		note := ""
		if suggestion == "" && len(names) <= 10 {
			note = "; known are " + list(names)
		}
		d.reportAt(d.place(path), suggestion, "%s: there is no server %s%s", path, tick(name), note)
	}
	return s, ok
}

// checkDependencies reports unknown servers, and servers that wait for each
// other in a circle.
func (d *decoder) checkDependencies(c *Config) {
	next := make(map[string][]string, len(c.Servers))
	for _, s := range c.Servers {
		for _, name := range s.DependsOn {
			if _, ok := d.known(c, "servers."+s.Name+".depends_on."+name, name); ok {
				next[s.Name] = append(next[s.Name], name)
			}
		}
	}
	const entered, done = 1, 2
	state := map[string]int{}
	var trail []string
	var visit func(name string)
	visit = func(name string) {
		state[name] = entered
		trail = append(trail, name)
		for _, to := range next[name] {
			switch state[to] {
			case entered:
				circle := append(slices.Clone(trail[slices.Index(trail, to):]), to)
				path := "servers." + name + ".depends_on." + to
				d.reportAt(d.place(path), "", "servers wait for each other in a circle: %s", strings.Join(circle, " -> "))
			case 0:
				visit(to)
			}
		}
		trail = trail[:len(trail)-1]
		state[name] = done
	}
	for _, s := range c.Servers {
		if state[s.Name] == 0 {
			visit(s.Name)
		}
	}
}
