package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/gateway"
	"muster/internal/gateway/install"
	"muster/internal/plan"
	"muster/internal/supervise"
	"muster/internal/toolchain"
)

// finding is what dev:doctor says of one thing.
type finding struct {
	what   string
	wrong  string // "" when it is well
	mend   string // the command that mends it
	fix    func() error
	warn   bool // worth knowing, and no reason to fail
	detail string
}

// Doctor checks tools, ports, limits, stale state and orphans, and says for
// each what is wrong and what mends it.
//
// Without -fix it only looks. -fix does what is safe: it gets the tools that are
// missing, ends orphans of this project and removes stale state.
func (Dev) Doctor(ctx context.Context, config *string, fix *bool) error {
	return run(doctor(ctx, config, value(fix, false)))
}

func doctor(ctx context.Context, arg *string, fix bool) error {
	c, err := client(arg)
	if err != nil {
		return err
	}
	cfg, err := loadConfig(arg)
	findings := []finding{}
	if err != nil {
		findings = append(findings, finding{what: "configuration", wrong: err.Error(), mend: "edit it; config:validate checks it"})
	} else {
		findings = append(findings, finding{what: "configuration", detail: cfg.File})
		findings = append(findings, checkTools(ctx, cfg)...)
		findings = append(findings, checkPorts(ctx, c, cfg)...)
	}
	findings = append(findings, checkLimits(c)...)
	findings = append(findings, checkState(ctx, c)...)

	sick := false
	for _, f := range findings {
		switch {
		case f.wrong == "":
			console.Done(os.Stdout, "%-14s %s", f.what, f.detail)
			continue
		case fix && f.fix != nil:
			err := f.fix()
			if err == nil {
				console.Done(os.Stdout, "%-14s mended: %s", f.what, f.wrong)
				continue
			}
			f.wrong = err.Error()
		}
		sick = sick || !f.warn
		console.Warn(os.Stdout, "%-14s %s", f.what, f.wrong)
		if f.mend != "" {
			fmt.Println("                 " + f.mend)
		}
	}
	if sick {
		return exitCode(exitFailed)
	}
	return nil
}

func checkTools(ctx context.Context, cfg *config.Config) []finding {
	var all []finding
	if plan.UsesPython(cfg) {
		python, err := toolchain.FindPython(ctx, cfg)
		f := found("python", python, err)
		f.fix = func() error {
			_, err := toolchain.Python(ctx, cfg, report)
			return err
		}
		all = append(all, f)
	}
	if dir := nodeDir(cfg); dir != "" {
		f := found("node", dir, toolchain.FindNode(ctx, dir))
		f.fix = func() error { return prepareNode(ctx, cfg) }
		all = append(all, f)
	}
	if cfg.Nginx != nil && cfg.Gateway != config.GatewayBuiltin {
		bin, err := install.Find(ctx, cfg)
		f := found("nginx", bin.Version+" "+bin.Path, err)
		if err != nil {
			f.mend = "nginx:install"
			f.fix = func() error {
				_, err := findNginx(ctx, cfg)
				return err
			}
		} else if data, err := gateway.Generate(cfg, gateway.Options{Binary: bin, User: gateway.User()}); err != nil {
			f = found("nginx", "", err)
		} else if err := validateTrial(ctx, cfg, bin, data); err != nil {
			f = found("nginx", "", err)
		}
		all = append(all, f)
	}
	return all
}

// validateTrial has nginx test a configuration that is not to stay.
func validateTrial(ctx context.Context, cfg *config.Config, bin gateway.Binary, data []byte) error {
	if err := gateway.Prepare(cfg); err != nil {
		return err
	}
	trial := cfg.Local().NginxConf() + ".doctor"
	defer os.Remove(trial)
	if _, err := gateway.Write(trial, data); err != nil {
		return err
	}
	return gateway.Validate(ctx, cfg, bin, trial)
}

func found(what, detail string, err error) finding {
	f := finding{what: what, detail: strings.TrimSpace(detail)}
	if err != nil {
		f.wrong = err.Error()
		var h interface{ Hint() string }
		if errors.As(err, &h) {
			f.mend = h.Hint()
		}
	}
	return f
}

func checkPorts(ctx context.Context, c *supervise.Client, cfg *config.Config) []finding {
	draft, err := plan.Build(cfg, plan.Tools{Python: "python3"})
	if err != nil {
		return []finding{found("programs", "", err)}
	}
	if err := c.CheckPorts(*draft); err != nil {
		return []finding{found("ports", "", err)}
	}
	return []finding{{what: "ports", detail: "free, or our own"}}
}

// The least that a watched project of some size needs.
const (
	minOpenFiles = 1024
	minWatches   = 8192
	minDisk      = 200 << 20
)

func checkLimits(c *supervise.Client) []finding {
	var all []finding
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) == nil {
		f := finding{what: "open files", detail: strconv.FormatUint(files.Cur, 10)}
		if files.Cur < minOpenFiles {
			f.wrong, f.mend = fmt.Sprintf("the limit is %d", files.Cur), "ulimit -n 4096"
		}
		all = append(all, f)
	}
	if b, err := os.ReadFile("/proc/sys/fs/inotify/max_user_watches"); err == nil {
		n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
		f := finding{what: "file watches", detail: strconv.Itoa(n), warn: true}
		if n < minWatches {
			f.wrong, f.mend = fmt.Sprintf("the limit is %d; beyond it, files are polled", n), "sudo sysctl fs.inotify.max_user_watches=524288"
		}
		all = append(all, f)
	}
	var disk syscall.Statfs_t
	dir := c.Paths.Root
	if _, err := os.Stat(dir); err != nil {
		dir = "."
	}
	if syscall.Statfs(dir, &disk) == nil {
		free := disk.Bavail * uint64(disk.Bsize)
		f := finding{what: "disk", detail: fmt.Sprintf("%.1f GB free", float64(free)/1e9)}
		if free < minDisk {
			f.wrong, f.mend = fmt.Sprintf("only %d MB are free", free>>20), "make room, for instance with logs:clean"
		}
		all = append(all, f)
	}
	return all
}

func checkState(ctx context.Context, c *supervise.Client) []finding {
	st, err := c.Status(ctx)
	f := finding{what: "processes"}
	switch {
	case err != nil:
		f = found("processes", "", err)
	case st.Running && !st.Supervisor.Alive:
		f.wrong, f.mend = "run without their supervisor", "backend:start adopts them, backend:stop ends them"
	case st.Running && !st.Healthy():
		f.wrong, f.mend = "not all are healthy", "backend:status tells which"
	case st.Running:
		f.detail = fmt.Sprintf("%d, healthy", len(st.Processes))
	default:
		f.detail = "none run"
	}
	all := []finding{f}
	orphans := finding{what: "orphans", detail: "none"}
	if left := c.Orphans(ctx); len(left) > 0 {
		orphans.wrong = "of earlier runs: " + strings.Join(left, "; ")
		orphans.mend = "dev:kill, or dev:doctor -fix"
		orphans.fix = func() error { return c.EndOrphans(ctx, defaultStopTimeout) }
	}
	return append(all, orphans)
}

// Kill ends whatever of this project runs, orphans included, and names whoever
// else is on its ports.
func (Dev) Kill(ctx context.Context, config *string) error {
	return run(func() error {
		c, err := client(config)
		if err != nil {
			return err
		}
		if err := c.Stop(ctx, nil, defaultStopTimeout); err != nil && !errors.Is(err, supervise.ErrNothingRuns) {
			return err
		}
		if err := c.EndOrphans(ctx, defaultStopTimeout); err != nil {
			return err
		}
		console.Done(os.Stdout, "nothing of this project runs")
		cfg, err := loadConfig(config)
		if err != nil {
			return nil // what runs is ended; the file's mistakes are config:validate's
		}
		for _, f := range checkPorts(ctx, c, cfg) {
			if f.wrong != "" {
				console.Warn(os.Stdout, "left alone, since it is not ours: %s", f.wrong)
			}
		}
		return nil
	}())
}
