package targets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/hint"
	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/plan"
	"muster/internal/proc"
	"muster/internal/stack"
	"muster/internal/supervise"
)

const configName = "dev-config.yaml"

// configFile finds the configuration: the one that was named, else
// MUSTER_CONFIG, else the nearest one in this folder and those above it.
func configFile(arg *string) (string, error) {
	if arg != nil {
		return trusted(*arg)
	}
	if f := os.Getenv("MUSTER_CONFIG"); f != "" {
		return trusted(f)
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		file := filepath.Join(dir, configName)
		if _, err := os.Stat(file); err == nil {
			if rel, err := filepath.Rel(wd, file); err == nil {
				return trusted(rel)
			}
			return trusted(file)
		} else if errors.Is(err, fs.ErrPermission) {
			return "", local.Closed(dir)
		}
		if dir == filepath.Dir(dir) {
			return "", usageError(fmt.Sprintf("no %s in %s or above; name one with -config=FILE", configName, wd))
		}
	}
}

// trusted is a configuration file whose project we may and can work with. Every
// target asks, before it reads anything.
func trusted(file string) (string, error) {
	err := local.CheckOwner(file)
	var foreign *local.Foreign
	if !errors.As(err, &foreign) {
		return file, err
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if foreign.Usable {
		return "", hint.With(foreign, fmt.Sprintf("if you trust %s: export %s=%s; else name a configuration of your own with -config=FILE",
			foreign.Owner, local.TrustVar, hint.Word(filepath.Dir(abs))))
	}
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	as := "sudo"
	if foreign.Owner != "root" {
		as += " -u " + hint.Word(foreign.Owner)
	}
	return "", hint.With(foreign, fmt.Sprintf("stop what runs: %s %s backend:stop -config=%s\nthen make it yours: sudo chown -R %d %s",
		as, hint.Word(exe), hint.Word(abs), os.Geteuid(), hint.Word(string(local.Of(filepath.Dir(abs))))))
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
	dir, err := local.Folder(file)
	if err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &supervise.Client{
		Local: local.Of(dir),
		Exe:   exe,
		Began: time.Now(),
		OnEvent: func(e supervise.Event) {
			stderr.Event(e)
		},
		Begin: stderr.Begin,
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
		if err := selectProcesses(cfg, c); err != nil {
			return err
		}
		c.Logs = logs.Options{MaxSize: cfg.Logs.MaxSize, MaxFiles: cfg.Logs.MaxFiles}
		return work(project{cfg, c})
	})
}

// withPorts is withProject for a target that starts something.
func withPorts(ctx context.Context, arg *string, work func(project) error) error {
	if err := proc.Supervises(); err != nil { // before anything is got for it
		return console.Exit(err)
	}
	return withProject(arg, func(p project) error {
		if err := stack.TakePorts(ctx, p.client, p.cfg, stderr); err != nil {
			return err
		}
		return work(p)
	})
}

// profilesVar names the profiles that are active, separated by commas.
const profilesVar = "MUSTER_PROFILES"

// useProfiles takes those of a command line.
func useProfiles(profile *string) {
	if profile != nil {
		os.Setenv(profilesVar, *profile)
	}
}

// selectProcesses makes of a configuration what a command means by it.
func selectProcesses(cfg *config.Config, c *supervise.Client) error {
	profiles, external := os.Getenv(profilesVar), os.Getenv(externalVar)
	return selectNamed(cfg, c, names(&profiles), names(&external))
}

// selectNamed leaves what is in these profiles, and marks those servers as external.
func selectNamed(cfg *config.Config, c *supervise.Client, profiles, external []string) error {
	if err := selectProfiles(cfg, c, profiles); err != nil {
		return err
	}
	return selectExternal(cfg, c, external)
}

// selectProfiles leaves what is in an active profile, or runs already.
func selectProfiles(cfg *config.Config, c *supervise.Client, profiles []string) error {
	if err := checkProfiles(cfg, profiles); err != nil || len(cfg.ProfileNames()) == 0 {
		return err
	}
	running := c.Plan().Processes
	err := cfg.Select(profiles, func(name string) bool {
		return slices.ContainsFunc(running, func(p plan.Process) bool { return p.Server == name })
	})
	if err != nil {
		return configError{err}
	}
	return nil
}

// activeProfiles are those of a command line or of the environment.
func activeProfiles(cfg *config.Config) ([]string, error) {
	active := os.Getenv(profilesVar)
	profiles := names(&active)
	return profiles, checkProfiles(cfg, profiles)
}

// checkProfiles refuses those that no process is in.
func checkProfiles(cfg *config.Config, profiles []string) error {
	known := cfg.ProfileNames()
	for _, p := range profiles {
		if len(known) == 0 {
			return usageError(fmt.Sprintf("no process is in a profile %q, or in any: write profiles: [%s] at one", p, p))
		}
		if !slices.Contains(known, p) {
			return usageError(fmt.Sprintf("no process is in a profile %q; there are %s", p, strings.Join(known, ", ")))
		}
	}
	return nil
}

// externalVar names the servers that are external, separated by commas.
const externalVar = "MUSTER_EXTERNAL"

// useExternal takes those of a command line.
func useExternal(external *string) {
	if external != nil {
		os.Setenv(externalVar, *external)
	}
}

// selectExternal marks the servers that were started elsewhere: those that a command
// says, and those that what runs has as such.
func selectExternal(cfg *config.Config, c *supervise.Client, external []string) error {
	there := []string{}
	for _, s := range cfg.Servers {
		there = append(there, s.Name)
	}
	for _, name := range external {
		if !slices.Contains(there, name) {
			return usageError(fmt.Sprintf("-external: no server %q; there are %s", name, strings.Join(there, ", ")))
		}
	}
	for _, p := range c.Plan().Processes {
		if p.External {
			external = append(external, p.Server)
		}
	}
	for i := range cfg.Servers {
		s := &cfg.Servers[i]
		s.External = slices.Contains(external, s.Name)
	}
	return nil
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
