package config

import (
	"fmt"
	"slices"
)

// Select leaves the processes that are in no profile, those in an active one, and
// those that keep tells to keep: they run. It reports a process that depends on one
// that is left out.
func (c *Config) Select(profiles []string, keep func(process string) bool) error {
	out := map[string]Member{}
	for _, m := range c.Processes() {
		active := len(m.Profiles) == 0 || keep(m.Name) ||
			slices.ContainsFunc(m.Profiles, func(p string) bool { return slices.Contains(profiles, p) })
		if !active {
			out[m.Name] = m
		}
	}
	c.Servers = slices.DeleteFunc(slices.Clone(c.Servers), func(s Server) bool { _, gone := out[s.Name]; return gone })
	c.Workers = slices.DeleteFunc(slices.Clone(c.Workers), func(p Process) bool { _, gone := out[p.Name]; return gone })
	c.Tasks = slices.DeleteFunc(slices.Clone(c.Tasks), func(t Task) bool { _, gone := out[t.Name]; return gone })
	c.Frontends = slices.DeleteFunc(slices.Clone(c.Frontends), func(f Frontend) bool { _, gone := out[f.Name]; return gone })
	c.WebSocketRoutes = slices.DeleteFunc(slices.Clone(c.WebSocketRoutes), func(r WebSocketRoute) bool { _, gone := out[r.Server]; return gone })
	for _, m := range c.Processes() {
		for _, d := range m.DependsOn {
			if gone, is := out[d.Name]; is {
				return fmt.Errorf("%s depends on %s, which is only there with -profile=%s", m.Path, d.Name, gone.Profiles[0])
			}
		}
	}
	return nil
}

// ProfileNames are those that processes are in, each once.
func (c *Config) ProfileNames() (names []string) {
	for _, m := range c.Processes() {
		for _, p := range m.Profiles {
			if !slices.Contains(names, p) {
				names = append(names, p)
			}
		}
	}
	return names
}
