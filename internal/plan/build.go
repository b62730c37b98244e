package plan

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/internal/config"
)

// Command is a program found on this machine and how to call it.
type Command struct {
	Exe  string   // absolute path
	Args []string // argv, the program's name included
	Env  []string // NAME=VALUE

	ConfigFile string // that it reads at its start and at SIGHUP
}

// Tools are the programs that a plan cannot name by itself, because they had
// to be looked for.
type Tools struct {
	Python  string   // absolute path of the interpreter that runs uvicorn
	Gateway *Command // nil: no gateway

	// GracefulLimit says that uvicorn knows the option of that name below.
	GracefulLimit bool
	// LosesClients says that uvicorn, where it trusts the gateway alone, takes a
	// client on the gateway's own machine for nobody.
	LosesClients bool
}

// GatewayName is the name of the gateway's process.
const GatewayName = "nginx"

// Build lays out the processes of a configuration, in the order of their
// start. It reports programs that are not installed and environment files
// that cannot be read.
func Build(cfg *config.Config, tools Tools) (*Plan, error) {
	p := &Plan{Config: cfg.File}
	ranks := stopRanks(cfg.Servers)
	for i := range cfg.Servers {
		s := &cfg.Servers[i]
		env, err := serverEnv(cfg, s, tools)
		if err != nil {
			return nil, err
		}
		for n := range s.Instances {
			proc, err := instance(cfg, s, config.InstanceName(s.Name, n), s.Port+n, tools)
			if err != nil {
				return nil, err
			}
			proc.Env = append(slices.Clone(env), proc.Env...)
			proc.StopRank = ranks[s.Name]
			p.Processes = append(p.Processes, proc)
		}
	}
	if cfg.Nginx != nil && tools.Gateway != nil {
		p.Processes = append(p.Processes, gateway(cfg, tools.Gateway))
	}
	if cfg.Frontend != nil {
		proc, err := frontend(cfg)
		if err != nil {
			return nil, err
		}
		p.Processes = append(p.Processes, proc)
	}
	return p, nil
}

// UsesPython tells whether some server runs on uvicorn.
func UsesPython(cfg *config.Config) bool {
	return slices.ContainsFunc(cfg.Servers, func(s config.Server) bool { return s.Command == nil })
}

// Spares are the stand-ins of a server's instances, on other ports: they serve
// while those are restarted.
func Spares(cfg *config.Config, s *config.Server, tools Tools) ([]Process, error) {
	env, err := serverEnv(cfg, s, tools)
	if err != nil {
		return nil, err
	}
	ports := cfg.SparePorts()
	var spares []Process
	for n := range s.Instances {
		p, err := instance(cfg, s, config.InstanceName(s.Name, n)+".spare", ports[s.Port+n], tools)
		if err != nil {
			return nil, err
		}
		p.Env = append(slices.Clone(env), p.Env...)
		p.Spare, p.StopRank = true, 1
		spares = append(spares, p)
	}
	return spares, nil
}

func instance(cfg *config.Config, s *config.Server, name string, port int, tools Tools) (Process, error) {
	p := Process{
		Name: name, Server: s.Name, Kind: Server,
		Dir: s.Dir, Log: cfg.Local().Log(name),
		Host: "127.0.0.1", Port: port, URL: "http://127.0.0.1:" + strconv.Itoa(port),
		Modules:     s.Modules,
		Health:      health(s.Health),
		Restart:     Restart(s.Restart),
		StopTimeout: s.StopTimeout,
		Env:         []string{"PORT=" + strconv.Itoa(port)},
	}
	p.Health.Command = fillPort(s.Health.Command, port)
	for _, d := range s.DependsOn {
		if dep, ok := cfg.Server(d); ok {
			for i := range dep.Instances {
				p.DependsOn = append(p.DependsOn, config.InstanceName(d, i))
			}
		}
	}
	if s.Command != nil {
		exe, err := LookPath(s.Command[0], s.Dir)
		if err != nil {
			return p, fmt.Errorf("server %s: %w", s.Name, err)
		}
		p.Exe, p.Args = exe, fillPort(s.Command, port)
		return p, nil
	}
	p.Exe, p.Args = tools.Python, uvicorn(cfg, s, tools)
	if p.Listen, p.Reload = true, s.Reload; s.Reload {
		p.ReloadDirs = []string{config.SourceDir(s.Dir)}
	}
	// Whether the API has this path is a guess: one that has not answers all the same.
	p.Health.AnyAnswer = s.Health.Path == cfg.APIBaseURL+"/health"
	return p, nil
}

// uvicorn is the command line of a server that has none of its own. The
// listening socket comes as descriptor 3: the port is taken before Python has
// even started, and a successor can go on with the same socket.
func uvicorn(cfg *config.Config, s *config.Server, tools Tools) []string {
	args := []string{tools.Python}
	if s.Reload {
		args = append(args, cfg.Local().UvicornReload())
	} else {
		args = append(args, "-m", "uvicorn")
	}
	args = append(args, cfg.Backend.App, "--fd", "3",
		// Longer than the gateway keeps a connection, so that it is never the
		// server that closes one in the moment in which a request is sent.
		"--timeout-keep-alive", "75")
	if s.Reload {
		if tools.GracefulLimit {
			args = append(args, GracefulOption, strconv.Itoa(gracefulLimit(s.StopTimeout)))
		}
		args = append(args, "--reload", "--reload-dir", config.SourceDir(s.Dir))
		for _, p := range s.ReloadInclude {
			args = append(args, "--reload-include="+p)
		}
		for _, p := range s.ReloadExclude {
			args = append(args, "--reload-exclude="+p)
		}
	}
	return append(args, s.Args...)
}

// GracefulOption is uvicorn's limit, in seconds, of the wait for open responses
// (0.22 and newer).
const GracefulOption = "--timeout-graceful-shutdown"

// gracefulLimit is how many seconds a reload waits for open responses: without a
// limit one event stream would hold back every save. It leaves the server time for
// the rest of its end before it is killed.
func gracefulLimit(stopTimeout time.Duration) int {
	const soon = 2 * time.Second
	return int(max(min(soon, stopTimeout-time.Second), time.Second) / time.Second)
}

func health(h config.Health) Health {
	return Health{Path: h.Path, TCP: h.TCP, Command: h.Command, Interval: h.Interval, Timeout: h.Timeout,
		Retries: h.Retries, StartPeriod: h.StartPeriod, OnFailure: OnFailure(h.OnFailure)}
}

func gateway(cfg *config.Config, cmd *Command) Process {
	scheme := "http"
	if cfg.Nginx.TLS {
		scheme = "https"
	}
	host := cfg.Nginx.Host
	if host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	dir := cfg.Local()
	return Process{
		Name: GatewayName, Server: GatewayName, Kind: Gateway,
		Exe: cmd.Exe, Args: cmd.Args, Env: cmd.Env, ConfigFile: cmd.ConfigFile,
		Dir: cfg.Dir, Log: dir.Log(GatewayName),
		Files: []LogFile{
			{Path: dir.Log("nginx-access"), Unified: cfg.Logs.AccessLog},
			{Path: dir.Log("nginx-error")}, // its lines are in the output too
		},
		Host: host, Port: cfg.Nginx.Port,
		URL: fmt.Sprintf("%s://%s", scheme, net.JoinHostPort(host, strconv.Itoa(cfg.Nginx.Port))),
		Health: Health{TCP: true, Interval: 10 * time.Second, Timeout: 2 * time.Second,
			Retries: 3, StartPeriod: 10 * time.Second,
			OnFailure: OnFailureRestart}, // nobody debugs it
		Restart: RestartAlways, StopTimeout: 3 * time.Second,
	}
}

func frontend(cfg *config.Config) (Process, error) {
	f := cfg.Frontend
	exe, err := LookPath(f.Command[0], f.Dir)
	if err != nil {
		return Process{}, fmt.Errorf("frontend: %w", err)
	}
	const name = "frontend"
	return Process{
		Name: name, Server: name, Kind: Frontend,
		Exe: exe, Args: fillPort(f.Command, f.Port), Dir: f.Dir, Log: cfg.Local().Log(name),
		Env: appendVars(append(slices.Clone(baseEnv), "PORT="+strconv.Itoa(f.Port)), f.Env),
		// Vite listens on whatever "localhost" is, which may be ::1 alone.
		Host: "localhost", Port: f.Port, URL: "http://localhost:" + strconv.Itoa(f.Port),
		Health: Health{TCP: true, Interval: 10 * time.Second, Timeout: 2 * time.Second,
			Retries: 3, StartPeriod: time.Minute},
		Restart: RestartAlways, StopTimeout: 3 * time.Second,
	}, nil
}

func fillPort(args []string, port int) []string {
	var out []string
	for _, a := range args {
		out = append(out, strings.ReplaceAll(a, "{port}", strconv.Itoa(port)))
	}
	return out
}
