package targets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/gateway"
	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/plan"
	"muster/internal/supervise"
	"muster/internal/toolchain"
)

const configName = "dev-config.yaml"

// configFile finds the configuration: the one that was named, else
// MUSTER_CONFIG, else the nearest one in this folder and those above it.
func configFile(arg *string) (string, error) {
	if arg != nil {
		return *arg, nil
	}
	if f := os.Getenv("MUSTER_CONFIG"); f != "" {
		return f, nil
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		file := filepath.Join(dir, configName)
		if _, err := os.Stat(file); err == nil {
			if rel, err := filepath.Rel(wd, file); err == nil {
				return rel, nil
			}
			return file, nil
		}
		if dir == filepath.Dir(dir) {
			return "", usageError(fmt.Sprintf("no %s in %s or above; name one with -config=FILE", configName, wd))
		}
	}
}

func loadConfig(arg *string) (*config.Config, error) {
	file, err := configFile(arg)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(file)
	if err != nil {
		err = configError{err}
	}
	return cfg, err
}

// client reaches the supervisor of a configuration's project. It needs only
// the file's place, not its content: what runs can be stopped whatever has
// become of the file.
func client(arg *string) (*supervise.Client, error) {
	file, err := configFile(arg)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &supervise.Client{
		Local: local.Of(filepath.Dir(abs)),
		Exe:   exe,
		OnEvent: func(e supervise.Event) {
			console.Event(os.Stderr, e)
		},
	}, nil
}

// prepared is all that a start of the configuration needs.
type prepared struct {
	plan       *plan.Plan
	tools      plan.Tools
	newGateway bool // the gateway's configuration differs from the one before
}

// prepare finds or gets all that servers and gateway need and lays out their
// plan. The gateway's configuration is generated and proved.
func prepare(ctx context.Context, cfg *config.Config) (p prepared, err error) {
	if plan.UsesPython(cfg) {
		if p.tools.Python, err = toolchain.Python(ctx, cfg, report); err != nil {
			return p, err
		}
	}
	if cfg.Nginx != nil {
		var command plan.Command
		if command, p.newGateway, err = prepareGateway(ctx, cfg, gateway.Topology{}); err != nil {
			return p, err
		}
		p.tools.Gateway = &command
	}
	backend := *cfg
	backend.Frontend = nil // which dev:fullstack adds
	p.plan, err = plan.Build(&backend, p.tools)
	return p, err
}

// prepareNode gets what a frontend made with Node.js needs.
func prepareNode(ctx context.Context, cfg *config.Config) error {
	dir := nodeDir(cfg)
	if dir == "" {
		return nil
	}
	return toolchain.Node(ctx, dir, report)
}

// nodeDir is the folder of a frontend made with Node.js, or "": one that is
// not has no package.json.
func nodeDir(cfg *config.Config) string {
	if cfg.Frontend == nil {
		return ""
	}
	if _, err := os.Stat(filepath.Join(cfg.Frontend.Dir, "package.json")); err != nil {
		return ""
	}
	return cfg.Frontend.Dir
}

// report shows what is being done.
func report(text string) { console.Step(os.Stderr, "%s", text) }

// names splits the value of -only.
func names(only *string) []string {
	if only == nil {
		return nil
	}
	return strings.FieldsFunc(*only, func(r rune) bool { return r == ',' || r == ' ' })
}

func logOptions(cfg *config.Config) logs.Options {
	return logs.Options{MaxSize: cfg.Logs.MaxSize, MaxFiles: cfg.Logs.MaxFiles}
}
