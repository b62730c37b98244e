package apidoc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Module is the documents of one module below the specs' folder; a
// document that is not there has no kind.
type Module struct {
	Name     string
	REST, WS Document
}

// Modules reads every module's documents. Where the folder holds only the
// whole API, that is one module named "api".
func Modules(dir string) ([]Module, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &hinted{fmt.Errorf("there is no folder %s with the API's documents", dir), "export them first: mage specs:export"}
		}
		return nil, err
	}
	var all []Module
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		m, err := loadModule(dir, e.Name())
		if err != nil {
			return nil, err
		}
		if m.REST.Kind != "" || m.WS.Kind != "" {
			all = append(all, m)
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	m, err := loadModule(dir, "")
	if err != nil {
		return nil, err
	}
	if m.REST.Kind == "" && m.WS.Kind == "" {
		return nil, &hinted{fmt.Errorf("there is no openapi.json or asyncapi.json in %s or its folders", dir), "export them first: mage specs:export"}
	}
	m.Name = "api"
	return []Module{m}, nil
}

func loadModule(dir, name string) (Module, error) {
	m := Module{Name: name}
	for _, kind := range []Kind{OpenAPI, AsyncAPI} {
		file, err := findDocument(filepath.Join(dir, name), kind)
		if err != nil || file == "" {
			if err != nil {
				return m, err
			}
			continue
		}
		d, err := Load(file)
		if err != nil {
			return m, err
		}
		if d.Kind != kind {
			return m, fmt.Errorf("%s holds %s, not %s", file, d.Kind, kind)
		}
		if kind == OpenAPI {
			m.REST = d
		} else {
			m.WS = d
		}
	}
	return m, nil
}

func findDocument(dir string, kind Kind) (string, error) {
	for _, ext := range [...]string{".json", ".yaml", ".yml"} {
		file := filepath.Join(dir, string(kind)+ext)
		st, err := os.Stat(file)
		if err == nil && st.Mode().IsRegular() {
			return file, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", nil
}

// hinted is an error with a hint of what to do next.
type hinted struct {
	error
	hint string
}

func (h *hinted) Hint() string  { return h.hint }
func (h *hinted) Unwrap() error { return h.error }
