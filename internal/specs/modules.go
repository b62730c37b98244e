package specs

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"muster/internal/config"
)

// moduleDocs are the documents of one module below the specs' folder; a
// document that is not there has no kind.
type moduleDocs struct {
	Name      string
	REST, WS  Document
	RESTFile  string
	WSFile    string
	wholeOnly bool // the whole API, for want of modules
}

// loadModules reads every module's documents. Where the folder holds only the
// whole API, that is one module named "api".
func loadModules(dir string) ([]moduleDocs, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &hinted{fmt.Errorf("there is no folder %s with the API's documents", dir), "export them first: mage specs:export"}
		}
		return nil, err
	}
	var all []moduleDocs
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
	m.Name, m.wholeOnly = "api", true
	return []moduleDocs{m}, nil
}

func loadModule(dir, name string) (moduleDocs, error) {
	m := moduleDocs{Name: name}
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
			m.REST, m.RESTFile = d, file
		} else {
			m.WS, m.WSFile = d, file
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

// serverOf is the server that has a module: the one that names it, else
// "core", else the first.
func serverOf(cfg *config.Config, module string) *config.Server {
	var fallback *config.Server
	for i := range cfg.Servers {
		s := &cfg.Servers[i]
		if has(s.Modules, module) {
			return s
		}
		if fallback == nil || s.Name == config.Core {
			fallback = s
		}
	}
	return fallback
}

// hasServer tells whether a server names a module or was given no choice, and
// so has them all.
func hasServer(cfg *config.Config, module string) bool {
	return module == config.Core || slices.ContainsFunc(cfg.Servers, func(s config.Server) bool {
		return has(s.Modules, module) || len(s.Modules) == 0 && s.Name != config.Core && s.Command == nil
	})
}

func moduleURL(cfg *config.Config, module string) string {
	s := serverOf(cfg, module)
	if s == nil {
		return "http://127.0.0.1:8000"
	}
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))
}

// hinted is an error with a hint of what to do next.
type hinted struct {
	error
	hint string
}

func (h *hinted) Hint() string  { return h.hint }
func (h *hinted) Unwrap() error { return h.error }
