package config

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// YAML writes the effective values, every default included, as a file that
// loads as the same Config from the same place.
func (c *Config) YAML() ([]byte, error) {
	w := &writer{dir: c.Dir}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(w.file(c)), encoder.Close()); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return b.Bytes(), nil
}

// writer turns a Config back into nodes. Paths below dir are written relative
// to it, so that the output can be kept in version control.
type writer struct{ dir string }

// path is "" for "". A relative one has slashes on every system.
func (w *writer) path(p string) string {
	if rel, err := filepath.Rel(w.dir, p); err == nil && filepath.IsLocal(rel) && !strings.HasPrefix(rel, "~") {
		return filepath.ToSlash(rel)
	}
	return p
}

func (w *writer) env(b *block, env []EnvVar) { w.variables(b, "env", env) }

func (w *writer) variables(b *block, key string, env []EnvVar) {
	if len(env) == 0 {
		return
	}
	var vars block
	for _, v := range env {
		vars.put(v.Name, text(v.Value))
	}
	b.put(key, vars.done())
}

func (w *writer) file(c *Config) *yaml.Node {
	var b block
	b.put("api_base_url", text(c.APIBaseURL))
	b.put("gateway", text(c.Gateway), "auto, nginx or builtin")
	if c.AutoPorts {
		b.put("ports", text("auto"))
	}
	if c.Nginx != nil {
		b.put("nginx", w.nginx(c.Nginx))
	}
	b.given("env_file", w.path(c.EnvFile))
	var servers, workers, tasks, frontends block
	for _, s := range c.Servers {
		servers.put(s.Name, w.server(s))
	}
	for _, p := range c.Workers {
		workers.put(p.Name, w.worker(p))
	}
	for _, t := range c.Tasks {
		tasks.put(t.Name, w.task(t))
	}
	for _, f := range c.Frontends {
		if f.Name != "frontend" {
			frontends.put(f.Name, w.frontend(f))
		}
	}
	b.section("servers", &servers)
	b.section("workers", &workers)
	b.section("tasks", &tasks)
	b.section("frontends", &frontends)
	b.put("websocket", w.webSocket(c.WebSocket))
	if c.WebSocketRoutes != nil {
		var routes block
		for _, r := range c.WebSocketRoutes {
			routes.put(r.Module, text(r.Server))
		}
		b.put("websocket_routes", routes.done())
	}
	b.put("backend", w.backend(c.Backend))
	if f := c.Page(); f != nil && f.Name == "frontend" {
		b.put("frontend", w.frontend(*f))
	}
	if c.Specs.Asked {
		b.put("specs", w.specs(c.Specs))
	}
	b.put("logs", w.logs(c.Logs))
	switch {
	case c.Dashboard.Off:
		b.put("dashboard", boolean(false))
	case c.Dashboard.Port != 0:
		var dashboard block
		dashboard.put("port", number(c.Dashboard.Port))
		b.put("dashboard", dashboard.done())
	}
	return b.done()
}

func (w *writer) nginx(n *Nginx) *yaml.Node {
	var b block
	b.put("host", text(n.Host))
	b.list("hosts", n.Hosts)
	b.put("port", number(n.Port))
	b.put("worker_processes", literal(n.WorkerProcesses), "a number, or auto")
	b.put("worker_connections", number(n.WorkerConnections))
	b.put("read_timeout", duration(n.ReadTimeout))
	b.given("version", n.Version)
	b.given("mirror", n.Mirror)
	b.given("extra", n.Extra)
	b.put("tls", boolean(n.TLS))
	if n.RedirectPort != 0 {
		b.put("redirect_port", number(n.RedirectPort), "redirects to https")
	}
	return b.done()
}

func (w *writer) server(s Server) *yaml.Node {
	var b block
	w.instances(&b, s.Process)
	b.list("modules", s.Modules)
	if len(s.Paths) > 0 {
		paths := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, p := range s.Paths {
			n := text(p.Path + "/")
			if p.Strip {
				var path block
				path.put("path", n)
				path.put("strip", boolean(true))
				n = path.done()
			}
			paths.Content = append(paths.Content, n)
		}
		b.put("paths", paths)
	}
	b.put("expose", boolean(!s.Hidden))
	if s.Debug != 0 {
		b.put("debug", number(s.Debug))
	}
	b.put("reload", boolean(s.Reload))
	b.list("reload_include", s.ReloadInclude)
	b.list("reload_exclude", s.ReloadExclude)
	if s.Command == nil {
		b.put("app", text(s.App))
	}
	b.list("args", s.Args)
	w.process(&b, s.Process)
	w.health(&b, s.Health)
	b.put("balance", text(s.Balance), "round_robin, least_conn or ip_hash")
	return b.done()
}

func (w *writer) worker(p Process) *yaml.Node {
	var b block
	w.instances(&b, p)
	w.process(&b, p)
	w.health(&b, p.Health)
	return b.done()
}

func (w *writer) task(t Task) *yaml.Node {
	var b block
	w.process(&b, t.Process)
	b.list("unless", t.Unless)
	b.put("timeout", duration(t.Timeout))
	return b.done()
}

func (w *writer) instances(b *block, p Process) {
	comment := ""
	if p.Instances > 1 {
		comment = fmt.Sprintf("to %d: one for each instance", p.Port+p.Instances-1)
	}
	if p.Port != 0 {
		b.put("port", number(p.Port), comment)
	}
	b.put("instances", number(p.Instances))
	b.put("restart", text(p.Restart), "always, on-failure or never")
}

func (w *writer) process(b *block, p Process) {
	b.list("command", p.Command)
	b.put("dir", text(w.path(p.Dir)))
	w.env(b, p.Env)
	b.given("env_file", w.path(p.EnvFile))
	var on block
	for _, d := range p.DependsOn {
		var c block
		c.put("condition", text(d.Condition))
		if d.Restart {
			c.put("restart", boolean(true))
		}
		on.put(d.Name, c.done())
	}
	b.section("depends_on", &on)
	b.put("stop_timeout", duration(p.StopTimeout))
	b.put("stop_signal", text(p.StopSignal))
	b.put("kill_mode", text(p.KillMode), "group or mixed")
	if p.StdinOpen {
		b.put("stdin", text("open"))
	}
	b.list("watch", p.Watch)
	b.list("profiles", p.Profiles)
	b.given("image", p.Image)
	if p.Build != nil {
		b.put("build", w.build(*p.Build))
	}
}

func (w *writer) build(p Build) *yaml.Node {
	var b block
	b.put("context", text(w.path(p.Context)))
	b.given("dockerfile", p.Dockerfile)
	b.given("target", p.Target)
	w.variables(&b, "args", p.Args)
	return b.done()
}

func (w *writer) health(b *block, h Health) {
	var inner block
	switch {
	case h.TCP:
		inner.put("tcp", boolean(true))
	case h.Command != nil:
		inner.put("command", words(h.Command))
	case h.Log != "":
		inner.put("log", text(h.Log))
	case h.Path != "" && !h.Guessed:
		inner.put("path", text(h.Path))
	}
	inner.put("interval", duration(h.Interval))
	inner.put("timeout", duration(h.Timeout))
	inner.put("retries", number(h.Retries))
	inner.put("start_period", duration(h.StartPeriod))
	inner.put("on_failure", text(h.OnFailure), "report or restart")
	b.put("health", inner.done())
}

func (w *writer) webSocket(s WebSocket) *yaml.Node {
	var b block
	b.put("routing_strategy", text(s.RoutingStrategy), "path or query_param")
	b.put("query_param_name", text(s.QueryParamName))
	b.given("default_server", s.DefaultServer)
	return b.done()
}

func (w *writer) backend(s Backend) *yaml.Node {
	var b block
	b.put("dir", text(w.path(s.Dir)))
	b.put("app", text(s.App))
	b.given("python", s.Python)
	w.env(&b, s.Env)
	b.given("env_file", w.path(s.EnvFile))
	return b.done()
}

func (w *writer) frontend(f Frontend) *yaml.Node {
	var b block
	b.put("port", number(f.Port))
	b.put("path", text(f.Path+"/"))
	b.put("restart", text(f.Restart), "always, on-failure or never")
	w.process(&b, f.Process)
	w.health(&b, f.Health)
	return b.done()
}

func (w *writer) specs(s Specs) *yaml.Node {
	var b block
	b.put("dir", text(w.path(s.Dir)))
	b.list("export_command", s.ExportCommand)
	var sources []string
	for _, p := range s.Sources {
		sources = append(sources, w.path(p))
	}
	b.put("sources", words(sources))
	if len(s.Documents) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, d := range s.Documents {
			var p block
			p.put("server", text(d.Server))
			p.put("url", text(d.URL))
			list.Content = append(list.Content, p.done())
		}
		b.put("documents", list)
	}
	if s.Python.Dir != "" {
		var p block
		p.put("dir", text(w.path(s.Python.Dir)))
		b.put("python", p.done())
	}
	if len(s.TypeScript) > 0 {
		sets := &yaml.Node{Kind: yaml.SequenceNode}
		for _, t := range s.TypeScript {
			var p block
			p.put("dir", text(w.path(t.Dir)))
			p.put("rest_prefix", text(t.RESTPrefix))
			p.put("ws_prefix", text(t.WSPrefix))
			p.list("command", t.Command)
			sets.Content = append(sets.Content, p.done())
		}
		if len(sets.Content) == 1 {
			sets = sets.Content[0]
		}
		b.put("typescript", sets)
	}
	return b.done()
}

func (w *writer) logs(l Logs) *yaml.Node {
	var b block
	b.put("color", boolean(l.Color))
	b.put("max_size", literal(formatSize(l.MaxSize)), "of one log before it is rotated; 0: never")
	b.put("max_files", number(l.MaxFiles))
	b.put("access_log", boolean(l.AccessLog))
	return b.done()
}
