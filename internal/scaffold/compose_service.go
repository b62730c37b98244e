package scaffold

import (
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"muster/internal/config"
)

// common reads what every service may say, and names the rest.
func (c *composeFile) common(p *process, s pair, own bool) {
	d := c.d
	p.from = c.at(s.line)
	leave := func(at pair, key, why string) {
		if why != "" {
			why = ": " + why
		}
		d.leave(c.at(at.line), "services.%s.%s is not taken over%s", s.key, key, why)
	}
	for _, k := range pairs(s.node) {
		switch k.key {
		case "build", "image", "command", "entrypoint", "ports", "expose":
		case "working_dir", "environment", "env_file":
			if !own {
				continue
			}
			switch k.key {
			case "environment":
				c.variables(p, k.node)
			case "env_file":
				c.envFiles(p, s, k)
			}
		case "depends_on":
			c.dependsOn(p, s, k)
		case "healthcheck":
			if own {
				c.healthcheck(p, s, k)
			}
		case "profiles":
			if !own {
				continue // was read before
			}
			for _, name := range texts(k.node) {
				p.profiles = append(p.profiles, validName(name))
			}
		case "stop_signal":
			sig := strings.ToUpper(text(k.node))
			if !strings.HasPrefix(sig, "SIG") {
				sig = "SIG" + sig
			}
			if contains([]string{"SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"}, sig) {
				p.stopSignal = sig
			} else {
				leave(k, k.key, text(k.node)+" is none of those that can be sent")
			}
		case "stop_grace_period":
			if t, err := time.ParseDuration(text(k.node)); err == nil && t >= 0 && t <= 10*time.Minute {
				p.stopTimeout = text(k.node)
			} else {
				leave(k, k.key, "it must be 0s to 10m")
			}
		case "restart":
			switch value, _, _ := strings.Cut(text(k.node), ":"); value {
			case "no", "false":
				p.restart = config.RestartNever
			case "on-failure":
				p.restart = config.RestartOnFailure
			}
		case "stdin_open":
			p.stdinOpen = text(k.node) == "true"
		case "scale":
			p.instances, _ = strconv.Atoi(c.expanded(text(k.node)))
		case "deploy":
			for _, inner := range pairs(k.node) {
				if inner.key == "replicas" {
					p.instances, _ = strconv.Atoi(c.expanded(text(inner.node)))
				} else {
					leave(inner, "deploy."+inner.key, "")
				}
			}
		default:
			if own || k.key == "extends" {
				leave(k, k.key, whyNotTaken[k.key])
			}
		}
	}
	if p.instances < 1 || p.instances > 256 {
		p.instances = 0
	}
}

// expanded is a text of the file with its variables filled in, to be looked at.
func (c *composeFile) expanded(s string) string {
	out, err := config.Expand(braces(s), c.d.env)
	if err != nil {
		return s
	}
	return out
}

func (c *composeFile) value(s string) string { return c.d.value(c.file, s) }

// variables reads both forms of environment. A variable without a value is the
// shell's, which every process has anyway.
func (c *composeFile) variables(p *process, n *yaml.Node) {
	set := func(name, value string) {
		switch {
		case !identifier(name):
			c.d.leave(p.from, "the name of the variable %s is none", name)
		case name == "PORT":
			if port, err := strconv.Atoi(c.expanded(value)); err == nil && p.port == 0 {
				p.port = port
			}
			p.movable = true
		default:
			p.env = append(p.env, config.EnvVar{Name: name, Value: c.value(value)})
		}
	}
	if n.Kind == yaml.SequenceNode {
		for _, item := range texts(n) {
			if name, value, ok := strings.Cut(item, "="); ok {
				set(name, value)
			}
		}
		return
	}
	for _, v := range pairs(n) {
		if v.node.ShortTag() != "!!null" {
			set(v.key, text(v.node))
		}
	}
}

func (c *composeFile) envFiles(p *process, s, k pair) {
	var files []string
	if k.node.Kind == yaml.SequenceNode {
		for _, n := range k.node.Content {
			if f := text(n); f != "" {
				files = append(files, f)
			} else {
				files = append(files, text(get(n, "path")))
			}
		}
	} else {
		files = texts(k.node)
	}
	for _, f := range files {
		rel := join(slashDir(c.file), c.expanded(f))
		at := c.at(k.line)
		switch {
		case f == "":
		case rel == c.d.envFile && rel != "":
		case !c.d.exists(rel):
			c.d.leave(at, "services.%s.env_file: there is no %s", s.key, rel)
		case p.envFile != "":
			c.d.leave(at, "services.%s.env_file: a process has one, which is %s: %s is not taken over", s.key, p.envFile, rel)
		default:
			if _, err := config.ReadEnvFile(c.d.path(rel)); err != nil {
				c.d.leave(at, "services.%s.env_file: %v", s.key, err)
				continue
			}
			p.envFile = rel
		}
	}
}

func (c *composeFile) dependsOn(p *process, s, k pair) {
	if k.node.Kind != yaml.MappingNode {
		for _, name := range texts(k.node) {
			p.depends = append(p.depends, dependency{name: name})
		}
		return
	}
	for _, on := range pairs(k.node) {
		x := dependency{name: on.key, condition: text(get(on.node, "condition")), restart: text(get(on.node, "restart")) == "true"}
		if !contains([]string{config.Started, config.Healthy, config.Succeeded}, x.condition) {
			x.condition = config.Started
		}
		if text(get(on.node, "required")) == "false" {
			c.d.leave(c.at(on.line), "services.%s.depends_on.%s.required is not taken over: what is depended on is there", s.key, on.key)
		}
		p.depends = append(p.depends, x)
	}
}

// portPair is a port of a container and the one that it has on this machine.
type portPair struct{ published, target int }

func (c *composeFile) portsOf(s pair) (all []portPair, exposed int) {
	n := get(s.node, "ports")
	if n != nil && n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			item = follow(item)
			if item != nil && item.Kind == yaml.MappingNode {
				target, _ := strconv.Atoi(c.expanded(text(get(item, "target"))))
				published, _ := strconv.Atoi(c.expanded(text(get(item, "published"))))
				all = append(all, portPair{published, target})
				continue
			}
			whole := c.expanded(text(item))
			short, _, _ := strings.Cut(whole, "/")
			parts := strings.Split(short, ":")
			number := func(s string) int {
				s, _, _ = strings.Cut(s, "-")
				n, _ := strconv.Atoi(s)
				return n
			}
			pp := portPair{target: number(parts[len(parts)-1])}
			if len(parts) > 1 {
				pp.published = number(parts[len(parts)-2])
			}
			if pp.target > 0 {
				all = append(all, pp)
			}
		}
	}
	for _, e := range texts(get(s.node, "expose")) {
		if exposed == 0 {
			e, _, _ = strings.Cut(e, "/")
			exposed, _ = strconv.Atoi(c.expanded(e))
		}
	}
	return all, exposed
}

// argv is a command as Compose reads it: a text is split into words. A variable PORT
// is that of the container.
func (c *composeFile) argv(n *yaml.Node) argv {
	words, split := texts(n), true
	if n = follow(n); n != nil && n.Kind != yaml.SequenceNode && len(words) > 0 {
		words, split = splitWords(words[0], true)
	}
	if n == nil || len(words) == 0 && split {
		return argv{}
	}
	if !split {
		words = []string{"sh", "-c", text(n)}
	}
	for i, w := range words {
		if known := c.expanded(w); portVariable().MatchString(known) { // by way of .env
			w = known
		}
		words[i] = c.value(portVariable().ReplaceAllString(strings.ReplaceAll(w, "$$PORT", "$PORT"), "{port}"))
	}
	return argv{words: words, line: n.Line, ready: true}
}

// labelled is the port at which Traefik was to find a service, or 0.
func (c *composeFile) labelled(s pair) int {
	labels := get(s.node, "labels")
	if labels == nil {
		return 0
	}
	for _, l := range pairs(asMapping(labels)) {
		if strings.HasSuffix(l.key, ".loadbalancer.server.port") {
			n, _ := strconv.Atoi(c.expanded(text(l.node)))
			return n
		}
	}
	return 0
}
