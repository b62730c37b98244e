package plan

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"muster/internal/config"
)

// debug has a server's process listen for a debugger. Nobody takes one for hung that
// stands at a breakpoint.
func (p *Process) debug(s *config.Server, port int) {
	p.Debug, p.Health.OnFailure = port, OnFailureReport
	address := "127.0.0.1:" + strconv.Itoa(port)
	switch config.DebuggerOf(s) {
	case config.Debugpy:
		p.Args = slices.Insert(slices.Clone(p.Args), afterOptions(p.Args), "-m", config.Debugpy, "--listen", address)
	case config.Inspector:
		p.addOption("NODE_OPTIONS", "--inspect="+address)
	case config.ViaNPM: // which would else listen there itself
		p.addOption("npm_config_node_options", "--inspect="+address)
	}
}

// afterOptions is the place behind Python's own options.
func afterOptions(args []string) int {
	i := 1
	for ; i < len(args) && strings.HasPrefix(args[i], "-") && args[i] != "-m" && args[i] != "-c" && args[i] != "-"; i++ {
		if args[i] == "-X" || args[i] == "-W" {
			i++
		}
	}
	return min(i, len(args))
}

// addOption adds to what a variable holds already, here or in the shell.
func (p *Process) addOption(name, option string) {
	value, said := variables(p.Env)[name]
	if !said {
		value = os.Getenv(name)
	}
	if value != "" {
		value += " "
	}
	p.Env = append(p.Env, name+"="+value+option)
}

// Debugpy tells whether the process is run under Python's debugger.
func (p *Process) Debugpy() bool {
	i := afterOptions(p.Args)
	return p.Debug != 0 && len(p.Args) > i+1 && p.Args[i] == "-m" && p.Args[i+1] == config.Debugpy
}

// external makes the process one that somebody else has started, whose log we do not
// have. How it would be run is still told to whoever asks for that.
func (p *Process) external() {
	p.External, p.Listen, p.Reload, p.ReloadDirs, p.Health.OnFailure = true, false, false, nil, OnFailureReport
	if p.Health.Log != "" {
		p.Health.Log, p.Health.TCP = "", true
	}
}
