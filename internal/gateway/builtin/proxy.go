package builtin

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"

	"muster/internal/gateway"
)

// proxy is the builtin gateway's handler for one table of routes.
type proxy struct {
	hosts    []string                   // nil: any
	exact    map[string][]gateway.Route // more than one where the query decides
	prefix   map[string]gateway.Route
	pools    map[string]*pool
	handlers map[string]*httputil.ReverseProxy
	accepted atomic.Int64
	active   atomic.Int64
}

func newProxy(s *settings, logger *log.Logger) *proxy {
	p := &proxy{
		hosts: s.Hosts,
		exact: map[string][]gateway.Route{}, prefix: map[string]gateway.Route{},
		pools: map[string]*pool{}, handlers: map[string]*httputil.ReverseProxy{},
	}
	for _, r := range s.Routes {
		if r.Prefix {
			if _, taken := p.prefix[r.Path]; !taken {
				p.prefix[r.Path] = r
			}
		} else {
			p.exact[r.Path] = append(p.exact[r.Path], r)
		}
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
		p.handlers[r.Server] = &httputil.ReverseProxy{
			Rewrite:       rewrite,
			Transport:     pool,
			FlushInterval: -1, // what comes is passed on at once
			ErrorLog:      logger,
			ErrorHandler:  answerFor(r.Server, logger),
		}
	}
	return p
}

// closeIdle lets a proxy end once its last request has.
func (p *proxy) closeIdle() {
	for _, pool := range p.pools {
		pool.transport.CloseIdleConnections()
	}
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.accepted.Add(1)
	p.active.Add(1)
	defer p.active.Add(-1)
	if p.refuse(w, r) {
		return
	}
	if r.URL.Path == "/nginx-status" {
		p.status(w, r)
		return
	}
	route, ok := p.route(r)
	switch {
	case !ok:
		writeError(w, http.StatusNotFound, "", "no server answers this path")
	case route.Server == "":
		message := "the query parameter " + route.Param + " must be one of: " + strings.Join(p.values(route), ", ")
		writeError(w, http.StatusBadRequest, "", message)
	default:
		p.handlers[route.Server].ServeHTTP(w, r)
	}
}

// route finds the route of a request as nginx does: an exact path first, then
// the longest prefix.
func (p *proxy) route(r *http.Request) (gateway.Route, bool) {
	at := clean(r.URL.Path)
	if list := p.exact[at]; len(list) > 0 {
		if list[0].Param == "" {
			return list[0], true
		}
		value := firstParam(r.URL.RawQuery, list[0].Param)
		for _, route := range list {
			if route.Value == "*" || strings.EqualFold(route.Value, value) {
				return route, true
			}
		}
	}
	for i := len(at); i > 0; i-- {
		if at[i-1] == '/' {
			if route, ok := p.prefix[at[:i]]; ok {
				return route, true
			}
		}
	}
	return gateway.Route{}, false
}

// firstParam is nginx's $arg_NAME: the first value, not decoded, the name
// compared without case.
func firstParam(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, ok := strings.Cut(pair, "="); ok && strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// values are the parameter's values that lead to a server.
func (p *proxy) values(r gateway.Route) []string {
	var v []string
	for _, other := range p.exact[r.Path] {
		if other.Value != "*" {
			v = append(v, other.Value)
		}
	}
	return v
}

// clean resolves . and .. and double slashes, for the choice of the route
// only: a server gets the path as the client wrote it.
func clean(p string) string {
	if p == "" || p[0] != '/' {
		p = "/" + p
	}
	c := path.Clean(p)
	if c != "/" && strings.HasSuffix(p, "/") {
		c += "/"
	}
	return c
}

// rewrite makes the request for a server. The pool fills in the instance.
func rewrite(r *httputil.ProxyRequest) {
	in, out := r.In, r.Out
	out.URL.Scheme, out.URL.Host = "http", "instance"
	out.URL.RawQuery = in.URL.RawQuery
	if raw, _, _ := strings.Cut(in.RequestURI, "?"); strings.HasPrefix(raw, "/") && !strings.HasPrefix(raw, "//") {
		out.URL.Opaque = raw // as the client wrote it
	}
	out.Host = in.Host
	if !strings.EqualFold(in.Header.Get("Upgrade"), "websocket") {
		out.Header.Del("Upgrade")
		out.Header.Del("Connection")
	}
	out.Header["X-Forwarded-For"] = in.Header["X-Forwarded-For"]
	r.SetXForwarded() // appends the client to X-Forwarded-For
	if host, _, err := net.SplitHostPort(in.RemoteAddr); err == nil {
		out.Header.Set("X-Real-IP", host)
	}
	if a, ok := in.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, port, err := net.SplitHostPort(a.String()); err == nil {
			out.Header.Set("X-Forwarded-Port", port)
		}
	}
}

// answerFor answers for a server that gave no answer.
func answerFor(server string, logger *log.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
			return // the client has gone
		}
		logger.Printf("[ERROR] %s %s to %s: %v", r.Method, r.URL.Path, server, err)
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			writeError(w, http.StatusGatewayTimeout, server, "the server "+server+" did not answer in time")
			return
		}
		writeError(w, http.StatusBadGateway, server, "the server "+server+" is down: no instance of it gave an answer")
	}
}

// writeError has the shape of nginx.conf's errors. Names and messages hold
// nothing that JSON would escape.
func writeError(w http.ResponseWriter, status int, server, message string) {
	if server == "" {
		server = "null"
	} else {
		server = `"` + server + `"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"status":%d,"server":%s,"message":"%s"}}`+"\n", status, server, message)
}

// status has the text of nginx's stub_status.
func (p *proxy) status(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		writeError(w, http.StatusForbidden, "", "the gateway could not serve this request")
		return
	}
	n := p.accepted.Load()
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintf(w, "Active connections: %d \nserver accepts handled requests\n %d %d %d \nReading: 0 Writing: %d Waiting: 0 \n",
		p.active.Load(), n, n, n, p.active.Load())
}

// isStream tells the requests that may be silent for long.
func isStream(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") ||
		strings.EqualFold(r.Header.Get("Accept"), "text/event-stream")
}
