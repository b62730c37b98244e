package config

import (
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// servers reads the servers, in the order of the file.
func (d *decoder) servers(v value, c *Config) []Server {
	var servers []Server
	for _, e := range d.processes(v) {
		servers = append(servers, d.server(e.key, e.value, c))
	}
	return servers
}

func (d *decoder) server(name string, v value, c *Config) Server {
	r := Server{Process: newProcess(name, c), App: c.Backend.App, Balance: RoundRobin}
	s := d.section(v)
	d.portOf(s, "port", &r.Port, true)
	d.instances(s, &r.Process)
	d.names(d.mark(s.field("modules")), &r.Modules, "a list of names, such as [broker]")
	r.Paths = d.servedPaths(s.field("paths"))
	expose, exposed := d.mark(s.field("expose")), true
	d.boolean(expose, &exposed)
	if r.Hidden = !exposed; r.Hidden && len(r.Paths) > 0 {
		d.reportAt(expose.at, "", "%s is false, and the server has paths at the gateway: remove one of them", expose.path)
	}
	d.process(s, &r.Process)
	debug := d.mark(s.field("debug"))
	d.portOf(s, "debug", &r.Debug, false)
	if r.Debug != 0 && DebuggerOf(&r) == "" {
		d.reportAt(debug.at, "", "%s is for uvicorn, Python and Node.js, and %s is run by none of them: give its own debugger to its command", debug.path, tick(name))
	}
	reload, include, exclude := s.field("reload"), s.field("reload_include"), s.field("reload_exclude")
	app, args := s.field("app"), s.field("args")
	d.boolean(reload, &r.Reload)
	d.patterns(include, &r.ReloadInclude)
	d.patterns(exclude, &r.ReloadExclude)
	d.str(app, &r.App, "MODULE:ATTRIBUTE", anApp)
	d.args(args, &r.Args)
	d.uvicornOnly(&r, reload, include, exclude, app, args)
	guess := ""
	if !s.entries["command"].set() {
		guess = c.APIBaseURL + "/health"
	}
	r.Health = d.health(s.field("health"), r.Process, guess)
	d.choice(s.field("balance"), &r.Balance, RoundRobin, LeastConn, IPHash)
	s.finish()
	return r
}

// The debuggers that an editor attaches to.
const (
	Debugpy   = "debugpy" // of Python
	Inspector = "inspect" // of Node.js, told by NODE_OPTIONS
	ViaNPM    = "npm"     // the same, told by npm and pnpm to what they run
)

// DebuggerOf is the debugger that a server's program has; "" is none that is known.
func DebuggerOf(s *Server) string {
	if s.Command == nil {
		return Debugpy
	}
	switch program := filepath.Base(s.Command[0]); {
	case strings.HasPrefix(program, "python"):
		return Debugpy
	case program == "npm" || program == "npx" || program == "pnpm" || program == "pnpx":
		return ViaNPM
	case program == "node" || program == "yarn" || program != "bun" && hasPackage(s.Dir):
		return Inspector
	}
	return ""
}

func hasPackage(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "package.json"))
	return err == nil
}

// servedPaths reads the paths that a server has at the gateway.
func (d *decoder) servedPaths(v value) (paths []Path) {
	values, _ := d.elements(v, "a list of paths, such as [/result, {path: /socket.io, strip: true}]")
	for _, e := range values {
		var p Path
		text := e
		var s *section
		if e.set() && e.node.Kind == yaml.MappingNode {
			s = d.section(e)
			text = s.required("path")
		}
		d.str(text, &p.Path, "a path such as /result", aServedPath)
		if s != nil {
			d.boolean(s.field("strip"), &p.Strip)
			s.finish()
		}
		if p.Path == "" {
			continue
		}
		p.Path = clean(p.Path)
		here := value{path: v.path + "." + p.Path, node: e.node, site: e.site}
		if at, twice := d.where[here.path]; twice {
			d.report(e, "%s names %s a second time, after line %d", v.path, tick(p.Path), at.line)
			continue
		}
		d.mark(here)
		paths = append(paths, p)
	}
	return paths
}

var aServedPath = grammar{check: checkServedPath, pattern: `^//?$|^` + segments + `/?$`}

func checkServedPath(s string) error {
	if s == "/" {
		return nil
	}
	if s = strings.TrimSuffix(s, "/"); s == "" {
		return checkRequestPath(s)
	}
	return checkBasePath(s)
}

// clean is a path without "/" at its end.
func clean(path string) string { return strings.TrimSuffix(path, "/") }

// uvicornOnly reports settings of uvicorn beside a command, which nothing would
// hand over, and those of a reload where there is none.
func (d *decoder) uvicornOnly(r *Server, reload, include, exclude, app, args value) {
	for _, v := range []value{reload, include, exclude, app, args} {
		switch {
		case !v.set() || v.path == reload.path && !r.Reload:
		case r.Command != nil && v.path == args.path:
			d.reportAt(v.at, "", "%s is for uvicorn, and this server has a command: write the arguments into it", v.path)
		case r.Command != nil && v.path == app.path:
			d.reportAt(v.at, "", "%s is for uvicorn, and this server has a command: remove one of them", v.path)
		case r.Command != nil:
			d.reportAt(v.at, "", "%s is for uvicorn, and this server has a command: write watch: [patterns], or use what its program has to reload itself", v.path)
		case !r.Reload && v.path != args.path && v.path != app.path:
			d.reportAt(v.at, "", "%s needs reload: true", v.path)
		}
	}
}
