package scaffold

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"muster/internal/config"
	"muster/internal/printable"
)

// place is where something stands in a file of the repository.
type place struct {
	file string
	line int
}

func (p place) String() string { return p.file + ":" + strconv.Itoa(p.line) }

// draft is a configuration under construction.
type draft struct {
	dir       string          // absolute
	env       []config.EnvVar // of .env, to be looked at only
	envFile   string
	processes []*process
	names     map[string]*process // by what they are called in the repository
	hosts     []host              // names by which services reach each other
	needs     []dependency        // services of images, which all others wait for
	gateway   int                 // port; 0 is none

	used, said, left []string
}

// process is one entry of the configuration. Its texts are as the configuration
// reads them: ${NAME} stands for a variable.
type process struct {
	kind     config.Kind
	name     string
	comments []string // what was guessed

	port      int
	movable   bool // its program is told where to listen
	root      bool // it is what a browser is to find at /
	instances int

	image    bool   // it stands for a service of an image
	app      string // uvicorn's
	reload   bool
	args     []string
	command  []string
	dir      string // relative to the repository; "" is its own folder
	env      []config.EnvVar
	envFile  string
	health   health
	depends  []dependency
	paths    []config.Path
	found    []string // paths that its sources serve
	hidden   bool
	socketIO bool   // they serve Socket.IO, which is at /socket.io whatever their path
	page     string // path of a frontend
	profiles []string
	restart  string

	stopSignal, stopTimeout string
	stdinOpen               bool
	unless                  []string
	from                    place
	creates                 *process // the task that makes what is in a database
}

type health struct {
	path, log                string
	tcp                      bool
	command                  []string
	interval, timeout, start string
	retries                  int
}

func (h health) set() bool { return h.path != "" || h.log != "" || h.tcp || h.command != nil }

type dependency struct {
	name      string // in the repository
	condition string // "" is the usual one
	restart   bool
}

// host is a name under which a service listens in Compose's network.
type host struct {
	name string
	port int // in its container; 0 is unknown
	of   *process
}

// oneLine is a text of a file, fit for a comment and for a terminal.
func oneLine(s string) string {
	return string(printable.Append(nil, []byte(strings.Join(strings.Fields(s), " ")), false))
}

func (d *draft) leave(at place, format string, args ...any) {
	if line := oneLine(at.String() + ": " + fmt.Sprintf(format, args...)); !slices.Contains(d.left, line) {
		d.left = append(d.left, line)
	}
}

func (d *draft) say(format string, args ...any) {
	d.said = append(d.said, oneLine(fmt.Sprintf(format, args...)))
}

func (p *process) note(format string, args ...any) {
	if line := oneLine(fmt.Sprintf(format, args...)); !slices.Contains(p.comments, line) {
		p.comments = append(p.comments, line)
	}
}

func (d *draft) use(file string) {
	if !slices.Contains(d.used, file) {
		d.used = append(d.used, file)
	}
}

// add takes a process in under a name of its own.
func (d *draft) add(p *process, called string) *process {
	p.name = d.freeName(called, p.kind)
	if p.name != called {
		d.say("%s: %s is called %s here: %s", p.from, called, p.name, whyNot(called))
	}
	if _, twice := d.names[called]; !twice {
		d.names[called] = p
	}
	d.processes = append(d.processes, p)
	return p
}

// reserved are the names that muster gives itself.
var reserved = []string{"nginx", "frontend", "supervisor"}

func whyNot(name string) string {
	if slices.Contains(reserved, name) {
		return "the name is reserved"
	}
	if validName(name) == name {
		return "the name is taken"
	}
	return "a name has lower-case letters, digits, _ and -"
}

// validName makes of a text the nearest name that is one.
func validName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '-'
	}, strings.ToLower(s))
	s = strings.Trim(s, "-_")
	if s == "" || s[0] < 'a' {
		s = "p" + s
	}
	if len(s) > 32 {
		s = strings.TrimRight(s[:32], "-_")
	}
	return s
}

func (d *draft) freeName(called string, kind config.Kind) string {
	name := validName(called)
	switch {
	case called == "frontend":
		name = "web"
		if d.taken(name) {
			name = "page"
		}
	case slices.Contains(reserved, name):
		name += "-app"
	}
	if base, n := splitInstance(name); n != "" { // it would be an instance of base
		name = base + "_" + n
	}
	free := name
	for i := 2; d.taken(free); i++ {
		free = name + "_" + strconv.Itoa(i)
	}
	return free
}

// splitInstance takes NAME-NUMBER apart.
func splitInstance(name string) (base, number string) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return name, ""
	}
	if _, err := strconv.Atoi(name[i+1:]); err != nil {
		return name, ""
	}
	return name[:i], name[i+1:]
}

func (d *draft) taken(name string) bool {
	return slices.ContainsFunc(d.processes, func(p *process) bool { return p.name == name })
}

// finish settles what only all of them together can tell.
func (d *draft) finish() {
	for _, p := range d.processes {
		if p.dir != "" && !d.isDir(p.dir) {
			d.leave(p.from, "%s runs in %s, and there is no such folder: it is run in that of this file", p.name, p.dir)
			p.dir = ""
		}
	}
	d.installs()
	d.ports()
	d.resolve()
	for _, p := range d.processes {
		d.reach(p)
	}
	d.fileHosts()
	d.sourceHosts()
	d.route()
}

// ports gives each process one of its own: those that cannot be told keep theirs.
func (d *draft) ports() {
	taken := map[int]bool{}
	free := func(from, n int) int {
		for ; ; from++ {
			ok := true
			for i := range n {
				ok = ok && !taken[from+i]
			}
			if ok {
				return from
			}
		}
	}
	claim := func(p *process) {
		n, was := max(p.instances, 1), p.port
		if was < 1024 || was+n > 65535 || free(was, n) != was {
			p.port = free(8001, n)
			why := "is taken already"
			if was < 1024 {
				why = "below 1024 is root's"
			} else if was == d.gateway {
				why = "is the gateway's"
			}
			if was > 0 {
				d.say("%s: the port %d of %s %s: here it is %d", p.from, was, p.name, why, p.port)
			}
			if !p.movable && was > 0 {
				d.leave(p.from, "%s: nothing tells its program to listen on %d: write {port} into its command, or have it read PORT", p.name, p.port)
			}
		}
		for i := range n {
			taken[p.port+i] = true
		}
	}
	for _, movable := range []bool{false, true} {
		if movable && d.served() {
			d.gateway = free(8000, 1)
			for d.gateway > 8000 && taken[d.gateway] || d.gateway == 8001 {
				d.gateway = free(8080, 1)
			}
			taken[d.gateway] = true
		}
		for _, p := range d.processes {
			if p.movable == movable && (p.port > 0 || movable && p.port == 0 && p.kind == config.KindServer) {
				claim(p)
			}
		}
	}
}

// served tells whether there is something for a gateway to lead to.
func (d *draft) served() bool {
	return slices.ContainsFunc(d.processes, func(p *process) bool {
		return p.kind == config.KindFrontend || p.kind == config.KindServer && !p.hidden
	})
}

// resolve gives dependencies the names that processes have here.
func (d *draft) resolve() {
	for _, p := range d.processes {
		var known []dependency
		for _, on := range p.depends {
			other := d.names[on.name]
			switch {
			case other == nil:
				d.leave(p.from, "%s depends on %s, which is not taken over", p.name, on.name)
				continue
			case other == p:
				continue
			case other.kind == config.KindTask:
				on.condition = ""
			case on.condition == config.Succeeded:
				d.leave(p.from, "%s waits for the end of %s, which goes on: it waits until that is healthy", p.name, on.name)
				on.condition = ""
			}
			if on.condition == config.Healthy {
				on.condition = ""
			}
			on.name = other.name
			if !slices.ContainsFunc(known, func(k dependency) bool { return k.name == on.name }) {
				known = append(known, on)
			}
		}
		p.depends = known
	}
}

// pageNames are what people call what a browser is to see first.
var pageNames = []string{"web", "frontend", "www", "app", "client", "ui", "page", "site", "vote"}

// apiNames are what they call what a page asks.
var apiNames = []string{"api", "backend", "server"}

// route gives every server and frontend its paths at the gateway.
func (d *draft) route() {
	var pages, servers []*process
	for _, p := range d.processes {
		switch {
		case p.kind == config.KindFrontend:
			pages = append(pages, p)
		case p.kind == config.KindServer && !p.hidden && p.paths == nil:
			servers = append(servers, p)
		}
	}
	if len(pages) > 0 && len(servers) == 0 {
		for _, p := range d.processes { // a page asks somebody, through its own server or the gateway
			if p.kind == config.KindServer && p.hidden {
				p.hidden = false
				p.note("guessed: it is at the gateway, for the page asks it")
				servers = append(servers, p)
			}
		}
	}
	rank := func(p *process) int {
		switch {
		case p.root:
			return 0
		case slices.Contains(pageNames, p.name):
			return 1
		case slices.Contains(apiNames, p.name):
			return 3
		}
		return 2
	}
	best := func(all []*process) *process {
		if len(all) == 0 {
			return nil
		}
		return slices.MinFunc(all, func(a, b *process) int { return cmp.Compare(rank(a), rank(b)) })
	}
	root := best(pages)
	if root == nil {
		root = best(servers)
	}
	taken := map[string]bool{}
	for _, p := range pages {
		if p.page = "/"; p != root {
			p.page = "/" + p.name
			p.note("guessed: its path; its program has to know it as its base")
		}
		taken[p.page] = true
	}
	for _, p := range servers {
		n := d.quietPackage(p.dir)
		p.socketIO = n != nil && n.has("socket.io")
		for _, other := range servers {
			if other != p && below(other.dir, p.dir) {
				p.found = nil // whose they are is not known
			}
		}
		if p == root {
			p.paths = []config.Path{{Path: "/"}}
			continue
		}
		for _, found := range p.found {
			if !taken[found] && found != "/" {
				taken[found] = true
				p.paths = append(p.paths, config.Path{Path: found})
			}
		}
		if p.paths != nil {
			p.note("guessed: its paths at the gateway, from its sources")
		} else {
			path := config.Path{Path: "/" + p.name, Strip: true}
			if slices.Contains(apiNames, p.name) && !taken["/api"] {
				path = config.Path{Path: "/api"}
			}
			taken[path.Path] = true
			p.paths = []config.Path{path}
			p.note("guessed: its path at the gateway")
		}
		if socket := "/socket.io"; p.socketIO && !taken[socket] {
			taken[socket] = true
			p.paths = append(p.paths, config.Path{Path: socket})
		}
	}
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
	seen := map[string]bool{}
	for _, h := range d.hosts {
		if len(h.name) < 2 {
			continue
		}
		name := regexp.QuoteMeta(h.name)
		host := regexp.MustCompile(`(?i:host\w*)["']?\s*[:=,]\s*["']` + name + `["']|(?i:server|host)=` + name + `;|["'][a-z+]+://(?:[^"'\s/]*@)?` + name + `[:/"']`)
		for _, p := range d.processes {
			if p.image || p == h.of {
				continue
			}
			d.walk(p.dir, 3, func(rel string) bool {
				switch path.Ext(rel) {
				case ".py", ".js", ".ts", ".mjs", ".go", ".cs", ".java", ".rb", ".php", ".rs", ".json", ".properties":
				default:
					return false
				}
				source := d.text(rel)
				at := host.FindStringIndex(source)
				if at == nil || seen[h.name+rel] {
					return false
				}
				seen[h.name+rel] = true
				d.leave(place{rel, strings.Count(source[:at[0]], "\n") + 1}, "names the host %s, which is 127.0.0.1 here: have it read a variable, and set that under env", h.name)
				return false
			})
		}
	}
}

// secretless tells of a URL or address without a password.
func secretless(s string) bool { return !strings.Contains(s, "@") }

// masked writes the password in a URL as the variable of .env that has it too.
func (d *draft) masked(s string) (string, bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return "", false
	}
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return "", false
	}
	user, password, ok := strings.Cut(rest[:at], ":")
	if !ok {
		return s, true
	}
	for _, v := range d.env {
		if v.Value == password && password != "" {
			return scheme + "://" + user + ":${" + v.Name + "}" + rest[at:], true
		}
	}
	return "", false
}

// local is a text with the hosts in it that are services.
func (d *draft) local(variable, text string) string {
	for _, h := range d.hosts {
		text = h.local(variable, text)
	}
	return text
}

// value is a text of a file whose variables are read as in Compose, as the
// configuration says it: what nobody has set is empty.
func (d *draft) value(file, s string) string {
	s = braces(s)
	for from := 0; ; {
		i := strings.Index(s[from:], "${")
		if i < 0 {
			return s
		}
		i += from
		from = i + 2
		if (len(s[:i])-len(strings.TrimRight(s[:i], "$")))%2 == 1 {
			continue // $${
		}
		end := strings.IndexByte(s[from:], '}')
		if end < 0 {
			return literal(s)
		}
		name, operator := s[from:from+end], ""
		if at := strings.IndexAny(name, ":?-+"); at > 0 {
			name, operator = name[:at], strings.TrimPrefix(name[at:], ":")
		}
		if !identifier(name) || operator != "" && operator[0] != '?' {
			continue
		}
		if !slices.ContainsFunc(d.env, func(v config.EnvVar) bool { return v.Name == name }) {
			s = s[:from] + name + ":-" + s[from+end:]
			d.leave(place{file, lineOf(d.text(file), name)}, "nobody sets %s: it is empty unless the shell or .env does", name)
		}
	}
}

func identifier(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && (s[0] < '0' || s[0] > '9')
}

// braces writes $NAME, which Compose fills in too, as ${NAME}.
func braces(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if s[i] != '$' || i+1 == len(s) {
			continue
		}
		if s[i+1] == '$' {
			b.WriteByte('$')
			i++
			continue
		}
		end := i + 1
		for end < len(s) && identifier(s[i+1:end+1]) {
			end++
		}
		if end > i+1 {
			b.WriteString("{" + s[i+1:end] + "}")
			i = end - 1
		}
	}
	return b.String()
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

func lineOf(text, what string) int {
	i := strings.Index(text, what)
	if i < 0 {
		return 1
	}
	return strings.Count(text[:i], "\n") + 1
}

// below tells whether a path lies in a folder, or is it.
func below(rel, dir string) bool {
	return dir == "" || rel == dir || strings.HasPrefix(rel, dir+"/")
}

// baseName is what a folder is called, the repository's own included.
func (d *draft) baseName(rel string) string {
	if rel == "" {
		return path.Base(strings.ReplaceAll(d.dir, `\`, "/"))
	}
	return path.Base(rel)
}
