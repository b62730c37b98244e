package gateway

import (
	"fmt"
	"net"
	"slices"
	"strconv"

	"muster/internal/config"
)

// Kind says what a route carries.
type Kind string

// The kinds of routes.
const (
	REST      Kind = "rest"      // the requests of one module
	WebSocket Kind = "websocket" // the WebSocket of one module
	Shared    Kind = "shared"    // what belongs to no module
	Path      Kind = "path"      // what lies below a path of the server's own
	Frontend  Kind = "frontend"  // the page's development server
)

// Route sends what matches a pattern to a server.
type Route struct {
	// Path is compared with the request's path: exactly, or as the beginning
	// of it where Prefix is set (it then ends in "/").
	Path   string `json:"path"`
	Prefix bool   `json:"prefix,omitempty"`
	// Param and Value, where set, must be in the query; Value "*" stands for
	// any other value or none.
	Param string `json:"param,omitempty"`
	Value string `json:"value,omitempty"`

	// Strip is the beginning of the path that the server does not get; "" is none.
	Strip string `json:"strip,omitempty"`

	Kind      Kind     `json:"kind"`
	Module    string   `json:"module,omitempty"`
	Server    string   `json:"server"`
	Instances []string `json:"instances"` // HOST:PORT
	// Problem says why nothing answers here, and is "" where something does.
	Problem string `json:"problem,omitempty"`
}

// Pattern is the route's URL as people read it.
func (r Route) Pattern() string {
	p := r.Path
	if r.Prefix {
		p += "*"
	}
	if r.Param != "" {
		p += "?" + r.Param + "=" + r.Value
	}
	return p
}

// addresses are the instances of a server, HOST:PORT.
func addresses(s config.Server) []string {
	var a []string
	for i := range s.Instances {
		a = append(a, address(s.Port+i))
	}
	return a
}

// Spares are the addresses of the stand-ins for a server's instances, in the same
// order, so that a client who is kept at one stays at its stand-in.
func Spares(c *config.Config, s config.Server) []string {
	ports := c.SparePorts()
	var a []string
	for i := range s.Instances {
		a = append(a, address(ports[s.Port+i]))
	}
	return a
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// sharedEndpoints are a backend's paths that belong to no module. With no
// frontend they are also reached without the base URL.
func sharedEndpoints() []string {
	return []string{"health", "version", "versions", "docs", "redoc", "openapi.json", "asyncapi.json"}
}

// Routes is the table of a configuration: which URL goes to which server and
// instances. The order is that in which a person looks for a route; where two
// match, an exact path wins over a prefix and a long prefix over a short one.
//
// Where websocket_routes was left out, the exported documents of the modules
// add to it. A route with a Problem is one that they promise and no server
// keeps.
func Routes(c *config.Config) ([]Route, error) {
	list, err := Table(c)
	if err != nil {
		return nil, err
	}
	b := newBuilder(c)
	b.unanswered(documents(c.Specs.Dir))
	return append(list, b.routes...), nil
}

// Table is the part of Routes that a server answers.
func Table(c *config.Config) ([]Route, error) {
	if len(c.Servers)+len(c.Frontends) == 0 {
		return nil, fmt.Errorf("%s: no servers and no frontends, so there is nothing to route to", c.File)
	}
	b := newBuilder(c)
	var docs []document
	if c.WebSocketRoutes == nil {
		docs = documents(c.Specs.Dir)
	}
	b.modules()
	b.documented(docs)
	b.websockets(docs)
	b.paths()
	b.shared()
	b.pages()
	return b.routes, nil
}

type builder struct {
	c         *config.Config
	instances map[string][]string
	listed    []string // modules, core aside: every server has that, and it is shared
	routes    []Route
}

func newBuilder(c *config.Config) *builder {
	b := &builder{c: c, instances: map[string][]string{}, listed: c.Modules()}
	b.listed = slices.DeleteFunc(b.listed, func(m string) bool {
		s := c.ModuleServer(m)
		return m == config.Core || s == nil || s.Hidden
	})
	for _, s := range c.Servers {
		b.instances[s.Name] = addresses(s)
	}
	return b
}

func (b *builder) add(r Route) {
	if a := b.instances[r.Server]; a != nil {
		r.Instances = a
	}
	b.routes = append(b.routes, r)
}

func (b *builder) byQuery() bool { return b.c.WebSocket.RoutingStrategy == config.RouteByQuery }

// socketPath is the one path of all WebSockets that a query parameter routes.
func (b *builder) socketPath() string { return b.c.APIBaseURL + "/ws" }

// modules sends a module's paths to the server that answers for it.
func (b *builder) modules() {
	for _, m := range b.listed {
		server := b.c.ModuleServer(m).Name
		path := b.c.APIBaseURL + "/" + m
		if !b.byQuery() || path != b.socketPath() {
			b.add(Route{Path: path, Kind: REST, Module: m, Server: server})
		}
		b.add(Route{Path: path + "/", Prefix: true, Kind: REST, Module: m, Server: server})
	}
}

// websockets are those of websocket_routes or, where that was left out, one
// for each module at the server that has it.
func (b *builder) websockets(docs []document) {
	list := b.c.WebSocketRoutes
	if list == nil {
		for _, m := range b.listed {
			list = append(list, config.WebSocketRoute{Module: m, Server: b.c.ModuleServer(m).Name})
		}
	}
	ws := b.c.WebSocket
	for _, r := range list {
		route := Route{Kind: WebSocket, Module: r.Module, Server: r.Server}
		if b.byQuery() {
			route.Path, route.Param, route.Value = b.socketPath(), ws.QueryParamName, r.Module
			b.add(route)
			continue
		}
		for _, route.Path = range sockets(docs, b.c.APIBaseURL, r.Module) {
			b.add(route)
		}
	}
	if b.byQuery() {
		b.add(Route{
			Path: b.socketPath(), Param: ws.QueryParamName, Value: "*",
			Kind: WebSocket, Server: ws.DefaultServer,
		})
	}
}

// paths sends what lies below a server's own paths to it.
func (b *builder) paths() {
	for _, s := range b.c.Servers {
		for _, p := range s.Paths {
			strip := ""
			if p.Strip {
				strip = p.Path
			}
			if p.Path != "" {
				b.add(Route{Path: p.Path, Strip: strip, Kind: Path, Server: s.Name})
			}
			b.add(Route{Path: p.Path + "/", Prefix: true, Strip: strip, Kind: Path, Server: s.Name})
		}
	}
}

// shared sends everything else below the base URL to the core server.
func (b *builder) shared() {
	server := b.c.SharedServer()
	if server == nil {
		return
	}
	name, base := server.Name, b.c.APIBaseURL
	rest := !b.hasRoot() // what lies outside of the base URL is nobody else's
	if base != "" {
		b.add(Route{Path: base, Kind: Shared, Server: name})
		b.add(Route{Path: base + "/", Prefix: true, Kind: Shared, Server: name})
	}
	for _, p := range sharedEndpoints() {
		if rest || base == "" || p == "health" {
			b.add(Route{Path: "/" + p, Kind: Shared, Server: name})
		}
	}
	if base == "" && rest {
		b.add(Route{Path: "/", Prefix: true, Kind: Shared, Server: name})
	}
}

// hasRoot tells whether a page or a server's own path is everything.
func (b *builder) hasRoot() bool {
	return slices.ContainsFunc(b.c.Frontends, func(f config.Frontend) bool { return f.Path == "" }) ||
		slices.ContainsFunc(b.routes, func(r Route) bool { return r.Kind == Path && r.Path == "/" })
}

// pages sends what lies below a frontend's path to its development server.
func (b *builder) pages() {
	for _, f := range b.c.Frontends {
		port := strconv.Itoa(f.Port)
		// "localhost" of a development server may be either of the two.
		r := Route{Path: f.Path, Kind: Frontend, Server: f.Name, Instances: []string{"127.0.0.1:" + port, "[::1]:" + port}}
		if f.Path != "" {
			b.add(r)
		}
		r.Path, r.Prefix = f.Path+"/", true
		b.add(r)
	}
}
