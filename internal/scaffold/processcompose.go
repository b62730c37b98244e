package scaffold

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"muster/internal/config"
)

// processCompose takes a process-compose.yaml over: what is probed by HTTP is a
// server, whose end is waited for is a task, and the rest are workers.
func (d *draft) processCompose(file string) error {
	root, err := parseYAML(d.text(file))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	d.use(file)
	all := pairs(get(root, "processes"))
	wanted := map[string]bool{}
	for _, p := range all {
		for _, on := range pairs(get(p.node, "depends_on")) {
			if strings.HasPrefix(text(get(on.node, "condition")), "process_completed") {
				wanted[on.key] = true
			}
		}
	}
	shared := get(root, "environment")
	for _, k := range pairs(root) {
		switch k.key {
		case "processes", "environment", "version":
		default:
			if !strings.HasPrefix(k.key, "x-") {
				d.leave(place{file, k.line}, "%s is not taken over", k.key)
			}
		}
	}
	for _, s := range all {
		d.composed(file, s, shared, wanted[s.key])
	}
	return nil
}

func (d *draft) composed(file string, s pair, shared *yaml.Node, task bool) {
	p := &process{kind: config.KindWorker, dir: slashDir(file), from: place{file, s.line}}
	leave := func(at pair, key, why string) {
		if why != "" {
			why = ": " + why
		}
		d.leave(place{file, at.line}, "processes.%s.%s is not taken over%s", s.key, key, why)
	}
	if w := text(get(s.node, "working_dir")); w != "" {
		if rel := join(p.dir, w); !strings.HasPrefix(rel, "..") && !strings.HasPrefix(w, "/") && d.isDir(rel) {
			p.dir = rel
		} else {
			d.leave(p.from, "processes.%s.working_dir: %s is no folder of this repository", s.key, w)
		}
	}
	d.variablesOf(p, file, shared)
	for _, k := range pairs(s.node) {
		switch k.key {
		case "command":
			p.shellLine(strings.ReplaceAll(text(k.node), "$$", "$"))
		case "working_dir", "description":
		case "environment":
			d.variablesOf(p, file, k.node)
		case "depends_on":
			for _, on := range pairs(k.node) {
				x := dependency{name: on.key}
				switch text(get(on.node, "condition")) {
				case "process_started":
					x.condition = config.Started
				case "process_completed_successfully":
					x.condition = config.Succeeded
				case "process_completed":
					x.condition = config.Succeeded
					leave(on, "depends_on."+on.key+".condition", "it waits for a good end")
				}
				p.depends = append(p.depends, x)
			}
		case "readiness_probe":
			d.probe(p, k, leave)
		case "ready_log_line":
			p.health.log = literal(regexp.QuoteMeta(text(k.node)))
		case "availability":
			for _, a := range pairs(k.node) {
				switch {
				case a.key == "restart" && text(a.node) == "no":
					p.restart = config.RestartNever
				case a.key == "restart" && (text(a.node) == "on_failure" || text(a.node) == "on-failure"):
					p.restart = config.RestartOnFailure
				case a.key == "restart" && text(a.node) == "always":
					p.restart = config.RestartAlways
				default:
					leave(a, "availability."+a.key, "")
				}
			}
		case "shutdown":
			for _, a := range pairs(k.node) {
				n, _ := strconv.Atoi(text(a.node))
				signals := map[int]string{1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 10: "SIGUSR1", 12: "SIGUSR2", 15: "SIGTERM"}
				switch {
				case a.key == "signal" && signals[n] != "":
					p.stopSignal = signals[n]
				case a.key == "timeout_seconds" && n >= 0 && n <= 600:
					p.stopTimeout = strconv.Itoa(n) + "s"
				default:
					leave(a, "shutdown."+a.key, "")
				}
			}
		case "replicas":
			if p.instances, _ = strconv.Atoi(text(k.node)); p.instances < 1 || p.instances > 256 {
				p.instances = 0
			}
		case "disabled":
			if text(k.node) == "true" {
				p.profiles = append(p.profiles, "disabled")
				p.note("was disabled there: it is run with -profile=disabled")
			}
		default:
			leave(k, k.key, "")
		}
	}
	if len(p.command) == 0 {
		d.leave(p.from, "processes.%s has no command", s.key)
		return
	}
	probed := p.port
	p.listening()
	if p.port == 0 || probed > 0 && !p.movable {
		p.port = probed
	}
	p.movable = p.movable || p.port > 0 && d.readsPort(p.dir)
	p.stdinOpen = d.endsWithInput(p)
	d.add(p, s.key)
	switch {
	case task:
		p.kind, p.port, p.restart, p.instances, p.health = config.KindTask, 0, "", 0, health{}
		d.program(p)
	case p.health.path != "" || p.port > 0 && probed > 0:
		p.kind = config.KindServer
		fallthrough
	default:
		if !d.page(p) && !d.uvicorn(p) && !d.pythonFile(p) {
			d.tellPort(p)
			d.program(p)
		}
	}
	if p.kind == config.KindServer {
		if p.port == 0 {
			p.port, p.movable = 80, true
		}
		p.found = d.servedPaths(p.dir)
		p.note("guessed: a server of the gateway's, since it is asked by HTTP or has a port")
	}
}

func (d *draft) variablesOf(p *process, file string, n *yaml.Node) {
	set := func(name, value string) {
		if identifier(name) && name != "PORT" {
			p.env = append(p.env, config.EnvVar{Name: name, Value: d.value(file, value)})
		} else if name == "PORT" {
			p.port, _ = strconv.Atoi(value)
			p.movable = true
		}
	}
	if n = follow(n); n == nil {
		return
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
		set(v.key, text(v.node))
	}
}

func (d *draft) probe(p *process, k pair, leave func(pair, string, string)) {
	seconds := func(v pair) string {
		if n, err := strconv.Atoi(text(v.node)); err == nil && n > 0 && n <= 3600 {
			return text(v.node) + "s"
		}
		return ""
	}
	for _, h := range pairs(k.node) {
		switch h.key {
		case "http_get":
			for _, g := range pairs(h.node) {
				switch value := text(g.node); g.key {
				case "path":
					p.health.path = value
				case "port":
					if n, err := strconv.Atoi(value); err == nil && p.port == 0 {
						p.port = n
					}
				case "host", "scheme":
				default:
					leave(g, k.key+".http_get."+g.key, "")
				}
			}
			if !strings.HasPrefix(p.health.path, "/") {
				p.health.path = "/" + p.health.path
			}
		case "exec":
			if c := text(get(h.node, "command")); c != "" {
				q := &process{}
				q.shellLine(c)
				p.health.command = q.command
			}
		case "period_seconds":
			p.health.interval = seconds(h)
		case "timeout_seconds":
			p.health.timeout = seconds(h)
		case "failure_threshold":
			if n, err := strconv.Atoi(text(h.node)); err == nil && n >= 1 && n <= 1000 {
				p.health.retries = n
			}
		default:
			leave(h, k.key+"."+h.key, "")
		}
	}
	if p.health.command != nil {
		p.health.path = ""
	}
}
