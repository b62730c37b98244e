package targets

import (
	"context"
	"fmt"
	"os"

	"github.com/magefile/mage/mg"

	muster "muster/internal/config"
	"muster/internal/console"
	"muster/internal/dashboard"
	"muster/internal/plan"
	"muster/internal/stack"
	"muster/internal/supervise"
)

// Dev runs the whole stack: backend, gateway, watchers and frontend.
type Dev mg.Namespace

// Setup gets everything that the processes need: Python, nginx, Node packages.
func (Dev) Setup(ctx context.Context, config *string) error {
	return withProject(config, func(p project) error {
		if err := stack.GetTools(ctx, p.cfg, stderr); err != nil {
			return err
		}
		stdout.Done("everything is here")
		return nil
	})
}

// Fullstack runs backend, watchers and frontend until Ctrl-C: the backend as
// one process, with every module.
//
// -multi runs it as several processes behind the gateway, -detach leaves all
// running and returns, -profile=NAMES adds what is in a profile, -external=SERVERS
// leaves out what was started elsewhere, in an editor perhaps. On a terminal h shows the
// keys that are answered; -keys=false leaves them alone.
func (Dev) Fullstack(ctx context.Context, config *string, multi, detach *bool, profile, external *string, keys *bool) error {
	useProfiles(profile)
	useExternal(external)
	return withPorts(ctx, config, func(p project) error {
		st, err := stack.New(p.cfg, p.client, console.Or(multi, false), stderr)
		if err != nil {
			return err
		}
		if !console.Or(detach, false) {
			return upForeground(ctx, st, keys)
		}
		up, err := st.Up(ctx)
		if err == nil {
			stderr.Panel(st.Links(up))
		}
		return err
	})
}

// Backend runs the backend alone, as one process with every module, until Ctrl-C.
//
// -keys=false leaves the keyboard alone.
func (Dev) Backend(ctx context.Context, config *string, keys *bool) error {
	return withPorts(ctx, config, func(p project) error {
		st, err := stack.New(p.cfg, p.client, false, stderr)
		if err != nil {
			return err
		}
		st.OnlyBackend()
		return upForeground(ctx, st, keys)
	})
}

// Frontend runs the frontend alone until Ctrl-C.
//
// -keys=false leaves the keyboard alone.
func (Dev) Frontend(ctx context.Context, config *string, keys *bool) error {
	return withPorts(ctx, config, func(p project) error {
		st, err := stack.New(p.cfg, p.client, false, stderr)
		if err == nil {
			err = st.OnlyFrontend()
		}
		if err != nil {
			return err
		}
		return upForeground(ctx, st, keys)
	})
}

// upForeground brings a stack up, shows its log and answers keys until Ctrl-C.
func upForeground(ctx context.Context, st *stack.Stack, keys *bool) error {
	return st.UpForeground(ctx, showLog(keys), func(p *plan.Plan) { stderr.Panel(st.Links(p)) })
}

// Stop stops the whole stack in order.
func (Dev) Stop(ctx context.Context, config *string) error {
	return Backend{}.Stop(ctx, config, nil, nil)
}

// Status shows the whole stack.
func (Dev) Status(ctx context.Context, config *string) error {
	return Backend{}.Status(ctx, config, nil, nil)
}

// Projects lists what muster runs on this machine for this user.
//
// -json prints it for scripts.
func (Dev) Projects(json *bool) error {
	all, err := supervise.Projects()
	if err == nil && console.Or(json, false) {
		err = console.JSON(os.Stdout, all)
	}
	if err != nil || console.Or(json, false) {
		return console.Exit(err)
	}
	stdout.Projects(all)
	return nil
}

// Dashboard prints the link of the page that shows what runs, and acts on it. It starts
// that beside what runs, if dev:fullstack has not.
//
// -open opens it in a browser.
func (Dev) Dashboard(ctx context.Context, config *string, open *bool) error {
	return withPorts(ctx, config, func(p project) error {
		link, err := stack.Dashboard(ctx, p.client, p.cfg)
		if err != nil {
			return err
		}
		fmt.Println(link)
		if console.Or(open, false) {
			return console.Open(link)
		}
		return nil
	})
}

// ServeDashboard is the dashboard itself. It runs beside what it shows.
func (Dev) ServeDashboard(ctx context.Context, config *string) error {
	return withClient(config, func(c *supervise.Client) error {
		c.OnEvent = nil
		return dashboard.Serve(ctx, c, func() (*muster.Config, error) {
			cfg, err := loadConfig(config)
			if err == nil {
				err = selectProcesses(cfg, c)
			}
			return cfg, err
		}, func() dashboard.Probe {
			return probesOf(c.Local, nil)
		})
	})
}

// WatchFiles restarts the processes that name files to watch when these change. It
// runs beside what it restarts.
func (Dev) WatchFiles(ctx context.Context, config *string) error {
	return withProject(config, func(p project) error {
		p.client.OnEvent = nil
		return stack.WatchFiles(ctx, p.cfg, func(ctx context.Context, names []string) error {
			return p.client.Restart(ctx, names, supervise.OwnTimeout)
		}, stderr)
	})
}

// WatchConfig applies the configuration whenever it is saved, and what of the
// backend's sources the servers do not see by themselves. It runs beside what
// dev:fullstack has started; -multi says what that was.
func (Dev) WatchConfig(ctx context.Context, config *string, multi *bool) error {
	return withClient(config, func(c *supervise.Client) error {
		file, err := configFile(config)
		if err != nil {
			return err
		}
		return stack.Watch(ctx, file, func() (*stack.Stack, error) {
			cfg, err := loadConfig(config)
			if err == nil {
				err = selectProcesses(cfg, c)
			}
			if err == nil {
				err = stack.TakePorts(ctx, c, cfg, stderr)
			}
			if err != nil {
				return nil, err
			}
			return stack.New(cfg, c, console.Or(multi, false), stderr)
		}, stderr)
	})
}
