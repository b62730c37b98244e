package scaffold

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"muster/internal/config"
)

var (
	mainPackage = lazy(`(?m)^package main\b`)
	mainFunc    = lazy(`(?m)^func main\(\)`)
	listens     = lazy(`ListenAndServe|net\.Listen\(|\.Run\(|\.Start\(|\.Listen\(|http\.Server\{`)
	goPort      = lazy(`["']:(\d{4,5})["']`)
	readsPort   = lazy(`(?:Getenv|LookupEnv|getenv|environ\.get|env\.get|env\.int)\(\s*["']PORT["']|environ\[["']PORT["']\]|env\.PORT\b|env\[["']PORT["']\]|env:"PORT|Env\(["']PORT["']`)
	nodePort    = lazy(`(?:env\.PORT\s*(?:\|\||\?\?)\s*|\bport\s*[:=]\s*|\.listen\(\s*(?:\{\s*port:\s*)?|PORT["']\s*,\s*["']?|PORT["']\)\s*or\s*)["']?(\d{4,5})\b`)
)

// goModule drafts what the main packages of a Go module run.
func (d *draft) goModule(dir string) {
	mod := join(dir, "go.mod")
	type program struct {
		dir    string
		source string
	}
	var mains []program
	d.walk(dir, 3, func(rel string) bool {
		if path.Ext(rel) != ".go" || strings.HasSuffix(rel, "_test.go") {
			return false
		}
		if source := d.text(rel); mainPackage().MatchString(source) && mainFunc().MatchString(source) && !strings.HasPrefix(source, "//go:build ignore") {
			mains = append(mains, program{slashDir(rel), source})
		}
		return false
	})
	if len(mains) == 0 {
		return
	}
	d.use(mod)
	serverWords := []string{"server", "api", "web", "app", "http", "backend", "serve", "gateway"}
	moduleListens := d.anySource(dir, ".go", listens())
	var tasks, all []*process
	for _, m := range mains {
		rel := strings.TrimPrefix(strings.TrimPrefix(m.dir, dir), "/")
		argument := "./" + rel
		if rel == "" {
			argument = "."
		}
		name := path.Base(rel)
		if rel == "" {
			name = d.serverName(dir, "api")
		}
		p := &process{dir: dir, from: place{mod, 1}, command: []string{"go", "run", argument}}
		serves := listens().MatchString(m.source) || len(mains) == 1 && moduleListens ||
			moduleListens && slices.ContainsFunc(serverWords, func(w string) bool { return strings.Contains(name, w) })
		switch {
		case strings.Contains(name, "migrat"):
			p.kind = config.KindTask
			p.note("guessed: by its name, it brings a database up to date")
			tasks = append(tasks, p)
		case strings.Contains(name, "seed") || strings.Contains(name, "gen") || strings.Contains(name, "cli") || strings.Contains(name, "tool"):
			d.leave(place{join(m.dir, "main.go"), 1}, "is a program that is not run at every start, by its name: as a task it would be")
			continue
		case serves:
			p.kind = config.KindServer
			p.found = d.servedPaths(dir)
			p.port = goDefault(m.source)
			if p.port == 0 {
				p.port = d.sourcePort(dir)
			}
			// gin's Run() without an address listens on PORT, or else on 8080.
			gin := strings.Contains(d.text(mod), "gin-gonic/gin") && strings.Contains(m.source, ".Run()")
			if p.movable = d.readsPort(dir) || gin; !p.movable {
				if p.port == 0 {
					p.port = 8080
				}
				p.note("guessed: its port, from its sources")
			} else {
				p.note("it listens on PORT, which muster sets")
			}
			p.health = health{tcp: true, start: "2m"} // it is compiled first
		default:
			p.kind = config.KindWorker
			p.note("guessed: it listens on no port")
		}
		d.add(p, name)
		all = append(all, p)
	}
	for _, p := range all {
		for _, t := range tasks {
			if p.kind != config.KindTask {
				p.depends = append(p.depends, dependency{name: t.name})
			}
		}
	}
}

func goDefault(source string) int {
	if m := goPort().FindStringSubmatch(source); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

// anySource tells whether a source of a folder holds something.
func (d *draft) anySource(dir, ext string, what *regexp.Regexp) (found bool) {
	d.own(dir, func(rel string) bool {
		found = path.Ext(rel) == ext && what.MatchString(d.text(rel))
		return found
	})
	return found
}

// readsPort tells whether the sources of a folder take their port from PORT.
func (d *draft) readsPort(dir string) (reads bool) {
	if known, ok := d.readPorts[dir]; ok {
		return known
	}
	defer func() { d.readPorts[dir] = reads }()
	d.own(dir, func(rel string) bool {
		switch path.Ext(rel) {
		case ".py", ".js", ".ts", ".mjs", ".cjs", ".go", ".rb", ".java", ".kt", ".rs", ".php", ".cs", ".ex", ".exs":
			source := d.text(rel)
			reads = strings.Contains(source, "PORT") && readsPort().MatchString(source)
		}
		return reads
	})
	return reads
}

// sourcePort is the first port that the sources of a folder name, or 0.
func (d *draft) sourcePort(dir string) (port int) {
	d.own(dir, func(rel string) bool {
		var m []string
		switch path.Ext(rel) {
		case ".go":
			m = goPort().FindStringSubmatch(d.text(rel))
		case ".js", ".ts", ".mjs", ".cjs", ".py":
			m = nodePort().FindStringSubmatch(d.text(rel))
		}
		if m != nil {
			port, _ = strconv.Atoi(m[1])
		}
		return port > 0
	})
	return port
}
