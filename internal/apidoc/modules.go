package apidoc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"muster/internal/hint"
)

// Module is the documents of one module, which lie in a folder of its name. A
// document that is not there has no kind.
type Module struct {
	Name     string
	REST, WS Document
}

func (m Module) empty() bool { return m.REST.Kind == "" && m.WS.Kind == "" }

// Modules reads every module's documents. Where the folder holds only the
// whole API, that is one module named "api".
func Modules(dir string) ([]Module, error) {
	within := func(file string) (Document, error) { return LoadWithin(dir, file) }
	all, err := eachModule(dir, func(at string) (Module, error) { return loadModule(at, within) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.With(fmt.Errorf("there is no folder %s with the API's documents", dir), "export them first: specs:export")
	}
	if err != nil || len(all) > 0 {
		return all, err
	}
	m, err := loadModule(dir, within)
	if err != nil {
		return nil, err
	}
	if m.empty() {
		return nil, hint.With(fmt.Errorf("there is no openapi.json or asyncapi.json in %s or its folders", dir), "export them first: specs:export")
	}
	m.Name = "api"
	return []Module{m}, nil
}

// Outlines reads of every module's documents the names of the paths and the
// addresses of the channels, which is cheap. A document that cannot be read is
// left out, and the whole API is no module.
func Outlines(dir string) []Module {
	all, _ := eachModule(dir, func(dir string) (m Module, err error) {
		m.REST, _ = find(dir, OpenAPI, skim)
		m.WS, _ = find(dir, AsyncAPI, skim)
		return m, nil
	})
	return all
}

// skim is Load for the names of paths and the addresses of channels.
func skim(file string) (Document, error) {
	data, err := readFile(file)
	if err != nil {
		return Document{}, err
	}
	var outline struct {
		OpenAPI, AsyncAPI any
		Servers           []any
		Paths             map[string]struct{}
		Channels          map[string]struct {
			Address any
			Ref     any `json:"$ref"`
		}
	}
	var wrong *json.UnmarshalTypeError // of a value that is not needed
	if err := json.Unmarshal(utf8Text(data), &outline); err != nil && !errors.As(err, &wrong) {
		return Parse(data) // YAML, perhaps
	}
	paths, channels := map[string]any{}, map[string]any{}
	for path := range outline.Paths {
		paths[path] = nil
	}
	for name, c := range outline.Channels {
		if c.Ref != nil {
			return Parse(data)
		}
		channels[name] = map[string]any{"address": c.Address}
	}
	root := map[string]any{"openapi": outline.OpenAPI, "asyncapi": outline.AsyncAPI, "paths": paths, "channels": channels, "servers": outline.Servers}
	if d, err := identify(root); err == nil {
		return d, nil
	}
	return Parse(data) // a version that is written as a number
}

// ServerPath is the path at which a document's own paths begin, by its first
// server; "" is the host's root.
func (d Document) ServerPath() string {
	servers := List(d.Root["servers"])
	if len(servers) == 0 {
		return ""
	}
	s := Object(servers[0])
	url := Text(s["url"])
	for name, v := range Object(s["variables"]) {
		url = strings.ReplaceAll(url, "{"+name+"}", Text(Object(v)["default"]))
	}
	if _, rest, ok := strings.Cut(url, "://"); ok {
		_, path, _ := strings.Cut(rest, "/")
		url = "/" + path
	}
	if !strings.HasPrefix(url, "/") {
		return ""
	}
	return strings.TrimSuffix(url, "/")
}

// eachModule lists the modules that have a document, in order.
func eachModule(dir string, load func(dir string) (Module, error)) ([]Module, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []Module
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		m, err := load(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if m.Name = e.Name(); !m.empty() {
			all = append(all, m)
		}
	}
	return all, nil
}

func loadModule(dir string, load func(file string) (Document, error)) (m Module, err error) {
	if m.REST, err = find(dir, OpenAPI, load); err == nil {
		m.WS, err = find(dir, AsyncAPI, load)
	}
	return m, err
}

// find reads the document of a kind in a folder, if there is one.
func find(dir string, kind Kind, read func(file string) (Document, error)) (Document, error) {
	for _, ext := range [...]string{".json", ".yaml", ".yml"} {
		file := filepath.Join(dir, string(kind)+ext)
		st, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !st.Mode().IsRegular() {
			continue
		}
		var d Document
		if err == nil {
			d, err = read(file)
		}
		if err == nil && d.Kind != kind {
			err = fmt.Errorf("%s holds %s, not %s", file, d.Kind, kind)
		}
		if err != nil {
			return Document{}, err
		}
		return d, nil
	}
	return Document{}, nil
}
