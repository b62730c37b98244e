// Package specs keeps an API's documents and the clients made from them in step
// with the application: it exports the documents, from running servers or by
// importing the application, and watches for changes of sources and documents.
//
// A document is written only when what it says differs. That, and remembering
// what it wrote itself, is why a watcher can live inside the tree that it watches.
package specs

import (
	"context"
	_ "embed"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/internal/apidoc"
	"muster/internal/config"
	"muster/internal/local"
	"muster/internal/watch"
)

// Exporter writes the API's documents into the specs' folder.
type Exporter struct {
	Config *config.Config
	Python string      // the interpreter that runs the application
	Own    *watch.Own  // may be nil
	Only   apidoc.Kind // the documents of this kind; "" is both
}

// Export gets the documents from the running servers or, with not all of
// them running, by importing the application. It returns the files that
// changed: a document is written only when its meaning is another.
func (e Exporter) Export(ctx context.Context, report func(string)) ([]string, error) {
	if len(e.Config.Specs.Documents) > 0 {
		return e.ByImport(ctx)
	}
	docs, err := e.fetchAll(ctx)
	if err == nil {
		report("reading the documents of the running servers")
		return e.write(docs, false)
	}
	report("importing the application")
	return e.ByImport(ctx)
}

// ByImport exports with the configured command, or by importing the application, or
// gets the documents that the configuration names from their servers. Documents of
// modules that are no more are removed.
func (e Exporter) ByImport(ctx context.Context) ([]string, error) {
	get := e.importApplication
	if len(e.Config.Specs.Documents) > 0 {
		get = e.fetchNamed
	}
	docs, err := get(ctx)
	if err != nil {
		return nil, err
	}
	return e.write(docs, true)
}

// Possible tells whether anything is known to have documents: a server on uvicorn, a
// command, or the configuration.
func Possible(cfg *config.Config) bool {
	return len(cfg.Specs.Documents) > 0 || cfg.Specs.ExportCommand != nil ||
		slices.ContainsFunc(cfg.Servers, func(s config.Server) bool { return s.Command == nil })
}

// NeedsServers tells whether the documents come from servers that have to run.
func NeedsServers(cfg *config.Config) bool { return len(cfg.Specs.Documents) > 0 }

// write puts documents, by path below the folder, in place.
func (e Exporter) write(docs map[string]apidoc.Document, whole bool) ([]string, error) {
	var changed []string
	dir := e.Config.Specs.Dir
	for _, rel := range slices.Sorted(maps.Keys(docs)) {
		if !e.wants(rel) {
			continue
		}
		file := filepath.Join(dir, rel)
		if data, err := os.ReadFile(file); err == nil {
			if old, err := apidoc.Parse(data); err == nil && old.Equal(docs[rel]) {
				continue
			}
		}
		wrote, err := e.Own.Write(file, docs[rel].Canonical())
		if err != nil {
			return changed, err
		}
		if wrote {
			changed = append(changed, file)
		}
	}
	before := e.exported()
	var exported []string
	for _, rel := range before {
		if _, ok := docs[rel]; ok || !whole || !e.wants(rel) {
			exported = append(exported, rel)
			continue
		}
		// Only what an export wrote is an export's to remove: other documents
		// in the folder may be somebody's own work.
		if err := e.Own.Remove(filepath.Join(dir, rel)); err != nil {
			return changed, err
		}
		changed = append(changed, filepath.Join(dir, rel))
	}
	for _, rel := range slices.Sorted(maps.Keys(docs)) {
		if e.wants(rel) && !slices.Contains(exported, rel) {
			exported = append(exported, rel)
		}
	}
	if slices.Equal(exported, before) {
		return changed, nil
	}
	return changed, e.setExported(exported)
}

// record lists the documents that exports wrote, by path below the specs'
// folder: only those may an export remove. A missing or broken one lists none.
type record struct {
	Exported []string `json:"exported,omitempty"`
}

func (e Exporter) recordFile() string { return local.Of(e.Config.Dir).ClientRecord("exported") }

func (e Exporter) exported() []string {
	var r record
	if data, err := local.Read(e.recordFile(), local.MaxState); err != nil || json.Unmarshal(data, &r) != nil {
		return nil
	}
	// What it lists is removed: it must not lead out of the folder.
	return slices.DeleteFunc(r.Exported, func(rel string) bool { return !filepath.IsLocal(rel) || !isDocument(rel) })
}

func (e Exporter) setExported(all []string) error {
	data, err := json.MarshalIndent(record{all}, "", "  ")
	if err != nil {
		return err
	}
	return local.Write(e.recordFile(), append(data, '\n'), 0o600)
}

// wants tells whether a document, by its path below the folder, is of the kind
// that is exported.
func (e Exporter) wants(rel string) bool {
	return isDocument(rel) && (e.Only == "" || strings.HasPrefix(filepath.Base(rel), string(e.Only)+"."))
}

// isDocument tells by its name whether a file is a document.
func isDocument(file string) bool {
	kind, ext, _ := strings.Cut(filepath.Base(file), ".")
	return (kind == string(apidoc.OpenAPI) || kind == string(apidoc.AsyncAPI)) && (ext == "json" || ext == "yaml" || ext == "yml")
}
