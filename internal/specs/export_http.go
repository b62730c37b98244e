package specs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"muster/internal/config"
)

// errNoAnswer says that a server is not there, or has no such document.
var errNoAnswer = errors.New("no answer")

// maxDocument bounds what is read from a server; GitHub's whole API is 13 MB.
const maxDocument = 64 << 20

// fromServers reads every document from the servers. It fails unless all of
// them serve theirs: half an API would look like removed operations.
func (e Exporter) fromServers(ctx context.Context) (map[string]Document, error) {
	docs := map[string]Document{}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	base := e.Config.APIBaseURL
	var whole Document
	for _, module := range e.modules() {
		root := moduleURL(e.Config, module) + base
		d, err := fetch(ctx, client, root+"/"+module+"/openapi.json", OpenAPI)
		if err != nil {
			return nil, err
		}
		docs[filepath.Join(module, "openapi.json")] = d
		if d, err := fetch(ctx, client, root+"/"+module+"/asyncapi.json", AsyncAPI); err == nil {
			docs[filepath.Join(module, "asyncapi.json")] = d
		} else if !errors.Is(err, errNoAnswer) {
			return nil, err
		}
	}
	// A process serves what it runs; ?modules=all asks one that can for everything.
	main := serverURL(e.Config) + base
	whole, err := fetch(ctx, client, main+"/openapi.json?modules=all", OpenAPI)
	if err != nil {
		return nil, err
	}
	for _, rel := range keys(docs) {
		if d := docs[rel]; d.Kind == OpenAPI {
			merge(whole, d, "paths")
		}
	}
	docs["openapi.json"] = whole
	if sockets, err := fetch(ctx, client, main+"/asyncapi.json?modules=all", AsyncAPI); err == nil {
		for _, rel := range keys(docs) {
			if d := docs[rel]; d.Kind == AsyncAPI {
				merge(sockets, d, "channels")
				merge(sockets, d, "operations")
			}
		}
		docs["asyncapi.json"] = sockets
	}
	return docs, nil
}

func serverURL(cfg *config.Config) string { return moduleURL(cfg, config.Core) }

// merge adds what a module's document has and the whole's lacks.
func merge(whole, module Document, section string) {
	into := child(whole.Root, section)
	added := false
	for name, v := range object(module.Root[section]) {
		if _, ok := into[name]; !ok {
			into[name], added = v, true
		}
	}
	if !added {
		return
	}
	for kind, all := range object(module.Root["components"]) {
		components := child(child(whole.Root, "components"), kind)
		for name, v := range object(all) {
			if _, ok := components[name]; !ok {
				components[name] = v
			}
		}
	}
}

func fetch(ctx context.Context, client *http.Client, url string, kind Kind) (Document, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Document{}, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return Document{}, fmt.Errorf("%s: %w", url, errors.Join(errNoAnswer, err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Document{}, fmt.Errorf("%s: %w: %s", url, errNoAnswer, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument))
	if err != nil {
		return Document{}, fmt.Errorf("%s: %w", url, err)
	}
	d, err := Parse(data)
	if err != nil {
		return Document{}, fmt.Errorf("%s: %w", url, err)
	}
	if d.Kind != kind {
		return Document{}, fmt.Errorf("%s: %s instead of %s", url, d.Kind, kind)
	}
	return d, nil
}
