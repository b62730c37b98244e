package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// TakeShell makes the plan one of the shell that a command was called from: its
// environment is what processes are started with from now on. A process that was
// started with another value of a variable, or with one that is gone, differs
// from the plan. A variable that is only new makes no difference: every terminal
// has some.
//
// What another process of ours asks for, as the watcher of the configuration
// does, comes from no shell: such a plan leaves the environment as it is.
func (p *Plan) TakeShell(environ []string) {
	for _, kv := range environ {
		if strings.HasPrefix(kv, "MUSTER_PROCESS=") {
			return
		}
	}
	p.Environ = slices.DeleteFunc(slices.Clone(environ), func(kv string) bool { return strings.HasPrefix(kv, "MAGEFILE_") })
	shell := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" && !ofTheTerminal(name) {
			sum := sha256.Sum256([]byte(value))
			shell[name] = hex.EncodeToString(sum[:4])
		}
	}
	for i := range p.Processes {
		proc := &p.Processes[i]
		if proc.Kind != Server && proc.Kind != Frontend || proc.External {
			continue
		}
		own := variables(proc.Env) // which go before the shell's
		proc.Shell = maps.Clone(shell)
		maps.DeleteFunc(proc.Shell, func(name, _ string) bool { _, ok := own[name]; return ok })
	}
}

// ofTheTerminal tells of a variable that says where and how a command was called,
// and differs from one terminal to the next: no server is restarted for it.
func ofTheTerminal(name string) bool {
	return slices.Contains(terminalVars, name) ||
		slices.ContainsFunc(terminalPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

var terminalVars = []string{
	// The shell and its place.
	"_", "PWD", "OLDPWD", "SHLVL", "SHELL", "PS1", "PS2", "PS4", "PROMPT", "RPROMPT", "PROMPT_COMMAND", "HISTFILE", "HISTSIZE", "HISTCONTROL",
	"LS_COLORS", "LSCOLORS", "LESS", "PAGER", "MANPATH", "INFOPATH", "MAIL", "LOGNAME", "CONDA_PROMPT_MODIFIER", "VIRTUAL_ENV_PROMPT",
	// The terminal and the desktop around it.
	"COLORTERM", "COLORFGBG", "COLUMNS", "LINES", "WINDOWID", "STY", "WINDOW", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DESKTOP_SESSION",
	"DESKTOP_STARTUP_ID", "SESSION_MANAGER", "GPG_TTY", "GPG_AGENT_INFO", "GIT_ASKPASS", "GIT_EDITOR", "EDITOR", "VISUAL", "BROWSER",
	"INSIDE_EMACS", "LaunchInstanceID", "SECURITYSESSIONID", "COMMAND_MODE",
	// Who called: make, a unit of systemd, mage.
	"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKE_TERMOUT", "MAKE_TERMERR", "MAKEOVERRIDES", "INVOCATION_ID", "JOURNAL_STREAM", "MANAGERPID", "LISTEN_PID",
}

var terminalPrefixes = []string{
	"TERM", "SSH_", "TMUX", "XDG_", "DBUS_", "GDM", "GTK_", "QT_", "GNOME_", "KDE_", "VTE_", "ITERM_", "LC_TERMINAL", "KITTY_", "KONSOLE_",
	"WEZTERM_", "ALACRITTY_", "GHOSTTY_", "ZELLIJ", "VSCODE_", "WT_", "WSL", "ELECTRON_", "CHROME_", "BASH_", "ZSH", "FISH_", "STARSHIP_",
	"DIRENV_", "SUDO_", "SYSTEMD_", "MAGEFILE_", "MUSTER_", "npm_", "Apple_", "__",
}

// shellChanges are the variables of a shell that have another value in the next
// one, or none.
func shellChanges(before, next map[string]string) []string {
	var changed []string
	for name, value := range before {
		if now, ok := next[name]; !ok || now != value {
			changed = append(changed, name)
		}
	}
	return changed
}

// SameShell tells whether a process that was started in one shell can be left as
// it is in the next.
func SameShell(before, next map[string]string) bool {
	return next == nil || len(shellChanges(before, next)) == 0
}

// NewVariables are the variables of the shell with which a process of next was
// not started.
func NewVariables(before, next []Process) []string {
	names := map[string]bool{}
	for _, p := range next {
		for _, b := range before {
			if b.Name != p.Name || b.Shell == nil {
				continue
			}
			for name := range p.Shell {
				if _, ok := b.Shell[name]; !ok {
					names[name] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
