package clients

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"muster/internal/apidoc"
	"muster/internal/clients/py"
)

// pyScheme is one way of authentication, a parameter of the client.
type pyScheme struct {
	Name  py.Code // of the parameter
	Type  py.Code
	Key   py.Code // the literal of the name
	Place py.Code // bearer, basic, or where an API key goes
	In    py.Code // the name of the header, of the query's field or of the cookie
	Doc   py.Code
}

// pySchemes are the security schemes that the operations ask for, by their
// names in the document.
type pySchemes map[string]pyScheme

func newPySchemes(d apidoc.Document, all []apidoc.Operation) pySchemes {
	schemes := pySchemes{}
	taken := map[string]bool{}
	declared := apidoc.Object(d.Root, "components", "securitySchemes")
	asked := map[string]bool{}
	for _, o := range all {
		for _, set := range o.Security {
			for name := range set {
				asked[name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		raw, _ := d.Deref(declared[name])
		s := pyScheme{Type: py.F("_Secret"), Doc: py.Comment(apidoc.Text(raw["description"]))}
		switch kind := strings.ToLower(apidoc.Text(raw["type"]) + " " + apidoc.Text(raw["scheme"])); kind {
		case "http bearer", "oauth2 ", "openidconnect ":
			s.Place = py.Text("bearer")
		case "http basic":
			s.Type, s.Place = py.F("Tuple[str, str]"), py.Text("basic")
		case "apikey ":
			if in := apidoc.Text(raw["in"]); in == "header" || in == "query" || in == "cookie" {
				s.Place = py.Text(in)
			}
		}
		if !s.Place.Said() {
			continue
		}
		param := snake(identifier(name, "auth"))
		if isPyWord(param) || isWord(pyClientParams, param) {
			param += "_"
		}
		param = apidoc.Unique(param, func(s string) bool { return taken[s] })
		taken[param] = true
		s.Name, s.Key, s.In = py.Name(param), py.Text(param), py.Text(apidoc.Text(raw["name"]))
		schemes[name] = s
	}
	return schemes
}

// pyClientParams are the client's other parameters.
const pyClientParams = ` self base_url headers timeout client `

// list is the schemes in the order of their names.
func (s pySchemes) list() []pyScheme {
	var all []pyScheme
	for _, name := range slices.Sorted(maps.Keys(s)) {
		all = append(all, s[name])
	}
	return all
}

// of lists the sets of schemes, any of which lets an operation pass.
func (s pySchemes) of(o apidoc.Operation) py.Code {
	var sets []py.Code
	for _, set := range o.Security {
		var names []py.Code
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if scheme, ok := s[name]; ok {
				names = append(names, scheme.Key)
			}
		}
		if len(names) == len(set) && len(set) > 0 {
			sets = append(sets, py.F("[%s]", py.Join(names, ", ")))
		}
	}
	return py.Join(sets, ", ")
}

// snake writes a name in small letters: APIKeyHeader is api_key_header.
func snake(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		before := i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1]))
		after := i > 0 && i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (before || after) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// pyServers knows where the document's paths begin.
type pyServers struct{ root string }

// of is the server that an operation has of its own, or no code. It is a path
// on the client's server where it is on the document's.
func (s pyServers) of(o apidoc.Operation) py.Code {
	if o.Server == nil {
		return py.Code{}
	}
	own := serverURL(o.Server)
	if own == s.root {
		return py.Code{}
	}
	if host, path := splitURL(own); host != "" {
		if root, _ := splitURL(s.root); root == host {
			own = path
		}
	}
	return py.Text(strings.TrimSuffix(own, "/") + "/")
}

// serverURL is the URL of a Server Object with its variables' defaults.
func serverURL(s map[string]any) string {
	url := apidoc.Text(s["url"])
	for name, v := range apidoc.Object(s["variables"]) {
		if value, ok := apidoc.Object(v)["default"]; ok {
			url = strings.ReplaceAll(url, "{"+name+"}", fmt.Sprint(value))
		}
	}
	return url
}

// splitURL cuts a URL into its scheme and host, which are "" for a path alone,
// and its path.
func splitURL(url string) (host, path string) {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return "", url
	}
	host, path, _ = strings.Cut(rest, "/")
	return scheme + "://" + host, "/" + path
}

// rootServer is the URL of the document's server, or "".
func rootServer(d apidoc.Document) string {
	servers := apidoc.List(d.Root["servers"])
	if len(servers) == 0 {
		return ""
	}
	return serverURL(apidoc.Object(servers[0]))
}

// baseURL is where the document's paths begin: its first server, which is
// often a path alone, on the module's own address.
func baseURL(root, module string) string {
	host, path := splitURL(root)
	switch {
	case host != "" && module == "":
		return strings.TrimSuffix(root, "/")
	case strings.HasPrefix(path, "/"):
		return module + strings.TrimSuffix(path, "/")
	}
	return module
}
