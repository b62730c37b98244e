package apidoc

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"strings"
)

// methods are the fields of a path item that hold an operation (OpenAPI
// Specification 3.1: Path Item Object).
var methods = [...]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// Operation is one method of one path.
type Operation struct {
	Method string // upper case
	Path   string
	ID     string // operationId, or what stands in for it
	Raw    map[string]any
	Params []map[string]any // resolved, the path's own included
	Server map[string]any   // its own or the path's; nil is the document's
	// Security is the alternatives of schemes that it asks for, its own or the
	// document's. An empty one asks for none.
	Security []map[string]any
}

func (o Operation) Label() string { return o.Method + " " + o.Path }

// Paths lists the paths of a document, in order.
func (d Document) Paths() []string { return slices.Sorted(maps.Keys(Object(d.Root["paths"]))) }

// Operations lists a document's operations, ordered by path and method.
func (d Document) Operations() []Operation {
	var all []Operation
	paths := Object(d.Root["paths"])
	for _, path := range d.Paths() {
		item, _ := d.Deref(paths[path])
		for _, method := range methods {
			raw, _ := d.Deref(item[method])
			if raw == nil {
				continue
			}
			o := Operation{Method: strings.ToUpper(method), Path: path, ID: cmp.Or(Text(raw["operationId"]), method+"_"+path),
				Raw: raw, Params: d.parameters(item, raw)}
			for _, servers := range [][]any{List(item["servers"]), List(raw["servers"])} {
				if len(servers) > 0 {
					o.Server = Object(servers[0])
				}
			}
			security, own := raw["security"]
			if !own {
				security = d.Root["security"]
			}
			for _, s := range List(security) {
				o.Security = append(o.Security, Object(s))
			}
			all = append(all, o)
		}
	}
	return all
}

// parameters merges the parameters of the path with the operation's own,
// which win, in the order of the document.
func (d Document) parameters(item, op map[string]any) []map[string]any {
	var params []map[string]any
	at := map[string]int{}
	for _, raw := range slices.Concat(List(item["parameters"]), List(op["parameters"])) {
		p, _ := d.Deref(raw)
		key := Text(p["in"]) + " " + Text(p["name"])
		if i, ok := at[key]; ok {
			params[i] = p
			continue
		}
		if Text(p["name"]) != "" {
			at[key] = len(params)
			params = append(params, p)
		}
	}
	return params
}

// Media is one content type of a body.
type Media struct {
	Type   string // lower case, without its parameters
	Schema any
	Raw    map[string]any
}

// Contents lists the content types of a body or response, those first that a
// client takes first: JSON itself, what is JSON too, then by name; ranges, which
// only a server can choose from, come last.
func Contents(body map[string]any) []Media {
	var all []Media
	content := Object(body["content"])
	for _, t := range slices.Sorted(maps.Keys(content)) {
		name, _, _ := strings.Cut(strings.ToLower(t), ";")
		raw := Object(content[t])
		all = append(all, Media{strings.TrimSpace(name), raw["schema"], raw})
	}
	rank := func(m Media) int {
		switch {
		case m.Type == "application/json":
			return 0
		case m.IsRange():
			return 3
		case m.IsJSON():
			return 1
		}
		return 2
	}
	sort.SliceStable(all, func(i, j int) bool { return rank(all[i]) < rank(all[j]) })
	return all
}

// IsJSON tells whether a body of the type is JSON, or may be.
func (m Media) IsJSON() bool {
	switch m.Type {
	case "application/json", "text/json", "application/*", "*/*":
		return true
	}
	return strings.HasSuffix(m.Type, "+json")
}

// IsRange tells whether it stands for several types, such as application/*+json.
func (m Media) IsRange() bool { return strings.Contains(m.Type, "*") }
