package gateway

import (
	"slices"
	"strings"

	"muster/internal/apidoc"
	"muster/internal/config"
)

// document is what the exported documents of a module say of its paths.
type document struct {
	module  string
	rest    []string // paths of its OpenAPI document, {parameters} included
	sockets []string // addresses of its AsyncAPI document
}

// documents reads the exported documents of the modules. What cannot be read
// says nothing: the specs' own commands report that.
func documents(dir string) []document {
	if dir == "" {
		return nil
	}
	var list []document
	for _, m := range apidoc.Outlines(dir) {
		if _, err := word("the module", m.Name); err != nil || m.Name == config.Core {
			continue
		}
		d := document{module: m.Name}
		for _, path := range m.REST.Paths() {
			d.rest = append(d.rest, m.REST.ServerPath()+path)
		}
		for _, c := range m.WS.Channels() {
			if fixed(c.Address) {
				d.sockets = append(d.sockets, c.Address)
			}
		}
		if len(d.rest)+len(d.sockets) > 0 {
			list = append(list, d)
		}
	}
	return list
}

// fixed tells a path that can stand in nginx.conf as it is.
func fixed(path string) bool {
	_, err := urlPath(path)
	return err == nil && path != "/" && !strings.Contains(path, "//")
}

// pattern turns a path of an OpenAPI document into a route's: up to the first
// parameter it is fixed. "" is one that no route can be made of.
func pattern(path string) (p string, prefix bool) {
	if before, _, ok := strings.Cut(path, "{"); ok {
		p, prefix = path[:strings.LastIndexByte(before, '/')+1], true
	} else {
		p = path
	}
	if !fixed(p) || p == "/" {
		return "", false
	}
	return p, prefix
}

// documented adds the paths that a module's documents name outside of its own
// folder of URLs, which a route by name would send to the shared server.
func (b *builder) documented(docs []document) {
	for _, d := range docs {
		if !slices.Contains(b.listed, d.module) {
			continue
		}
		server := b.c.ModuleServer(d.module).Name
		own := b.c.APIBaseURL + "/" + d.module
		for _, path := range d.rest {
			p, prefix := pattern(path)
			switch {
			case p == "", p == own, strings.HasPrefix(p, own+"/"), !strings.HasPrefix(p, b.c.APIBaseURL+"/"), p == b.c.APIBaseURL+"/":
				continue
			case slices.Contains(sharedEndpoints(), strings.TrimPrefix(p, b.c.APIBaseURL+"/")):
				continue
			}
			b.add(Route{Path: p, Prefix: prefix, Kind: REST, Module: d.module, Server: server})
		}
	}
}

// sockets are the WebSockets of a module: those that its document names or,
// with none, the one of the convention.
func sockets(docs []document, base, module string) []string {
	i := slices.IndexFunc(docs, func(d document) bool { return d.module == module })
	if i < 0 || len(docs[i].sockets) == 0 {
		return []string{base + "/" + module + "/ws"}
	}
	return docs[i].sockets
}

// unanswered adds the routes that the documents promise and no server keeps.
func (b *builder) unanswered(docs []document) {
	if s := b.c.SharedServer(); s == nil || s.Name != config.Core && len(s.Modules) == 0 {
		return // it was started with every module
	}
	for _, d := range docs {
		// A document of somebody else's API promises nothing here.
		own := b.c.APIBaseURL + "/" + d.module
		here := func(path string) bool { return path == own || strings.HasPrefix(path, own+"/") }
		if !slices.Contains(b.listed, d.module) && (slices.ContainsFunc(d.rest, here) || slices.ContainsFunc(d.sockets, here)) {
			b.routes = append(b.routes, Route{
				Path: own + "/", Prefix: true, Kind: REST, Module: d.module,
				Problem: "no server has the module " + d.module,
			})
		}
	}
}
