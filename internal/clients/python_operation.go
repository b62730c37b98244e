package clients

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"muster/internal/apidoc"
	"muster/internal/clients/py"
)

// pyOperation is one method of the client.
type pyOperation struct {
	Name      py.Code
	Signature py.Code // after self, with a leading comma
	Result    py.Code // annotation
	Decode    py.Code // the expression that makes the result of `response`
	Doc       py.Code
	Method    py.Code
	Path      py.Code
	Args      py.Code // keyword arguments of the request, each with a leading comma
}

// pyParam is one parameter of a method.
type pyParam struct {
	Name      string
	Type, Doc py.Code
	Required  bool
}

type pyOperations struct {
	types   *pyTypes
	schemes pySchemes
	servers pyServers
}

// pyReserved are parameters and attributes of the template's own.
const pyReserved = ` self timeout body response close base_url `

func (g *pyOperations) operation(o apidoc.Operation) pyOperation {
	b := pyBuilder{pyOperations: g, op: o, names: map[string]bool{}, hint: className(identifier(o.ID, "Operation"))}
	// What the method's body names comes first: no parameter may hide it.
	result := b.result()
	errors := b.errors()
	b.parameters()
	b.body()
	b.arg(errors, py.F(", errors={%s}", errors))
	b.arg(result.accept, py.F(", accept=%s", result.accept))
	server, security := g.servers.of(o), g.schemes.of(o)
	b.arg(server, py.F(", server=%s", server))
	b.arg(security, py.F(", security=[%s]", security))
	return pyOperation{Signature: b.signature(), Result: result.annotation, Decode: result.decode, Doc: b.doc(),
		Method: py.Text(o.Method), Path: py.Text(o.Path), Args: py.Join(b.args, "")}
}

// nameOperations gives the methods their names, which no annotation of the
// class may mean.
func nameOperations(all []pyOperation, ids []string, types map[string]bool) {
	taken, next := map[string]bool{}, map[string]int{}
	for i, id := range ids {
		name := identifier(id, "operation")
		if isPyWord(name) || isWord(pyReserved, name) || types[name] {
			name += "_"
		}
		name = unique(name, next, func(s string) bool { return taken[s] || types[s] })
		taken[name] = true
		all[i].Name = py.Name(name)
	}
}

// pyBuilder collects what one method needs.
type pyBuilder struct {
	*pyOperations
	op     apidoc.Operation
	hint   string
	names  map[string]bool
	params []pyParam // in the order of the signature; those of the path first
	inPath int
	args   []py.Code
}

// param gives a parameter its name; clashes get the place as a suffix.
func (b *pyBuilder) param(key, place string) string {
	bad := func(s string) bool {
		return b.names[s] || b.types.taken[s] || isPyWord(s) || isWord(pyReserved, s)
	}
	name := identifier(key, "param")
	if b.names[name] && place != "" {
		name += "_" + place
	} else if bad(name) {
		name += "_"
	}
	name = apidoc.Unique(name, bad)
	b.names[name] = true
	return name
}

func (b *pyBuilder) parameters() {
	var inPath, query, header, cookie []py.Code
	var rest []pyParam
	byName := map[string]map[string]any{}
	for _, p := range b.op.Params {
		if apidoc.Text(p["in"]) == "path" {
			byName[apidoc.Text(p["name"])] = p
		}
	}
	for _, key := range pathNames(b.op.Path) { // each needs a value, be it described or not
		p := byName[key]
		name := b.param(key, "path")
		ty, value := py.F("str"), py.Name(name)
		if p != nil {
			ty, value = b.value(p, name)
		}
		style, explode := styleOf(p, "simple")
		b.params = append(b.params, pyParam{name, ty, py.Comment(apidoc.Text(p["description"])), true})
		if style != "simple" || explode {
			value = py.F("_styled(%s, %s, %s, %s)", py.Text(key), value, py.Text(style), py.Bool(explode))
		}
		inPath = append(inPath, py.F("%s: %s", py.Text(key), value))
	}
	b.inPath = len(b.params)
	for _, p := range b.op.Params {
		place, key := apidoc.Text(p["in"]), apidoc.Text(p["name"])
		if place != "query" && place != "header" && place != "cookie" || hopHeader(place, key) {
			continue
		}
		name := b.param(key, place)
		ty, value := b.value(p, name)
		required := apidoc.True(p["required"])
		if !required {
			ty = py.Optional(ty)
		}
		rest = append(rest, pyParam{name, ty, py.Comment(apidoc.Text(p["description"])), required})
		switch place {
		case "query":
			query = append(query, queried(key, value, p, "form"))
		case "header":
			if _, explode := styleOf(p, "simple"); explode {
				value = py.F("_pairs(%s)", value)
			}
			header = append(header, py.F("%s: %s", py.Text(key), value))
		case "cookie":
			cookie = append(cookie, py.F("%s: %s", py.Text(key), value))
		}
	}
	b.params = append(b.params, rest...)
	b.list(inPath, py.F(", path={"), py.F("}"))
	b.list(query, py.F(", query=["), py.F("]"))
	b.list(header, py.F(", headers={"), py.F("}"))
	b.list(cookie, py.F(", cookies={"), py.F("}"))
}

// value is a parameter's type, and what is sent of it.
func (b *pyBuilder) value(p map[string]any, name string) (ty, value py.Code) {
	schema, value := p["schema"], py.Name(name)
	if m := apidoc.Contents(p); len(m) > 0 {
		if schema = m[0].Schema; m[0].IsJSON() {
			value = py.F("_json(%s)", value)
		}
	}
	return b.types.annotation(schema, b.hint+className(apidoc.Text(p["name"]))), value
}

// hopHeader tells what OpenAPI says to ignore as a parameter: these three are
// described elsewhere (OpenAPI Specification: Parameter Object, name).
func hopHeader(place, key string) bool {
	k := strings.ToLower(key)
	return place == "header" && (k == "accept" || k == "content-type" || k == "authorization")
}

// arg adds an argument of the request, unless there is nothing to say.
func (b *pyBuilder) arg(value, argument py.Code) {
	if value.Said() {
		b.args = append(b.args, argument)
	}
}

// list adds an argument that holds several, unless there are none.
func (b *pyBuilder) list(all []py.Code, begin, end py.Code) {
	items := py.Join(all, ", ")
	b.arg(items, py.F("%s%s%s", begin, items, end))
}

// pathNames lists the names in braces of a path.
func pathNames(path string) []string {
	var names []string
	for ok := true; ok; {
		var name string
		_, path, _ = strings.Cut(path, "{")
		if name, path, ok = strings.Cut(path, "}"); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func styleOf(p map[string]any, normal string) (string, bool) {
	style := cmp.Or(apidoc.Text(p["style"]), normal)
	explode, said := p["explode"].(bool)
	if !said {
		explode = style == "form"
	}
	return style, explode
}

// queried is the pairs of a query or form for a value, whose style is said in p.
func queried(key string, value py.Code, p map[string]any, normal string) py.Code {
	style, explode := styleOf(p, normal)
	more := py.Code{}
	if style != "form" {
		more = py.F(", %s", py.Text(style))
	}
	if !explode && style != "deepObject" {
		more = py.F("%s, explode=False", more)
	}
	return py.F("*_query(%s, %s%s)", py.Text(key), value, more)
}

func (b *pyBuilder) signature() py.Code {
	var all []py.Code
	for i, p := range b.params {
		if i == b.inPath {
			all = append(all, py.F(", *"))
		}
		one := py.F(", %s: %s", py.Name(p.Name), p.Type)
		if !p.Required {
			one = py.F("%s = None", one)
		}
		all = append(all, one)
	}
	if len(b.params) == b.inPath {
		all = append(all, py.F(", *"))
	}
	return py.Join(append(all, py.F(", timeout: Optional[float] = None")), "")
}

func (b *pyBuilder) doc() py.Code {
	o := b.op.Raw
	summary, description := strings.TrimSpace(apidoc.Text(o["summary"])), strings.TrimSpace(apidoc.Text(o["description"]))
	parts := []string{}
	if summary != "" {
		parts = append(parts, strings.TrimSuffix(summary, ".")+".")
	}
	if description != "" && description != summary {
		parts = append(parts, description)
	}
	if apidoc.True(o["deprecated"]) {
		parts = append(parts, "Deprecated.")
	}
	parts = append(parts, b.op.Label())
	var args []string
	for _, p := range b.params {
		if p.Doc.Said() {
			args = append(args, "    "+p.Name+": "+p.Doc.String())
		}
	}
	if len(args) > 0 {
		parts = append(parts, "Args:\n"+strings.Join(args, "\n"))
	}
	all := b.responses()
	var raises []string
	for _, code := range slices.Sorted(maps.Keys(all)) {
		if len(code) == 3 && code[0] >= '4' && code[0] <= '9' {
			what := py.Comment(apidoc.Text(all[code]["description"])).String()
			raises = append(raises, "    "+pyException(code)+": "+code+" "+what)
		}
	}
	if len(raises) > 0 {
		parts = append(parts, "Raises:\n"+strings.Join(raises, "\n"))
	}
	return py.Doc(strings.Join(parts, "\n\n"), 8)
}

// pyException names the exception of the template for a status.
func pyException(code string) string {
	named := map[string]string{"400": "BadRequestError", "401": "UnauthorizedError", "403": "ForbiddenError", "404": "NotFoundError",
		"409": "ConflictError", "422": "ValidationFailedError", "429": "TooManyRequestsError"}
	if code[0] == '5' {
		return "ServerError"
	}
	return cmp.Or(named[code], "ApiError")
}
