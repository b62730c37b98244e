package export

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"muster/internal/config"
	"muster/internal/gateway"
)

// Limits of an HTTPRoute (gateway-api.sigs.k8s.io): 16 rules, and fewer than 128
// matches in all.
const mostRules, mostMatches = 16, 7

const gatewayAPI = "gateway.networking.k8s.io/v1"

// The Gateway and its listeners, and the routes of no server's: no process has a dot in
// its name.
const (
	gatewayName  = "gateway"
	tlsSecret    = "tls"
	listenHTTP   = "http"
	listenHTTPS  = "https"
	listenMoving = "redirect"
	movingRoute  = gatewayName + ".redirect"
	nowhereRoute = gatewayName + ".nowhere"
)

// gateway writes the Gateway and its HTTPRoutes: one for each server, and one for what
// no server answers.
func (x *cluster) gateway() error {
	table, err := x.routes()
	if err != nil || table == nil {
		return err
	}
	n := x.Config.Nginx
	listener := object{"name": listenHTTP, "port": n.Port, "protocol": "HTTP"}
	if n.TLS {
		listener = object{"name": listenHTTPS, "port": n.Port, "protocol": "HTTPS", "tls": object{
			"mode": "Terminate", "certificateRefs": []any{object{"kind": "Secret", "name": tlsSecret}}}}
		x.note("nginx.tls", "referred to: `kubectl create secret tls %s --cert=FILE --key=FILE` makes the Secret", tlsSecret)
	}
	listeners := []any{listener}
	if n.RedirectPort != 0 {
		listeners = append(listeners, object{"name": listenMoving, "port": n.RedirectPort, "protocol": "HTTP"})
		x.httpRoute(movingRoute, listenMoving, []any{object{"filters": []any{object{
			"type": "RequestRedirect", "requestRedirect": object{"scheme": "https", "port": n.Port, "statusCode": 301}}}}})
		x.note("nginx.redirect_port", "redirects with 301, not with 308, which not every gateway can")
	}
	if !x.said["gateway"] {
		x.note("nginx", "the Gateway is of the GatewayClass %s: -class=NAME names another", x.Class)
	}
	x.add(gatewayAPI, "Gateway", gatewayName, object{"spec": object{"gatewayClassName": x.Class, "listeners": listeners}})
	if x.Config.WebSocket.RoutingStrategy == config.RouteByQuery {
		x.note("websocket.routing_strategy", "the parameter and its value are told by upper and lower case, as they are not by nginx")
	}
	return x.httpRoutes(table)
}

// rule is what of an HTTPRoute goes to one server in one way.
type rule struct {
	server, strip string
	full          string // the server gets this path; "" is that of the request
	matches       []any
}

func (x *cluster) httpRoutes(table []gateway.Route) error {
	var rules []*rule
	into := func(r rule) *rule {
		i := slices.IndexFunc(rules, func(o *rule) bool {
			return o.server == r.server && o.strip == r.strip && o.full == r.full && r.strip == "" && len(o.matches) < mostMatches
		})
		if i < 0 {
			rules = append(rules, &r)
			i = len(rules) - 1
		}
		return rules[i]
	}
	match := func(kind, value string) object { return object{"path": object{"type": kind, "value": value}} }
	for _, r := range firsts(table) {
		path := strings.TrimSuffix(r.Path, "/")
		exact, found := find(table, path)
		switch {
		case r.Param != "":
			to := into(rule{server: r.Server})
			for _, upgrade := range []bool{true, false} { // a match with a header outweighs one without: each has both
				m := match("Exact", r.Path)
				if upgrade {
					m["headers"] = []any{object{"name": "Upgrade", "value": "websocket"}}
				}
				if r.Value != "*" {
					m["queryParams"] = []any{object{"name": r.Param, "value": r.Value}}
				}
				to.matches = append(to.matches, m)
			}
			if r.Value == "*" && r.Server == "" {
				x.note("websocket", "a WebSocket whose parameter names no module is answered with 500, not with 400")
			}
		case !r.Prefix:
			if below, ok := find(table, r.Path+"/"); ok && below.Path == r.Path+"/" && below.Server == r.Server && below.Strip == r.Strip {
				continue // the prefix has it too
			}
			to := into(rule{server: r.Server, full: stripped(r)})
			to.matches = append(to.matches, match("Exact", r.Path))
		default:
			to := into(rule{server: r.Server, strip: r.Strip})
			to.matches = append(to.matches, match("PathPrefix", cmp.Or(path, "/")))
			// Gateway API has the prefix /a/ for /a too, which is somebody else's here.
			if path == "" || exact.Path == path && !exact.Prefix {
				continue
			}
			own := rule{server: exact.Server, full: stripped(gateway.Route{Path: path, Strip: exact.Strip})}
			if !found {
				x.note("servers", "%s is answered with 500, not with 404: Gateway API knows no prefix without its beginning", path)
			}
			to = into(own)
			to.matches = append(to.matches, match("Exact", path))
		}
	}
	return x.writeRoutes(rules)
}

// stripped is the path that a server gets of a request for exactly a route's; "" is the
// same.
func stripped(r gateway.Route) string {
	if r.Strip == "" {
		return ""
	}
	return "/" + strings.TrimPrefix(strings.TrimPrefix(r.Path, r.Strip), "/")
}

// firsts are the routes of a table without those that another one has taken.
func firsts(table []gateway.Route) (all []gateway.Route) {
	seen := map[string]bool{}
	for _, r := range table {
		if !seen[r.Pattern()] {
			seen[r.Pattern()] = true
			all = append(all, r)
		}
	}
	return all
}

// find is the route of a path.
func find(table []gateway.Route, path string) (best gateway.Route, found bool) {
	for _, r := range table {
		switch {
		case !r.Prefix && r.Path == path:
			return r, true
		case r.Prefix && strings.HasPrefix(path, r.Path) && (!found || len(r.Path) > len(best.Path)):
			best, found = r, true
		}
	}
	return best, found
}

// writeRoutes has an HTTPRoute for each server, and more where they do not fit into one.
func (x *cluster) writeRoutes(rules []*rule) error {
	listener := listenHTTP
	if x.Config.Nginx.TLS {
		listener = listenHTTPS
	}
	var servers []string
	byServer := map[string][]any{}
	for _, r := range rules {
		name := nowhereRoute
		if r.server != "" {
			name = objectName(r.server)
		}
		if byServer[name] == nil {
			servers = append(servers, name)
		}
		spec := object{"matches": r.matches}
		if r.server != "" {
			spec["backendRefs"] = []any{object{"name": name, "port": x.portOf(r.server)}}
		}
		rewrite := object{"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
		if r.full != "" {
			rewrite = object{"type": "ReplaceFullPath", "replaceFullPath": r.full}
		}
		if r.strip != "" || r.full != "" {
			spec["filters"] = []any{object{"type": "URLRewrite", "urlRewrite": object{"path": rewrite}}}
		}
		byServer[name] = append(byServer[name], spec)
	}
	for _, name := range servers {
		part := 0
		for some := range slices.Chunk(byServer[name], mostRules) {
			part++
			of := name
			if part > 1 {
				of = fmt.Sprintf("%s.%d", name, part)
			}
			x.httpRoute(of, listener, some)
		}
	}
	return nil
}

func (x *cluster) portOf(name string) int {
	for _, m := range x.Config.Processes() {
		if m.Name == name {
			return m.Port
		}
	}
	return 0
}

func (x *cluster) httpRoute(name, listener string, rules []any) {
	spec := object{"parentRefs": []any{object{"name": gatewayName, "sectionName": listener}}, "rules": rules}
	if names := x.hostnames(); names != nil {
		spec["hostnames"] = names
	}
	x.add(gatewayAPI, "HTTPRoute", name, object{"spec": spec})
}

// hostnames are those that the file names; nil is any.
func (x *cluster) hostnames() (names []string) {
	for _, h := range x.Config.Nginx.Hosts {
		if _, err := netip.ParseAddr(h); err == nil {
			x.note("nginx.hosts", "%s is not exported: a hostname of Gateway API is no address", h)
			continue
		}
		names = append(names, strings.ToLower(h))
	}
	if x.Config.Nginx.Hosts != nil && names == nil {
		x.note("nginx.hosts", "names no host, and so any leads to the servers")
	}
	return names
}
