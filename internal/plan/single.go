package plan

import (
	"fmt"
	"reflect"
	"slices"

	"muster/internal/config"
)

// Single is the configuration of the single-process mode: every module in one
// uvicorn on the port that the gateway would have, and no gateway. It has what the
// servers say that it stands for. Servers with a command of their own stay as they
// are: nothing can run them inside of another.
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
	one := *cfg
	one.Nginx, one.WebSocketRoutes, one.Servers = nil, nil, nil
	var merged, others []config.Server
	for _, s := range cfg.Servers {
		if s.Command == nil {
			merged = append(merged, s)
		} else {
			others = append(others, s)
		}
	}
	if len(merged) == 0 {
		one.Servers = others
		return &one, nil
	}
	name := "backend"
	for slices.ContainsFunc(others, func(s config.Server) bool { return s.Name == name }) {
		name += "-all"
	}
	m := &merger{servers: merged}
	backend := config.Server{
		Name: name, Port: 8000, Instances: 1, Reload: true, Dir: cfg.Backend.Dir,
		ReloadInclude: m.union(func(s config.Server) []string { return s.ReloadInclude }),
		ReloadExclude: m.union(func(s config.Server) []string { return s.ReloadExclude }),
		Balance:       config.RoundRobin,
	}
	if cfg.Nginx != nil {
		backend.Port = cfg.Nginx.Port
	}
	backend.Dir = agreed(m, "dir", func(s config.Server) string { return s.Dir })
	backend.Args = agreed(m, "args", func(s config.Server) []string { return s.Args })
	backend.Health = agreed(m, "health", func(s config.Server) config.Health { return s.Health })
	backend.Restart = agreed(m, "restart", func(s config.Server) string { return s.Restart })
	for _, s := range merged {
		backend.StopTimeout = max(backend.StopTimeout, s.StopTimeout)
	}
	backend.Env, backend.EnvFile = m.env(cfg.Backend.Env)

	// What depended on one of the servers depends on the one that stands for it.
	standsFor := func(list []string) (names []string) {
		for _, n := range list {
			if slices.ContainsFunc(merged, func(s config.Server) bool { return s.Name == n }) {
				n = name
			}
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
		return names
	}
	for i := range others {
		others[i].DependsOn = standsFor(others[i].DependsOn)
	}
	backend.DependsOn = slices.DeleteFunc(standsFor(m.union(func(s config.Server) []string { return s.DependsOn })),
		func(n string) bool {
			circle := waitsFor(others, n, name)
			if circle {
				m.conflicts = append(m.conflicts, n+" waits for one of the servers, and another one for "+n+": the single process does not wait for it")
			}
			return circle || n == name
		})
	one.Servers = append([]config.Server{backend}, others...)
	return &one, m.conflicts
}

// merger makes one server of several.
type merger struct {
	servers   []config.Server
	conflicts []string
}

// agreed is what all servers say for a key or, where they do not agree, what the
// first one does.
func agreed[T any](m *merger, key string, of func(config.Server) T) T {
	first := of(m.servers[0])
	for _, s := range m.servers[1:] {
		if !reflect.DeepEqual(of(s), first) {
			m.differ(key, m.servers[0].Name, s.Name)
			break
		}
	}
	return first
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

// waitsFor tells whether a server waits for another one, if by way of others.
func waitsFor(servers []config.Server, name, other string) bool {
	return slices.ContainsFunc(servers, func(s config.Server) bool {
		return s.Name == name && slices.ContainsFunc(s.DependsOn, func(d string) bool {
			return d == other || waitsFor(servers, d, other)
		})
	})
}
