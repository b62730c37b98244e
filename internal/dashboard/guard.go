package dashboard

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// guard lets only the page itself in, opened by whoever has the link. A browser runs
// pages of everybody beside ours, and any of them can send requests here:
//
//   - what it sends has no token: that is in no cookie, which a browser would add, but
//     in the page's own storage;
//   - a name of its own that leads here (DNS rebinding) makes it no page of ours: the
//     Host is then that name;
//   - nothing is to be framed, embedded or read across origins.
type guard struct {
	host  string // beside the loopback's own names
	token string
	next  http.Handler
}

// policy lets the page load its own files, and nothing else. What a log says is text:
// no script makes markup of it, and the browser holds us to that (trusted types).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	switch {
	case !g.isOurs(r.Host):
		http.Error(w, "this is not the name of this page", http.StatusMisdirectedRequest)
	case !sameOrigin(r):
		http.Error(w, "this page answers no other one", http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		http.Error(w, "GET and POST are all there is", http.StatusMethodNotAllowed)
	case strings.HasPrefix(r.URL.Path, "/api/") && !g.knows(r):
		http.Error(w, "the link of this run is needed: dev:dashboard prints it", http.StatusUnauthorized)
	default:
		g.next.ServeHTTP(w, r)
	}
}

// isOurs tells whether a request was meant for this machine's loopback.
func (g *guard) isOurs(host string) bool {
	name := host
	if n, _, err := net.SplitHostPort(host); err == nil {
		name = n
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	return name == "localhost" || name == "127.0.0.1" || name == "::1" || name == g.host
}

// sameOrigin tells whether no other page has sent a request. What is no page, as curl,
// says nothing of it; and a person who follows a link comes from anywhere.
func sameOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

func (g *guard) knows(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && g.token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(g.token)) == 1
}
