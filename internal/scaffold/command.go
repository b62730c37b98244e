package scaffold

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"muster/internal/config"
)

// lazy is a regular expression that is compiled when it is first needed: the
// supervisor links this package too, and does no work at its start.
func lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

var (
	portVariable = lazy(`\$\{PORT(?::?[-=?+][^}]*)?\}|\$PORT\b`)
	portDefault  = lazy(`\$\{PORT:?[-=](\d{2,5})\}`)
	assignment   = lazy(`^[A-Za-z_][A-Za-z0-9_]*=`)
	changeDir    = lazy(`^\s*cd\s+([^\s;&|$'"]+)\s*&&\s*`)
	addressPort  = lazy(`^((?:tcp://|http://)?(?:[A-Za-z0-9_.*-]*|\[[0-9a-f:]*\]):)(\d{2,5})$`)
	flaggedPort  = lazy(`(--port[= ]|(?:^|\s)-p ?|0\.0\.0\.0:|127\.0\.0\.1:|localhost:|runserver )(\d{2,5})\b`)
)

// shellLine makes the command of a line that a shell was to run: its words, where
// that is the same, with the folder and the variables that stand before them.
func (p *process) shellLine(line string) {
	if m := portDefault().FindStringSubmatch(line); m != nil && p.port == 0 {
		p.port, _ = strconv.Atoi(m[1])
	}
	line = strings.TrimSpace(portVariable().ReplaceAllString(line, "{port}"))
	if m := changeDir().FindStringSubmatch(line); m != nil && !strings.HasPrefix(m[1], "/") && !strings.Contains(m[1], "..") {
		p.dir = join(p.dir, m[1])
		line = line[len(m[0]):]
	}
	words, ok := splitWords(line, false)
	if !ok {
		p.command = []string{"sh", "-c", literal(line)}
		return
	}
	for len(words) > 1 && (assignment().MatchString(words[0]) || words[0] == "env" && !strings.HasPrefix(words[1], "-")) {
		if words[0] == "env" {
			words = words[1:]
			continue
		}
		name, value, _ := strings.Cut(words[0], "=")
		p.env = append(p.env, config.EnvVar{Name: name, Value: literal(value)})
		words = words[1:]
	}
	if words[0] == "exec" && len(words) > 1 {
		words = words[1:]
	}
	p.command = words
	p.elsewhere()
}

// elsewhere makes a package manager's option for another folder that folder.
func (p *process) elsewhere() {
	if len(p.command) < 4 || !contains([]string{"npm", "pnpm", "yarn", "bun"}, p.command[0]) {
		return
	}
	option, dir := p.command[1], p.command[2]
	if contains([]string{"--prefix", "--dir", "--cwd", "-C"}, option) && !strings.HasPrefix(dir, "/") && !strings.Contains(dir, "..") && !strings.ContainsAny(dir, "${") {
		p.dir = join(p.dir, dir)
		p.command = append(p.command[:1:1], p.command[3:]...)
	}
}

// listening finds the port that a command names, and has it filled in. What a
// container had to show on all addresses is for this machine only.
func (p *process) listening() {
	p.fillPort()
	if len(p.command) == 3 && p.command[1] == "-c" {
		return
	}
	for i, a := range p.command {
		if rest, ok := strings.CutPrefix(a, "0.0.0.0"); ok && (rest == "" || rest[0] == ':') {
			p.command[i] = "127.0.0.1" + rest
		} else if name, ok := strings.CutSuffix(a, "=0.0.0.0"); ok {
			p.command[i] = name + "=127.0.0.1"
		} else {
			continue
		}
		p.note("it listened on all addresses, and here on 127.0.0.1")
	}
}

func (p *process) fillPort() {
	if slices.ContainsFunc(p.command, func(a string) bool { return strings.Contains(a, "{port}") }) {
		p.movable = true
		return
	}
	if len(p.command) == 3 && p.command[1] == "-c" {
		text := p.command[2]
		if m := flaggedPort().FindStringSubmatchIndex(text); m != nil {
			p.takePort(text[m[4]:m[5]])
			p.command[2] = text[:m[4]] + "{port}" + text[m[5]:]
		}
		return
	}
	for i := 1; i < len(p.command); i++ {
		arg, before := p.command[i], p.command[i-1]
		name, value, joined := strings.Cut(arg, "=")
		portFlag := func(f string) bool { return f == "--port" || f == "-p" || f == "--http-port" || f == "-port" }
		bindFlag := func(f string) bool {
			return f == "-b" || f == "--bind" || f == "--listen" || f == "--addr" || f == "-addr" || f == "runserver" || f == "-S"
		}
		switch {
		case isPort(arg) && (portFlag(before) || before == "runserver" || before == "http.server"):
			p.takePort(arg)
			p.command[i] = "{port}"
		case joined && isPort(value) && portFlag(name):
			p.takePort(value)
			p.command[i] = name + "={port}"
		case strings.HasPrefix(arg, "-p") && isPort(arg[2:]):
			p.takePort(arg[2:])
			p.command[i] = "-p{port}"
		case bindFlag(before):
			if m := addressPort().FindStringSubmatch(arg); m != nil {
				p.takePort(m[2])
				p.command[i] = m[1] + "{port}"
			}
		case joined && bindFlag(name):
			if m := addressPort().FindStringSubmatch(value); m != nil {
				p.takePort(m[2])
				p.command[i] = name + "=" + m[1] + "{port}"
			}
		default:
			continue
		}
		if p.movable {
			return
		}
	}
}

func (p *process) takePort(number string) {
	p.port, _ = strconv.Atoi(number)
	p.movable = true
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 10 && n < 65536
}

// runners are programs that run another one in a project's environment.
var runners = [][]string{{"uv", "run"}, {"poetry", "run"}, {"pipenv", "run"}, {"pdm", "run"}, {"hatch", "run"}}

// tellPort gives programs that are known their port, where their command has none.
func (d *draft) tellPort(p *process) {
	if p.movable || len(p.command) < 2 || p.command[1] == "-c" {
		return
	}
	last := p.command[len(p.command)-1]
	switch {
	case contains(p.command, "flask") && contains(p.command, "run"):
		if !contains(p.command, "--app") && !contains(p.command, "-A") {
			for _, a := range d.pyApps(p.dir) {
				if a.kind == "Flask" && a.dir == p.dir {
					at := slices.Index(p.command, "flask") + 1
					p.command = slices.Insert(p.command, at, "--app", a.module)
					p.note("guessed: its application, from %s", a.file)
					break
				}
			}
		}
		p.command = append(p.command, "-p", "{port}")
	case contains(p.command, "manage.py") && last == "runserver":
		p.command = append(p.command, "{port}")
	case contains(p.command, "artisan") && contains(p.command, "serve"):
		p.command = append(p.command, "--port={port}")
	default:
		return
	}
	if p.movable = true; p.port == 0 {
		p.port = 8001
	}
	if p.kind == config.KindWorker {
		p.kind = config.KindServer
	}
}

// endsWithInput tells of a program that ends with its standard input, as esbuild does.
func (d *draft) endsWithInput(p *process) bool {
	line := strings.Join(p.command, " ")
	if script := d.scriptOf(p); script != "" {
		line += " " + script
	}
	watching := strings.Contains(line, "--watch") || strings.Contains(line, ":watch") || strings.Contains(line, " -w")
	return watching && (strings.Contains(line, "esbuild") || strings.Contains(line, "tailwind") || strings.Contains(line, "css:watch"))
}

// scriptOf is the script of a package.json that a command runs; "" is none.
func (d *draft) scriptOf(p *process) string {
	if len(p.command) < 2 || !contains([]string{"npm", "pnpm", "yarn", "bun"}, p.command[0]) {
		return ""
	}
	n := d.quietPackage(p.dir)
	if n == nil {
		return ""
	}
	name := p.command[1]
	if name == "run" && len(p.command) > 2 {
		name = p.command[2]
	}
	return n.Scripts[name]
}

// page makes a frontend of a process that runs the development server of one: such a
// server may listen on ::1 alone.
func (d *draft) page(p *process) bool {
	script := d.scriptOf(p)
	if script == "" && len(p.command) > 1 && d.exists(join(p.dir, "package.json")) {
		d.nodeProgram(p)
		script = strings.Join(p.command, " ")
	}
	for _, s := range pageServers {
		if script == "" || !containsWord(script, s.word) || containsWord(script, "build") {
			continue
		}
		p.kind, p.hidden, p.instances = config.KindFrontend, false, 0
		if p.port == 0 {
			p.port = s.port
		}
		if p.movable {
			return true
		}
		if said := d.scriptPort(script); said > 0 {
			p.port = said
			return true
		}
		if s.flag != "" && !strings.ContainsAny(script, "&|;") {
			if p.command[0] == "npm" && p.command[1] != "exec" && !contains(p.command, "--") {
				p.command = append(p.command, "--")
			}
			p.command = append(p.command, s.flag, "{port}")
		}
		p.movable = true
		return true
	}
	return false
}
