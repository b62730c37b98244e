package scaffold

import (
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"

	"muster/internal/config"
)

// image is what is taken of a Dockerfile's stage.
type image struct {
	base       string // that it begins with, not of this file
	cmd        argv
	entrypoint argv
	workdir    string
	exposed    int
	copied     []copied // whence its folders are
	env        []envLine
}

// argv is a command in one of its two forms.
type argv struct {
	words []string
	shell string
	line  int
	ready bool // its texts are as the configuration reads them
}

func (a argv) set() bool { return a.words != nil || a.shell != "" }

// envLine sets variables, which are not taken.
type envLine struct {
	name string
	line int
}

type copied struct{ from, to string }

// parseDockerfile reads the stage of that name, the last one for "". What is no
// Dockerfile gives an empty image.
func parseDockerfile(text, target string) image {
	stages := map[string]image{}
	var now image
	number := 0
	name := ""
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line, at := strings.TrimSpace(lines[i]), i+1
		if line == "" || line[0] == '#' {
			continue
		}
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			next := strings.TrimSpace(lines[i])
			if strings.HasPrefix(next, "#") {
				continue
			}
			line = strings.TrimSuffix(line, `\`) + next
		}
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		if mark := heredoc(rest); mark != "" && (strings.EqualFold(word, "RUN") || strings.EqualFold(word, "COPY")) {
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != mark; i++ {
			}
			continue
		}
		switch strings.ToUpper(word) {
		case "FROM":
			if target != "" && name == target {
				return now
			}
			f := strings.Fields(rest)
			for len(f) > 0 && strings.HasPrefix(f[0], "--") {
				f = f[1:]
			}
			now, name = image{}, strconv.Itoa(number)
			number++
			if len(f) == 0 {
				continue
			}
			if before, ok := stages[strings.ToLower(f[0])]; ok {
				now = before
				now.copied = append([]copied(nil), before.copied...)
			} else {
				now.base = f[0]
			}
			if len(f) == 3 && strings.EqualFold(f[1], "AS") {
				name = strings.ToLower(f[2])
			}
		case "WORKDIR":
			now.workdir = inImage(now.workdir, strings.Trim(rest, `"'`))
		case "CMD":
			now.cmd = parseArgv(rest, at)
		case "ENTRYPOINT":
			now.entrypoint, now.cmd = parseArgv(rest, at), argv{}
		case "EXPOSE":
			if f := strings.Fields(rest); len(f) > 0 && now.exposed == 0 {
				digits, _, _ := strings.Cut(f[0], "/")
				now.exposed, _ = strconv.Atoi(digits)
			}
		case "ENV":
			name, _, _ := strings.Cut(rest, "=")
			name, _, _ = strings.Cut(name, " ")
			now.env = append(now.env, envLine{name, at})
		case "COPY", "ADD":
			f := strings.Fields(rest)
			for len(f) > 0 && strings.HasPrefix(f[0], "--") && !strings.HasPrefix(f[0], "--from") {
				f = f[1:]
			}
			if len(f) > 1 && !strings.HasPrefix(f[0], "--") && !strings.HasPrefix(f[0], "[") {
				now.copy(f[:len(f)-1], f[len(f)-1])
			}
		}
		stages[name] = now
	}
	return now
}

// copy notes whence what lies at a path of the image is, with the folders above it
// that have the same names.
func (m *image) copy(sources []string, to string) {
	for _, from := range sources {
		from, to := path.Clean(from), inImage(m.workdir, to)
		if base := path.Base(from); strings.ContainsAny(strings.TrimLeft(base, "."), ".*") { // a file
			if from = path.Dir(from); path.Base(to) == base {
				to = path.Dir(to)
			}
			if from == "." {
				continue // where its manifest lies, not the sources
			}
		}
		m.copied = append(m.copied, copied{from, to})
		for from != "." && from != "/" && path.Base(from) == path.Base(to) {
			from, to = path.Dir(from), path.Dir(to)
			if to == "/" {
				break
			}
			m.copied = append(m.copied, copied{from, to})
		}
	}
}

// heredoc is the word that ends the text behind <<, or "".
func heredoc(rest string) string {
	_, after, ok := strings.Cut(rest, "<<")
	if !ok {
		return ""
	}
	mark, _, _ := strings.Cut(strings.TrimPrefix(after, "-"), " ")
	mark = strings.Trim(mark, `"'`)
	if mark == "" || strings.Trim(mark, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return mark
}

func inImage(workdir, p string) string {
	if strings.HasPrefix(p, "/") {
		return path.Clean(p)
	}
	return path.Join("/", workdir, p)
}

func parseArgv(rest string, line int) argv {
	var words []string
	if strings.HasPrefix(rest, "[") && json.Unmarshal([]byte(rest), &words) == nil && len(words) > 0 {
		return argv{words: words, line: line}
	}
	return argv{shell: rest, line: line}
}

// local is a path of the image as it is in the folder that the image is built of;
// ok tells whether it is known to come from there.
func (m image) local(context, p string) (rel string, ok bool) {
	best := -1
	for _, c := range m.copied {
		if !below(p, c.to) || len(c.to) < best || strings.HasPrefix(c.from, "..") {
			continue
		}
		best, ok = len(c.to), true
		from := c.from
		if from == "." || from == "/" {
			from = ""
		}
		rel = join(context, join(from, strings.TrimPrefix(strings.TrimPrefix(p, c.to), "/")))
	}
	return rel, ok
}

// dockerOnly drafts the one program of a Dockerfile.
func (d *draft) dockerOnly(file string) {
	p := &process{kind: config.KindServer, from: place{file, 1}}
	m := parseDockerfile(d.text(file), "")
	d.use(file)
	d.ofImage(p, m, slashDir(file), argv{}, nil)
	if p.command == nil {
		d.leave(place{file, 1}, "names no command, neither CMD nor ENTRYPOINT")
		return
	}
	if p.port == 0 {
		p.port = m.exposed
	}
	d.add(p, d.serverName(slashDir(file), "web"))
	if !d.uvicorn(p) {
		d.program(p)
		p.movable = p.movable || d.readsPort(p.dir)
		p.found = d.servedPaths(p.dir)
	}
	if p.port == 0 {
		p.kind = config.KindWorker
	}
}

// ofImage gives a process the folder and command that its image has, with those that
// the Compose file says instead.
func (d *draft) ofImage(p *process, m image, context string, entrypoint argv, command *argv) {
	cmd := m.cmd
	if !entrypoint.set() {
		entrypoint = m.entrypoint
	} else {
		cmd = argv{}
	}
	if command != nil {
		cmd = *command
	}
	p.dir = context
	if rel, ok := m.local(context, m.workdir); ok && d.isDir(rel) {
		p.dir = rel
	}
	switch {
	case entrypoint.shell != "":
		p.shellLine(entrypoint.shell)
	case entrypoint.words != nil:
		p.command = entrypoint.cooked()
		if cmd.shell != "" {
			cmd.words = []string{"sh", "-c", cmd.shell}
		}
		p.command = append(p.command, cmd.cooked()...)
	case cmd.shell != "":
		p.shellLine(cmd.shell)
	case cmd.words != nil:
		p.command = cmd.cooked()
	}
	for i, a := range p.command {
		if !strings.HasPrefix(a, "/") {
			continue
		}
		if rel, ok := m.local(context, a); ok && (d.exists(rel) || d.isDir(rel)) {
			inner := strings.TrimPrefix(strings.TrimPrefix(rel, p.dir), "/")
			if below(rel, p.dir) {
				if i == 0 {
					inner = "./" + inner
				}
				p.command[i] = inner
			}
		}
	}
	p.elsewhere()
	p.listening()
}

// cooked are the words as the configuration reads them.
func (a argv) cooked() []string {
	words := slices.Clone(a.words)
	for i, w := range words {
		if !a.ready {
			words[i] = literal(portVariable().ReplaceAllString(w, "{port}"))
		}
	}
	return words
}

// lost tells of a command whose program is only in the image: one that was built
// there, or a script of the image's own.
func (d *draft) lost(p *process) bool {
	if len(p.command) == 0 {
		return true
	}
	program := p.command[0]
	for _, a := range p.command[1:] {
		switch path.Ext(a) {
		case ".js", ".mjs", ".cjs", ".dll", ".jar", ".py":
			return !strings.ContainsAny(a, "*{$ =:") && !d.exists(join(p.dir, a)) && !strings.HasPrefix(a, "--")
		}
	}
	if !strings.Contains(program, "/") {
		return false
	}
	switch path.Dir(program) {
	case "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin":
		p.command[0] = path.Base(program)
		return !contains([]string{"sh", "bash", "python", "python3", "node", "env"}, p.command[0])
	}
	if strings.HasPrefix(program, "/") {
		return true
	}
	return !d.exists(join(p.dir, program))
}
