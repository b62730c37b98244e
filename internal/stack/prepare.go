package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"muster/internal/config"
	"muster/internal/local"
	"muster/internal/plan"
	"muster/internal/toolchain"
	"muster/templates"
)

// Prepared is all that a start of the configuration needs.
type Prepared struct {
	Plan  *plan.Plan
	Tools plan.Tools

	portHold *os.File // of the dashboard, until that is started; may be nil
}

// letPort leaves the dashboard's port to it.
func (p Prepared) letPort() {
	if p.portHold != nil {
		p.portHold.Close()
	}
}

// Prepare finds or gets all that servers and gateway need and lays out their
// plan. The gateway's configuration is generated and proved.
func Prepare(ctx context.Context, cfg *config.Config, report Report) (p Prepared, err error) {
	schema := make(chan error, 1)
	go func() { schema <- WriteSchema(cfg.Local()) }() // no start waits for it
	defer func() {
		if err := <-schema; err != nil {
			report.Warn("%v", err)
		}
	}()
	if plan.UsesPython(cfg) {
		python, err := Python(ctx, cfg, report)
		if err != nil {
			return p, err
		}
		p.Tools = pythonTools(cfg, python)
		if err := writeReloader(cfg); err != nil {
			return p, err
		}
	}
	if cfg.Nginx != nil {
		var command plan.Command
		if command, _, err = PrepareGateway(ctx, cfg, report); err != nil {
			return p, err
		}
		p.Tools.Gateway = &command
	}
	backend := *cfg
	backend.Frontends = nil // a Stack adds them
	if err := PrepareNode(ctx, &backend, report); err != nil {
		return p, err
	}
	if p.Tools.Shells, err = shells(ctx, &backend, p.Tools.Python, report); err != nil {
		return p, err
	}
	if p.Plan, err = plan.Build(&backend, p.Tools); err == nil {
		err = lasting(report, "debuggers", func() error { return checkDebuggers(ctx, &backend, p.Plan) })
	}
	if err == nil {
		err = p.addFilesWatcher(&backend)
	}
	if err == nil {
		p.Plan.TakeShell(os.Environ())
	}
	return p, err
}

func (p Prepared) addFilesWatcher(cfg *config.Config) error {
	w, err := filesWatcher(cfg)
	if w != nil {
		p.Plan.Processes = append(p.Plan.Processes, *w)
	}
	return err
}

// writeReloader puts the program in its place that runs a uvicorn in reload mode.
func writeReloader(cfg *config.Config) error {
	file := cfg.Local().UvicornReload()
	if b, err := os.ReadFile(file); err == nil && bytes.Equal(b, templates.UvicornReload) {
		return nil
	}
	if err := cfg.Local().Make(); err != nil {
		return err
	}
	return local.Replace(file, templates.UvicornReload, 0o600)
}

// WriteSchema puts the schema that an editor reads the configuration file by in its
// place, unless it is there.
func WriteSchema(dir local.Dir) error {
	file, schema := dir.Schema(), config.Schema()
	if info, err := os.Lstat(file); err == nil && info.Mode().IsRegular() && info.Size() == int64(len(schema)) {
		if b, err := local.Read(file, info.Size()); err == nil && bytes.Equal(b, schema) {
			return nil
		}
	}
	return local.Write(file, schema, 0o600)
}

// pythonTools are an interpreter that was found for a project, and what the plan
// has to know of it.
func pythonTools(cfg *config.Config, python string) plan.Tools {
	return plan.Tools{
		Python:        python,
		GracefulLimit: toolchain.UvicornKnows(cfg, python, plan.GracefulOption),
		LosesClients:  toolchain.UvicornLosesClients(cfg, python),
	}
}

// prepare is Prepare with the frontend and the watchers in the plan.
func (st *Stack) prepare(ctx context.Context) (Prepared, error) {
	p, err := Prepare(ctx, st.cfg, st.report)
	if err == nil {
		err = PrepareNode(ctx, st.cfg, st.report)
	}
	if err == nil {
		p.Plan, err = plan.Build(st.cfg, p.Tools)
	}
	if err == nil {
		err = p.addFilesWatcher(st.cfg)
	}
	if err != nil {
		return p, err
	}
	if st.watch {
		p.Plan.Processes = append(p.Plan.Processes, st.watcherProcesses()...)
		if !st.cfg.Dashboard.Off {
			port, hold, err := dashboardPort(st.cfg, st.client.Plan())
			if err != nil {
				return p, err
			}
			p.portHold = hold
			p.Plan.Processes = append(p.Plan.Processes, dashboardProcess(st.cfg, st.client.Exe, port))
		}
	}
	p.Plan.TakeShell(os.Environ())
	return p, nil
}

// shells are those in which the Python environment of a process's folder is active.
// Without report nothing is installed.
func shells(ctx context.Context, cfg *config.Config, python string, report Report) (map[string]plan.Shell, error) {
	all := map[string]plan.Shell{}
	told := map[string]bool{}
	for _, m := range cfg.Processes() {
		if m.Kind == config.KindFrontend || len(m.Command) == 0 || slices.Contains(nodePrograms, m.Command[0]) {
			continue
		}
		s := all[m.Dir]
		var err error
		switch {
		case s.Env != nil:
		case report == nil:
			s.Env, s.Hint = toolchain.FindEnvironment(ctx, cfg, m.Process, python)
		default:
			err = lasting(report, "Python environment of "+m.Dir, func() (err error) {
				s.Env, s.Hint, err = toolchain.Environment(ctx, cfg, m.Process, python, report.Step)
				return err
			})
			if err != nil {
				return nil, err
			}
		}
		all[m.Dir] = s
		if len(s.Env) == 0 || report == nil {
			continue
		}
		bin, _, _ := strings.Cut(strings.TrimPrefix(s.Env[0], "PATH="), string(os.PathListSeparator))
		if _, err := os.Stat(filepath.Join(bin, m.Command[0])); err == nil && !told[bin] {
			told[bin] = true
			report.Step("programs are looked for in " + bin + " first, as in a shell in which it is active")
		}
	}
	return all, nil
}

// checkDebuggers reports a server that is to be debugged, and cannot be.
func checkDebuggers(ctx context.Context, cfg *config.Config, p *plan.Plan) error {
	for _, proc := range p.Processes {
		if !proc.Debugpy() {
			continue
		}
		if err := toolchain.Debugpy(ctx, cfg, proc.Exe, proc.Dir, proc.Env); err != nil {
			return fmt.Errorf("%s: %w", proc.Name, err)
		}
	}
	return nil
}

// Python finds the interpreter of a project's backend, or makes an environment for it.
func Python(ctx context.Context, cfg *config.Config, report Report) (interpreter string, err error) {
	err = lasting(report, "Python and its packages", func() error {
		interpreter, err = toolchain.Python(ctx, cfg, report.Step)
		return err
	})
	return interpreter, err
}

// PrepareNode gets what the processes made with Node.js need.
func PrepareNode(ctx context.Context, cfg *config.Config, report Report) error {
	for _, dir := range nodeFolders(cfg) {
		err := lasting(report, "packages of "+dir, func() error { return toolchain.Node(ctx, dir, cfg.Dir, report.Step) })
		if err != nil {
			return err
		}
	}
	return nil
}

// nodeFolders are those of the frontends made with Node.js, which have a package.json,
// and of what else is run by one of its programs.
func nodeFolders(cfg *config.Config) (dirs []string) {
	for _, m := range cfg.Processes() {
		if m.Kind != config.KindFrontend && (len(m.Command) == 0 || !slices.Contains(nodePrograms, m.Command[0])) {
			continue
		}
		if _, err := os.Stat(filepath.Join(m.Dir, "package.json")); err == nil && !slices.Contains(dirs, m.Dir) {
			dirs = append(dirs, m.Dir)
		}
	}
	return dirs
}

var nodePrograms = []string{"node", "npm", "npx", "pnpm", "pnpx", "yarn", "bun", "bunx"}

// GetTools gets what all processes need, side by side.
func GetTools(ctx context.Context, cfg *config.Config, report Report) error {
	var wg sync.WaitGroup
	errs := make([]error, 3)
	if plan.UsesPython(cfg) {
		wg.Go(func() { _, errs[0] = Python(ctx, cfg, report) })
	}
	wg.Go(func() { errs[1] = PrepareNode(ctx, cfg, report) })
	if cfg.Nginx != nil && cfg.Gateway != config.GatewayBuiltin {
		wg.Go(func() {
			if _, err := FindNginx(ctx, cfg, report); err != nil && cfg.Gateway == config.GatewayNginx {
				errs[2] = err
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
