package targets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/magefile/mage/mg"

	"muster/internal/agent"
	"muster/internal/config"
	"muster/internal/console"
	"muster/internal/local"
	"muster/internal/logs"
	"muster/internal/printable"
	"muster/internal/version"
)

// Agent answers programs, such as coding agents.
type Agent mg.Namespace

// Serve is an MCP server on standard input and output: its tools tell what runs, what is
// logged and what is wrong. It ends when its input does.
//
// -write adds the tools that start and stop something.
func (Agent) Serve(ctx context.Context, config *string, write *bool) error {
	ctx, stop := untilInterrupted(ctx)
	defer stop()
	return console.Exit(agent.Stdio(ctx, agent.Options{
		Write: console.Or(write, false), Version: version.This().String(), Typed: console.AsCalled,
		Open: func(s agent.Selection) (agent.Project, error) { return openProject(config, s) },
	}))
}

// openProject reads a project for one call.
func openProject(arg *string, s agent.Selection) (agent.Project, error) {
	file, err := configFile(arg)
	if err != nil {
		return agent.Project{}, err
	}
	c, err := client(arg)
	if err != nil {
		return agent.Project{}, err
	}
	p := agent.Project{File: file, Client: c}
	var cfg *config.Config
	if cfg, p.Wrong = loadConfig(arg); p.Wrong == nil {
		profiles, external := os.Getenv(profilesVar), os.Getenv(externalVar)
		p.Wrong = selectNamed(cfg, c, slices.Concat(names(&profiles), s.Profiles), slices.Concat(names(&external), s.External))
	}
	if p.Wrong == nil {
		p.Config = cfg
		c.Logs = logs.Options{MaxSize: cfg.Logs.MaxSize, MaxFiles: cfg.Logs.MaxFiles}
	}
	return p, nil
}

// Install prints how coding agents are told of agent:serve.
//
// -client=NAME is for one of them: claude, cursor, vscode, gemini or codex. -write=NAME
// writes it into that client's file instead, and keeps all else in it. -full lets the
// client start and stop something, too.
func (Agent) Install(config, client, write *string, full *bool) error {
	return console.Exit(installAgent(config, client, write, console.Or(full, false)))
}

func installAgent(config, client, write *string, full bool) error {
	file, err := configFile(config)
	if err == nil {
		file, err = filepath.Abs(file)
	}
	if err != nil {
		return err
	}
	dir, err := local.Folder(file)
	if err != nil {
		return err
	}
	program, err := console.Launcher()
	if err != nil {
		return err
	}
	launch := agent.Launch{Command: program[0], Args: append(program[1:], "agent:serve", "-config="+file)}
	if full {
		launch.Args = append(launch.Args, "-write")
	}
	entries := agent.Entries(dir, launch)
	var known []string
	for _, e := range entries {
		known = append(known, e.Client)
	}
	for _, asked := range []*string{client, write} {
		if asked != nil && !slices.Contains(known, *asked) {
			return usageError(fmt.Sprintf("no client %q is known; there are %s", *asked, strings.Join(known, ", ")))
		}
	}
	for _, e := range entries {
		switch {
		case write != nil && *write != e.Client, write == nil && client != nil && *client != e.Client:
		case write != nil:
			changed, err := e.Write()
			if err != nil {
				return err
			}
			if changed {
				stdout.Done("wrote %s for %s", e.File, e.Title)
			} else {
				stdout.Done("%s has it already", e.File)
			}
		default:
			stdout.Step(e.Title + ": " + e.File)
			fmt.Println(printable.Text(e.Text))
		}
	}
	return nil
}
