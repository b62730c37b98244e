package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"muster/internal/workspace"
)

// newProcess is what a process is unless it says something else.
func newProcess(name string, c *Config) Process {
	return Process{Name: name, Instances: 1, Dir: c.Backend.Dir,
		Restart: RestartAlways, StopTimeout: 3 * time.Second, StopSignal: "SIGTERM", KillMode: KillGroup}
}

// process reads what every kind of process may say, but for its health.
func (d *decoder) process(s *section, p *Process) {
	d.portCommand(d.mark(s.field("command")), &p.Command)
	d.path(s.field("dir"), &p.Dir)
	d.env(s.field("env"), &p.Env)
	d.path(s.field("env_file"), &p.EnvFile)
	p.DependsOn = d.dependencies(s.field("depends_on"))
	d.duration(s.field("stop_timeout"), &p.StopTimeout, 0, 10*time.Minute)
	d.choice(s.field("stop_signal"), &p.StopSignal, stopSignals...)
	d.choice(s.field("kill_mode"), &p.KillMode, KillGroup, KillMixed)
	stdin := "null"
	d.choice(s.field("stdin"), &stdin, "null", "open")
	p.StdinOpen = stdin == "open"
	d.globs(s.field("watch"), &p.Watch)
	d.names(s.field("profiles"), &p.Profiles, "a list of names, such as [debug]")
	image := s.field("image")
	if d.refers && d.filled(image.node) {
		p.Image, _ = d.text(image, "the name of an image")
	} else {
		d.str(image, &p.Image, "the name of an image, such as registry.example/shop:1.4", anImage)
	}
	p.Build = d.build(s.field("build"))
}

// build reads Compose's short form, which is the context, or its long one.
func (d *decoder) build(v value) *Build {
	b := &Build{Context: d.dir}
	if !v.set() || v.node.Kind != yaml.MappingNode {
		d.path(v, &b.Context)
		if !v.set() {
			return nil
		}
		return b
	}
	s := d.section(v)
	d.path(s.field("context"), &b.Context)
	d.str(s.field("dockerfile"), &b.Dockerfile, "a path", aPath)
	d.str(s.field("target"), &b.Target, "the name of a stage", anImage)
	d.env(s.field("args"), &b.Args)
	s.finish()
	return b
}

// instances reads how many there are of a process that is to go on, and when it
// is started again.
func (d *decoder) instances(s *section, p *Process) {
	d.integer(d.mark(s.field("instances")), &p.Instances, 1, 256)
	d.choice(s.field("restart"), &p.Restart, RestartAlways, RestartOnFailure, RestartNever)
}

// stopSignals are those by which programs are told to end.
var stopSignals = []string{"SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"}

// workers reads the workers, in the order of the file.
func (d *decoder) workers(v value, c *Config) (workers []Process) {
	for _, e := range d.processes(v) {
		p := newProcess(e.key, c)
		s := d.section(e.value)
		d.portOf(s, "port", &p.Port, false)
		d.instances(s, &p)
		d.process(s, &p)
		if d.auto && slices.ContainsFunc(p.Command, func(a string) bool { return strings.Contains(a, "{port}") }) {
			p.Port = anyPort
		}
		s.needs("command")
		p.Health = d.health(s.field("health"), p, "")
		s.finish()
		workers = append(workers, p)
	}
	return workers
}

func (d *decoder) tasks(v value, c *Config) (tasks []Task) {
	for _, e := range d.processes(v) {
		t := Task{Process: newProcess(e.key, c), Timeout: 10 * time.Minute}
		t.Restart = RestartNever
		s := d.section(e.value)
		d.process(s, &t.Process)
		s.needs("command")
		d.portCommand(s.field("unless"), &t.Unless)
		d.duration(s.field("timeout"), &t.Timeout, 10*time.Millisecond, 24*time.Hour)
		s.finish()
		tasks = append(tasks, t)
	}
	return tasks
}

// frontends reads the frontends, or the short form of one.
func (d *decoder) frontends(one, several value, c *Config) (pages []Frontend) {
	if one.set() && several.set() {
		d.reportAt(several.at, "", "frontend is the short form of frontends: say one of them")
	}
	if one.set() {
		pages = append(pages, d.frontend("frontend", one, c))
	}
	for _, e := range d.processes(several) {
		pages = append(pages, d.frontend(e.key, e.value, c))
	}
	return pages
}

func (d *decoder) frontend(name string, v value, c *Config) Frontend {
	f := Frontend{Process: newProcess(name, c)}
	f.Dir, f.Port = d.dir, 5173
	s := d.section(v)
	s.needs("dir")
	d.process(s, &f.Process)
	if f.Command == nil {
		f.Command = []string{workspace.OfNode(f.Dir, d.dir).Manager, "run", "dev"}
	}
	d.choice(s.field("restart"), &f.Restart, RestartAlways, RestartOnFailure, RestartNever)
	d.port(s.field("port"), &f.Port)
	path := "/"
	d.str(d.mark(s.field("path")), &path, "a path such as /admin", aServedPath)
	f.Path = clean(path)
	f.Health = d.health(s.field("health"), f.Process, "")
	if !s.entries["health"].set() {
		f.Health.StartPeriod = time.Minute
	}
	s.finish()
	return f
}

// processes are the entries of a section of processes.
func (d *decoder) processes(v value) []entry {
	if v.set() {
		d.where[v.path] = v.at
	}
	entries := d.named(v, aProcessName)
	for _, e := range entries {
		d.say(e)
		if err := checkProcessName(e.key); err != nil {
			d.reportAt(e.at, "", "%s: the name %s %s", v.path, tick(e.key), err)
		}
	}
	return entries
}

// reserved are the names of processes of our own.
var reserved = []string{"nginx", "frontend", "supervisor", "watch-files", "watch-config", "watch-python", "watch-frontend", "muster-dashboard"}

var aProcessName = grammar{check: checkProcessName, pattern: namePattern, never: reserved}

func checkProcessName(s string) error {
	if slices.Contains(reserved, s) {
		return errors.New("is reserved for a process of that name")
	}
	return checkName(s)
}

// dependencies reads a list of names, or Compose's long form.
func (d *decoder) dependencies(v value) (all []Dependency) {
	if !v.set() || v.node.Kind != yaml.MappingNode {
		var names []string
		d.names(v, &names, "a list of processes")
		for _, n := range names {
			all = append(all, Dependency{Name: n})
		}
		return all
	}
	for _, e := range d.named(v, aName) {
		d.say(e)
		on := Dependency{Name: e.key}
		if err := checkName(e.key); err != nil {
			d.reportAt(e.at, "", "%s: the name %s %s", v.path, tick(e.key), err)
			continue
		}
		s := d.section(e.value)
		d.choice(d.mark(s.field("condition")), &on.Condition, Started, Healthy, Succeeded)
		d.boolean(s.field("restart"), &on.Restart)
		required := true
		d.boolean(s.field("required"), &required)
		if !required {
			d.report(s.field("required"), "%s.required: false is not supported: put the process into a profile", e.path)
		}
		s.finish()
		all = append(all, on)
	}
	return all
}

// health reads how a process is checked: by guess where a uvicorn is meant, at its
// port where it has one.
func (d *decoder) health(v value, p Process, guess string) Health {
	h := Health{Interval: 10 * time.Second, Timeout: 2 * time.Second, Retries: 3, StartPeriod: 30 * time.Second,
		OnFailure: OnFailureReport}
	s := d.section(v)
	path, tcp, command, log := s.field("path"), s.field("tcp"), s.field("command"), s.field("log")
	d.str(path, &h.Path, "a path such as /health", aRequestPath)
	d.boolean(tcp, &h.TCP)
	d.asked.varies(tcp)
	d.portCommand(command, &h.Command)
	d.str(log, &h.Log, "a regular expression", aRegexp)
	const shortest, longest = 10 * time.Millisecond, time.Hour
	d.duration(s.field("interval"), &h.Interval, shortest, longest)
	d.duration(s.field("timeout"), &h.Timeout, shortest, longest)
	d.integer(s.field("retries"), &h.Retries, 1, 1000)
	d.duration(s.field("start_period"), &h.StartPeriod, shortest, longest)
	d.choice(s.field("on_failure"), &h.OnFailure, OnFailureReport, OnFailureRestart)
	s.finish()
	ways := []value{path, tcp, command, log}
	said := len(slices.DeleteFunc(slices.Clone(ways), func(v value) bool { return !v.set() }))
	switch {
	case said > 1:
		d.reportAt(s.at, "", "%s says more than one of path, tcp, command and log", s.path)
	case tcp.set() && !h.TCP && guess == "" && p.Port != 0:
		d.report(tcp, "%s is false: say path, command or log instead", tcp.path)
	case p.Port == 0 && (path.set() || h.TCP):
		d.reportAt(s.at, "", "%s asks at a port, and the process has none", s.path)
	case path.set() || h.TCP || command.set() || log.set():
	case guess != "":
		h.Path, h.Guessed = guess, true
	case p.Port != 0:
		h.TCP = true
	}
	return h
}

var aRegexp = grammar{check: checkRegexp, pattern: `[\s\S]`}

func checkRegexp(s string) error {
	if _, err := regexp.Compile(s); err != nil || s == "" {
		return errors.New("must be a regular expression as of go.dev/s/re2syntax")
	}
	return nil
}
