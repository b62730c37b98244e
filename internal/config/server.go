package config

import (
	"errors"
	"time"

	"gopkg.in/yaml.v3"
)

// servers reads the servers, in the order of the file.
func (d *decoder) servers(v value, c *Config) []Server {
	if !v.set() {
		return nil
	}
	entries := d.mapping(v)
	if len(entries) == 0 && (v.null() || v.node.Kind == yaml.MappingNode && len(v.node.Content) == 0) {
		d.reportAt(v.at, "", "servers is empty: it must name at least one server")
	}
	servers := make([]Server, 0, len(entries))
	for _, e := range entries {
		if err := checkServerName(e.key); err != nil {
			d.reportAt(e.at, "", "servers: the name %s %s", tick(e.key), err)
		}
		servers = append(servers, d.server(e.key, e.value, c))
	}
	return servers
}

func checkServerName(s string) error {
	switch s {
	case "nginx", "frontend", "supervisor":
		return errors.New("is reserved for a process of that name")
	}
	return checkName(s)
}

func (d *decoder) server(name string, v value, c *Config) Server {
	r := Server{
		Name: name, Instances: 1, Dir: c.Backend.Dir,
		StopTimeout: 3 * time.Second, Restart: RestartAlways, Balance: RoundRobin,
	}
	s := d.section(v)
	d.port(s.required("port"), &r.Port)
	d.integer(d.mark(s.field("instances")), &r.Instances, 1, 256)
	d.names(d.mark(s.field("modules")), &r.Modules, "a list of names, such as [broker]")
	reload, include, exclude := s.field("reload"), s.field("reload_include"), s.field("reload_exclude")
	d.boolean(reload, &r.Reload)
	d.patterns(include, &r.ReloadInclude)
	d.patterns(exclude, &r.ReloadExclude)
	command, args := s.field("command"), s.field("args")
	d.portCommand(command, &r.Command)
	d.args(args, &r.Args)
	d.uvicornOnly(&r, reload, include, exclude, args)
	d.path(s.field("dir"), &r.Dir)
	d.env(s.field("env"), &r.Env)
	d.path(s.field("env_file"), &r.EnvFile)
	r.Health = d.health(s.field("health"), !command.set(), c)
	d.names(s.field("depends_on"), &r.DependsOn, "a list of servers")
	if len(r.DependsOn) == 0 {
		r.DependsOn = nil
	}
	d.duration(s.field("stop_timeout"), &r.StopTimeout, 0, 10*time.Minute)
	d.choice(s.field("restart"), &r.Restart, RestartAlways, RestartOnFailure, RestartNever)
	d.choice(s.field("balance"), &r.Balance, RoundRobin, LeastConn, IPHash)
	s.finish()
	return r
}

// uvicornOnly reports settings of uvicorn beside a command, which nothing would
// hand over, and those of a reload where there is none.
func (d *decoder) uvicornOnly(r *Server, reload, include, exclude, args value) {
	for _, v := range []value{reload, include, exclude, args} {
		switch {
		case !v.set() || v.path == reload.path && !r.Reload:
		case r.Command != nil && v.path == args.path:
			d.reportAt(v.at, "", "%s is for uvicorn, and this server has a command: write the arguments into it", v.path)
		case r.Command != nil:
			d.reportAt(v.at, "", "%s is for uvicorn, and this server has a command: use what its program has to reload itself", v.path)
		case !r.Reload && v.path != args.path:
			d.reportAt(v.at, "", "%s needs reload: true", v.path)
		}
	}
}

// health reads how a server is checked. A uvicorn server has the health
// endpoint of the API; of any other command nothing is known but its port.
func (d *decoder) health(v value, uvicorn bool, c *Config) Health {
	h := Health{Interval: 10 * time.Second, Timeout: 2 * time.Second, Retries: 3, StartPeriod: 30 * time.Second,
		OnFailure: OnFailureReport}
	s := d.section(v)
	path, tcp, command := s.field("path"), s.field("tcp"), s.field("command")
	d.str(path, &h.Path, "a path such as /health", checkRequestPath)
	d.boolean(tcp, &h.TCP)
	d.portCommand(command, &h.Command)
	const shortest, longest = 10 * time.Millisecond, time.Hour
	d.duration(s.field("interval"), &h.Interval, shortest, longest)
	d.duration(s.field("timeout"), &h.Timeout, shortest, longest)
	d.integer(s.field("retries"), &h.Retries, 1, 1000)
	d.duration(s.field("start_period"), &h.StartPeriod, shortest, longest)
	d.choice(s.field("on_failure"), &h.OnFailure, OnFailureReport, OnFailureRestart)
	s.finish()
	said := 0
	for _, one := range []value{path, tcp, command} {
		if one.set() {
			said++
		}
	}
	switch {
	case said > 1:
		d.reportAt(s.at, "", "%s says more than one of path, tcp and command", s.path)
	case tcp.set() && !h.TCP && !uvicorn:
		d.report(tcp, "%s is false: say path or command instead", tcp.path)
	case path.set() || h.TCP || command.set():
	case uvicorn:
		h.Path = c.APIBaseURL + "/health"
	default:
		h.TCP = true
	}
	return h
}
