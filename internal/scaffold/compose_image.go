package scaffold

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"muster/internal/config"
)

// images takes the services of images over, and names the others, with why they are
// not.
func (c *composeFile) images(why string) {
	if c == nil || len(c.services) == 0 {
		return
	}
	c.d.use(c.file)
	c.top()
	for _, s := range c.services {
		switch {
		case get(s.node, "build") != nil || c.mounts(s.node):
			c.d.leave(c.at(s.line), "services.%s: is built, and %s", s.key, why)
		case c.d.names[s.key] != nil:
			c.d.leave(c.at(s.line), "services.%s: there is a process of that name already", s.key)
		default:
			c.image(s)
		}
	}
	c.creations()
	for _, s := range c.services {
		if p := c.d.names[s.key]; p != nil && p.image && len(p.profiles) == 0 && (p.port > 0 || p.kind == config.KindTask) {
			c.d.needs = append(c.d.needs, dependency{name: s.key})
			if c.d.names[s.key+"-create"] != nil {
				c.d.needs = append(c.d.needs, dependency{name: s.key + "-create"})
			}
		}
	}
	c.d.waitForImages(c.d.processes)
}

// waitForImages has processes wait for the services of images: nothing says which of
// them they use.
func (d *draft) waitForImages(processes []*process) {
	for _, p := range processes {
		if p.kind != config.KindFrontend && !p.image {
			p.depends = append(p.depends, d.needs...)
		}
	}
}

// creations adds the tasks that create databases, and has those wait for them who
// depend on one.
func (c *composeFile) creations() {
	for _, s := range c.services {
		p := c.d.names[s.key]
		if p == nil || p.creates == nil {
			continue
		}
		called := s.key + "-create"
		p.creates.depends = []dependency{{name: s.key}}
		p.creates.note("creates the database that is asked for")
		c.d.add(p.creates, called)
		for _, q := range c.d.processes {
			if q != p.creates && slices.ContainsFunc(q.depends, func(on dependency) bool { return on.name == s.key }) {
				q.depends = append(q.depends, dependency{name: called})
			}
		}
		p.creates = nil
	}
}

// image makes a worker of a service of an image: the program of that name, where it
// is installed, else Docker's.
func (c *composeFile) image(s pair) {
	d := c.d
	at := c.at(s.line)
	ref := c.expanded(text(get(s.node, "image")))
	if c.isProxy(s.node) {
		d.leave(at, "services.%s: %s does what the gateway does, and is not run: what it routed has to become `paths`", s.key, ref)
		return
	}
	if ref == "" {
		d.leave(at, "services.%s: has neither an image nor a build", s.key)
		return
	}
	p := &process{kind: config.KindWorker, from: at, image: true}
	ports, _ := c.portsOf(s)
	target := standardPort(ref)
	if len(ports) > 0 {
		p.port = ports[0].published
		if target == 0 {
			target = ports[0].target
		}
		for _, pp := range ports {
			if pp.target == target && pp.published > 0 {
				p.port = pp.published
			}
		}
	}
	// Its name is needed below.
	d.add(p, s.key)
	c.variables(p, orEmpty(get(s.node, "environment")))
	for _, f := range texts(get(s.node, "env_file")) {
		if join(slashDir(c.file), f) == d.envFile {
			p.envFile = d.envFile
		}
	}
	c.profilesOnly(p, s)
	if d.native(p, ref) {
		p.kind = config.KindWorker
		c.common(p, s, false)
		c.namedOfImage(s)
		if get(s.node, "command") != nil && !isPostgres(imageName(ref)) {
			c.ownCommand(p, s)
		}
		p.env = nil
	} else {
		p.env, p.envFile = nil, ""
		p.command = []string{"docker", "compose"}
		if slashDir(c.file) != "" || !contains(composeFiles, c.file) {
			p.command = append(p.command, "-f", c.file)
		}
		p.command = append(p.command, "up", s.key)
		p.stopTimeout = "15s"
		if len(ports) == 0 && get(s.node, "restart") == nil { // it may do its work and end
			p.restart = config.RestartOnFailure
		}
		p.health.start = "3m" // an image may have to be fetched
		p.note("the image %s, run by Docker: no program of this machine is known for it, or none is installed", ref)
		if len(ports) > 0 && p.port < 1024 {
			p.port = 0
		}
		if p.port == 0 && target > 0 {
			d.leave(at, "services.%s: publishes no port, so that only other containers reach it: give it ports: [\"%d:%d\"]", s.key, target, target)
		}
	}
	d.hosts = append(d.hosts, host{name: s.key, port: target, of: p})
	if name := text(get(s.node, "container_name")); name != "" && name != s.key {
		d.hosts = append(d.hosts, host{name: name, port: target, of: p})
	}
	if c.wanted[s.key] {
		p.kind, p.port = config.KindTask, 0
	}
}

func orEmpty(n *yaml.Node) *yaml.Node {
	if n == nil {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	return n
}

// profilesOnly reads of a service that Docker runs what muster has to know.
func (c *composeFile) profilesOnly(p *process, s pair) {
	for _, name := range texts(get(s.node, "profiles")) {
		p.profiles = append(p.profiles, validName(name))
	}
}

// ownCommand gives a program of this machine the arguments that the service has for
// that of its image.
func (c *composeFile) ownCommand(p *process, s pair) {
	words := c.argv(get(s.node, "command")).words
	if len(words) > 0 && (words[0] == p.command[0] || strings.HasPrefix(words[0], "-")) {
		if words[0] == p.command[0] {
			words = words[1:]
		}
		if len(words) > 0 {
			p.command = append(p.command, words...)
		}
		return
	}
	c.d.leave(c.at(get(s.node, "command").Line), "services.%s.command is not taken over: %s is another program", s.key, strings.Join(words, " "))
}

// namedOfImage names what is not taken over of a service whose image is not run.
func (c *composeFile) namedOfImage(s pair) {
	for _, k := range pairs(s.node) {
		switch k.key {
		case "volumes", "networks", "container_name", "hostname", "healthcheck", "entrypoint", "user", "ulimits", "tmpfs", "cap_add", "shm_size", "labels", "logging", "platform", "secrets", "configs", "links", "security_opt", "sysctls":
			why := map[string]string{"healthcheck": "it is checked as the program of this machine is", "volumes": "its data lies elsewhere"}[k.key]
			if why == "" {
				why = whyNotTaken[k.key]
			}
			if why != "" {
				why = ": " + why
			}
			c.d.leave(c.at(k.line), "services.%s.%s is not taken over%s", s.key, k.key, why)
		case "environment":
			for _, v := range pairs(k.node) {
				if !strings.HasPrefix(v.key, "POSTGRES_") {
					c.d.leave(c.at(v.line), "services.%s.environment.%s is not taken over: it is for the image", s.key, v.key)
				}
			}
		}
	}
}
