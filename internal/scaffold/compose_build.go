package scaffold

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"muster/internal/config"
)

// context is what a service is built of.
func (c *composeFile) context(service *yaml.Node) (folder, dockerfile, target string) {
	folder, dockerfile = slashDir(c.file), "Dockerfile"
	b := get(service, "build")
	if n := text(b); n != "" {
		folder = join(folder, c.expanded(n))
	}
	if n := text(get(b, "context")); n != "" {
		folder = join(folder, c.expanded(n))
	}
	if n := text(get(b, "dockerfile")); n != "" {
		dockerfile = c.expanded(n)
	}
	return folder, dockerfile, text(get(b, "target"))
}

// mounts tells of a service of a language's image with a folder of the repository
// in it, as people have who build nothing.
func (c *composeFile) mounts(service *yaml.Node) bool {
	switch imageName(text(get(service, "image"))) {
	case "node", "python", "golang", "bun", "deno", "ruby":
		return get(service, "command") != nil || get(service, "entrypoint") != nil
	}
	return false
}

// built makes a process of a service that is built: its command is that of the
// Compose file or its Dockerfile.
func (c *composeFile) built(s pair) {
	d := c.d
	p := &process{kind: config.KindWorker, from: c.at(s.line)}
	if c.isProxy(s.node) {
		d.leave(p.from, "services.%s: does what the gateway does, and is not run: what it routed has to become `paths`", s.key)
		return
	}
	context, dockerfile, target := c.context(s.node)
	for _, k := range pairs(get(s.node, "build")) {
		switch k.key {
		case "context", "dockerfile", "target":
		default:
			d.leave(c.at(k.line), "services.%s.build.%s is not taken over: no image is built", s.key, k.key)
		}
	}
	if strings.HasPrefix(context, "..") || strings.Contains(context, "://") || !d.isDir(context) {
		d.leave(p.from, "services.%s: its folder %s is none of this repository", s.key, context)
		return
	}
	var m image
	if file := join(context, dockerfile); get(s.node, "build") != nil && d.exists(file) {
		m = parseDockerfile(d.text(file), target)
		d.use(file)
		for _, e := range m.env {
			d.leave(place{file, e.line}, "ENV %s is not taken over: write what is needed under env of %s", e.name, s.key)
		}
	} else if get(s.node, "build") != nil {
		d.leave(p.from, "services.%s: there is no %s", s.key, file)
	}
	ports, exposed := c.portsOf(s)
	if len(ports) > 0 {
		p.port = ports[0].target
	} else if p.port = exposed; p.port == 0 {
		p.port = m.exposed
	}
	var command *argv
	if n := get(s.node, "command"); n != nil {
		own := c.argv(n)
		command = &own
	}
	a := c.argv(get(s.node, "entrypoint"))
	if p.port == 0 {
		p.port = c.labelled(s)
	}
	wanted := p.port
	d.ofImage(p, m, context, a, command)
	if w := text(get(s.node, "working_dir")); w != "" {
		w = inImage(m.workdir, c.expanded(w))
		if rel, ok := m.local(context, w); ok && d.isDir(rel) {
			p.dir = rel
		} else if rel, ok := c.mounted(s, w); ok {
			p.dir = rel
		} else if w != m.workdir {
			d.leave(p.from, "services.%s.working_dir: %s is no folder that is known here", s.key, w)
		}
	} else if c.mounts(s.node) {
		if rel, ok := c.mounted(s, m.workdir); ok {
			p.dir = rel
		}
	}
	d.add(p, s.key)
	c.common(p, s, true)
	if p.port == 0 {
		p.port = wanted
	}
	d.hosts = append(d.hosts, host{name: s.key, port: max(wanted, p.port), of: p})
	p.stdinOpen = p.stdinOpen || d.endsWithInput(p)
	if d.lost(p) && !d.found(p, context, s.key) {
		return
	}
	isPage := p.kind == config.KindFrontend || p.command != nil && !c.wanted[s.key] && d.page(p)
	if p.command != nil && !isPage && !d.uvicorn(p) && !d.pythonFile(p) {
		d.tellPort(p)
		d.program(p)
		p.movable = p.movable || d.readsPort(p.dir)
	}
	for i, v := range p.env {
		host, number, ok := strings.Cut(v.Value, ":")
		if ok && (host == "" || host == "0.0.0.0") && number == strconv.Itoa(p.port) && p.port > 0 {
			p.env[i].Value, p.movable = "127.0.0.1:{port}", true
		}
	}
	if p.kind == config.KindFrontend {
		return
	}
	switch {
	case c.wanted[s.key]:
		p.kind, p.port, p.restart, p.instances = config.KindTask, 0, "", 0
		p.health = health{}
		return
	case p.port == 0 && p.app != "":
		p.port, p.movable = 8001, true
	case p.port == 0:
		p.kind = config.KindWorker
		p.note("guessed: it listens on no port")
		return
	}
	p.kind = config.KindServer
	c.migrates(p)
	p.hidden = len(ports) == 0 && !c.proxied
	if p.found == nil {
		p.found = d.servedPaths(p.dir)
	}
	if len(ports) > 1 {
		d.leave(p.from, "services.%s.ports: has %d, and a server has one: %d is the one", s.key, len(ports), p.port)
	}
	if len(ports) > 0 && ports[0].published > 0 && ports[0].published != p.port {
		p.note("it was published at %d", ports[0].published)
	}
	if p.instances > 1 && !p.movable {
		d.leave(p.from, "services.%s: %d instances of it would listen on one port: there is one of it", s.key, p.instances)
		p.instances = 0
	}
}

// migrates drafts the task that brings the database of a FastAPI application up to
// date, where no service does so.
func (c *composeFile) migrates(p *process) {
	file := join(p.dir, "alembic.ini")
	if p.app == "" || !c.d.exists(file) {
		return
	}
	for _, s := range c.services {
		all := strings.Join(append(texts(get(s.node, "command")), texts(get(s.node, "entrypoint"))...), " ")
		if strings.Contains(all, "alembic") || strings.Contains(all, "prestart") || strings.Contains(all, "migrat") {
			return
		}
	}
	task := &process{kind: config.KindTask, dir: p.dir, from: place{file, 1}, command: []string{"alembic", "upgrade", "head"},
		env: slices.Clone(p.env), envFile: p.envFile, depends: slices.Clone(p.depends)}
	task.note("guessed: the database is brought up to date at every start")
	c.d.use(file)
	called := "migrate"
	if c.d.names[called] != nil {
		called = p.name + "-migrate"
	}
	c.d.add(task, called)
	c.d.program(task)
	p.depends = append(p.depends, dependency{name: called})
}

// mounted is the folder of the repository that is mounted at a path.
func (c *composeFile) mounted(s pair, at string) (string, bool) {
	n := get(s.node, "volumes")
	if n == nil {
		return "", false
	}
	for _, item := range n.Content {
		var source, target string
		if t := text(item); t != "" {
			parts := strings.Split(t, ":")
			if len(parts) < 2 {
				continue
			}
			source, target = parts[0], parts[1]
		} else {
			source, target = text(get(item, "source")), text(get(item, "target"))
		}
		if !strings.HasPrefix(source, ".") || !below(at, path.Clean(target)) {
			continue
		}
		rel := join(slashDir(c.file), join(source, strings.TrimPrefix(at, path.Clean(target))))
		if !strings.HasPrefix(rel, "..") && c.d.isDir(rel) {
			return rel, true
		}
	}
	return "", false
}

// found looks in a service's folder for what its image was to run.
func (d *draft) found(p *process, context, service string) bool {
	why := "its Dockerfile names no command"
	if len(p.command) > 0 {
		why = p.command[0] + " is only in its image"
	}
	index := slices.Index(d.processes, p)
	before := len(d.processes)
	names := maps.Clone(d.names)
	said := d.said
	d.folder(context)
	made := slices.Clone(d.processes[before:])
	d.processes, d.names, d.said = d.processes[:before], names, said
	var main *process
	for _, q := range made {
		if main == nil || q.kind == config.KindServer && main.kind != config.KindServer && main.kind != config.KindFrontend {
			main = q
		}
	}
	if main == nil {
		d.processes = slices.Delete(d.processes, index, index+1)
		delete(d.names, service)
		d.leave(p.from, "services.%s: %s, and nothing in its folder says how it is run: write its command", service, why)
		return false
	}
	p.note("guessed: its command, since %s", why)
	p.comments = append(p.comments, main.comments...)
	p.env = append(slices.DeleteFunc(p.env, func(v config.EnvVar) bool {
		return slices.ContainsFunc(main.env, func(m config.EnvVar) bool { return m.Name == v.Name })
	}), main.env...)
	p.command, p.app, p.reload, p.args, p.found, p.dir = main.command, main.app, main.reload, main.args, main.found, main.dir
	p.kind, p.movable = main.kind, main.movable || p.movable
	if !p.health.set() {
		main.health.interval, main.health.timeout, main.health.retries = p.health.interval, p.health.timeout, p.health.retries
		p.health = main.health
	}
	if p.kind == config.KindFrontend || p.port < 1024 {
		p.port = main.port
	}
	return true
}
