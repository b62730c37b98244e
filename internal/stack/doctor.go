package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/gateway/install"
	"muster/internal/plan"
	"muster/internal/supervise"
	"muster/internal/toolchain"
)

// Finding is what Examine says of one thing.
type Finding struct {
	What    string       `json:"what" jsonschema:"configuration, python, node, nginx, programs, ports, open files, file watches, disk, processes, orphans or left alone"`
	OK      bool         `json:"ok" jsonschema:"nothing is wrong with it, and nothing worth knowing"`
	Wrong   string       `json:"wrong,omitempty" jsonschema:"what is wrong, for a person"`
	Mend    string       `json:"mend,omitempty" jsonschema:"what to type next"`
	Fix     func() error `json:"-"` // does it; nil where muster cannot
	Fixable bool         `json:"fixable" jsonschema:"dev:doctor -fix mends it"`
	Mended  bool         `json:"mended" jsonschema:"-fix has mended it"`
	Warn    bool         `json:"warning" jsonschema:"worth knowing, and no reason to fail"`
	Detail  string       `json:"detail,omitempty"`

	Failures []supervise.Failure `json:"failures,omitempty" jsonschema:"of ports: each one that somebody else has"`
	Problems []config.Problem    `json:"problems,omitempty" jsonschema:"of the configuration: its mistakes"`
}

// Examine looks at tools, ports, limits, stale state and orphans, and changes
// nothing. Of a configuration that cannot be read, wrong is the error.
func Examine(ctx context.Context, c *supervise.Client, cfg *config.Config, wrong error, report Report) []Finding {
	defer report.Begin("tools, ports, limits and processes")()
	var findings []Finding
	if wrong != nil {
		check, _ := config.Checked("", wrong)
		findings = append(findings, Finding{What: "configuration", Wrong: wrong.Error(), Mend: "edit it; config:validate checks it", Problems: check.Problems})
	} else {
		findings = append(findings, Finding{What: "configuration", Detail: cfg.File})
		findings = append(findings, checkTools(ctx, cfg, report)...)
		findings = append(findings, CheckPorts(ctx, c, cfg)...)
	}
	findings = append(findings, checkLimits(c)...)
	findings = append(findings, checkState(ctx, c)...)
	for i := range findings {
		f := &findings[i]
		f.OK, f.Fixable = f.Wrong == "", f.Wrong != "" && f.Fix != nil
	}
	return findings
}

func checkTools(ctx context.Context, cfg *config.Config, report Report) []Finding {
	var all []Finding
	if plan.UsesPython(cfg) {
		python, err := toolchain.FindPython(ctx, cfg)
		f := found("python", python, err)
		f.Fix = func() error {
			_, err := Python(ctx, cfg, report)
			return err
		}
		all = append(all, f)
	}
	for _, dir := range nodeFolders(cfg) {
		f := found("node", dir, toolchain.FindNode(ctx, dir, cfg.Dir))
		f.Fix = func() error { return PrepareNode(ctx, cfg, report) }
		all = append(all, f)
	}
	if cfg.Nginx != nil && cfg.Gateway != config.GatewayBuiltin {
		bin, err := install.Find(ctx, cfg)
		f := found("nginx", bin.Version+" "+bin.Path, err)
		if err != nil {
			f.Mend = "nginx:install"
			f.Fix = func() error {
				_, err := FindNginx(ctx, cfg, report)
				return err
			}
		} else if data, err := gateway.Generate(cfg, gateway.Options{Binary: bin, User: gateway.User()}); err != nil {
			f = found("nginx", "", err)
		} else if err := prove(ctx, cfg, bin, data, cfg.Local().NginxConf()+".doctor"); err != nil {
			f = found("nginx", "", err)
		}
		all = append(all, f)
	}
	return all
}

func found(what, detail string, err error) Finding {
	f := Finding{What: what, Detail: strings.TrimSpace(detail)}
	if err != nil {
		f.Wrong = err.Error()
		var h interface{ Hint() string }
		if errors.As(err, &h) {
			f.Mend = h.Hint()
		}
	}
	return f
}

// CheckPorts looks whether the configuration's ports are free, or our own.
func CheckPorts(ctx context.Context, c *supervise.Client, cfg *config.Config) []Finding {
	tools := plan.Tools{Python: "python3"}
	var err error
	if tools.Shells, err = shells(ctx, cfg, "", nil); err != nil {
		return []Finding{found("programs", "", err)}
	}
	draft, err := plan.Build(cfg, tools)
	if err != nil {
		return []Finding{found("programs", "", err)}
	}
	if err := c.CheckPorts(*draft); err != nil {
		f := found("ports", "", err)
		f.Failures = supervise.FailuresOf(err)
		return []Finding{f}
	}
	return []Finding{{What: "ports", Detail: "free, or our own"}}
}

// The least that a watched project of some size needs.
const (
	minOpenFiles = 1024
	minWatches   = 8192
	minDisk      = 200 << 20
)

func checkLimits(c *supervise.Client) []Finding {
	var all []Finding
	if limit, err := openFiles(); err == nil {
		f := Finding{What: "open files", Detail: strconv.FormatUint(limit, 10)}
		if limit < minOpenFiles {
			f.Wrong, f.Mend = fmt.Sprintf("the limit is %d", limit), "ulimit -n 4096"
		}
		all = append(all, f)
	}
	if b, err := os.ReadFile("/proc/sys/fs/inotify/max_user_watches"); err == nil {
		n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
		f := Finding{What: "file watches", Detail: strconv.Itoa(n), Warn: true}
		if n < minWatches {
			f.Wrong, f.Mend = fmt.Sprintf("the limit is %d; beyond it, files are polled", n), "sudo sysctl fs.inotify.max_user_watches=524288"
		}
		all = append(all, f)
	}
	dir := string(c.Local)
	if _, err := os.Stat(dir); err != nil {
		dir = "."
	}
	if free, err := freeSpace(dir); err == nil {
		f := Finding{What: "disk", Detail: fmt.Sprintf("%.1f GB free", float64(free)/1e9)}
		if free < minDisk {
			f.Wrong, f.Mend = fmt.Sprintf("only %d MB are free", free>>20), "make room, for instance with logs:clean"
		}
		all = append(all, f)
	}
	return all
}

func checkState(ctx context.Context, c *supervise.Client) []Finding {
	st, err := c.Status(ctx)
	f := Finding{What: "processes"}
	switch {
	case err != nil:
		f = found("processes", "", err)
	case st.Elsewhere != "":
		f.Wrong, f.Mend = "were started in another container ("+st.Elsewhere+")", "dev:doctor there"
	case st.Running && !st.Supervisor.Alive:
		f.Wrong, f.Mend = "run without their supervisor", "backend:start adopts them, backend:stop ends them"
	case st.Running && !st.Healthy():
		f.Wrong, f.Mend = "not all are healthy", "backend:status tells which"
	case st.Running:
		f.Detail = fmt.Sprintf("%d, healthy", len(st.Processes))
	default:
		f.Detail = "none run"
	}
	all := []Finding{f}
	orphans := Finding{What: "orphans", Detail: "none"}
	ours, others := c.Orphans()
	if len(ours) > 0 {
		orphans.Wrong = "of earlier runs: " + strings.Join(ours, "; ")
		orphans.Mend = "dev:kill, or dev:doctor -fix"
		orphans.Fix = func() error { return c.EndOrphans(ctx) }
	}
	all = append(all, orphans)
	if len(others) > 0 {
		all = append(all, LeftAlone(others))
	}
	return all
}

// LeftAlone tells of processes that have to do with ours and are not ours to end.
func LeftAlone(others []string) Finding {
	return Finding{What: "left alone", Warn: true, Mend: "end them yourself if nobody needs them",
		Wrong: strings.Join(others, "; ") + ": came from this project or write to its logs, but are not known to be ours"}
}
