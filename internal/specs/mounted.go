package specs

import (
	"maps"
	"slices"
	"strings"

	"muster/internal/apidoc"
)

// placeKey is the keyword by which the export script tells where it found a
// document.
const placeKey = "x-muster-place"

// placeAt makes a document of what an application answered at a place, a path
// such as /api/v1/orders: an application that is mounted there may not know, and
// writes its paths and addresses from there on.
func placeAt(d apidoc.Document, place, base string) {
	if d.Kind == apidoc.OpenAPI {
		if d.ServerPath() == "" && !slices.ContainsFunc(d.Paths(), func(p string) bool { return within(p, base, place) }) && len(d.Paths()) > 0 {
			d.Root["servers"] = append([]any{map[string]any{"url": place}}, apidoc.List(d.Root["servers"])...)
		}
		return
	}
	channels := apidoc.Object(d.Root["channels"])
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		c, _ := d.Deref(channels[name])
		if strings.HasPrefix(d.Version, "2") { // the name is the address
			if !within(name, base, place) && strings.HasPrefix(name, "/") {
				delete(channels, name)
				channels[joined(place, name)] = c
			}
			continue
		}
		if address := apidoc.Text(c["address"]); strings.HasPrefix(address, "/") && !within(address, base, place) {
			c["address"] = joined(place, address)
		}
	}
}

// within tells whether a path is one of the whole API's.
func within(path, base, place string) bool {
	return path == place || strings.HasPrefix(path, place+"/") || base != "" && strings.HasPrefix(path, base+"/")
}

func joined(place, path string) string { return place + strings.TrimSuffix(path, "/") }

// place does the same with a document that the export script wrote.
func place(d apidoc.Document, base string) {
	if at, ok := d.Root[placeKey].(string); ok {
		delete(d.Root, placeKey)
		placeAt(d, at, base)
	}
}

// mergeMounted adds the paths of a module's document to the whole one, from
// where the module is served.
func mergeMounted(whole, part apidoc.Document) {
	from := part.ServerPath()
	if from == "" || from == whole.ServerPath() {
		whole.Merge(part, "paths")
		return
	}
	paths := map[string]any{}
	for path, item := range apidoc.Object(part.Root["paths"]) {
		paths[from+path] = item
	}
	root := maps.Clone(part.Root)
	root["paths"] = paths
	whole.Merge(apidoc.Document{Kind: part.Kind, Version: part.Version, Root: root}, "paths")
}
