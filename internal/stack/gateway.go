package stack

import (
	"context"
	"errors"
	"fmt"
	"os"

	"muster/internal/config"
	"muster/internal/gateway"
	"muster/internal/gateway/builtin"
	"muster/internal/gateway/install"
	"muster/internal/local"
	"muster/internal/plan"
)

// builtinName is argv[0] of the builtin gateway's process, which is this same
// binary.
const builtinName = "muster-gateway"

// ServeBuiltin is the builtin gateway, if this process was started to be it.
func ServeBuiltin() {
	if len(os.Args) != 2 || os.Args[0] != builtinName {
		return
	}
	if err := builtin.Serve(context.Background(), os.Args[1], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "[ERROR] %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// PrepareGateway chooses what serves the public port, gets it if need be, and
// writes its configuration.
func PrepareGateway(ctx context.Context, cfg *config.Config, report Report) (cmd plan.Command, changed bool, err error) {
	if cfg.Gateway != config.GatewayBuiltin {
		bin, err := FindNginx(ctx, cfg, report)
		switch {
		case err == nil:
			conf := cfg.Local().NginxConf()
			err := lasting(report, "configuration of the gateway", func() (err error) {
				changed, err = Generate(ctx, cfg, bin, conf, true)
				return err
			})
			return plan.Command{Exe: bin.Path, Args: bin.Args(cfg, conf), Env: bin.Env, ConfigFile: conf}, changed, err
		case cfg.Gateway != config.GatewayAuto || !errors.Is(err, install.ErrNotFound):
			return cmd, false, err
		}
		report.Warn("no nginx to be had: the builtin gateway stands in for it")
	}
	data, err := builtin.Config(cfg)
	if err != nil {
		return cmd, false, err
	}
	if err := gateway.Prepare(cfg); err != nil {
		return cmd, false, err
	}
	exe, err := os.Executable()
	if err != nil {
		return cmd, false, err
	}
	changed, err = gateway.Write(cfg.Local().BuiltinConf(), data)
	conf := cfg.Local().BuiltinConf()
	return plan.Command{Exe: exe, Args: []string{builtinName, conf}, ConfigFile: conf}, changed, err
}

// FindNginx finds nginx, or installs it.
func FindNginx(ctx context.Context, cfg *config.Config, report Report) (gateway.Binary, error) {
	bin, err := install.Find(ctx, cfg)
	if errors.Is(err, install.ErrNotFound) {
		return InstallNginx(ctx, cfg, false, report)
	}
	return bin, err
}

// InstallNginx gets an nginx for this project, without root: the one that
// nginx.lock holds or, with update, the newest.
func InstallNginx(ctx context.Context, cfg *config.Config, update bool, report Report) (bin gateway.Binary, err error) {
	err = lasting(report, "nginx", func() error {
		bin, err = install.Nginx(ctx, cfg, update, func(e install.Event) {
			if e.Total > 0 {
				report.Progress(e.Text, e.Done, e.Total)
				return
			}
			report.Step(e.Text)
		})
		return err
	})
	return bin, err
}

// Generate writes nginx's configuration to file, once nginx itself has
// accepted it. A file that is already as it should be was proved when it was
// written.
func Generate(ctx context.Context, cfg *config.Config, bin gateway.Binary, file string, validate bool) (changed bool, err error) {
	data, err := gateway.Generate(cfg, gateway.Options{Binary: bin, User: gateway.User()})
	if err != nil {
		return false, err
	}
	if err := gateway.Prepare(cfg); err != nil { // also renews the certificate of a file that stays
		return false, err
	}
	if old, err := local.Read(file, local.MaxState); err == nil && string(old) == string(data) {
		return false, nil
	}
	if validate {
		err = prove(ctx, cfg, bin, data, file+".new")
	} else {
		err = gateway.Prepare(cfg)
	}
	if err != nil {
		return false, err
	}
	return gateway.Write(file, data)
}

// prove has nginx test a configuration, which lies in the file trial meanwhile.
func prove(ctx context.Context, cfg *config.Config, bin gateway.Binary, data []byte, trial string) error {
	if err := gateway.Prepare(cfg); err != nil {
		return err
	}
	defer os.Remove(trial)
	if _, err := gateway.Write(trial, data); err != nil {
		return err
	}
	return gateway.Validate(ctx, cfg, bin, trial)
}
