package clients

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"muster/internal/apidoc"
)

// pyOperation is one method of the client.
type pyOperation struct {
	Name      string
	Signature string // after self, with a leading comma
	Result    string // annotation
	Decode    string // the expression that makes the result of `response`
	Doc       string
	Method    string
	Path      string
	Args      []string // keyword arguments of the request
}

// pyParam is one parameter of a method.
type pyParam struct {
	Name, Type, Doc string
	Required        bool
}

type pyOperations struct {
	types *pyTypes
	taken map[string]bool
}

// pyReserved are parameters and attributes of the template's own.
const pyReserved = ` self timeout body response close base_url `

func (g *pyOperations) operation(o apidoc.Operation) pyOperation {
	name := apidoc.Unique(identifier(o.ID, "operation"), func(s string) bool { return g.taken[s] })
	if isWord(pyWords, name) || isWord(pyReserved, name) {
		name = apidoc.Unique(name+"_", func(s string) bool { return g.taken[s] })
	}
	g.taken[name] = true
	b := pyBuilder{types: g.types, op: o, names: map[string]bool{}, hint: className(identifier(o.ID, "Operation"))}
	b.parameters()
	b.body()
	result, decode := b.result()
	b.errors()
	return pyOperation{Name: name, Signature: b.signature(), Result: result, Decode: decode, Doc: b.doc(),
		Method: o.Method, Path: o.Path, Args: b.args}
}

// pyBuilder collects what one method needs.
type pyBuilder struct {
	types  *pyTypes
	op     apidoc.Operation
	hint   string
	names  map[string]bool
	params []pyParam // in the order of the signature; those of the path first
	inPath int
	args   []string
}

// param gives a parameter its name; clashes get the place as a suffix.
func (b *pyBuilder) param(key, place string) string {
	bad := func(s string) bool {
		return b.names[s] || b.types.taken[s] || isWord(pyWords, s) || isWord(pyReserved, s)
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
	var inPath, query, header, cookie []string
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
		ty := "str"
		if p != nil {
			ty = b.types.annotation(p["schema"], b.hint+className(key))
		}
		style, explode := styleOf(p, "simple")
		b.params = append(b.params, pyParam{name, ty, pyComment(apidoc.Text(p["description"])), true})
		inPath = append(inPath, pyString(key)+": "+pathValue(name, key, style, explode))
	}
	b.inPath = len(b.params)
	for _, p := range b.op.Params {
		place, key := apidoc.Text(p["in"]), apidoc.Text(p["name"])
		if place != "query" && place != "header" && place != "cookie" || hopHeader(place, key) {
			continue
		}
		name := b.param(key, place)
		schema, asJSON := p["schema"], false
		if m := apidoc.Contents(p); len(m) > 0 {
			schema, asJSON = m[0].Schema, true
		}
		ty := b.types.annotation(schema, b.hint+className(key))
		required := apidoc.True(p["required"])
		if !required {
			ty = optional(ty)
		}
		rest = append(rest, pyParam{name, ty, pyComment(apidoc.Text(p["description"])), required})
		value := name
		if asJSON {
			value = "_json(" + name + ")"
		}
		switch place {
		case "query":
			style, explode := styleOf(p, "form")
			query = append(query, "*_query("+pyString(key)+", "+value+queryArgs(style, explode)+")")
		case "header":
			header = append(header, pyString(key)+": "+value)
		case "cookie":
			cookie = append(cookie, pyString(key)+": "+value)
		}
	}
	b.params = append(b.params, rest...)
	b.arg("path", "{", inPath, "}")
	b.arg("query", "[", query, "]")
	b.arg("headers", "{", header, "}")
	b.arg("cookies", "{", cookie, "}")
}

// hopHeader tells what OpenAPI says to ignore as a parameter: these three are
// described elsewhere (OpenAPI Specification: Parameter Object, name).
func hopHeader(place, key string) bool {
	k := strings.ToLower(key)
	return place == "header" && (k == "accept" || k == "content-type" || k == "authorization")
}

func (b *pyBuilder) arg(name, open string, all []string, end string) {
	if len(all) > 0 {
		b.args = append(b.args, name+"="+open+strings.Join(all, ", ")+end)
	}
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

// queryArgs are the arguments of _query for what is not written as a form is.
func queryArgs(style string, explode bool) string {
	s := ""
	if style != "form" {
		s = ", " + pyString(style)
	}
	if !explode && style != "deepObject" {
		s += ", explode=False"
	}
	return s
}

func pathValue(name, key, style string, explode bool) string {
	if style == "simple" && !explode {
		return name
	}
	return "_styled(" + pyString(key) + ", " + name + ", " + pyString(style) + ", " + pyBool(explode) + ")"
}

func (b *pyBuilder) signature() string {
	var s strings.Builder
	for i, p := range b.params {
		if i == b.inPath {
			s.WriteString(", *")
		}
		s.WriteString(", " + p.Name + ": " + p.Type)
		if !p.Required {
			s.WriteString(" = None")
		}
	}
	if len(b.params) == b.inPath {
		s.WriteString(", *")
	}
	s.WriteString(", timeout: Optional[float] = None")
	return s.String()
}

func (b *pyBuilder) doc() string {
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
		if p.Doc != "" {
			args = append(args, "    "+p.Name+": "+p.Doc)
		}
	}
	if len(args) > 0 {
		parts = append(parts, "Args:\n"+strings.Join(args, "\n"))
	}
	all := b.responses()
	var raises []string
	for _, code := range slices.Sorted(maps.Keys(all)) {
		if len(code) == 3 && code[0] >= '4' && code[0] <= '9' {
			raises = append(raises, "    "+pyException(code)+": "+code+" "+pyComment(apidoc.Text(all[code]["description"])))
		}
	}
	if len(raises) > 0 {
		parts = append(parts, "Raises:\n"+strings.Join(raises, "\n"))
	}
	return pyDoc(strings.Join(parts, "\n\n"), "        ")
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
