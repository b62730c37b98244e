package scaffold

import (
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"

	"muster/internal/config"
)

// pageServers are the development servers of pages, the more special first: one
// builds on another.
var pageServers = []struct {
	word, dependency string // of the script, of package.json
	port             int
	flag             string // by which it is told its port; "" reads PORT
}{

	{"next", "next", 3000, "-p"},
	{"nuxt", "nuxt", 3000, "--port"},
	{"astro", "astro", 4321, "--port"},
	{"ng", "@angular/cli", 4200, "--port"},
	{"gatsby", "gatsby", 8000, "-p"},
	{"remix", "@remix-run/dev", 5173, ""},
	{"react-router", "@react-router/dev", 5173, "--port"},
	{"react-scripts", "react-scripts", 3000, ""},
	{"vue-cli-service", "@vue/cli-service", 8080, "--port"},
	{"parcel", "parcel", 1234, "-p"},
	{"webpack", "webpack-dev-server", 8080, "--port"},
	{"vite", "vite", 5173, "--port"},
	{"vinxi", "vinxi", 3000, "--port"},
	{"rsbuild", "@rsbuild/core", 3000, "--port"},
}

// apiPackages are those by which programs serve requests.
var apiPackages = []string{"express", "fastify", "koa", "hono", "@hono/node-server", "@nestjs/core", "@hapi/hapi", "apollo-server", "@apollo/server",

	"restify", "polka", "h3", "elysia", "socket.io", "ws", "@trpc/server", "wrangler", "graphql-yoga"}

// builders are programs that make something and serve nobody.
var builders = []string{"tsc", "tsup", "tsdown", "rollup", "unbuild", "esbuild", "swc", "babel", "microbundle", "tailwindcss", "sass"}

func (d *draft) quietPackage(dir string) *nodePackage {
	var n nodePackage
	if json.Unmarshal([]byte(d.text(join(dir, "package.json"))), &n) != nil {
		return nil
	}
	return &n
}

// together tells of a script that runs those of other packages or of its own.
func together(script string) bool {
	for _, word := range []string{"turbo", "concurrently", "lerna", "npm-run-all", "run-p", "wsrun", "foreman", "overmind", "nf"} {
		if containsWord(script, word) {
			return true
		}
	}
	for _, part := range []string{" -r ", "--recursive", "--parallel", "pnpm --filter", "pnpm -F", "--workspace", "-ws", "nx run-many", "yarn workspace", "--filter", "--prefix", "docker compose", "docker-compose"} {
		if strings.Contains(script, part) {
			return true
		}
	}
	return false
}

var (
	viteConfigs = []string{"vite.config.ts", "vite.config.js", "vite.config.mts", "vite.config.mjs", "astro.config.mjs", "nuxt.config.ts"}
	configPort  = lazy(`\bport:\s*(\d{4,5})\b`)
)

// node drafts what a package.json runs while somebody develops.
func (d *draft) node(dir string) {
	n := d.nodePackage(dir)
	if n == nil {
		return
	}
	file := join(dir, "package.json")
	name := n.script()
	if name == "" {
		return
	}
	script := n.Scripts[name]
	at := place{file, lineOf(d.text(file), `"`+name+`"`)}
	if together(script) {
		d.leave(at, "the script %s runs several programs: each of them is a process here, or has to become one", name)
		return
	}
	tool, _ := d.manager(dir)
	p := &process{dir: dir, from: at, command: []string{tool, "run", name}}
	page := -1
	for i, s := range pageServers {
		if containsWord(script, s.word) {
			page = i
			break
		}
	}
	serves := n.has(apiPackages...) && !slices.ContainsFunc(builders, func(b string) bool { return containsWord(script, b) })
	if page < 0 && !serves {
		for i, s := range pageServers {
			if n.has(s.dependency) && name != "start" {
				page = i
				break
			}
		}
	}
	d.use(file)
	if page >= 0 {
		s := pageServers[page]
		p.kind, p.port = config.KindFrontend, s.port
		said := d.scriptPort(script)
		for _, c := range viteConfigs {
			if m := configPort().FindStringSubmatch(d.text(join(dir, c))); m != nil && said == 0 {
				p.port, _ = strconv.Atoi(m[1])
			}
		}
		switch {
		case said > 0:
			p.port = said
		case s.flag != "" && !strings.ContainsAny(script, "&|;"):
			if tool == "npm" {
				p.command = append(p.command, "--")
			}
			p.command = append(p.command, s.flag, "{port}")
			p.movable = true
		case s.flag == "":
			p.movable = s.word != "remix"
		}
		p.note("guessed: a page, by the script %s of %s: %s", name, file, script)
		d.add(p, d.packageName(n, "web"))
		return
	}
	builds := slices.ContainsFunc(builders, func(b string) bool { return containsWord(script, b) }) && !strings.Contains(script, "node ")
	if !serves && (builds || d.sourcePort(dir) == 0 && !d.readsPort(dir)) {
		if name == "start" && strings.Contains(script, "serve ") {
			return
		}
		p.kind = config.KindWorker
		p.note("guessed: it listens on no port, by the script %s of %s: %s", name, file, script)
		p.stdinOpen = d.endsWithInput(p)
		d.add(p, d.packageName(n, "worker"))
		return
	}
	p.kind = config.KindServer
	p.found = d.servedPaths(dir)
	if said := d.scriptPort(script); said > 0 {
		p.port = said
	} else {
		p.port = d.sourcePort(dir)
		p.movable = d.readsPort(dir) || n.has("next")
		if n.has("wrangler") && containsWord(script, "wrangler") {
			if p.port = 8787; tool == "npm" {
				p.command = append(p.command, "--")
			}
			p.command, p.movable = append(p.command, "--port", "{port}"), true
		}
		if p.port == 0 {
			p.port = 3000
		}
	}
	if p.movable {
		p.note("guessed: a server, by the script %s of %s; it listens on PORT, which muster sets", name, file)
	} else {
		p.note("guessed: a server, by the script %s of %s, and its port", name, file)
	}
	d.add(p, d.packageName(n, "api"))
}

func containsWord(script, word string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(script, func(r rune) bool { return strings.ContainsRune(" \t&|;/\"'", r) }),
		func(w string) bool { return w == word })
}

// scriptPort is the port that a script names, or 0.
func (d *draft) scriptPort(script string) int {
	if m := flaggedPort().FindStringSubmatch(script); m != nil {
		n, _ := strconv.Atoi(m[2])
		return n
	}
	if i := strings.Index(script, "PORT="); i >= 0 {
		digits := strings.TrimLeft(script[i+5:], "0123456789")
		n, _ := strconv.Atoi(script[i+5 : len(script)-len(digits)])
		return n
	}
	return 0
}

// nodeProgram runs what only a project's node_modules have by its package manager.
func (d *draft) nodeProgram(p *process) {
	name := p.command[0]
	if strings.ContainsAny(name, "/{$") || name == "sh" {
		return
	}
	n := d.quietPackage(p.dir)
	if n == nil || !d.exists(join(p.dir, "package.json")) {
		return
	}
	if contains([]string{"node", "npm", "npx", "pnpm", "pnpx", "yarn", "bun", "bunx", "docker", "deno", "python", "python3", "go", "make", "bash"}, name) {
		return
	}
	its := map[string]string{"tsc": "typescript", "nest": "@nestjs/cli", "remix": "@remix-run/dev", "prisma": "prisma", "medusa": "@medusajs/cli", "strapi": "@strapi/strapi"}[name]
	for _, s := range pageServers {
		if s.word == name {
			its = s.dependency
		}
	}
	if !n.has(name, its) {
		return
	}
	tool, _ := d.manager(p.dir)
	switch tool {
	case "npm":
		p.command = append([]string{"npx"}, p.command...)
	case "bun":
		p.command = append([]string{"bunx"}, p.command...)
	default:
		p.command = append([]string{tool, "exec"}, p.command...)
	}
}

// installs drafts the tasks that get the packages of servers and workers: those of
// frontends are got by muster itself.
func (d *draft) installs() {
	tasks := map[string]*process{}
	for _, p := range slices.Clone(d.processes) {
		if p.kind == config.KindFrontend || p.image || len(p.command) == 0 || !d.exists(join(p.dir, "package.json")) {
			continue
		}
		if n := d.quietPackage(p.dir); n == nil || len(n.Dependencies)+len(n.DevDependencies) == 0 && n.Workspaces == nil && !d.exists("pnpm-workspace.yaml") {
			continue
		}
		if !contains([]string{"node", "npm", "npx", "pnpm", "yarn", "bun", "bunx", "sh"}, p.command[0]) {
			continue
		}
		tool, root := d.manager(p.dir)
		task := tasks[root]
		if task == nil {
			task = &process{kind: config.KindTask, dir: root, from: p.from, command: []string{tool, "install"}, unless: []string{"test", "-d", "node_modules"}}
			name := "install"
			if len(tasks) > 0 {
				name += "-" + validName(d.baseName(root))
			}
			d.add(task, name)
			d.names["install of "+root] = task
			tasks[root] = task
		}
		p.depends = append(p.depends, dependency{name: "install of " + root})
	}
}

// sources drafts what the repository's manifests and sources say.
func (d *draft) sources() {
	before := len(d.processes)
	for _, dir := range d.manifests() {
		d.folder(dir)
	}
	d.waitForImages(d.processes[before:])
}

// folder drafts what one folder runs: a page or program of Node.js, an application
// of Python, a module of Go, each where it is there.
func (d *draft) folder(dir string) {
	before := len(d.processes)
	if d.exists(join(dir, "package.json")) {
		d.node(dir)
	}
	if d.isPythonHere(dir) {
		d.python(dir)
	}
	if d.exists(join(dir, "go.mod")) {
		d.goModule(dir)
	}
	if len(d.processes) == before {
		d.other(dir)
	}
}

// other drafts what is run by a tool that builds first.
func (d *draft) other(dir string) {
	project := ""
	d.walk(dir, 1, func(rel string) bool {
		if path.Ext(rel) == ".csproj" && slashDir(rel) == dir {
			project = rel
		}
		return project != ""
	})
	p := &process{kind: config.KindWorker, dir: dir}
	wrapped := func(wrapper, tool string) string {
		if d.exists(join(dir, wrapper)) {
			return "./" + wrapper
		}
		return tool
	}
	var file string
	switch {
	case project != "":
		file, p.command = project, []string{"dotnet", "run"}
		if strings.Contains(d.text(project), "Sdk.Web") {
			p.kind, p.port = config.KindServer, 5000
			p.env = append(p.env, config.EnvVar{Name: "ASPNETCORE_URLS", Value: "http://127.0.0.1:{port}"})
		}
	case d.exists(join(dir, "Cargo.toml")) && !strings.Contains(d.text(join(dir, "Cargo.toml")), "[workspace]"):
		file, p.command = join(dir, "Cargo.toml"), []string{"cargo", "run"}
		if port := d.sourcePort(dir); port > 0 || d.readsPort(dir) {
			p.kind, p.port, p.movable = config.KindServer, max(port, 8080), d.readsPort(dir)
		}
	case strings.Contains(d.text(join(dir, "pom.xml")), "spring-boot"):
		file, p.command = join(dir, "pom.xml"), []string{wrapped("mvnw", "mvn"), "spring-boot:run"}
		p.kind, p.port = config.KindServer, 8080
		p.env = append(p.env, config.EnvVar{Name: "SERVER_PORT", Value: "{port}"})
	case strings.Contains(d.text(join(dir, "build.gradle"))+d.text(join(dir, "build.gradle.kts")), "springframework.boot"):
		if file = join(dir, "build.gradle"); !d.exists(file) {
			file += ".kts"
		}
		p.command = []string{wrapped("gradlew", "gradle"), "bootRun"}
		p.kind, p.port = config.KindServer, 8080
		p.env = append(p.env, config.EnvVar{Name: "SERVER_PORT", Value: "{port}"})
	case !d.exists(join(dir, "go.mod")) && mainFunc().MatchString(d.text(join(dir, "main.go"))):
		file, p.command = join(dir, "main.go"), []string{"go", "run", "main.go"}
		if source := d.text(file); listens().MatchString(source) {
			p.kind, p.port, p.movable = config.KindServer, max(goDefault(source), 80), readsPort().MatchString(source)
		}
	default:
		return
	}
	p.from = place{file, 1}
	d.use(file)
	if p.kind == config.KindServer {
		p.movable = p.movable || len(p.env) > 0
		p.found, p.health = d.servedPaths(dir), health{tcp: true, start: "5m"} // it is compiled first
	}
	p.note("guessed: from %s", file)
	d.add(p, d.serverName(dir, "api"))
}

func (d *draft) isPythonHere(dir string) bool {
	for _, name := range []string{"pyproject.toml", "requirements.txt", "Pipfile", "manage.py", "setup.py", "main.py", "app.py"} {
		if d.exists(join(dir, name)) {
			return true
		}
	}
	return false
}

// pages drafts the frontends in folders that nothing is run in yet.
func (d *draft) pages() {
	for _, dir := range d.manifests() {
		if !d.exists(join(dir, "package.json")) || slices.ContainsFunc(d.processes, func(p *process) bool { return p.dir == dir }) {
			continue
		}
		n := d.quietPackage(dir)
		if n == nil || n.has(apiPackages...) {
			continue
		}
		for _, s := range pageServers {
			if n.Scripts["dev"] != "" && containsWord(n.Scripts["dev"], s.word) {
				d.node(dir)
				break
			}
		}
	}
}
