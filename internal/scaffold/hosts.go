package scaffold

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"muster/internal/config"
)

// host is a name under which a service listens in Compose's network.
type host struct {
	name string
	port int // in its container; 0 is unknown
	of   *process

	inSource *regexp.Regexp // where a source names it
}

// reach rewrites the names by which services reach each other in Compose's network.
func (d *draft) reach(p *process) {
	if len(d.hosts) == 0 {
		return
	}
	changed := false
	rewrite := func(name, text string) string {
		next := d.local(name, text)
		changed = changed || next != text
		return next
	}
	for i, v := range p.env {
		p.env[i].Value = rewrite(v.Name, v.Value)
	}
	for i, a := range p.command {
		if i > 0 && len(p.command) > 1 && p.command[0] != "docker" {
			p.command[i] = rewrite("", a)
		}
	}
	if changed {
		p.note("guessed: the hosts in it, which are names of services in the Compose file and 127.0.0.1 here")
	}
}

// fileHosts looks for such names in .env: a value that is one is set anew, others
// are named, for what stands there may be secret.
func (d *draft) fileHosts() {
	for _, v := range d.env {
		next := d.local(v.Name, v.Value)
		if next == v.Value {
			continue
		}
		at := place{d.envFile, lineOf(d.text(d.envFile), v.Name+"=")}
		if next == "127.0.0.1" || secretless(next) {
			for _, p := range d.processes {
				if p.kind != config.KindFrontend && !slices.ContainsFunc(p.env, func(e config.EnvVar) bool { return e.Name == v.Name }) && !p.image {
					p.env = append(p.env, config.EnvVar{Name: v.Name, Value: next})
				}
			}
			d.say("%s: %s names a service of the Compose file: here it is %s", at, v.Name, next)
			continue
		}
		if masked, ok := d.masked(next); ok {
			for _, p := range d.processes {
				if p.kind != config.KindFrontend && !p.image {
					p.env = append(p.env, config.EnvVar{Name: v.Name, Value: masked})
				}
			}
			d.say("%s: %s names a service of the Compose file: here it is 127.0.0.1", at, v.Name)
			continue
		}
		d.leave(at, "%s names a service of the Compose file, which is on 127.0.0.1 here: change it there", v.Name)
	}
}

// sourceHosts names the sources that name a service as a host: there is none of that
// name here.
func (d *draft) sourceHosts() {
	var dirs []string
	users := map[string][]*process{}
	for _, p := range d.processes {
		if p.image {
			continue
		}
		if users[p.dir] == nil {
			dirs = append(dirs, p.dir)
		}
		users[p.dir] = append(users[p.dir], p)
	}
	for i := range d.hosts {
		h := &d.hosts[i]
		name := regexp.QuoteMeta(h.name)
		h.inSource = regexp.MustCompile(`(?i:host\w*)["']?\s*[:=,]\s*["']` + name + `["']|(?i:server|host)=` + name + `;|["'][a-z+]+://(?:[^"'\s/]*@)?` + name + `[:/"']`)
	}
	seen := map[string]bool{}
	for _, dir := range dirs {
		d.walk(dir, 3, func(rel string) bool {
			switch path.Ext(rel) {
			case ".py", ".js", ".ts", ".mjs", ".go", ".cs", ".java", ".rb", ".php", ".rs", ".json", ".properties":
			default:
				return false
			}
			if isTest(rel) {
				return false
			}
			source := d.text(rel)
			for _, h := range d.hosts {
				own := len(users[dir]) == 1 && users[dir][0] == h.of
				if len(h.name) < 2 || own || seen[h.name+rel] || !strings.Contains(source, h.name) {
					continue
				}
				if at := h.inSource.FindStringIndex(source); at != nil {
					seen[h.name+rel] = true
					d.leave(place{rel, strings.Count(source[:at[0]], "\n") + 1}, "names the host %s, which is 127.0.0.1 here: have it read a variable, and set that under env", h.name)
				}
			}
			return false
		})
	}
}

// local is a text with the hosts in it that are services.
func (d *draft) local(variable, text string) string {
	for _, h := range d.hosts {
		text = h.local(variable, text)
	}
	return text
}

// hostVariable tells whether a variable of that name may hold a bare host.
func hostVariable(name string) bool {
	name = strings.ToUpper(name)
	for _, part := range []string{"HOST", "SERVER", "ADDR", "BROKER", "ENDPOINT"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

func (h host) local(variable, text string) string {
	if text == h.name {
		if hostVariable(variable) {
			return "127.0.0.1"
		}
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		rest, ok := strings.CutPrefix(text[i:], h.name)
		before := byte(0)
		if i > 0 {
			before = text[i-1]
		}
		if !ok || i > 0 && !strings.ContainsRune("/@,= \t'\"", rune(before)) {
			b.WriteByte(text[i])
			i++
			continue
		}
		number := ""
		if after, colon := strings.CutPrefix(rest, ":"); colon {
			number = after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
		}
		end := rest
		if number != "" {
			end = rest[1+len(number):]
		}
		inURL := before == '@' || i >= 3 && text[i-3:i] == "://"
		ends := end == "" || strings.ContainsRune("/,? \t'\"&;", rune(end[0]))
		if !ends || number == "" && !inURL {
			b.WriteByte(text[i])
			i++
			continue
		}
		b.WriteString("127.0.0.1")
		port, _ := strconv.Atoi(number)
		switch {
		case h.of != nil && h.of.port > 0 && (number == "" || port == h.port):
			b.WriteString(":{port:" + h.of.name + "}")
		case number != "":
			b.WriteString(":" + number)
		}
		i = len(text) - len(end)
	}
	return b.String()
}
