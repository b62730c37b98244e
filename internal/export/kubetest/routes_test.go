package kubetest

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"muster/internal/gateway/contract"
)

// TestRoutesKeepTheContract asks of the HTTPRoutes what is asked of every gateway.
func TestRoutesKeepTheContract(t *testing.T) {
	sources := Sources(t, repository)
	asked := 0
	for _, c := range contract.Cases {
		t.Run(c.Name, func(t *testing.T) {
			var routes []*gatewayv1.HTTPRoute
			for _, f := range Manifests(t, sources["contract: "+c.Name]) {
				if r, ok := decode(t, f).(*gatewayv1.HTTPRoute); ok {
					routes = append(routes, r)
				}
			}
			for _, r := range c.Requests {
				if r.Read != "" {
					continue // Gateway API leaves it to each gateway
				}
				asked++
				want := answer{r.Server, cmp.Or(r.Arrives, r.URI), 0}
				switch r.Status {
				case 404:
					want = answer{status: 404}
				case 400:
					want = answer{status: 500} // as the export tells: no route can say 400
				}
				if got := ask(t, routes, r); got != want {
					t.Errorf("%+v: %+v, want %+v", r, got, want)
				}
			}
		})
	}
	if asked < 50 {
		t.Errorf("only %d requests were asked", asked)
	}
}

// answer is what becomes of a request.
type answer struct {
	server, uri string
	status      int
}

// candidate is a match of a rule that a request fits.
type candidate struct {
	rule  gatewayv1.HTTPRouteRule
	match gatewayv1.HTTPRouteMatch
	route string
}

// ask evaluates routes by the rules of gateway-api.sigs.k8s.io, HTTPRouteRule.matches:
// the exact path wins, then the longest prefix, then a method, then most headers, then
// most parameters; of equal ones the first by name.
func ask(t *testing.T, routes []*gatewayv1.HTTPRoute, r contract.Request) answer {
	t.Helper()
	raw, query, _ := strings.Cut(r.URI, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{}
	if r.Socket {
		headers["upgrade"] = "websocket"
	}
	var fit []candidate
	for _, route := range routes {
		for _, rule := range route.Spec.Rules {
			for _, m := range rule.Matches {
				if matches(t, m, raw, values, headers) {
					fit = append(fit, candidate{rule, m, route.Name})
				}
			}
		}
	}
	if fit == nil {
		return answer{status: 404}
	}
	best := slices.MaxFunc(fit, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(weight(a.match), weight(b.match)),
			cmp.Compare(len(a.match.Headers), len(b.match.Headers)),
			cmp.Compare(len(a.match.QueryParams), len(b.match.QueryParams)),
			cmp.Compare(b.route, a.route))
	})
	if len(best.rule.BackendRefs) == 0 {
		return answer{status: 500}
	}
	return answer{server: string(best.rule.BackendRefs[0].Name), uri: rewritten(t, best, raw) + strings.TrimPrefix(r.URI, raw)}
}

// weight is that of a path: an exact one is heavier than any prefix.
func weight(m gatewayv1.HTTPRouteMatch) int {
	if *m.Path.Type == gatewayv1.PathMatchExact {
		return 1 << 20
	}
	return len(strings.TrimSuffix(*m.Path.Value, "/"))
}

func matches(t *testing.T, m gatewayv1.HTTPRouteMatch, path string, values url.Values, headers map[string]string) bool {
	t.Helper()
	want := *m.Path.Value
	switch *m.Path.Type {
	case gatewayv1.PathMatchExact:
		if path != want {
			return false
		}
	case gatewayv1.PathMatchPathPrefix: // by elements; a slash at its end is nothing
		if prefix := strings.TrimSuffix(want, "/"); path != prefix && !strings.HasPrefix(path, prefix+"/") {
			return false
		}
	default:
		t.Fatalf("a path is matched by %s, which not every gateway can", *m.Path.Type)
	}
	for _, h := range m.Headers {
		if headers[strings.ToLower(string(h.Name))] != h.Value {
			return false
		}
	}
	for _, q := range m.QueryParams {
		if got := values[string(q.Name)]; len(got) == 0 || got[0] != q.Value {
			return false
		}
	}
	return m.Method == nil
}

// rewritten is the path that the server gets.
func rewritten(t *testing.T, c candidate, path string) string {
	t.Helper()
	for _, f := range c.rule.Filters {
		if f.Type != gatewayv1.HTTPRouteFilterURLRewrite {
			t.Fatalf("a filter %s", f.Type)
		}
		if p := f.URLRewrite.Path; p.Type == gatewayv1.FullPathHTTPPathModifier {
			path = *p.ReplaceFullPath
		} else {
			rest := strings.TrimPrefix(strings.TrimPrefix(path, strings.TrimSuffix(*c.match.Path.Value, "/")), "/")
			path = strings.TrimSuffix(*p.ReplacePrefixMatch, "/") + "/" + rest
		}
	}
	return path
}
