package specs

import (
	"sort"
	"strings"
)

// methods are the fields of a path item that hold an operation (OpenAPI
// Specification 3.1: Path Item Object).
var methods = [...]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// operation is one method of one path.
type operation struct {
	Method string // upper case
	Path   string
	ID     string // operationId, or what stands in for it
	Raw    map[string]any
	Params []map[string]any // resolved, the path's own included
}

func (o operation) label() string { return o.Method + " " + o.Path }

// operations lists a document's operations, ordered by path and method.
func operations(d Document) []operation {
	var all []operation
	paths := object(d.Root["paths"])
	for _, path := range keys(paths) {
		item, _ := d.deref(paths[path])
		for _, method := range methods {
			raw, ok := item[method].(map[string]any)
			if !ok {
				continue
			}
			o := operation{Method: strings.ToUpper(method), Path: path, ID: text(raw["operationId"]), Raw: raw}
			if o.ID == "" {
				o.ID = method + "_" + path
			}
			o.Params = d.parameters(item, raw)
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
	for _, raw := range append(append([]any{}, list(item["parameters"])...), list(op["parameters"])...) {
		p, _ := d.deref(raw)
		key := text(p["in"]) + " " + text(p["name"])
		if i, ok := at[key]; ok {
			params[i] = p
			continue
		}
		if text(p["name"]) != "" {
			at[key] = len(params)
			params = append(params, p)
		}
	}
	return params
}

// media is one content type of a body.
type media struct {
	Type   string // lower case, without its parameters
	Schema any
	Raw    map[string]any
}

// contents lists the content types of a body or response: JSON first, then by name.
func contents(body map[string]any) []media {
	var all []media
	content := object(body["content"])
	for _, t := range keys(content) {
		name, _, _ := strings.Cut(strings.ToLower(t), ";")
		raw := object(content[t])
		all = append(all, media{strings.TrimSpace(name), raw["schema"], raw})
	}
	sort.SliceStable(all, func(i, j int) bool { return isJSON(all[i].Type) && !isJSON(all[j].Type) })
	return all
}

func isJSON(contentType string) bool {
	return contentType == "application/json" || strings.HasSuffix(contentType, "+json") || contentType == "*/*"
}
