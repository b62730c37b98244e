// Package dashboard is what a person sees in a browser: what runs and how it is, the
// log, the requests at the gateway; and it does what a person asks for there. It is a
// process of its own, which holds nothing that others need, and does nothing while
// nobody looks.
package dashboard

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"muster/internal/config"
	"muster/internal/proc"
	"muster/internal/stack"
	"muster/internal/supervise"
)

//go:embed web
var web embed.FS

// socketFD is the listening socket that the supervisor hands over.
const socketFD = 3

// Probe tells whether an answer of a process is a good one to its health check.
type Probe func(process, path string, status int) bool

// Serve serves the page of a project until ctx ends or a signal comes. load reads the
// configuration as it is by then, and probes makes a Probe for one reader of the log.
func Serve(ctx context.Context, c *supervise.Client, load func() (*config.Config, error), probes func() Probe) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	debug.SetGCPercent(20) // it idles for hours beside the developer's work
	runtime.GOMAXPROCS(min(2, runtime.NumCPU()))
	socket := os.NewFile(socketFD, "socket")
	l, err := net.FileListener(socket)
	socket.Close()
	if err != nil {
		return fmt.Errorf("this process gets its socket from the supervisor: dev:dashboard starts it (%w)", err)
	}
	token, err := stack.DashboardToken(c.Local)
	if err != nil {
		return err
	}
	host := ""
	for _, p := range c.Plan().Processes {
		if u, err := url.Parse(p.URL); err == nil && p.Name == stack.DashboardName {
			host = u.Hostname()
		}
	}
	s := newServer(c, load)
	s.probes = probes
	return s.serve(ctx, l, host, token)
}

// server answers the page.
type server struct {
	client *supervise.Client
	load   func() (*config.Config, error)
	probes func() Probe // nil: their lines are as all others
	hub    *hub
	ctx    context.Context // of the acts, which go on when their page is closed
}

func newServer(c *supervise.Client, load func() (*config.Config, error)) *server {
	s := &server{client: c, load: load, ctx: context.Background()}
	s.hub = newHub(s)
	return s
}

func (s *server) serve(ctx context.Context, l net.Listener, host, token string) error {
	s.ctx = ctx
	srv := &http.Server{Handler: s.handler(host, token), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	defer context.AfterFunc(ctx, func() { srv.Close() })()
	rest()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// rest gives back what is not needed while nobody looks.
func rest() {
	debug.FreeOSMemory()
	proc.ReleaseProgram()
}

func (s *server) handler(host, token string) http.Handler {
	files, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // of a folder that is built in
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /api/stream", s.stream)
	mux.HandleFunc("GET /api/lines", s.lines)
	mux.HandleFunc("POST /api/act", s.act)
	return &guard{host, token, mux}
}
