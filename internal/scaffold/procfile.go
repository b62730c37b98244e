package scaffold

import (
	"slices"
	"strings"

	"muster/internal/config"
)

// procLine is one line of a Procfile.
type procLine struct {
	name, command string
	line          int
}

// parseProcfile reads NAME: COMMAND lines; what is none is given back apart.
func parseProcfile(text string) (lines []procLine, wrong []int) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, command, ok := strings.Cut(line, ":")
		name, command = strings.TrimSpace(name), strings.TrimSpace(command)
		if !ok || name == "" || command == "" || strings.ContainsAny(name, " \t\"'") {
			wrong = append(wrong, i+1)
			continue
		}
		lines = append(lines, procLine{name, command, i + 1})
	}
	return lines, wrong
}

// procfile takes a Procfile over: web is served, release is a task that all others
// wait for, the rest are workers, or servers where they are given a port.
func (d *draft) procfile(file string) error {
	lines, wrong := parseProcfile(d.text(file))
	d.use(file)
	for _, line := range wrong {
		d.leave(place{file, line}, "is no line NAME: COMMAND")
	}
	var all []*process
	var first []dependency
	for _, l := range lines {
		p := &process{kind: config.KindWorker, dir: slashDir(file), from: place{file, l.line}}
		switch l.name {
		case "web":
			p.kind, p.root = config.KindServer, true
		case "release":
			p.kind = config.KindTask
			first = append(first, dependency{name: l.name})
		}
		p.shellLine(l.command)
		p.listening()
		if p.kind == config.KindWorker && p.movable {
			p.kind = config.KindServer
			if !contains(apiNames, l.name) && hasLine(lines, "web") {
				p.hidden = true
				p.note("guessed: it listens, and not at the gateway; for that write paths: [/%s] instead of expose", validName(l.name))
			}
		}
		p.stdinOpen = d.endsWithInput(p)
		if p.kind != config.KindTask {
			d.page(p)
		}
		d.add(p, l.name)
		all = append(all, p)
		if p.kind == config.KindTask || !d.uvicorn(p) && !d.pythonFile(p) {
			if p.kind != config.KindTask {
				d.tellPort(p)
			}
			d.program(p)
		}
		if p.kind == config.KindServer && p.app == "" && !p.movable {
			if p.port = d.sourcePort(p.dir); p.port > 0 && !d.readsPort(p.dir) {
				p.note("guessed: its port, from its sources")
			} else {
				p.movable = true
				p.note("guessed: it listens on PORT, which muster sets")
			}
		}
		if p.kind == config.KindServer {
			p.found = d.servedPaths(p.dir)
		}
	}
	for _, p := range all {
		if p.kind != config.KindTask {
			p.depends = append(p.depends, first...)
		}
	}
	return nil
}

func hasLine(lines []procLine, name string) bool {
	for _, l := range lines {
		if l.name == name {
			return true
		}
	}
	return false
}

func contains(all []string, s string) bool {
	return slices.Contains(all, s)
}
