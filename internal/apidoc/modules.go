package apidoc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	all, err := eachModule(dir, loadModule)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &hinted{fmt.Errorf("there is no folder %s with the API's documents", dir), "export them first: mage specs:export"}
	}
	if err != nil || len(all) > 0 {
		return all, err
	}
	m, err := loadModule(dir)
	if err != nil {
		return nil, err
	}
	if m.empty() {
		return nil, &hinted{fmt.Errorf("there is no openapi.json or asyncapi.json in %s or its folders", dir), "export them first: mage specs:export"}
	}
	m.Name = "api"
	return []Module{m}, nil
}

// Outlines reads every module's documents without what they have in other
// files. A document that cannot be read is left out, and the whole API is no
// module.
func Outlines(dir string) []Module {
	all, _ := eachModule(dir, func(dir string) (m Module, err error) {
		m.REST, _ = find(dir, OpenAPI, parseFile)
		m.WS, _ = find(dir, AsyncAPI, parseFile)
		return m, nil
	})
	return all
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

func loadModule(dir string) (m Module, err error) {
	if m.REST, err = find(dir, OpenAPI, Load); err == nil {
		m.WS, err = find(dir, AsyncAPI, Load)
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

// hinted is an error with a hint of what to do next.
type hinted struct {
	error
	hint string
}

func (h *hinted) Hint() string  { return h.hint }
func (h *hinted) Unwrap() error { return h.error }
