package targets

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/magefile/mage/mg"

	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/specs"
	"muster/internal/supervise"
	"muster/internal/toolchain"
)

// Dev runs the whole stack: backend, gateway, watchers and frontend.
type Dev mg.Namespace

// Setup gets everything that the processes need: Python, nginx, Node packages.
func (Dev) Setup(ctx context.Context, config *string) error {
	return run(func() error {
		cfg, err := loadConfig(config)
		if err != nil {
			return err
		}
		if err := getTools(ctx, cfg); err != nil {
			return err
		}
		console.Done(os.Stdout, "everything is here")
		return nil
	}())
}

// getTools gets what all processes need, side by side.
func getTools(ctx context.Context, cfg *config.Config) error {
	var wg sync.WaitGroup
	errs := make([]error, 3)
	if plan.UsesPython(cfg) {
		wg.Go(func() { _, errs[0] = toolchain.Python(ctx, cfg, report) })
	}
	wg.Go(func() { errs[1] = prepareNode(ctx, cfg) })
	if cfg.Nginx != nil && cfg.Gateway != config.GatewayBuiltin {
		wg.Go(func() {
			if _, err := findNginx(ctx, cfg); err != nil && cfg.Gateway == config.GatewayNginx {
				errs[2] = err
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Fullstack runs backend, watchers and frontend until Ctrl-C: the backend as
// one process, with every module.
//
// -multi runs it as several processes behind the gateway, -detach leaves all
// running and returns.
func (Dev) Fullstack(ctx context.Context, config *string, multi, detach *bool) error {
	return run(fullstack(ctx, config, value(multi, false), value(detach, false)))
}

// Backend runs the backend alone, as one process with every module, until Ctrl-C.
func (Dev) Backend(ctx context.Context, config *string) error {
	return run(func() error {
		st, err := newStack(config, false)
		if err != nil {
			return err
		}
		st.cfg.Frontend = nil
		st.watch = false
		return st.up(ctx, false)
	}())
}

// Frontend runs the frontend alone until Ctrl-C.
func (Dev) Frontend(ctx context.Context, config *string) error {
	return run(func() error {
		st, err := newStack(config, false)
		if err != nil {
			return err
		}
		if st.cfg.Frontend == nil {
			return usageError(st.cfg.File + " has no frontend section")
		}
		st.cfg.Servers = nil
		st.watch = false
		return st.up(ctx, false)
	}())
}

// Stop stops the whole stack in order.
func (Dev) Stop(ctx context.Context, config *string) error {
	return Backend{}.Stop(ctx, config, nil, nil)
}

// Status shows the whole stack.
func (Dev) Status(ctx context.Context, config *string) error {
	return Backend{}.Status(ctx, config, nil)
}

func fullstack(ctx context.Context, config *string, multi, detach bool) error {
	st, err := newStack(config, multi)
	if err != nil {
		return err
	}
	return st.up(ctx, detach)
}

// stack is everything that dev:fullstack runs.
type stack struct {
	cfg   *config.Config
	file  string // as the watchers are to be given it
	multi bool
	watch bool
	of    string // digest of what the watchers of specs take from the configuration
	c     *supervise.Client
}

// newStack loads the configuration and lays the environment's wishes over it:
// BACKEND_PORT, FRONTEND_PORT, VITE_API_URL and FRONTEND_URL.
func newStack(arg *string, multi bool) (*stack, error) {
	cfg, err := loadConfig(arg)
	if err != nil {
		return nil, err
	}
	c, err := client(arg)
	if err != nil {
		return nil, err
	}
	c.Logs = logOptions(cfg)
	if multi && cfg.Nginx == nil {
		return nil, usageError(cfg.File + " has no nginx section, so there is nothing to put the servers behind")
	}
	of, err := watchersDigest(cfg)
	if err != nil {
		return nil, err
	}
	if !multi {
		cfg = plan.Single(cfg)
	}
	st := &stack{cfg: cfg, file: cfg.File, multi: multi, watch: true, of: of, c: c}
	return st, st.environment()
}

// watchersDigest changes with whatever the watchers of specs read in the
// configuration: when it does, they are to be started again.
func watchersDigest(cfg *config.Config) (string, error) {
	data, err := json.Marshal([]any{cfg.APIBaseURL, cfg.Servers, cfg.Backend, cfg.Frontend, cfg.Specs})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(data)), nil
}

func (st *stack) environment() error {
	port := &st.cfg.Servers[0].Port
	if st.multi {
		port = &st.cfg.Nginx.Port
	}
	if err := portFromEnv("BACKEND_PORT", port); err != nil {
		return err
	}
	api := os.Getenv("VITE_API_URL")
	if api == "" {
		api = "http://localhost:" + strconv.Itoa(*port)
	}
	page := os.Getenv("FRONTEND_URL")
	if f := st.cfg.Frontend; f != nil {
		if err := portFromEnv("FRONTEND_PORT", &f.Port); err != nil {
			return err
		}
		if page == "" {
			page = "http://localhost:" + strconv.Itoa(f.Port)
		}
		f.Env = append(f.Env, config.EnvVar{Name: "VITE_API_URL", Value: api},
			config.EnvVar{Name: "FRONTEND_PORT", Value: strconv.Itoa(f.Port)})
	}
	if page != "" {
		st.cfg.Backend.Env = append(st.cfg.Backend.Env, config.EnvVar{Name: "FRONTEND_URL", Value: page})
	}
	return nil
}

func portFromEnv(name string, port *int) error {
	text := os.Getenv(name)
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1024 || n > 65535 {
		return usageError(fmt.Sprintf("%s=%s: a port is a number from 1024 to 65535", name, text))
	}
	*port = n
	return nil
}

// up brings everything up, step by step, shows how to reach it, and stays until
// Ctrl-C unless detached.
func (st *stack) up(ctx context.Context, detach bool) error {
	draft, err := plan.Build(st.cfg, plan.Tools{Python: "python3"})
	if err != nil {
		return err
	}
	err = stepped("ports are free", func() error { return st.c.CheckPorts(*draft) })
	if err != nil {
		return err
	}
	if err := stepped("tools and dependencies", func() error { return getTools(ctx, st.cfg) }); err != nil {
		return err
	}
	p, err := st.prepare(ctx)
	if err != nil {
		return err
	}
	if detach {
		err := st.start(ctx, p, supervise.StartOptions{})
		if err == nil {
			st.panel(p.plan)
		}
		return err
	}
	return foreground(ctx, st.c, func(ctx context.Context, opts supervise.StartOptions) error {
		if err := st.start(ctx, p, opts); err != nil {
			return err
		}
		st.panel(p.plan)
		return nil
	})
}

// prepare is prepare with the frontend and the watchers in the plan.
func (st *stack) prepare(ctx context.Context) (prepared, error) {
	p, err := prepare(ctx, st.cfg)
	if err == nil {
		err = prepareNode(ctx, st.cfg)
	}
	if err == nil {
		p.plan, err = plan.Build(st.cfg, p.tools)
	}
	if err == nil && st.watch {
		p.plan.Processes = append(p.plan.Processes, st.watchers()...)
	}
	return p, err
}

// start starts servers and frontend and meanwhile generates the clients. The
// page needs them only when it is opened, and the watchers once they are made.
func (st *stack) start(ctx context.Context, p prepared, opts supervise.StartOptions) error {
	var first, second []string
	for _, proc := range p.plan.Processes {
		if proc.Kind == plan.Watcher {
			second = append(second, proc.Name)
		} else {
			first = append(first, proc.Name)
		}
	}
	clients := make(chan error, 1)
	go func() {
		if !st.watch {
			clients <- nil
			return
		}
		clients <- stepped("specs and clients", func() error { return st.generate(ctx, p.tools.Python) })
	}()
	what := "servers and gateway healthy"
	if st.cfg.Frontend != nil {
		what = "servers, gateway and frontend serve"
	}
	err := stepped(what, func() error {
		opts.Names = first
		_, err := st.c.Start(ctx, *p.plan, opts)
		return err
	})
	if e := <-clients; err == nil {
		err = e
	}
	if err != nil || len(second) == 0 {
		return err
	}
	return stepped("watchers are on", func() error {
		opts.Names, opts.Lease = second, nil
		_, err := st.c.Start(ctx, *p.plan, opts)
		return err
	})
}

func (st *stack) generate(ctx context.Context, python string) error {
	if _, err := (specs.Exporter{Config: st.cfg, Python: python}).Export(ctx, func(string) {}); err != nil {
		return err
	}
	_, err := specs.Generate(ctx, st.cfg, specs.Options{})
	return err
}

// watchers are the processes that keep clients and processes in line with what
// is saved: this program, called as their targets.
func (st *stack) watchers() []plan.Process {
	var procs []plan.Process
	add := func(name, target string, env []string, args ...string) {
		procs = append(procs, plan.Process{
			Name: name, Server: name, Kind: plan.Watcher,
			Exe: st.c.Exe, Args: append([]string{st.c.Exe, target, "-config=" + st.file}, args...), Dir: st.cfg.Dir, Env: env,
			Log:     local.Of(st.cfg.Dir).Log(name),
			Health:  plan.Health{Interval: time.Minute, Timeout: time.Second, Retries: 1, StartPeriod: time.Minute},
			Restart: plan.RestartAlways, StopTimeout: 2 * time.Second,
		})
	}
	of := []string{"MUSTER_SPECS=" + st.of}
	if st.cfg.Specs.Python.Dir != "" {
		add("watch-python", "specs:watchPython", of)
	}
	if len(st.cfg.Specs.TypeScript) > 0 {
		add("watch-frontend", "specs:watchFrontend", of)
	}
	// It is to find what this command does, not what whoever started the
	// supervisor did.
	var env []string
	for _, name := range []string{"PATH", "PYTHONPATH", "BACKEND_PORT", "FRONTEND_PORT", "VITE_API_URL", "FRONTEND_URL"} {
		env = append(env, name+"="+os.Getenv(name))
	}
	add("watch-config", "dev:watchConfig", env, fmt.Sprintf("-multi=%t", st.multi))
	return procs
}

// panel shows where everything is.
func (st *stack) panel(p *plan.Plan) {
	rows := [][2]string{}
	if st.cfg.Frontend != nil && st.multi {
		rows = append(rows, [2]string{"page", entry(p)})
	}
	for _, proc := range p.Processes {
		if proc.URL != "" && (proc.Kind != plan.Gateway || st.cfg.Frontend == nil) {
			rows = append(rows, [2]string{proc.Name, proc.URL})
		}
	}
	rows = append(rows, [2]string{"docs", entry(p) + st.cfg.APIBaseURL + "/docs"}, [2]string{"log", st.c.Local.Unified()})
	console.Panel(os.Stderr, rows)
}

// stepped does one step and shows how long it took, on one line.
func stepped(what string, do func() error) error {
	began := time.Now()
	if err := do(); err != nil {
		return err
	}
	console.Done(os.Stderr, "%-36s %s", what, console.Seconds(time.Since(began)))
	return nil
}
