package specs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"muster/internal/apidoc"
	"muster/internal/clients"
	"muster/internal/hint"
)

var (
	// errNoAnswer says that a server is not there, or has no such document.
	errNoAnswer = errors.New("no answer")
	// errNotFound says that it is there, and has no such document.
	errNotFound = fmt.Errorf("%w: 404 Not Found", errNoAnswer)
)

// maxDocument bounds what is read from a server; GitHub's whole API is 13 MB.
const maxDocument = 64 << 20

// fromServers reads the documents that the configuration names or, where it names none,
// every one that is known.
func (e Exporter) fromServers(ctx context.Context) (map[string]apidoc.Document, error) {
	if len(e.Config.Specs.Documents) > 0 {
		return e.fetchNamed(ctx)
	}
	return e.fetchAll(ctx)
}

// fetchAll reads every document from the servers. It fails unless all of
// them serve theirs: half an API would look like removed operations.
func (e Exporter) fetchAll(ctx context.Context) (map[string]apidoc.Document, error) {
	docs := map[string]apidoc.Document{}
	base := e.Config.APIBaseURL
	for _, module := range e.Config.Modules() {
		server, place := clients.ServerURL(e.Config.ModuleServer(module)), base+"/"+module
		d, err := fetch(ctx, server+place+"/openapi.json", apidoc.OpenAPI)
		if err != nil {
			return nil, err
		}
		placeAt(d, place, base)
		docs[filepath.Join(module, "openapi.json")] = d
		for _, place := range []string{place, place + "/ws"} { // or beside the WebSocket itself
			d, err := fetch(ctx, server+place+"/asyncapi.json", apidoc.AsyncAPI)
			if err == nil {
				placeAt(d, place, base)
				docs[filepath.Join(module, "asyncapi.json")] = d
				break
			}
			if !errors.Is(err, errNoAnswer) {
				return nil, err
			}
		}
	}
	// A process serves what it runs; ?modules=all asks one that can for everything.
	url := clients.ServerURL(e.Config.SharedServer())
	main := url + base
	whole, err := fetch(ctx, main+"/openapi.json?modules=all", apidoc.OpenAPI)
	if errors.Is(err, errNotFound) && len(docs) == 0 { // where FastAPI has it by itself
		whole, err = fetch(ctx, url+"/openapi.json?modules=all", apidoc.OpenAPI)
	}
	if errors.Is(err, errNotFound) && len(docs) > 0 {
		return docs, nil // each module is an application of its own
	}
	if err != nil {
		return nil, err
	}
	for _, rel := range slices.Sorted(maps.Keys(docs)) {
		if d := docs[rel]; d.Kind == apidoc.OpenAPI {
			mergeMounted(whole, d)
		}
	}
	docs["openapi.json"] = whole
	if sockets, err := fetch(ctx, main+"/asyncapi.json?modules=all", apidoc.AsyncAPI); err == nil {
		for _, rel := range slices.Sorted(maps.Keys(docs)) {
			if d := docs[rel]; d.Kind == apidoc.AsyncAPI {
				sockets.Merge(d, "channels")
				sockets.Merge(d, "operations")
			}
		}
		docs["asyncapi.json"] = sockets
	}
	return docs, nil
}

// fetchNamed reads the documents that the configuration names. Each lies in a folder
// of its server's name.
func (e Exporter) fetchNamed(ctx context.Context) (map[string]apidoc.Document, error) {
	docs := map[string]apidoc.Document{}
	for _, named := range e.Config.Specs.Documents {
		server, _ := e.Config.Server(named.Server)
		url := clients.ServerURL(server) + named.URL
		data, err := get(ctx, url)
		if errors.Is(err, errNotFound) {
			return nil, fmt.Errorf("specs.documents: %w", err)
		}
		if err != nil {
			return nil, hint.With(fmt.Errorf("specs.documents: %w", err), "backend:start -only="+named.Server+" starts it")
		}
		d, err := apidoc.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("specs.documents: %s: %w", url, err)
		}
		placeAt(d, "", e.Config.APIBaseURL)
		docs[filepath.Join(named.Server, string(d.Kind)+".json")] = d
	}
	return docs, nil
}

// get is what a server has at a URL.
func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, errors.Join(errNoAnswer, err))
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("%s: %w", url, errNotFound)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %w: %s", url, errNoAnswer, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return data, nil
}

func fetch(ctx context.Context, url string, kind apidoc.Kind) (apidoc.Document, error) {
	data, err := get(ctx, url)
	if err != nil {
		return apidoc.Document{}, err
	}
	d, err := apidoc.Parse(data)
	if err != nil {
		return apidoc.Document{}, fmt.Errorf("%s: %w", url, err)
	}
	if d.Kind != kind {
		return apidoc.Document{}, fmt.Errorf("%s: %s instead of %s", url, d.Kind, kind)
	}
	return d, nil
}
