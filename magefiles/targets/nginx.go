package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/magefile/mage/mg"

	"muster/internal/console"
	"muster/internal/gateway"
	"muster/internal/gateway/install"
	"muster/internal/plan"
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
	if errors.Is(err, supervise.ErrNothingRuns) || errors.Is(err, supervise.ErrNoSupervisor) {
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
