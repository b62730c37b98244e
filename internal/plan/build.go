package plan

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"muster/internal/config"
	"muster/internal/hint"
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
	Python  string           // absolute path of the interpreter that runs uvicorn
	Gateway *Command         // nil: no gateway
	Shells  map[string]Shell // by the folder in which a process runs
	// Draft leaves it at what the processes are: no program is looked for.
	Draft bool

	// GracefulLimit says that uvicorn knows the option of that name below.
	GracefulLimit bool
	// LosesClients says that uvicorn, where it trusts the gateway alone, takes a
	// client on the gateway's own machine for nobody.
	LosesClients bool
}

// Shell is one in which the environment of a project's language is active.
type Shell struct {
	Env  []string // NAME=VALUE, PATH among them; nil: there is no such environment
	Hint string   // what to type if a program is not there
}

// GatewayName is the name of the gateway's process.
const GatewayName = "nginx"

// Build lays out the processes of a configuration, in the order of their
// start. It reports programs that are not installed and environment files
// that cannot be read.
func Build(cfg *config.Config, tools Tools) (*Plan, error) {
	p := &Plan{Config: cfg.File}
	ranks := stopRanks(cfg)
	add := func(procs []Process, err error) error {
		for _, proc := range procs {
			proc.StopRank = ranks[proc.Server]
			p.Processes = append(p.Processes, proc)
		}
		return err
	}
	for i := range cfg.Servers {
		if err := add(servers(cfg, &cfg.Servers[i], tools)); err != nil {
			return nil, err
		}
	}
	for _, m := range cfg.Processes() {
		if m.Kind == config.KindWorker {
			if err := add(members(cfg, m, Worker, tools)); err != nil {
				return nil, err
			}
		}
	}
	for i := range cfg.Tasks {
		if err := add(task(cfg, &cfg.Tasks[i], tools)); err != nil {
			return nil, err
		}
	}
	if cfg.Nginx != nil && tools.Gateway != nil {
		p.Processes = append(p.Processes, gateway(cfg, tools.Gateway))
	}
	for i := range cfg.Frontends {
		if err := add(frontend(cfg, &cfg.Frontends[i], tools)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// UsesPython tells whether some server runs on uvicorn.
func UsesPython(cfg *config.Config) bool {
	return slices.ContainsFunc(cfg.Servers, func(s config.Server) bool { return s.Command == nil })
}

// servers are the instances of a server.
func servers(cfg *config.Config, s *config.Server, tools Tools) ([]Process, error) {
	return instances(cfg, s, tools, func(n int) (string, int) { return config.InstanceName(s.Name, n), s.Port + n })
}

// Spares are the stand-ins of a server's instances, on other ports: they serve
// while those are restarted.
func Spares(cfg *config.Config, s *config.Server, tools Tools) ([]Process, error) {
	ports := cfg.SparePorts()
	stand := *s
	stand.Debug = 0 // an editor knows one port of each instance
	spares, err := instances(cfg, &stand, tools, func(n int) (string, int) {
		return config.InstanceName(s.Name, n) + Spare, ports[s.Port+n]
	})
	for i := range spares {
		spares[i].Spare, spares[i].StopRank = true, 1
	}
	return spares, err
}

func instances(cfg *config.Config, s *config.Server, tools Tools, place func(n int) (name string, port int)) (all []Process, err error) {
	env, err := serverEnv(cfg, s, tools)
	if err != nil {
		return nil, err
	}
	for n := range s.Instances {
		name, port := place(n)
		p := process(cfg, &s.Process, Server, name, port)
		p.Modules = s.Modules
		p.Env = fillPorts(cfg, append(slices.Clone(env), p.Env...), port)
		if s.Command != nil {
			err = p.run(fillPorts(cfg, s.Command, port), tools)
		} else {
			p.Exe, p.Args = tools.Python, uvicorn(cfg, s, tools)
			if p.Listen, p.Reload = true, s.Reload; s.Reload {
				p.ReloadDirs = []string{config.SourceDir(s.Dir)}
			}
		}
		switch {
		case s.External:
			p.external()
		case err != nil:
			return nil, fmt.Errorf("server %s: %w", s.Name, err)
		case s.Debug != 0:
			p.debug(s, s.Debug+n)
		}
		all = append(all, p)
	}
	return all, nil
}

// process is what all kinds have in common, less the program.
func process(cfg *config.Config, s *config.Process, kind Kind, name string, port int) Process {
	p := Process{
		Name: name, Server: s.Name, Kind: kind,
		Dir: s.Dir, Log: cfg.Local().Log(name),
		Health:      health(s.Health),
		Restart:     Restart(s.Restart),
		StopTimeout: s.StopTimeout, KillMixed: s.KillMode == config.KillMixed, StdinOpen: s.StdinOpen,
	}
	if s.StopSignal != "SIGTERM" {
		p.StopSignal = s.StopSignal
	}
	if port != 0 {
		p.Host, p.Port = "127.0.0.1", port
		if p.URL = ""; kind != Worker {
			p.URL = "http://" + cfg.LinkHost("127.0.0.1") + ":" + strconv.Itoa(port)
		}
		p.Env = []string{"PORT=" + strconv.Itoa(port)}
	}
	p.Health.Command = fillPorts(cfg, s.Health.Command, port)
	for _, d := range s.DependsOn {
		names := cfg.InstanceNames(d.Name)
		if d.Condition == config.Started {
			p.After = append(p.After, names...)
		} else {
			p.DependsOn = append(p.DependsOn, names...)
		}
		if d.Restart {
			p.RestartWith = append(p.RestartWith, names...)
		}
	}
	return p
}

// run gives a process its program, which is looked for.
func (p *Process) run(argv []string, tools Tools) (err error) {
	p.Args = argv
	if tools.Draft {
		return nil
	}
	p.Exe, err = LookPath(argv[0], p.Dir, p.Env)
	if typed := tools.Shells[p.Dir].Hint; err != nil && typed != "" && hint.Of(err) == "" {
		err = hint.With(err, typed)
	}
	return err
}

// members are the instances of a process that is nothing but what all are.
func members(cfg *config.Config, m config.Member, kind Kind, tools Tools) (all []Process, err error) {
	env := baseEnv(cfg)
	if kind != Frontend {
		env = append(env, tools.Shells[m.Dir].Env...)
	}
	env, err = settings(env, cfg, m.Process)
	if err != nil {
		return nil, err
	}
	for n, name := range m.InstanceNames() {
		port := 0
		if m.Port != 0 {
			port = m.Port + n
		}
		p := process(cfg, m.Process, kind, name, port)
		p.Env = fillPorts(cfg, append(slices.Clone(env), p.Env...), port)
		if err := p.run(fillPorts(cfg, m.Command, port), tools); err != nil {
			return nil, fmt.Errorf("%s %s: %w", m.Kind, m.Name, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func task(cfg *config.Config, t *config.Task, tools Tools) ([]Process, error) {
	all, err := members(cfg, config.Member{Process: &t.Process, Kind: config.KindTask}, Task, tools)
	if err != nil {
		return nil, err
	}
	all[0].Unless, all[0].Timeout = fillPorts(cfg, t.Unless, 0), t.Timeout
	return all, nil
}

func frontend(cfg *config.Config, f *config.Frontend, tools Tools) ([]Process, error) {
	all, err := members(cfg, config.Member{Process: &f.Process, Kind: config.KindFrontend}, Frontend, tools)
	if err != nil {
		return nil, err
	}
	// Vite listens on whatever "localhost" is, which may be ::1 alone.
	all[0].Host, all[0].URL = "localhost", "http://"+cfg.LinkHost("localhost")+":"+strconv.Itoa(f.Port)
	return all, nil
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
	args = append(args, s.App, "--fd", "3",
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

// Spare ends the name of a stand-in, which begins with that of its instance.
const Spare = ".spare"

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
	return Health{Path: h.Path, AnyAnswer: h.Guessed, TCP: h.TCP, Command: h.Command, Log: h.Log, Interval: h.Interval, Timeout: h.Timeout,
		Retries: h.Retries, StartPeriod: h.StartPeriod, OnFailure: OnFailure(h.OnFailure)}
}

func gateway(cfg *config.Config, cmd *Command) Process {
	dir := cfg.Local()
	return Process{
		Name: GatewayName, Server: GatewayName, Kind: Gateway,
		Exe: cmd.Exe, Args: cmd.Args, Env: cmd.Env, ConfigFile: cmd.ConfigFile,
		Dir: cfg.Dir, Log: dir.Log(GatewayName),
		Files: []LogFile{
			{Path: dir.Log("nginx-access"), Unified: cfg.Logs.AccessLog},
			{Path: dir.Log("nginx-error")}, // its lines are in the output too
		},
		Host: cfg.Nginx.Address(), Port: cfg.Nginx.Port, URL: cfg.URL(),
		Health: Health{TCP: true, Interval: 10 * time.Second, Timeout: 2 * time.Second,
			Retries: 3, StartPeriod: 10 * time.Second,
			OnFailure: OnFailureRestart}, // nobody debugs it
		Restart: RestartAlways, StopTimeout: 3 * time.Second,
	}
}

// fillPorts fills in {port}, and {port:NAME} for that of another process.
func fillPorts(cfg *config.Config, args []string, port int) []string {
	var out []string
	for _, a := range args {
		out = append(out, cfg.FillPorts(a, port))
	}
	return out
}
