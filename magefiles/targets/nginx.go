package targets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/magefile/mage/mg"
	"github.com/mattn/go-isatty"

	"muster/internal/console"
	"muster/internal/gateway"
	"muster/internal/gateway/install"
	"muster/internal/plan"
	"muster/internal/printable"
	"muster/internal/proc"
	"muster/internal/requests"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// Nginx installs, generates and checks the gateway.
type Nginx mg.Namespace

// withGateway does the work of a target whose configuration has to have a gateway.
func withGateway(arg *string, work func(project) error) error {
	return withProject(arg, func(p project) error {
		if p.cfg.Nginx == nil {
			return usageError(p.cfg.File + " has no nginx section, so there is no gateway")
		}
		return work(p)
	})
}

// Install gets an nginx for this project, without root.
//
// It is the one that nginx.lock holds; -update takes the newest, and locks that.
func (Nginx) Install(ctx context.Context, config *string, update *bool) error {
	return withGateway(config, func(p project) error {
		bin, err := stack.InstallNginx(ctx, p.cfg, console.Or(update, false), stderr)
		return showNginx(bin, err)
	})
}

// Check tells which nginx will be used.
//
// -json prints it for scripts.
func (Nginx) Check(ctx context.Context, config *string, json *bool) error {
	return withGateway(config, func(p project) error {
		bin, err := install.Find(ctx, p.cfg)
		if err == nil && console.Or(json, false) {
			bin.Modules, bin.Env = slices.Concat([]string{}, bin.Modules), slices.Concat([]string{}, bin.Env)
			return console.JSON(os.Stdout, bin)
		}
		return showNginx(bin, err)
	})
}

func showNginx(bin gateway.Binary, err error) error {
	if err == nil {
		stdout.Done("nginx %s (%s): %s", bin.Version, bin.Source, bin.Path)
	}
	return err
}

// Verify has nginx test the configuration that would be generated.
func (Nginx) Verify(ctx context.Context, config *string) error {
	return withGateway(config, func(p project) error {
		bin, err := stack.FindNginx(ctx, p.cfg, stderr)
		if err != nil {
			return err
		}
		trial := p.cfg.Local().NginxConf() + ".verify"
		defer os.Remove(trial)
		if _, err := stack.Generate(ctx, p.cfg, bin, trial, true); err != nil {
			return err
		}
		stdout.Done("nginx %s accepts the configuration of %s", bin.Version, p.cfg.File)
		return nil
	})
}

// Gen generates nginx's configuration.
//
// -output=FILE writes it elsewhere than .local/nginx.conf ("-" prints it),
// -validate has nginx test it first.
func (Nginx) Gen(ctx context.Context, config, output *string, validate *bool) error {
	return withGateway(config, func(p project) (err error) {
		var bin gateway.Binary // the zero one: a file that every nginx reads
		if console.Or(validate, false) {
			if bin, err = stack.FindNginx(ctx, p.cfg, stderr); err != nil {
				return err
			}
		} else if found, err := install.Find(ctx, p.cfg); err == nil {
			bin = found
		}
		file := console.Or(output, p.cfg.Local().NginxConf())
		if file == "-" {
			data, err := gateway.Generate(p.cfg, gateway.Options{Binary: bin, User: gateway.User()})
			if err != nil {
				return err
			}
			_, err = os.Stdout.Write(data)
			return err
		}
		if file, err = filepath.Abs(file); err != nil {
			return err
		}
		changed, err := stack.Generate(ctx, p.cfg, bin, file, console.Or(validate, false))
		if err != nil {
			return err
		}
		if changed {
			stdout.Done("wrote %s", file)
		} else {
			stdout.Done("%s is up to date", file)
		}
		return tellNginx(ctx, p.client)
	})
}

// tellNginx has an nginx that runs read its file, if that is another by now.
func tellNginx(ctx context.Context, c *supervise.Client) error {
	told, err := c.Reread(ctx)
	if errors.Is(err, supervise.ErrNothingRuns) || errors.Is(err, supervise.ErrNoSupervisor) || proc.Supervises() != nil {
		return nil // the next start does
	}
	if len(told) > 0 {
		stdout.Done("%s reads its new configuration", strings.Join(told, ", "))
	}
	return err
}

// Reload generates nginx's configuration anew and has the running nginx take
// it over, with no connection lost.
func (Nginx) Reload(ctx context.Context, config *string) error {
	return withGateway(config, func(p project) error {
		_, changed, err := stack.PrepareGateway(ctx, p.cfg, stderr)
		if err != nil {
			return err
		}
		told, err := p.client.Reread(ctx)
		if err == nil && len(told) == 0 {
			err = p.client.Signal(ctx, plan.GatewayName, syscall.SIGHUP)
		}
		if errors.Is(err, supervise.ErrNothingRuns) {
			return errors.New("nginx does not run; start it with backend:start")
		}
		if err != nil {
			return err
		}
		what := "unchanged"
		if changed {
			what = "new"
		}
		stdout.Done("nginx reloaded its %s configuration", what)
		return nil
	})
}

// Routes prints which URL goes to which server and instances.
//
// -json prints them for scripts.
func (Nginx) Routes(config *string, json *bool) error {
	return withGateway(config, func(p project) error {
		routes, err := gateway.Routes(p.cfg)
		if err != nil {
			return err
		}
		if console.Or(json, false) {
			return console.JSON(os.Stdout, routes)
		}
		rows := [][]string{}
		for _, r := range routes {
			rows = append(rows, []string{string(r.Kind), r.Pattern(), r.Server, fmt.Sprint(r.Instances), r.Problem})
		}
		stdout.Routes(rows)
		return nil
	})
}

// Requests shows the last requests that the gateway has answered, and those that come: when
// they ended, method, status, time in the gateway and in the server, who answered, path, id.
//
// -only=broker,core-0 shows these servers or processes, -status=5xx or 404 and -slower=200ms
// what matches, -since=10m what is not older, -lines=N the last N (50); -follow=false ends
// after them, and says what half of them and 95 % took; -json prints an object a line.
// -routes prints that by route, and ends.
func (Nginx) Requests(ctx context.Context, config, only, status *string, slower, since *time.Duration, lines *int, routes, follow, json *bool) error {
	return withClient(config, func(c *supervise.Client) error {
		f := requests.Filter{Only: names(only), Status: console.Or(status, ""), Slower: console.Or(slower, 0)}
		if err := f.Check(); err != nil {
			return usageError("-" + err.Error())
		}
		byRoute := console.Or(routes, false)
		n := console.Or(lines, defaultTailLines)
		if since != nil {
			f.Since = time.Now().Add(-*since)
		}
		if (since != nil || byRoute) && lines == nil {
			n = -1
		}
		cfg, _ := loadConfig(config) // whatever is wrong with it, there are requests to show
		log := requests.Log{Path: c.Local.Log("nginx-access"), Table: requests.NewTable(cfg, c.Plan().Processes)}
		ctx, stop := untilInterrupted(ctx)
		defer stop()
		return showRequests(ctx, log, f, n, requestView{
			table: byRoute, rows: !byRoute || follow != nil && *follow, follow: console.Or(follow, !byRoute), json: console.Or(json, false),
		})
	})
}

// requestView says what is shown of requests.
type requestView struct{ table, rows, follow, json bool }

func showRequests(ctx context.Context, log requests.Log, f requests.Filter, n int, v requestView) error {
	var sum requests.Summary
	person := isatty.IsTerminal(os.Stdout.Fd()) && !v.json
	if person && v.rows {
		stdout.RequestHead()
	}
	err := log.Watch(ctx, f, n, v.follow, func(r requests.Request) error {
		sum.Add(r)
		switch {
		case !v.rows:
		case v.json:
			return objectLine(r)
		default:
			stdout.Request(r)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case v.table && v.json:
		for _, r := range sum.Routes() {
			if err := objectLine(r); err != nil {
				return err
			}
		}
	case v.table:
		stdout.RequestRoutes(sum.Routes())
	case person:
		stdout.Requests(&sum)
	}
	return nil
}

// objectLine prints a value for a program, on a line.
func objectLine(value any) error {
	line, err := json.Marshal(value)
	if err == nil {
		_, err = os.Stdout.Write(append(printable.JSON(line), '\n'))
	}
	return err
}
