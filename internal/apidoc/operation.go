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
			raw, ok := item[method].(map[string]any)
			if !ok {
				continue
			}
			id := cmp.Or(Text(raw["operationId"]), method+"_"+path)
			all = append(all, Operation{strings.ToUpper(method), path, id, raw, d.parameters(item, raw)})
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

// Contents lists the content types of a body or response: JSON first, then by name.
func Contents(body map[string]any) []Media {
	var all []Media
	content := Object(body["content"])
	for _, t := range slices.Sorted(maps.Keys(content)) {
		name, _, _ := strings.Cut(strings.ToLower(t), ";")
		raw := Object(content[t])
		all = append(all, Media{strings.TrimSpace(name), raw["schema"], raw})
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].IsJSON() && !all[j].IsJSON() })
	return all
}

// IsJSON tells whether a body of the type is JSON, or may be.
func (m Media) IsJSON() bool {
	return m.Type == "application/json" || strings.HasSuffix(m.Type, "+json") || m.Type == "*/*"
}
