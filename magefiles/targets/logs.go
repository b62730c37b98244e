package targets

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/fatih/color"
	"github.com/magefile/mage/mg"
	"github.com/mattn/go-isatty"

	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/local"
	"muster/internal/logs/view"
	"muster/internal/plan"
	"muster/internal/proc"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// Logs shows and cleans the logs.
type Logs mg.Namespace

const defaultTailLines = 50

// Tail shows the unified log and follows it.
//
// -only=broker,nginx shows these processes, -grep=REGEX and -level=warn what
// matches, -since=10m what is not older, -lines=N the last N lines (50);
// -follow=false ends after them, -json prints an object a line, -probes shows
// the health checks that went well, too. -request=ID shows all lines that have this
// id, with the gateway's access log, in order of time as far as it is known.
func (Logs) Tail(ctx context.Context, config, only, grep, level, request *string, since *time.Duration, lines *int, follow, json, probes *bool) error {
	return withClient(config, func(c *supervise.Client) (err error) {
		o := tailOptions()
		if !console.Or(probes, false) {
			cfg, _ := loadConfig(config) // whatever is wrong with it, there are lines to show
			o.Probe = probesOf(c.Local, cfg)
		}
		o.Only, o.Grep, o.Since = names(only), console.Or(grep, ""), console.Or(since, 0)
		o.Lines = console.Or(lines, defaultTailLines)
		if (since != nil || request != nil) && lines == nil {
			o.Lines = -1
		}
		o.Follow, o.JSON = console.Or(follow, true), console.Or(json, false)
		if level != nil {
			if o.Level, err = view.ParseLevel(*level); err != nil {
				return usageError(err.Error())
			}
		}
		ctx, stop := untilInterrupted(ctx)
		defer stop()
		all := []view.Log{{Path: c.Local.Unified()}}
		if request != nil {
			if o.Request = strings.TrimSpace(*request); o.Request == "" {
				return usageError("-request names no request: give it an id, as nginx:requests shows them")
			}
			all = append(all, view.Log{Name: plan.GatewayName, Path: c.Local.Log("nginx-access")})
		}
		return view.Tail(ctx, os.Stdout, o, all...)
	})
}

// TailNginx shows nginx's access and error logs and follows them.
//
// -lines=N shows the last N lines (50) first, -follow=false ends after them.
func (Logs) TailNginx(ctx context.Context, config *string, lines *int, follow *bool) error {
	return withClient(config, func(c *supervise.Client) error {
		o := tailOptions()
		o.Lines, o.Follow = console.Or(lines, defaultTailLines), console.Or(follow, true)
		ctx, stop := untilInterrupted(ctx)
		defer stop()
		return view.Tail(ctx, os.Stdout, o,
			view.Log{Name: "nginx-access", Path: c.Local.Log("nginx-access")},
			view.Log{Name: "nginx-error", Path: c.Local.Log("nginx-error")})
	})
}

// Clean empties every log and keeps the files. It is safe while all runs.
func (Logs) Clean(ctx context.Context, config *string) error {
	return withClient(config, func(c *supervise.Client) error {
		if err := c.CleanLogs(ctx); err != nil {
			return err
		}
		stdout.Done("logs in %s are empty", c.Local.Logs())
		return nil
	})
}

// tailOptions are those that the output decides on.
func tailOptions() view.Options {
	return view.Options{Terminal: isatty.IsTerminal(os.Stdout.Fd()), Color: !color.NoColor}
}

// probesOf tells the good answers to health checks: to those of what runs, and to
// those of the configuration, nil if there is none, for lines from before.
func probesOf(dir local.Dir, cfg *config.Config) func(process, path string, status int) bool {
	configured := map[string]string{} // by server
	if cfg != nil {
		for _, s := range cfg.Servers {
			configured[s.Name] = s.Health.Path
		}
	}
	var checks map[string]plan.Health
	var read time.Time // the state as of
	return func(process, path string, status int) bool {
		if st, err := os.Stat(dir.State()); checks[process].Path != path && err == nil && !st.ModTime().Equal(read) {
			checks, read = supervise.Checks(dir), st.ModTime()
		}
		if h, runs := checks[process]; runs {
			return h.Path == path && (status < 400 || h.AnyAnswer && status < 500)
		}
		server := process[:max(strings.LastIndexByte(process, '-'), 0)]
		return configured[server] == path && status < 400
	}
}

// untilInterrupted ends with Ctrl-C, which here is the ordinary end, and which
// Mage would comment on.
func untilInterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	signal.Reset(os.Interrupt)
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}

// showLog is what shows the unified log from now on, until its context ends, and
// answers keys meanwhile unless that is not asked for.
func showLog(keys *bool) stack.ShowLog {
	return func(ctx context.Context, r stack.Running) {
		o := tailOptions()
		if console.Or(keys, true) && console.HasKeys() {
			o.Live = &view.Live{}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				stdout.Step("h shows the keys that are answered")
				k := console.Keys{Out: stdout, Live: o.Live, Running: r}
				if err := k.Serve(ctx); err != nil && ctx.Err() == nil {
					stderr.Warn("keys are not answered: %v", err)
				}
			}()
			defer func() { <-ended }()
		}
		followLog(ctx, r.Client.Local, o)
	}
}

func followLog(ctx context.Context, dir local.Dir, o view.Options) {
	// At the first start there is no log yet, nor its folder, and it is to be
	// followed.
	if err := dir.Make(); err == nil {
		if f, err := proc.OpenLog(dir.Unified()); err == nil {
			f.Close()
		}
	}
	o.Follow, o.Probe = true, probesOf(dir, nil)
	if err := view.Tail(ctx, stdout.Log(), o, view.Log{Path: dir.Unified()}); err != nil && ctx.Err() == nil {
		stderr.Warn("the log cannot be shown: %v", err)
	}
}
