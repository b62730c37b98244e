package config

import "slices"

// ModuleServer is the server that answers for a module: of those that list it
// the one that websocket_routes chooses, else the first. What no server lists
// is the shared server's, and so is the module core, which every server has.
func (c *Config) ModuleServer(module string) *Server {
	if module == Core {
		return c.SharedServer()
	}
	for _, r := range c.WebSocketRoutes {
		if s, ok := c.Server(r.Server); ok && r.Module == module && slices.Contains(s.Modules, module) {
			return s
		}
	}
	for i := range c.Servers {
		if slices.Contains(c.Servers[i].Modules, module) {
			return &c.Servers[i]
		}
	}
	for _, d := range c.Specs.Documents { // which lie in folders of their servers' names
		if s, ok := c.Server(module); ok && d.Server == module {
			return s
		}
	}
	return c.SharedServer()
}

// Modules are those that servers name, each once, in the order of the file.
func (c *Config) Modules() []string {
	var all []string
	for _, s := range c.Servers {
		names := s.Modules
		if s.Name == Core {
			names = append(slices.Clone(names), Core)
		}
		for _, m := range names {
			if !slices.Contains(all, m) {
				all = append(all, m)
			}
		}
	}
	return all
}

// SharedServer is the server of what belongs to no module: core or, where that is not
// at the gateway, the first there that says nothing of its paths; nil is none.
func (c *Config) SharedServer() *Server {
	if s, ok := c.Server(Core); ok && !s.Hidden {
		return s
	}
	for i := range c.Servers {
		if s := &c.Servers[i]; !s.Hidden && (len(s.Paths) == 0 || s.Modules != nil) {
			return s
		}
	}
	return nil
}

// Has tells whether a server has a module. One that lists none has them all,
// unless it is core; what a command of the project's own has is not known.
func (s *Server) Has(module string) bool {
	return module == Core || slices.Contains(s.Modules, module) ||
		len(s.Modules) == 0 && s.Name != Core && s.Command == nil
}

// Mergeable tells whether one process with every module can stand for a server: one
// that names modules, of the backend's own application and folder.
func (c *Config) Mergeable(s *Server) bool {
	return s.Command == nil && !s.External && s.Modules != nil && s.App == c.Backend.App && s.Dir == c.Backend.Dir
}
