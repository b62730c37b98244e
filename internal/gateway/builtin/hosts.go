package builtin

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"muster/internal/gateway"
)

// hostname is the name or address in a request's Host, without port, brackets
// and the dot at its end, in lower case.
func hostname(r *http.Request) string {
	u := url.URL{Host: r.Host}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
}

// refuse answers a request whose Host is not one of the gateway's names.
// HTTP/1.0 may have none.
func (p *proxy) refuse(w http.ResponseWriter, r *http.Request) bool {
	host := hostname(r)
	if _, err := netip.ParseAddr(host); p.hosts == nil || r.Host == "" || err == nil {
		return false
	}
	if slices.ContainsFunc(p.hosts, func(name string) bool {
		below, wildcard := strings.CutPrefix(name, "*")
		return host == name || wildcard && strings.HasSuffix(host, below)
	}) {
		return false
	}
	writeError(w, http.StatusMisdirectedRequest, "", gateway.StrangeHost)
	return true
}
