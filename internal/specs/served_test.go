package specs

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"muster/internal/apitest"
	"muster/internal/config"
)

// reloader is a server whose workers come and go behind one socket, as
// uvicorn's do.
type reloader struct {
	net.Listener
	t       *testing.T
	worker  *http.Server
	mu      sync.Mutex
	asked   map[string]int // by path
	openapi string
	at      string // the path of the document; "" is any folder
}

// shared is a listener that outlives the workers.
type shared struct{ net.Listener }

func (shared) Close() error { return nil }

func newReloader(t *testing.T, port int) *reloader {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	r := &reloader{Listener: l, t: t, asked: map[string]int{}, openapi: apitest.API}
	t.Cleanup(func() {
		l.Close()
		r.worker.Close()
	})
	return r
}

func (r *reloader) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[q.URL.Path]++
	if filepath.Base(q.URL.Path) != "openapi.json" || r.at != "" && q.URL.Path != r.at {
		http.NotFound(w, q)
		return
	}
	fmt.Fprint(w, r.openapi)
}

// reload replaces the worker by one that has a document.
func (r *reloader) reload(openapi string) {
	if r.worker != nil {
		r.Listener.(*net.TCPListener).SetDeadline(time.Unix(1, 0)) // the old one accepts no more
		r.worker.Close()
		r.Listener.(*net.TCPListener).SetDeadline(time.Time{})
	}
	r.mu.Lock()
	r.openapi = openapi
	r.mu.Unlock()
	worker := &http.Server{Handler: r}
	r.worker = worker
	go worker.Serve(shared{r.Listener})
}

func (r *reloader) questions() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.asked)
}

func TestAServerIsAskedOnceForEachOfItsWorkers(t *testing.T) {
	t.Parallel()
	cfg := project(t, "")
	cfg.Servers[0].Reload, cfg.Servers[0].Modules = true, nil // it serves all
	r := newReloader(t, cfg.Servers[0].Port)
	r.reload(apitest.API)
	s := newServed(Watcher{Config: cfg})
	s.patient = 3 * settle
	s.start(t.Context())
	defer s.close()
	// askedFor waits until the documents were looked at n times. What a change
	// brings is asked for once more, with what only other servers may have.
	askedFor := func(openapi, asyncapi int) {
		t.Helper()
		eventually(t, "the questions", func() bool {
			got := r.questions()
			return got["/openapi.json"] >= openapi && got["/asyncapi.json"] >= asyncapi
		})
		time.Sleep(2 * settle) // nothing else tells that no more are asked
		if got := r.questions(); got["/openapi.json"] != openapi || got["/asyncapi.json"] != asyncapi {
			t.Fatalf("asked: %v, want %d and %d", got, openapi, asyncapi)
		}
	}
	askedFor(1, 1)
	r.reload(apitest.API) // the same
	askedFor(2, 2)
	r.reload(`{"openapi":"3.1.0","info":{"title":"new","version":"1"},"paths":{}}`)
	file := filepath.Join(cfg.Specs.Dir, "openapi.json")
	eventually(t, "the document", func() bool { _, err := os.Stat(file); return err == nil })
	askedFor(4, 4)
	s.ask() // and no worker ends: what is absent is not asked for again
	s2 := r.questions()
	eventually(t, "one more look", func() bool { return r.questions()["/openapi.json"] > s2["/openapi.json"] })
	askedFor(5, 4)
}

// An application need not have its document where its API begins, and whoever names it
// gets it in the folder of its server.
func TestADocumentIsSeenWhereverItIsServed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file string
		named      []config.ServedDocument
	}{
		{"FastAPI's own place", "openapi.json", nil},
		{"named", "shop/openapi.json", []config.ServedDocument{{Server: "shop", URL: "/openapi.json"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := project(t, "")
			cfg.APIBaseURL, cfg.Specs.Documents = "/api/v1", test.named
			cfg.Servers[0].Reload, cfg.Servers[0].Modules = true, nil
			r := newReloader(t, cfg.Servers[0].Port)
			r.at = "/openapi.json"
			r.reload(apitest.API)
			s := newServed(Watcher{Config: cfg})
			if s == nil {
				t.Fatal("nobody is asked")
			}
			s.start(t.Context())
			defer s.close()
			eventually(t, "the first question", func() bool { return r.questions()[r.at] > 0 })
			r.reload(`{"openapi":"3.1.0","info":{"title":"new","version":"1"},"paths":{}}`)
			eventually(t, "the document", func() bool { _, err := os.Stat(filepath.Join(cfg.Specs.Dir, test.file)); return err == nil })
			if found, _ := filepath.Glob(filepath.Join(cfg.Specs.Dir, "*.json")); test.named != nil && found != nil {
				t.Errorf("there is %s too", found)
			}
		})
	}
}
