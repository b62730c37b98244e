package builtin

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"muster/internal/gateway"
)

// proxy is the builtin gateway's handler for one table of routes. It serves exchanges.
type proxy struct {
	hosts    []string // nil: any
	routes   *gateway.Finder
	pools    map[string]*pool
	pages    []int // ports of the frontends
	logger   *log.Logger
	accepted atomic.Int64
	active   atomic.Int64
}

func newProxy(s *settings, logger *log.Logger) *proxy {
	p := &proxy{
		hosts:  s.Hosts,
		routes: gateway.NewFinder(s.Routes),
		pools:  map[string]*pool{}, pages: s.FrontendPorts, logger: logger,
	}
	for _, r := range s.Routes {
		if r.Server == "" || p.pools[r.Server] != nil {
			continue
		}
		pool := newPool(r.Instances, s.Balance[r.Server], s.ReadTimeout, s.StreamTimeout)
		if spares := s.Spares[r.Server]; r.Kind != gateway.Frontend && len(spares) > 0 {
			pool.spares, pool.aside = members(spares), filepath.Join(s.Aside, r.Server)
		}
		if r.Kind == gateway.Frontend {
			pool.read = pool.stream
			pool.ordered = true
		}
		p.pools[r.Server] = pool
	}
	return p
}

// closeIdle lets a proxy end once its last request has.
func (p *proxy) closeIdle() {
	for _, pool := range p.pools {
		pool.close()
	}
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.accepted.Add(1)
	p.active.Add(1)
	defer p.active.Add(-1)
	if p.refuse(w, r) {
		return
	}
	if r.URL.Opaque != "" { // such as http:x, which has no path: a route would be found for another one
		p.answerError(w, r, http.StatusBadRequest, "", "bad request")
		return
	}
	if r.URL.Path == "/nginx-status" {
		p.status(w, r)
		return
	}
	route, ok := p.routes.Find(r.URL)
	w.(*exchange).server = route.Server
	switch {
	case !ok:
		p.answerError(w, r, http.StatusNotFound, "", "no server answers this path")
	case route.Server == "":
		message := "the query parameter " + route.Param + " must be one of: " + strings.Join(p.routes.Values(route), ", ")
		p.answerError(w, r, http.StatusBadRequest, "", message)
	case route.Strip != "" && !strip(r, route.Strip):
		p.answerError(w, r, http.StatusBadRequest, "", "bad request")
	default:
		p.pools[route.Server].serve(w, r, func(err error) { p.fail(w, r, route.Server, err) })
	}
}

// strip takes the beginning off the URL that the server gets. It has to stand there
// as it is, and not by way of escapes or of dots.
func strip(r *http.Request, beginning string) bool {
	rest, ok := strings.CutPrefix(requestURI(r), beginning)
	if ok {
		r.RequestURI = "/" + strings.TrimPrefix(rest, "/")
	}
	return ok
}

// statusGone is nginx's, for the log: the client did not wait for its answer.
const statusGone = 499

// fail answers for a server that gave no answer.
func (p *proxy) fail(w http.ResponseWriter, r *http.Request, server string, err error) {
	var client *clientError
	switch {
	case errors.As(err, &client) && isTimeout(err):
		w.Header().Set("Connection", "close") // nobody knows where the next request would begin
		p.answerError(w, r, http.StatusRequestTimeout, "", "the gateway could not serve this request")
		return
	case r.Context().Err() != nil || errors.Is(err, io.ErrUnexpectedEOF) && client != nil:
		w.WriteHeader(statusGone)
		panic(http.ErrAbortHandler)
	case client != nil:
		w.Header().Set("Connection", "close")
		p.answerError(w, r, http.StatusBadRequest, "", "bad request")
		return
	}
	p.logger.Printf("[ERROR] %s %s to %s: %v", r.Method, r.URL.Path, server, err)
	if isTimeout(err) {
		p.answerError(w, r, http.StatusGatewayTimeout, server, "the server "+server+" did not answer in time")
		return
	}
	p.answerError(w, r, http.StatusBadGateway, server, "the server "+server+" is down: no instance of it gave an answer")
}

// answerError is writeError for the page on its development server's own port
// too: the reason would else be hidden from it, and so its preflight requests
// are answered where no server does.
func (p *proxy) answerError(w http.ResponseWriter, r *http.Request, status int, server, message string) {
	origin := r.Header.Get("Origin")
	if !p.ofFrontend(origin) {
		writeError(w, status, server, message)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Vary", "Origin")
	method := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || method == "" {
		writeError(w, status, server, message)
		return
	}
	h.Set("Access-Control-Allow-Methods", method)
	if names := r.Header.Get("Access-Control-Request-Headers"); names != "" {
		h.Set("Access-Control-Allow-Headers", names)
	}
	w.WriteHeader(http.StatusNoContent)
}

// ofFrontend tells the origins of the page on its own port.
func (p *proxy) ofFrontend(origin string) bool {
	u, err := url.Parse(origin)
	port := func(n int) bool { return strconv.Itoa(n) == u.Port() }
	if err != nil || !slices.ContainsFunc(p.pages, port) || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host := u.Hostname()
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}

// writeError answers with an error of the gateway's own.
func writeError(w http.ResponseWriter, status int, server, message string) {
	body := errorBody(status, server, message)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// errorBody has the shape of nginx.conf's errors. Names and messages hold
// nothing that JSON would escape.
func errorBody(status int, server, message string) string {
	if server == "" {
		server = "null"
	} else {
		server = `"` + server + `"`
	}
	return fmt.Sprintf(`{"error":{"status":%d,"server":%s,"message":"%s"}}`+"\n", status, server, message)
}

// status has the text of nginx's stub_status.
func (p *proxy) status(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		p.answerError(w, r, http.StatusForbidden, "", "the gateway could not serve this request")
		return
	}
	n := p.accepted.Load()
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintf(w, "Active connections: %d \nserver accepts handled requests\n %d %d %d \nReading: 0 Writing: %d Waiting: 0 \n",
		p.active.Load(), n, n, n, p.active.Load())
}
