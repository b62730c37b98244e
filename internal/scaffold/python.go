package scaffold

import (
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"

	"muster/internal/config"
)

// pythonTool is how a project's Python programs are run: by its own tool, in its own
// environment, or as they are.
func (d *draft) pythonTool(dir string) (prefix []string, bin string) {
	for {
		for _, t := range []struct{ lock, tool string }{{"uv.lock", "uv"}, {"poetry.lock", "poetry"}, {"pdm.lock", "pdm"}, {"Pipfile", "pipenv"}} {
			if d.exists(join(dir, t.lock)) {
				return []string{t.tool, "run"}, ""
			}
		}
		for _, venv := range []string{".venv", "venv"} {
			if d.exists(join(dir, venv+"/pyvenv.cfg")) {
				return nil, d.path(join(dir, venv+"/bin"))
			}
		}
		if dir == "" {
			return nil, ""
		}
		dir = slashDir(dir)
	}
}

// program writes a command as the project's own tools run it.
func (d *draft) program(p *process) {
	if len(p.command) == 0 || strings.Contains(p.command[0], "/") {
		return
	}
	name := p.command[0]
	python := name == "python" || name == "python3" || contains([]string{"flask", "gunicorn", "celery", "uvicorn", "hypercorn", "daphne", "alembic", "django-admin", "rq", "dramatiq", "huey_consumer", "huey_consumer.py", "fastapi", "waitress-serve", "arq", "streamlit", "pytest"}, name)
	if python && d.isPython(p.dir) {
		prefix, bin := d.pythonTool(p.dir)
		switch {
		case prefix != nil:
			p.command = append(slices.Clone(prefix), p.command...)
		case bin != "":
			up := strings.Repeat("../", strings.Count(p.dir, "/")+1)
			if p.dir == "" {
				up = ""
			}
			rel := strings.TrimPrefix(strings.TrimPrefix(bin, d.dir), "/")
			if inside := strings.TrimPrefix(rel, p.dir+"/"); p.dir != "" && inside != rel {
				p.command[0] = "./" + inside + "/" + name
			} else if up == "" {
				p.command[0] = "./" + rel + "/" + name
			} else {
				p.command[0] = up + rel + "/" + name
			}
			return
		}
	}
	if name == "python" && len(p.command) > 0 && p.command[0] == "python" {
		if _, err := exec.LookPath("python"); err != nil {
			p.command[0] = "python3"
		}
	}
	d.nodeProgram(p)
}

// isPython tells whether a folder, or one above it, is a Python project's.
func (d *draft) isPython(dir string) bool {
	for {
		for _, name := range []string{"pyproject.toml", "requirements.txt", "Pipfile", "manage.py", "setup.py", "uv.lock"} {
			if d.exists(join(dir, name)) {
				return true
			}
		}
		if dir == "" {
			return false
		}
		dir = slashDir(dir)
	}
}

var (
	fastAPICall   = lazy(`(?m)^(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*(?:fastapi\.)?FastAPI\(`)
	flaskCall     = lazy(`(?m)^(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*(?:flask\.)?Flask\(`)
	factory       = lazy(`(?m)^def (\w+)\(([^)]*)\)[^:\n]*:\s*\n(?:[ \t]+.*\n|\s*\n)*?[ \t]+\w+(?:\s*:\s*[\w.]+)?\s*=\s*(?:fastapi\.|flask\.)?(FastAPI|Flask)\(`)
	factoryDirect = lazy(`(?m)^def (\w+)\(([^)]*)\)[^:\n]*:\s*\n(?:[ \t]+.*\n|\s*\n)*?[ \t]+return (?:fastapi\.|flask\.)?(FastAPI|Flask)\(`)
)

// assigned is the variable that a source gives an application of a kind, or "".
func assigned(source, kind string) string {
	call := fastAPICall()
	if kind == "Flask" {
		call = flaskCall()
	}
	if m := call.FindStringSubmatch(source); m != nil {
		return m[1]
	}
	return ""
}

// pyApp is an application that was found in Python sources.
type pyApp struct {
	kind    string // FastAPI or Flask
	file    string
	dir     string // where it is imported from: where its program runs
	module  string
	app     string // MODULE:ATTRIBUTE
	factory bool
}

// pyApps finds the applications of a folder, the likeliest first.
func (d *draft) pyApps(dir string) (apps []pyApp) {
	d.walk(dir, 5, func(rel string) bool {
		if !strings.HasSuffix(rel, ".py") || strings.HasPrefix(path.Base(rel), "test_") || path.Base(rel) == "conftest.py" {
			return false
		}
		source := d.text(rel)
		for _, kind := range []string{"FastAPI", "Flask"} {
			if !strings.Contains(source, kind+"(") {
				continue
			}
			a := pyApp{kind: kind, file: rel}
			attribute := assigned(source, kind)
			if attribute == "" {
				m := factory().FindStringSubmatch(source)
				if m == nil {
					m = factoryDirect().FindStringSubmatch(source)
				}
				if m == nil || m[3] != kind {
					continue
				}
				attribute, a.factory = m[1], true
				// What calls the factory at its top level is the better one.
				if call := regexp.MustCompile(`(?m)^(\w+)\s*=\s*` + regexp.QuoteMeta(m[1]) + `\(`).FindStringSubmatch(source); call != nil {
					attribute, a.factory = call[1], false
				}
			}
			a.dir, a.module = d.importRoot(dir, rel, source)
			a.app = a.module + ":" + attribute
			apps = append(apps, a)
		}
		return false
	})
	rank := func(a pyApp) int {
		n := strings.Count(a.file, "/") * 4
		switch path.Base(a.file) {
		case "main.py":
		case "app.py", "server.py", "wsgi.py", "asgi.py":
			n++
		case "__init__.py", "api.py", "application.py":
			n += 2
		default:
			n += 3
		}
		return n
	}
	slices.SortStableFunc(apps, func(a, b pyApp) int { return rank(a) - rank(b) })
	return apps
}

func (d *draft) fastAPI(dir string) *pyApp {
	for _, a := range d.pyApps(dir) {
		if a.kind == "FastAPI" {
			return &a
		}
	}
	return nil
}

// importRoot is the folder from which a source is imported, and its module's name
// there: the one above the outermost package, or above what the source itself names
// as one. What lies in src is imported from there, and run beside it.
func (d *draft) importRoot(project, file, source string) (dir, module string) {
	dir = slashDir(file)
	root := dir
	for at := dir; at != "" && at != project && below(at, project); at = slashDir(at) {
		name := path.Base(at)
		if d.exists(join(at, "__init__.py")) || at == dir && regexp.MustCompile(`(?m)^\s*from \.`).MatchString(source) ||
			d.anySource(at, ".py", regexp.MustCompile(`(?m)^\s*(?:from|import) `+regexp.QuoteMeta(name)+`[. ]`)) {
			root = slashDir(at)
		}
	}
	if d.exists(join(project, "__init__.py")) && root == project && project != "" {
		// A package that is itself the project is imported from above it only where its sources do so.
		if regexp.MustCompile(`(?m)^\s*(?:from|import) `+regexp.QuoteMeta(path.Base(project))+`[. ]`).MatchString(source) ||
			regexp.MustCompile(`(?m)^\s*from \.`).MatchString(source) {
			root = slashDir(project)
		}
	}
	rel := strings.TrimPrefix(strings.TrimPrefix(file, root), "/")
	module = strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(rel, ".py"), "/__init__"), "/", ".")
	if path.Base(root) == "src" {
		return slashDir(root), module
	}
	return root, module
}

// python drafts what the Python sources of a folder run.
func (d *draft) python(dir string) {
	needs := d.migration(dir)
	if manage := join(dir, "manage.py"); d.exists(manage) && strings.Contains(d.text(manage), "django") {
		d.use(manage)
		at := place{manage, 1}
		task := &process{kind: config.KindTask, dir: dir, from: at, command: []string{"python", "manage.py", "migrate", "--no-input"}}
		task.note("guessed: the database is brought up to date at every start")
		d.add(task, "migrate")
		d.program(task)
		p := &process{kind: config.KindServer, dir: dir, from: at, movable: true, root: true, port: 8001,
			command: []string{"python", "manage.py", "runserver", "{port}"}, depends: []dependency{{name: task.name}}}
		p.note("guessed: Django's own server, which reloads by itself")
		p.found = []string{"/admin", "/static", "/api"}
		d.add(p, d.serverName(dir, "web"))
		d.program(p)
		return
	}
	apps := d.pyApps(dir)
	if len(apps) == 0 {
		return
	}
	a := apps[0]
	if slices.ContainsFunc(d.processes, func(p *process) bool { return p.app == a.app && p.dir == a.dir }) {
		return
	}
	d.use(a.file)
	for _, other := range apps[1:] {
		if other.kind == a.kind && other.dir == a.dir && strings.HasSuffix(other.file, "__init__.py") == strings.HasSuffix(a.file, "__init__.py") || other.kind != a.kind {
			d.leave(place{other.file, lineOf(d.text(other.file), other.kind+"(")}, "is another application; %s is the one that was taken", a.app)
		}
	}
	at := place{a.file, lineOf(d.text(a.file), a.kind+"(")}
	p := &process{kind: config.KindServer, dir: a.dir, from: at, movable: true, port: 8001, depends: needs}
	p.found = d.servedPaths(dir)
	if a.kind == "Flask" {
		app := a.module
		if _, attribute, _ := strings.Cut(a.app, ":"); attribute != "app" && attribute != "create_app" && attribute != "application" && attribute != "make_app" {
			app = a.app
		}
		p.command = []string{"flask", "--app", app, "run", "-p", "{port}", "--debug"}
		p.note("guessed: its application, from %s", at)
		d.add(p, d.serverName(dir, "api"))
		d.program(p)
		return
	}
	p.app, p.reload = a.app, true
	if a.factory {
		p.args = []string{"--factory"}
	}
	p.note("guessed: its application, from %s", at)
	d.pythonServer(p)
	d.add(p, d.serverName(dir, "api"))
}

// pythonServer completes a uvicorn server that a command named.
func (d *draft) pythonServer(p *process) {
	if p.found = d.servedPaths(p.dir); p.found == nil {
		p.found = []string{"/api"}
	}
	p.found = append(p.found, "/docs", "/openapi.json")
}

// pythonFile has a program that serves an application at a port of its own choice
// run by what can be told the port.
func (d *draft) pythonFile(p *process) bool {
	argv := p.command
	for _, r := range runners {
		if len(argv) > 2 && slices.Equal(argv[:2], r) {
			argv = argv[2:]
		}
	}
	if len(argv) != 2 || !strings.HasPrefix(argv[0], "python") || !strings.HasSuffix(argv[1], ".py") || p.port == 0 && p.kind != config.KindServer {
		return false
	}
	file := join(p.dir, argv[1])
	source := d.text(file)
	if readsPort().MatchString(source) || strings.Contains(source, "socketio") {
		return false
	}
	module := strings.ReplaceAll(strings.TrimSuffix(argv[1], ".py"), "/", ".")
	if name := assigned(source, "FastAPI"); name != "" {
		p.kind, p.command, p.app, p.reload, p.movable = config.KindServer, nil, module+":"+name, true, true
		p.note("guessed: its application, from %s", place{file, lineOf(source, "FastAPI(")})
		d.pythonServer(p)
		return true
	}
	if name := assigned(source, "Flask"); name != "" {
		p.command, p.movable = []string{"flask", "--app", module + ":" + name, "run", "-p", "{port}", "--debug"}, true
		p.note("guessed: its application, from %s, so that it can be told its port", place{file, lineOf(source, "Flask(")})
		d.program(p)
		return true
	}
	return false
}

// serverName is a folder's name, where that says something.
func (d *draft) serverName(dir, other string) string {
	name := validName(d.baseName(dir))
	if dir == "" || name == "src" {
		name = other
	}
	return name
}

// migration drafts the task of an alembic.ini, and who waits for it.
func (d *draft) migration(dir string) []dependency {
	file := join(dir, "alembic.ini")
	if !d.exists(file) {
		return nil
	}
	d.use(file)
	task := &process{kind: config.KindTask, dir: dir, from: place{file, 1}, command: []string{"alembic", "upgrade", "head"}}
	task.note("guessed: the database is brought up to date at every start")
	called := "migrate"
	d.add(task, called)
	d.program(task)
	return []dependency{{name: called}}
}

var (
	routePrefix = lazy(`(?:\bprefix|basePath\(|url_prefix|API_V\d_STR|API_PREFIX|BASE_PATH|\broot_path)(?:\s*:\s*str)?\s*=?\s*["'](/[\w./-]*)["']`)
	routeCall   = lazy(`\b(?:app|server|router|fastify|r|e|mux|http|api|g|engine|srv|application)\.(?:get|post|put|delete|patch|all|use|route|websocket|api_route|Get|Post|Put|Delete|Patch|Group|Route|GET|POST|PUT|DELETE|PATCH|Handle|HandleFunc|Mount|register)\(\s*["'` + "`" + `](?:[A-Z]+ )?(/[^"'` + "`" + `]*)["'` + "`" + `]`)
	routeMethod = lazy(`setGlobalPrefix\(\s*["']/?([\w/-]+)["']`)
)

// servedPaths are the paths that the sources of a folder serve, by their beginnings.
func (d *draft) servedPaths(dir string) (paths []string) {
	if known, ok := d.servings[dir]; ok {
		return known
	}
	defer func() { d.servings[dir] = paths }()
	prefixes, plain := map[string]bool{}, map[string]bool{}
	var order []string
	note := func(into map[string]bool, p string) {
		p = strings.TrimRight(p, "/")
		segments := strings.Split(strings.TrimPrefix(p, "/"), "/")
		first := "/" + segments[0]
		if first == "/" || strings.Trim(segments[0], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~") != "" {
			return
		}
		if !into[first] && !slices.Contains(order, first) {
			order = append(order, first)
		}
		into[first] = true
	}
	d.own(dir, func(rel string) bool {
		switch path.Ext(rel) {
		case ".py", ".js", ".ts", ".mjs", ".cjs", ".go":
		default:
			return false
		}
		if isTest(rel) {
			return false
		}
		source := d.text(rel)
		for _, m := range routePrefix().FindAllStringSubmatch(source, -1) {
			note(prefixes, m[1])
		}
		for _, m := range routeMethod().FindAllStringSubmatch(source, -1) {
			note(prefixes, "/"+m[1])
		}
		for _, m := range routeCall().FindAllStringSubmatch(source, -1) {
			note(plain, m[1])
		}
		return false
	})
	if prefixes["/api"] || plain["/api"] {
		return []string{"/api"}
	}
	if len(order) > 12 {
		order = order[:12]
	}
	return order
}
