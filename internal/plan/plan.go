// Package plan turns a configuration into the processes to run: what, where,
// in which order, and how to tell that each of them serves.
//
// A plan is plain data. The supervisor keeps it on disk beside the processes
// that it started, so that what runs is known without today's configuration.
package plan

import (
	"time"

	"muster/internal/config"
)

// Plan is everything that runs for one configuration file.
type Plan struct {
	Config    string    `json:"config"` // absolute path of the configuration file
	Processes []Process `json:"processes"`
	Environ   []string  `json:"environ,omitempty"` // NAME=VALUE of the calling shell; nil: leave it as it is. It is not kept on disk
}

// Kind is what a process is for.
type Kind string

// The kinds of processes, as `backend:status -json` names them.
const (
	Server   Kind = "server"
	Worker   Kind = "worker"
	Task     Kind = "task" // is run to success
	Gateway  Kind = "gateway"
	Frontend Kind = "frontend"
	Watcher  Kind = "watcher" // keeps generated clients up to date
)

// Restart says when a process that ended is started again.
type Restart string

// The restart policies.
const (
	RestartAlways    Restart = config.RestartAlways
	RestartOnFailure Restart = config.RestartOnFailure
	RestartNever     Restart = config.RestartNever
)

// OnFailure says what is done about a process that runs and does not answer.
type OnFailure string

// The answers to a process that stands still.
const (
	OnFailureReport  OnFailure = config.OnFailureReport
	OnFailureRestart OnFailure = config.OnFailureRestart
)

// Process is one process of the plan.
type Process struct {
	Name   string `json:"name"`   // unique, such as broker-0
	Server string `json:"server"` // what -only also accepts, such as broker
	Kind   Kind   `json:"kind"`
	Spare  bool   `json:"spare,omitempty"` // it stands in for an instance of the server

	Exe  string   `json:"exe"`  // absolute path of the program
	Args []string `json:"args"` // argv, the program's name included
	Dir  string   `json:"dir"`
	Env  []string `json:"env"` // NAME=VALUE, on top of the calling shell's
	// Shell has a digest of each variable of the calling shell, so that a change is
	// seen and no secret of the shell is written to a disk.
	Shell map[string]string `json:"shell,omitempty"`

	Log   string    `json:"log"`             // absolute path of the file that gets stdout and stderr
	Files []LogFile `json:"files,omitempty"` // further logs that the process writes itself

	Host string `json:"host,omitempty"`
	Port int    `json:"port,omitempty"` // 0: none
	URL  string `json:"url,omitempty"`
	// External is one that was started elsewhere, perhaps in an editor: it is checked,
	// and neither launched nor signalled.
	External bool `json:"external,omitempty"`
	// Debug is the port, on 127.0.0.1, at which a debugger may be attached: the process
	// may stand still for as long as somebody wants. 0: none.
	Debug   int      `json:"debug,omitempty"`
	Modules []string `json:"modules,omitempty"`

	// ConfigFile is a file that the process reads at its start and at SIGHUP; "":
	// none.
	ConfigFile string `json:"config_file,omitempty"`

	// Listen hands the process its listening socket as descriptor 3, so that
	// its successor can take the same socket over.
	Listen bool `json:"listen,omitempty"`
	Reload bool `json:"reload,omitempty"` // the process restarts its own worker when a source changes
	// ReloadDirs are the folders whose Python files it does that for. What
	// ReloadExcludeEnv names, one path a line, is left out.
	ReloadDirs []string `json:"reload_dirs,omitempty"`

	Health Health `json:"health"`
	// Names of processes that must be there first: healthy, tasks succeeded; started
	// in any state.
	DependsOn []string `json:"depends_on,omitempty"`
	After     []string `json:"after,omitempty"`
	// RestartWith are those whose restart restarts this one too.
	RestartWith []string `json:"restart_with,omitempty"`
	Restart     Restart  `json:"restart"`

	StopRank    int           `json:"stop_rank"`             // the lowest stops first; equal ranks stop together
	StopTimeout time.Duration `json:"stop_timeout"`          // from the signal to SIGKILL
	StopSignal  string        `json:"stop_signal,omitempty"` // "" is SIGTERM
	// KillMixed sends it to the process alone, and kills what is left of its group
	// once that has ended.
	KillMixed bool `json:"kill_mixed,omitempty"`
	StdinOpen bool `json:"stdin_open,omitempty"` // its standard input has no end

	// Of a task.
	Unless  []string      `json:"unless,omitempty"`  // argv; where it succeeds, the task is not run
	Timeout time.Duration `json:"timeout,omitempty"` // after which it is ended, and has failed
}

// MayStandStill tells of a process that may be at a breakpoint.
func (p *Process) MayStandStill() bool { return p.Debug != 0 || p.External }

// ReloadExcludeEnv is the variable that names sources which a reloader is not to
// watch, beside those of its command line.
const ReloadExcludeEnv = "MUSTER_RELOAD_EXCLUDE"

// Logs are all that the process writes, its output first.
func (p Process) Logs() []LogFile {
	return append([]LogFile{{Path: p.Log, Unified: true}}, p.Files...)
}

// LogFile is a log that a process writes by itself. It is rotated like the rest.
type LogFile struct {
	Path    string `json:"path"`              // absolute
	Unified bool   `json:"unified,omitempty"` // its lines join the unified log
}

// Health tells how to find out whether a process serves. With none of Path, TCP,
// Command and Log a process that runs is healthy.
type Health struct {
	Path        string        `json:"path,omitempty"`
	AnyAnswer   bool          `json:"any_answer,omitempty"` // of Path: below 500
	TCP         bool          `json:"tcp,omitempty"`
	Command     []string      `json:"command,omitempty"`
	Log         string        `json:"log,omitempty"` // regular expression: a line of the log matches it
	Interval    time.Duration `json:"interval"`
	Timeout     time.Duration `json:"timeout"`
	Retries     int           `json:"retries"`
	StartPeriod time.Duration `json:"start_period"`
	OnFailure   OnFailure     `json:"on_failure,omitempty"` // "" is OnFailureReport
}
