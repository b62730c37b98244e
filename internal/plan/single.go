package plan

import (
	"fmt"
	"reflect"
	"slices"

	"muster/internal/config"
)

// Single is the configuration of the single-process mode: every module in one
// uvicorn. It has what the servers say that it stands for, and takes the gateway's
// port where nothing else is reached there. All else stays as it is: nothing can run
// it inside of another process. With less than two servers to merge the
// configuration is as it was.
func Single(cfg *config.Config) *config.Config {
	one, _ := single(cfg)
	return one
}

// SingleConflicts says of what the servers do not agree on, and the single process
// can have but once, what it has.
func SingleConflicts(cfg *config.Config) []string {
	_, conflicts := single(cfg)
	return conflicts
}

func single(cfg *config.Config) (*config.Config, []string) {
	var merged, others []config.Server
	for _, s := range cfg.Servers {
		if cfg.Mergeable(&s) {
			merged = append(merged, s)
		} else {
			others = append(others, s)
		}
	}
	one := *cfg
	if len(merged) < 2 {
		return &one, nil // nothing to merge
	}
	name := "backend"
	for slices.ContainsFunc(cfg.Processes(), func(m config.Member) bool { return m.Name == name }) {
		name += "-all"
	}
	m := &merger{servers: merged}
	backend := merged[0]
	backend.Name, backend.Modules, backend.Paths, backend.Instances = name, nil, nil, 1
	backend.Reload, backend.Balance = true, config.RoundRobin
	backend.ReloadInclude = m.union(func(s config.Server) []string { return s.ReloadInclude })
	backend.ReloadExclude = m.union(func(s config.Server) []string { return s.ReloadExclude })
	for _, s := range merged {
		backend.Paths = append(backend.Paths, s.Paths...)
		backend.StopTimeout = max(backend.StopTimeout, s.StopTimeout)
	}
	m.agree("args", func(s config.Server) any { return s.Args })
	m.agree("health", func(s config.Server) any { return s.Health })
	m.agree("restart", func(s config.Server) any { return s.Restart })
	m.agree("stop_signal", func(s config.Server) any { return s.StopSignal })
	backend.Env, backend.EnvFile = m.env(cfg.Backend.Env)
	if cfg.Nginx != nil && !slices.ContainsFunc(others, func(s config.Server) bool { return !s.Hidden }) && !severalPages(cfg) {
		backend.Port = cfg.Nginx.Port
		one.Nginx = nil
	}
	one.WebSocketRoutes = nil
	one.Servers = append([]config.Server{backend}, others...)

	// What depended on one of the servers depends on the one that stands for it.
	one.Workers, one.Tasks, one.Frontends = slices.Clone(cfg.Workers), slices.Clone(cfg.Tasks), slices.Clone(cfg.Frontends)
	all := one.Processes()
	var needed []config.Dependency
	for _, s := range merged {
		needed = append(needed, s.DependsOn...)
	}
	all[0].DependsOn = m.standIn(name, needed)
	for _, p := range all[1:] {
		p.DependsOn = m.standIn(name, p.DependsOn)
	}
	all[0].DependsOn = slices.DeleteFunc(all[0].DependsOn, func(d config.Dependency) bool {
		circle := d.Name != name && waitsFor(all, d.Name, name)
		if circle {
			m.conflicts = append(m.conflicts, d.Name+" waits for one of the servers, and another one for "+d.Name+": the single process does not wait for it")
		}
		return circle || d.Name == name
	})
	return &one, m.conflicts
}

// severalPages tells whether something beside one page is to be reached at the
// gateway.
func severalPages(cfg *config.Config) bool {
	return len(cfg.Frontends) > 1 || len(cfg.Frontends) == 1 && cfg.Frontends[0].Path != ""
}

// merger makes one server of several.
type merger struct {
	servers   []config.Server
	conflicts []string
}

// agree notes it where not all servers say the same for a key: what the first one
// says is taken.
func (m *merger) agree(key string, of func(config.Server) any) {
	for _, s := range m.servers[1:] {
		if !reflect.DeepEqual(of(s), of(m.servers[0])) {
			m.differ(key, m.servers[0].Name, s.Name)
			return
		}
	}
}

// standIn replaces the servers, in a list of dependencies, by the process that stands
// for them.
func (m *merger) standIn(name string, list []config.Dependency) (out []config.Dependency) {
	for _, d := range list {
		if slices.ContainsFunc(m.servers, func(s config.Server) bool { return s.Name == d.Name }) {
			d.Name = name
		}
		if !slices.ContainsFunc(out, func(o config.Dependency) bool { return o.Name == d.Name }) {
			out = append(out, d)
		}
	}
	return out
}

func (m *merger) union(of func(config.Server) []string) (all []string) {
	for _, s := range m.servers {
		for _, v := range of(s) {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// env are the variables of all servers; of two values that of the first server
// counts. One file stays a file. What several say is read, and comes behind what
// the configuration itself says, as it does for each server.
func (m *merger) env(backend []config.EnvVar) (env []config.EnvVar, file string) {
	type setting struct{ value, server string }
	set := map[string]setting{}
	add := func(server string, vars []config.EnvVar) {
		for _, v := range vars {
			if old, twice := set[v.Name]; !twice {
				set[v.Name] = setting{v.Value, server}
				env = append(env, v)
			} else if old.value != v.Value && old.server != "" {
				m.differ(v.Name, old.server, server)
			}
		}
	}
	for _, s := range m.servers {
		add(s.Name, s.Env)
	}
	files := m.union(func(s config.Server) []string { return []string{s.EnvFile} })
	files = slices.DeleteFunc(files, func(f string) bool { return f == "" })
	if len(files) == 1 {
		return env, files[0]
	}
	for name := range set {
		set[name] = setting{} // it goes before a file, and there is no conflict in that
	}
	for _, v := range backend {
		set[v.Name] = setting{}
	}
	for _, s := range m.servers {
		if s.EnvFile == "" {
			continue
		}
		vars, err := config.ReadEnvFile(s.EnvFile)
		if err != nil { // its absence was an error of the configuration
			m.conflicts = append(m.conflicts, err.Error())
		}
		add(s.Name, vars)
	}
	return env, ""
}

func (m *merger) differ(what, first, other string) {
	m.conflicts = append(m.conflicts, fmt.Sprintf("%s of %s and %s differ: that of %s is taken", what, first, other, first))
}

// waitsFor tells whether a process waits for another one, if by way of others.
func waitsFor(all []config.Member, name, other string) bool {
	return slices.ContainsFunc(all, func(m config.Member) bool {
		return m.Name == name && slices.ContainsFunc(m.DependsOn, func(d config.Dependency) bool {
			return d.Name == other || waitsFor(all, d.Name, other)
		})
	})
}
