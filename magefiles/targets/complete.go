package targets

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	muster "muster/internal/config"
	"muster/internal/console"
	"muster/internal/plan"
	"muster/templates"
)

// completeWord is the first word of a call by which a shell asks how its last word
// may go on.
const completeWord = "__complete"

// completeLimit is how long a prompt may wait.
const completeLimit = 3 * time.Second

// complete answers a shell, and does not return, if this process was started for that.
// A line is a word that may stand there, with a tab and what it is for; `:files` stands
// for the names of files. Whatever is wrong, nothing is said: somebody is typing.
func complete() {
	if len(os.Args) < 2 || os.Args[1] != completeWord {
		return
	}
	time.AfterFunc(completeLimit, func() { os.Exit(0) })
	out := bufio.NewWriter(os.Stdout)
	for _, c := range completions(os.Args[2:]) {
		fmt.Fprintln(out, c)
	}
	out.Flush()
	os.Exit(0)
}

// completions are the lines for the last of the words of a command.
func completions(words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	before, word := words[:len(words)-1], words[len(words)-1]
	target, config, given := "", (*string)(nil), 0
	for i, w := range before {
		name, value, _ := strings.Cut(strings.TrimLeft(w, "-"), "=")
		switch {
		case strings.HasPrefix(w, "-") && name == "config":
			config = &value
		case strings.HasPrefix(w, "-"), i > 0 && before[i-1] == "-t":
		case strings.Contains(w, ":"):
			target, given = strings.ToLower(w), 0
		default:
			given++
		}
	}
	flag, value, hasValue := strings.Cut(word, "=")
	switch name := strings.TrimLeft(flag, "-"); {
	case name != flag && hasValue:
		return optionValues(target, name, flag+"=", value, config)
	case name != flag && target == "":
		return starting(word, "-h\tshows what a target is for", "-l\tlists the targets", "-t\thow long the targets may take", "-v\tsays more")
	case name != flag:
		return starting(word, options(target)...)
	case is(target, "backend:run") && given == 0:
		return starting(word, tasks(config)...)
	}
	return starting(word, targetNames()...)
}

// is tells whether a target is one of ours, also where another repository imports them
// below a name.
func is(target, ours string) bool { return target == ours || strings.HasSuffix(target, ":"+ours) }

// starting are the lines that begin with a word.
func starting(word string, lines ...string) []string {
	return slices.DeleteFunc(lines, func(line string) bool { return !strings.HasPrefix(line, word) })
}

// optionValues are the words that an option with a beginning of its value can become.
func optionValues(target, name, flag, value string, config *string) []string {
	var known []string
	switch name {
	case "config", "output", "from":
		return []string{":files"}
	case "level":
		known = []string{"debug", "info", "warn", "error", "critical"}
	case "shell":
		known = shells
	case "only":
		switch {
		case is(target, "specs:generate"):
			known = []string{"python", "typescript", "rest", "ws"}
		case is(target, "specs:export"):
			known = []string{"openapi", "asyncapi"}
		default:
			return listed(flag, value, func(last string) []string { return processNames(config, last, is(target, "logs:tail")) })
		}
	case "external":
		return listed(flag, value, func(string) []string { return serverNames(config) })
	case "profile":
		return listed(flag, value, func(string) []string { return profileNames(config) })
	default:
		if slices.Contains(options(target), flag[:len(flag)-1]) { // which is asked for true or false
			known = []string{"true", "false"}
		}
	}
	return listed(flag, value, func(string) []string { return known })
}

// listed are the words of an option whose value is a list with commas.
func listed(flag, value string, known func(last string) []string) (lines []string) {
	at := strings.LastIndexByte(value, ',') + 1
	said, last := strings.Split(value[:at], ","), value[at:]
	for _, line := range known(last) {
		name, _, _ := strings.Cut(line, "\t")
		if strings.HasPrefix(name, last) && !slices.Contains(said, name) {
			lines = append(lines, flag+value[:at]+line)
		}
	}
	return lines
}

// configured is the configuration, or an empty one where it cannot be read.
func configured(config *string) *muster.Config {
	file, err := configFile(config)
	if err == nil {
		if cfg, err := muster.Load(file); err == nil {
			return cfg
		}
	}
	return &muster.Config{}
}

// processNames are those that -only takes: of the configuration, and of the last start.
// Instances are named where there are several, or nothing else begins with last.
func processNames(config *string, last string, all bool) []string {
	cfg := configured(config)
	var names, instances []string
	add := func(to *[]string, name, kind string) {
		if line := name + "\t" + kind; isName(name) && !slices.ContainsFunc(*to, func(l string) bool { return strings.HasPrefix(l, name+"\t") }) {
			*to = append(*to, line)
		}
	}
	for _, m := range cfg.Processes() {
		if m.Kind == muster.KindFrontend && !all {
			continue // dev:fullstack alone runs it
		}
		add(&names, m.Name, string(m.Kind))
		for _, name := range m.InstanceNames() {
			if m.Instances > 1 {
				add(&names, name, "instance of "+m.Name)
			}
			add(&instances, name, "instance of "+m.Name)
		}
	}
	if cfg.Nginx != nil {
		add(&names, plan.GatewayName, "gateway")
	}
	if c, err := client(config); err == nil {
		for _, p := range c.Plan().Processes {
			add(&names, p.Server, "of the last start")
			add(&instances, p.Name, "of the last start")
		}
	}
	if slices.ContainsFunc(names, func(line string) bool { return strings.HasPrefix(line, last) }) {
		return names
	}
	return instances
}

// isName tells of a word that means nothing to any shell. All names of a valid
// configuration are such, but those of the last start are read from a file that anybody may have
// written to.
func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

func serverNames(config *string) (names []string) {
	for _, s := range configured(config).Servers {
		names = append(names, s.Name)
	}
	return names
}

func profileNames(config *string) []string { return configured(config).ProfileNames() }

func tasks(config *string) []string { return configured(config).TaskNames() }

// targetNames are the targets of this program, those of its own magefiles included.
func targetNames() (lines []string) {
	for line := range strings.Lines(ask("-l")) {
		name, what, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && strings.HasPrefix(line, "  ") {
			lines = append(lines, strings.TrimSuffix(name, "*")+"\t"+firstWords(strings.TrimSpace(what)))
		}
	}
	return lines
}

// firstWords is as much of a text as a line of a menu has place for.
func firstWords(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:strings.LastIndexByte(s[:most], ' ')+1] + "…"
	}
	return s
}

// options are those of a target, with an = where one has to have a value.
func options(target string) (lines []string) {
	option := regexp.MustCompile(`-(\w+)=<([\w.]+)>`)
	_, usage, _ := strings.Cut(ask("-h", target), "\nUsage:\n")
	for _, m := range option.FindAllStringSubmatch(usage, -1) {
		if m[2] == "bool" {
			lines = append(lines, "-"+m[1])
		} else {
			lines = append(lines, "-"+m[1]+"=")
		}
	}
	return lines
}

// ask is what this program, called by a person, would say. Mage keeps the list of
// targets to itself.
func ask(args ...string) string {
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "MAGEFILE_ENABLE_COLOR=0", "MAGEFILE_VERBOSE=0", "MAGEFILE_LIST=0", "MAGEFILE_HELP=0")
	out, _ := cmd.Output()
	return string(out)
}

// shells are those that there is a completion for.
var shells = []string{"bash", "zsh", "fish"}

// Completion prints what makes a shell complete targets, their options, and the names
// of processes, tasks and profiles. In the shell's startup file, behind Mage's own
// completion if there is one:
//
//	eval "$(muster dev:completion -shell=bash)"    (likewise zsh, behind compinit)
//	muster dev:completion -shell=fish | source
//
// -shell=NAME is bash, zsh or fish; left out, it is the one of SHELL.
func (Dev) Completion(shell *string) error {
	name := console.Or(shell, filepath.Base(os.Getenv("SHELL")))
	if !slices.Contains(shells, name) {
		return console.Exit(usageError(fmt.Sprintf("-shell=%s: it is bash, zsh or fish", name)))
	}
	exe, err := os.Executable()
	if err != nil {
		return console.Exit(err)
	}
	script, err := templates.Completion(name, exe)
	if err == nil {
		_, err = os.Stdout.WriteString(script)
	}
	return console.Exit(err)
}
