package config

import (
	"errors"
	"path/filepath"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

// config reads the whole file. Every default stands here or in the function
// of its section.
func (d *decoder) config(v value) *Config {
	c := &Config{APIBaseURL: "/api/v1", Gateway: GatewayAuto}
	s := d.section(v)
	d.str(s.field("api_base_url"), &c.APIBaseURL, "a path such as /api/v1", aBasePath)
	d.choice(s.field("gateway"), &c.Gateway, GatewayAuto, GatewayNginx, GatewayBuiltin)
	if c.APIBaseURL == "/" {
		c.APIBaseURL = ""
	}
	ports := "fixed"
	d.choice(s.field("ports"), &ports, "fixed", "auto")
	c.AutoPorts = ports == "auto"
	d.auto = c.AutoPorts
	if nginx := s.field("nginx"); nginx.set() {
		c.Nginx = d.nginx(nginx)
	}
	c.EnvFile = d.envFile // which was read before all else
	d.asked.text(s.field("env_file"), "", "a path", aPath)
	c.Backend = d.backend(s.field("backend"))
	c.Servers = d.servers(s.field("servers"), c)
	c.Workers = d.workers(s.field("workers"), c)
	c.Tasks = d.tasks(s.field("tasks"), c)
	c.Frontends = d.frontends(s.field("frontend"), s.field("frontends"), c)
	c.WebSocket = d.webSocket(s.field("websocket"))
	c.WebSocketRoutes = d.webSocketRoutes(s.field("websocket_routes"))
	c.Specs = d.specs(s.field("specs"), c)
	c.Logs = d.logs(s.field("logs"))
	c.Dashboard = d.dashboard(s.field("dashboard"))
	s.finish()
	return c
}

// dashboard reads false, which leaves it out, or what it is to have.
func (d *decoder) dashboard(v value) (b Dashboard) {
	if v.set() && v.node.Kind == yaml.ScalarNode && !v.null() {
		on := true
		d.boolean(v, &on)
		b.Off = !on
	} else {
		s := d.section(v)
		d.port(s.field("port"), &b.Port)
		s.finish()
	}
	if d.auto && !b.Off {
		b.Port = anyPort
	}
	return b
}

func (d *decoder) nginx(v value) *Nginx {
	// A minute of silence, nginx's own default: shorter ones cut event streams
	// that nobody announced, whose libraries send a sign of life every 15 s.
	n := &Nginx{Host: "127.0.0.1", WorkerProcesses: "1", WorkerConnections: 1024, ReadTimeout: time.Minute}
	s := d.section(v)
	d.str(s.field("host"), &n.Host, "an IP address or a host name", aHost)
	d.hosts(s.field("hosts"), &n.Hosts)
	d.portOf(s, "port", &n.Port, true)
	d.word(s.field("worker_processes"), &n.WorkerProcesses, "a number or auto", aWorkerCount)
	d.integer(s.field("worker_connections"), &n.WorkerConnections, 16, 1_000_000)
	d.duration(s.field("read_timeout"), &n.ReadTimeout, time.Second, 24*time.Hour)
	d.word(s.field("version"), &n.Version, "a version such as 1.28.2", aVersion)
	d.str(s.field("mirror"), &n.Mirror, "a URL", aMirror)
	d.str(d.mark(s.field("extra")), &n.Extra, "a path", anIncludePath)
	if n.Extra != "" {
		n.Extra = filepath.ToSlash(filepath.Clean(n.Extra))
	}
	d.boolean(s.field("tls"), &n.TLS)
	d.portOf(s, "redirect_port", &n.RedirectPort, false)
	s.finish()
	return n
}

var aWorkerCount = grammar{check: checkWorkers, pattern: `^(auto|[1-9]|[1-5][0-9]|6[0-4])$`, most: 64}

// checkWorkers accepts what nginx.org says of worker_processes; more than 64
// is a mistake on a developer's machine.
func checkWorkers(s string) error {
	n, err := strconv.Atoi(s)
	if s == "auto" || err == nil && n >= 1 && n <= 64 && strconv.Itoa(n) == s {
		return nil
	}
	return errors.New("must be 1 to 64, or auto")
}

func (d *decoder) webSocket(v value) WebSocket {
	w := WebSocket{RoutingStrategy: RouteByPath, QueryParamName: "type"}
	s := d.section(v)
	d.choice(s.field("routing_strategy"), &w.RoutingStrategy, RouteByPath, RouteByQuery)
	d.str(s.field("query_param_name"), &w.QueryParamName, "a name", aParameter)
	d.str(d.mark(s.field("default_server")), &w.DefaultServer, "the name of a server", aName)
	s.finish()
	return w
}

var aParameter = grammar{check: checkParameter, pattern: `^[A-Za-z_][A-Za-z0-9_]{0,39}$`}

func checkParameter(s string) error {
	if len(s) > maxName {
		return errors.New("is longer than 40 characters")
	}
	return checkIdentifier(s)
}

// webSocketRoutes is nil when the section is left out, and empty when it says
// {}: then no WebSocket is routed.
func (d *decoder) webSocketRoutes(v value) []WebSocketRoute {
	if !v.set() || v.null() {
		return nil
	}
	routes := []WebSocketRoute{}
	for _, e := range d.named(v, aName) {
		d.say(e)
		if err := checkName(e.key); err != nil {
			d.reportAt(e.at, "", "websocket_routes: the module %s %s", tick(e.key), err)
		}
		r := WebSocketRoute{Module: e.key}
		d.str(e.value, &r.Server, "the name of a server", aName)
		if r.Server != "" {
			d.mark(e.value)
			routes = append(routes, r)
		}
	}
	return routes
}

func (d *decoder) backend(v value) Backend {
	b := Backend{Dir: d.dir, App: "trading_api.main:app"}
	s := d.section(v)
	d.path(s.field("dir"), &b.Dir)
	d.str(s.field("app"), &b.App, "MODULE:ATTRIBUTE", anApp)
	d.program(s.field("python"), &b.Python)
	d.env(s.field("env"), &b.Env)
	d.path(s.field("env_file"), &b.EnvFile)
	s.finish()
	return b
}

func (d *decoder) logs(v value) Logs {
	l := Logs{MaxSize: 64 << 20, MaxFiles: 3}
	s := d.section(v)
	d.boolean(s.field("color"), &l.Color)
	d.size(s.field("max_size"), &l.MaxSize, 4<<10, 1<<40)
	d.integer(s.field("max_files"), &l.MaxFiles, 0, 1000)
	d.boolean(s.field("access_log"), &l.AccessLog)
	s.finish()
	return l
}

func (d *decoder) specs(v value, c *Config) Specs {
	p := Specs{Asked: v.set(), Dir: filepath.Join(c.Backend.Dir, "specs"), Sources: []string{c.Backend.Dir}}
	s := d.section(v)
	d.path(s.field("dir"), &p.Dir)
	d.command(s.field("export_command"), &p.ExportCommand)
	d.paths(d.mark(s.field("sources")), &p.Sources)
	p.Documents = d.servedDocuments(s.field("documents"))
	if python := s.field("python"); python.set() {
		p.Python.Dir = filepath.Join(c.Backend.Dir, "clients")
		s := d.section(python)
		d.path(s.field("dir"), &p.Python.Dir)
		s.finish()
	}
	p.TypeScript = d.typeScript(s.field("typescript"), c)
	s.finish()
	return p
}

func (d *decoder) servedDocuments(v value) (all []ServedDocument) {
	values, _ := d.elements(v, "a list of documents, such as [{server: api, url: /openapi.json}]")
	for _, e := range values {
		doc := ServedDocument{URL: "/openapi.json"}
		s := d.section(e)
		d.str(d.mark(s.required("server")), &doc.Server, "the name of a server", aName)
		d.str(s.field("url"), &doc.URL, "a path such as /openapi.json", aRequestPath)
		s.finish()
		all = append(all, doc)
	}
	return all
}

// typeScript reads one set of clients, or a list of them.
func (d *decoder) typeScript(v value, c *Config) []TypeScriptClients {
	if !v.set() {
		return nil
	}
	sets := []value{v}
	if v.node.Kind == yaml.SequenceNode {
		sets, _ = d.elements(v, "a list of sets of clients")
	}
	var all []TypeScriptClients
	folders := map[string]position{} // without the modules' names -> what makes them
	for _, set := range sets {
		all = append(all, d.typeScriptClients(set, c, folders))
	}
	return all
}

func (d *decoder) typeScriptClients(v value, c *Config, folders map[string]position) TypeScriptClients {
	t := TypeScriptClients{RESTPrefix: "trader-client-", WSPrefix: "ws-types-"}
	s := d.section(v)
	dir, rest, ws := s.field("dir"), s.field("rest_prefix"), s.field("ws_prefix")
	if page := c.Page(); page != nil {
		t.Dir = filepath.Join(page.Dir, "src", "clients")
	} else if !dir.set() && (v.null() || v.node.Kind == yaml.MappingNode) {
		d.reportAt(v.at, "", "%s.dir is missing: without a frontend there is no default", v.path)
	}
	d.path(dir, &t.Dir)
	d.str(rest, &t.RESTPrefix, "a prefix", aPrefix)
	d.str(ws, &t.WSPrefix, "a prefix", aPrefix)
	d.command(s.field("command"), &t.Command)
	s.finish()
	if t.RESTPrefix == t.WSPrefix {
		at := v
		if ws.set() {
			at = ws
		} else if rest.set() {
			at = rest
		}
		d.report(at, "%s.rest_prefix and ws_prefix are both %s: the clients of a module would share a folder", v.path, tick(t.WSPrefix))
		return t
	}
	for _, prefix := range []string{t.RESTPrefix, t.WSPrefix} {
		folder := t.Dir + string(filepath.Separator) + prefix
		if first, ok := folders[folder]; ok && t.Dir != "" {
			d.reportAt(v.at, "", "%s makes the same folders %s as those on line %d", v.path, tick(prefix+"MODULE"), first.line)
			continue
		}
		folders[folder] = v.at
	}
	return t
}
