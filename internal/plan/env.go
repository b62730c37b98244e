package plan

import (
	"net"
	"os"
	"strings"

	"muster/internal/config"
)

// BackendEnv is the environment of a Python program that loads the backend
// with all of its modules, on top of the caller's own.
func BackendEnv(cfg *config.Config) ([]string, error) {
	return settings([]string{pythonPath(cfg.Backend.Dir)}, cfg, &config.Process{})
}

// baseEnv is what every process gets, whatever it is written in: a script may run
// Python too, whose output would else wait for its buffer to fill. Nothing else
// reads it. With ports of its own, a checkout says where it is reached.
func baseEnv(cfg *config.Config) []string {
	env := []string{"PYTHONUNBUFFERED=1"}
	if url := cfg.URL(); url != "" && cfg.AutoPorts {
		env = append(env, "MUSTER_URL="+url)
	}
	return env
}

// serverEnv is the environment of a server's instances, less their ports.
func serverEnv(cfg *config.Config, s *config.Server, tools Tools) ([]string, error) {
	env := baseEnv(cfg)
	if s.Command == nil {
		env = append(env, pythonPath(s.Dir))
		if tools.LosesClients && clientsAreLocal(cfg) && os.Getenv(trusted) == "" {
			env = append(env, trusted+"=*")
		}
	} else {
		env = append(env, tools.Shells[s.Dir].Env...)
	}
	switch {
	case len(s.Modules) > 0:
		env = append(env, "ENABLED_MODULES="+strings.Join(s.Modules, ","))
	case s.Name == config.Core:
		env = append(env, "ENABLED_MODULES="+config.Core)
	}
	if cfg.Logs.Color {
		env = append(env, "FORCE_COLOR=1", "CLICOLOR_FORCE=1", "PY_COLORS=1")
	}
	return settings(env, cfg, &s.Process)
}

// trusted names the proxies whose X-Forwarded-For uvicorn believes; without it
// that is 127.0.0.1. With "*" it believes what a client itself has written there
// too. That costs nothing where all clients are on this machine: they reach the
// server's own port just as well.
const trusted = "FORWARDED_ALLOW_IPS"

// clientsAreLocal tells whether there is a gateway that only this machine reaches.
func clientsAreLocal(cfg *config.Config) bool {
	return cfg.Nginx != nil && (cfg.Nginx.Host == "localhost" || net.ParseIP(cfg.Nginx.Host).IsLoopback())
}

// pythonPath lets Python find the packages of a folder, before those that the
// developer's own PYTHONPATH names.
func pythonPath(dir string) string {
	path := "PYTHONPATH=" + config.SourceDir(dir)
	if old := os.Getenv("PYTHONPATH"); old != "" {
		path += string(os.PathListSeparator) + old
	}
	return path
}

// settings adds what the configuration sets for all, for the backend, and for a
// process. Files come first: a variable that the configuration itself names wins.
// The backend's are not a page's.
func settings(env []string, cfg *config.Config, p *config.Process) ([]string, error) {
	files, backend := []string{cfg.EnvFile, cfg.Backend.EnvFile, p.EnvFile}, cfg.Backend.Env
	if cfg.IsFrontend(p.Name) {
		files, backend = []string{cfg.EnvFile, p.EnvFile}, nil
	}
	var known []config.EnvVar
	for _, file := range files {
		if file == "" {
			continue
		}
		vars, err := config.ReadEnvFile(file, known...)
		if err != nil {
			return nil, err
		}
		known, env = append(known, vars...), appendVars(env, vars)
	}
	return appendVars(appendVars(env, backend), p.Env), nil
}

func appendVars(env []string, vars []config.EnvVar) []string {
	for _, v := range vars {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}
