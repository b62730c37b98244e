package clients

import (
	"net"
	"slices"
	"strconv"

	"muster/internal/config"
)

// serverOf is the server that has a module: the one that names it, else
// "core", else the first.
func serverOf(cfg *config.Config, module string) *config.Server {
	var fallback *config.Server
	for i := range cfg.Servers {
		s := &cfg.Servers[i]
		if slices.Contains(s.Modules, module) {
			return s
		}
		if fallback == nil || s.Name == "core" {
			fallback = s
		}
	}
	return fallback
}

// ModuleURL is where a module is served.
func ModuleURL(cfg *config.Config, module string) string {
	s := serverOf(cfg, module)
	if s == nil {
		return "http://127.0.0.1:8000"
	}
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))
}
