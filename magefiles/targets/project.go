package targets

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/supervise"
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
			stderr.Event(e)
		},
	}, nil
}

// names splits the value of -only.
func names(only *string) []string {
	if only == nil {
		return nil
	}
	return strings.FieldsFunc(*only, func(r rune) bool { return r == ',' || r == ' ' })
}

// project is what a target works on.
type project struct {
	cfg    *config.Config
	client *supervise.Client
}

// withProject does the work of a target that needs a valid configuration.
func withProject(arg *string, work func(project) error) error {
	cfg, err := loadConfig(arg)
	if err != nil {
		return console.Exit(err)
	}
	return withClient(arg, func(c *supervise.Client) error {
		c.Logs = logs.Options{MaxSize: cfg.Logs.MaxSize, MaxFiles: cfg.Logs.MaxFiles}
		return work(project{cfg, c})
	})
}

// withClient does the work of a target that needs what runs, whatever has become
// of the configuration.
func withClient(arg *string, work func(*supervise.Client) error) error {
	c, err := client(arg)
	if err == nil {
		err = work(c)
	}
	return console.Exit(err)
}

// configError is a configuration that cannot be used, or read at all.
type configError struct{ error }

func (e configError) Unwrap() error { return e.error }

// ExitCode is that of wrong use.
func (configError) ExitCode() int { return int(console.Usage) }
