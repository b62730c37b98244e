package gateway

import (
	"net/url"
	"path"
	"strings"
)

// Finder finds the route of a request as both gateways do.
type Finder struct {
	exact  map[string][]Route // more than one where the query decides
	prefix map[string]Route
}

// NewFinder makes one of a table. Of two routes with one prefix the first counts.
func NewFinder(routes []Route) *Finder {
	f := &Finder{map[string][]Route{}, map[string]Route{}}
	for _, r := range routes {
		if !r.Prefix {
			f.exact[r.Path] = append(f.exact[r.Path], r)
		} else if _, taken := f.prefix[r.Path]; !taken {
			f.prefix[r.Path] = r
		}
	}
	return f
}

// Find returns the route of a URL, if there is one: an exact path first, then the
// longest prefix.
func (f *Finder) Find(u *url.URL) (Route, bool) {
	at := clean(u.Path)
	if list := f.exact[at]; len(list) > 0 {
		if list[0].Param == "" {
			return list[0], true
		}
		value := firstParam(u.RawQuery, list[0].Param)
		for _, route := range list {
			if route.Value == "*" || strings.EqualFold(route.Value, value) {
				return route, true
			}
		}
	}
	for i := len(at); i > 0; i-- {
		if at[i-1] == '/' {
			if route, ok := f.prefix[at[:i]]; ok {
				return route, true
			}
		}
	}
	return Route{}, false
}

// Values are those of a route's query parameter that lead to a server.
func (f *Finder) Values(r Route) []string {
	var v []string
	for _, other := range f.exact[r.Path] {
		if other.Value != "*" {
			v = append(v, other.Value)
		}
	}
	return v
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
