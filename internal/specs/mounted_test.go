package specs

import (
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/apitest"
	"muster/internal/clients"
)

// mountedModule is an application of its own, which knows nothing of where it is
// mounted.
const mountedModule = `
from fastapi import FastAPI, APIRouter

SOCKET = {"asyncapi": "3.0.0", "info": {"title": "x", "version": "1"}, "channels": {"main": {"address": "/", "messages": {"tick": {"payload": {"type": "object"}}}}},
          "operations": {"ticks": {"action": "send", "channel": {"$ref": "#/channels/main"}}}}

def fill(to):
    @to.get("/items", operation_id="items")
    def items() -> list:
        return []

    @to.get("/ws/asyncapi.json", include_in_schema=False)
    def socket() -> dict:
        return SOCKET

def module(**more):
    app = FastAPI(**more)
    fill(app)
    return app
`

func TestExportOfMountedApplications(t *testing.T) {
	for _, c := range []struct{ name, app, socket string }{
		{"a mount", `app = FastAPI(openapi_url=None); app.mount("/api/v1/shop", module())`, "/api/v1/shop/ws"},
		{"a mount that does not say where", `app = FastAPI(openapi_url=None); app.mount("/api/v1/shop", module(root_path_in_servers=False))`, "/api/v1/shop/ws"},
		{"a mount below a mount", `app = FastAPI(openapi_url=None); v1 = FastAPI(); v1.mount("/shop", module()); app.mount("/api/v1", v1)`, "/api/v1/shop/ws"},
		{"a mount with a server of its own", `app = FastAPI(openapi_url=None); app.mount("/api/v1/shop", module(servers=[{"url": "https://shop.example"}], root_path_in_servers=False))`, "/api/v1/shop/ws"},
		{"a router with a prefix", `app = FastAPI(); r = APIRouter(prefix="/api/v1/shop"); fill(r); app.include_router(r)`, "/api/v1/shop/ws"},
		{"a root path", `app = FastAPI(root_path="/api/v1"); r = APIRouter(prefix="/shop"); fill(r); app.include_router(r)`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := project(t, "")
			cfg.APIBaseURL = "/api/v1"
			write(t, filepath.Join(cfg.Backend.Dir, "shop", "__init__.py"), "")
			write(t, filepath.Join(cfg.Backend.Dir, "shop", "main.py"), mountedModule+c.app+"\n")
			e := Exporter{Config: cfg, Python: apitest.Python(t)}
			if _, err := e.ByImport(t.Context()); err != nil {
				t.Fatal(err)
			}
			d, err := apidoc.Load(filepath.Join(cfg.Specs.Dir, "shop", "openapi.json"))
			if err != nil {
				t.Fatal(err)
			}
			if paths := d.Paths(); len(paths) != 1 || d.ServerPath()+paths[0] != "/api/v1/shop/items" || d.Root[placeKey] != nil {
				t.Errorf("clients call %s%v", d.ServerPath(), paths)
			}
			if c.socket == "" {
				return
			}
			ws, err := apidoc.Load(filepath.Join(cfg.Specs.Dir, "shop", "asyncapi.json"))
			if err != nil || len(ws.Channels()) != 1 || ws.Channels()[0].Address != c.socket {
				t.Errorf("%v, %v", ws.Channels(), err)
			}
		})
	}
}

func TestServersOfMountedApplicationsAreAsked(t *testing.T) {
	t.Parallel()
	cfg := project(t, "")
	cfg.APIBaseURL = "/api/v1"
	answers := map[string]string{
		"/api/v1/shop/openapi.json":     `{"openapi":"3.1.0","paths":{"/items":{"get":{"responses":{}}}}}`,
		"/api/v1/shop/ws/asyncapi.json": `{"asyncapi":"2.6.0","channels":{"/":{"subscribe":{"message":{"name":"tick"}}}}}`,
	}
	l, err := net.Listen("tcp", strings.TrimPrefix(clients.ServerURL(&cfg.Servers[0]), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text, ok := answers[r.URL.Path]; ok {
			w.Write([]byte(text))
			return
		}
		http.NotFound(w, r)
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	defer func() {
		server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	if _, err := (Exporter{Config: cfg, Python: "/no/such/python"}).Export(t.Context(), silent); err != nil {
		t.Fatal(err)
	}
	all, err := apidoc.Modules(cfg.Specs.Dir)
	if err != nil || len(all) != 1 || all[0].REST.ServerPath() != "/api/v1/shop" || len(all[0].WS.Channels()) != 1 || all[0].WS.Channels()[0].Address != "/api/v1/shop/ws" {
		t.Errorf("%v, %v", all, err)
	}
}
