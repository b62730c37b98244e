package specs

import (
	"strings"
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

func (g *pyOperations) operation(o operation) pyOperation {
	name := unique(identifier(o.ID, "operation"), func(s string) bool { return g.taken[s] })
	if isWord(pyWords, name) || isWord(pyReserved, name) {
		name = unique(name+"_", func(s string) bool { return g.taken[s] })
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
	op     operation
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
	name = unique(name, bad)
	b.names[name] = true
	return name
}

func (b *pyBuilder) parameters() {
	var inPath, query, header, cookie []string
	var rest []pyParam
	order := pathNames(b.op.Path)
	byName := map[string]map[string]any{}
	for _, p := range b.op.Params {
		if text(p["in"]) == "path" {
			byName[text(p["name"])] = p
		}
	}
	for _, key := range order { // each needs a value, be it described or not
		p := byName[key]
		name := b.param(key, "path")
		ty := "str"
		if p != nil {
			ty = b.types.of(p["schema"], b.hint+className(key))
		}
		style, explode := styleOf(p, "simple")
		b.params = append(b.params, pyParam{name, ty, pyComment(text(p["description"])), true})
		inPath = append(inPath, pyString(key)+": "+pathValue(name, key, style, explode))
	}
	b.inPath = len(b.params)
	for _, p := range b.op.Params {
		place, key := text(p["in"]), text(p["name"])
		if place != "query" && place != "header" && place != "cookie" || hopHeader(place, key) {
			continue
		}
		name := b.param(key, place)
		schema, asJSON := p["schema"], false
		if m := contents(p); len(m) > 0 {
			schema, asJSON = m[0].Schema, true
		}
		ty := b.types.of(schema, b.hint+className(key))
		required := truth(p["required"])
		if !required {
			ty = optional(ty)
		}
		rest = append(rest, pyParam{name, ty, pyComment(text(p["description"])), required})
		value := name
		if asJSON {
			value = "_json(" + name + ")"
		}
		switch place {
		case "query":
			style, explode := styleOf(p, "form")
			query = append(query, "*_query("+pyString(key)+", "+value+styleArgs(style, explode, "form", true)+")")
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
	for {
		_, rest, ok := strings.Cut(path, "{")
		if !ok {
			return names
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return names
		}
		if !has(names, name) {
			names = append(names, name)
		}
		path = after
	}
}

func styleOf(p map[string]any, normal string) (string, bool) {
	style := text(p["style"])
	if style == "" {
		style = normal
	}
	explode, said := p["explode"].(bool)
	if !said {
		explode = style == "form"
	}
	return style, explode
}

func styleArgs(style string, explode bool, normal string, normalExplode bool) string {
	if style == "deepObject" {
		return `, "deepObject"`
	}
	s := ""
	if style != normal {
		s = ", " + pyString(style)
	}
	if explode != normalExplode {
		s += ", explode=" + pyBool(explode)
	}
	return s
}

func pathValue(name, key, style string, explode bool) string {
	if style == "simple" && !explode {
		return name
	}
	return "_styled(" + pyString(key) + ", " + name + ", " + pyString(style) + ", " + pyBool(explode) + ")"
}

// body adds the request body: JSON, a form (whose fields become parameters),
// or bytes and text as they are.
func (b *pyBuilder) body() {
	raw, _ := b.types.doc.deref(b.op.Raw["requestBody"])
	all := contents(raw)
	if len(all) == 0 {
		return
	}
	m := all[0]
	for _, preferred := range []string{"multipart/form-data", "application/x-www-form-urlencoded"} {
		for _, c := range all {
			if !isJSON(m.Type) && c.Type == preferred && m.Type != "multipart/form-data" {
				m = c
			}
		}
	}
	required := truth(raw["required"])
	doc := pyComment(text(raw["description"]))
	switch {
	case isJSON(m.Type):
		b.bodyParam(b.types.of(m.Schema, b.hint+"Body"), doc, required)
		b.args = append(b.args, "body="+b.given("body", required))
		if m.Type != "application/json" && m.Type != "*/*" {
			b.args = append(b.args, "content_type="+pyString(m.Type))
		}
	case m.Type == "multipart/form-data" || m.Type == "application/x-www-form-urlencoded":
		b.form(m, required)
	case strings.HasPrefix(m.Type, "text/"):
		b.bodyParam("str", doc, required)
		b.args = append(b.args, "content=body", "content_type="+pyString(m.Type))
	default:
		b.bodyParam("Union[bytes, str]", doc, required)
		b.args = append(b.args, "content=body", "content_type="+pyString(m.Type))
	}
}

func (b *pyBuilder) given(name string, required bool) string {
	if required {
		return name
	}
	return "_UNSET if " + name + " is None else " + name
}

func (b *pyBuilder) bodyParam(ty, doc string, required bool) {
	if !required {
		ty = optional(ty)
	}
	b.names["body"] = true
	b.params = append(b.params, pyParam{"body", ty, doc, required})
}

func (b *pyBuilder) form(m media, bodyRequired bool) {
	s, _ := b.types.doc.deref(m.Schema)
	sh := b.types.doc.shapeOf(s)
	encoding := object(m.Raw["encoding"])
	var data, files []string
	for _, key := range keys(sh.Properties) {
		p, _ := b.types.doc.deref(sh.Properties[key])
		name := b.param(key, "form")
		required := sh.Required[key] && bodyRequired
		ty, isFile := "", false
		if m.Type == "multipart/form-data" {
			ty, isFile = b.fileType(p)
		}
		if !isFile {
			ty = b.types.of(sh.Properties[key], b.hint+className(key))
		}
		if !required {
			ty = optional(ty)
		}
		b.params = append(b.params, pyParam{name, ty, pyComment(text(p["description"])), required})
		if isFile {
			files = append(files, "*_files("+pyString(key)+", "+name+")")
			continue
		}
		style, _ := styleOf(object(encoding[key]), "form")
		if style == "form" && m.Type == "application/x-www-form-urlencoded" && (b.nested(p)) {
			style = "deepObject" // what a form cannot hold flat
		}
		data = append(data, "*_query("+pyString(key)+", "+name+styleArgs(style, true, "form", true)+")")
	}
	if m.Type == "multipart/form-data" {
		b.args = append(b.args, "multipart=True")
	}
	if len(data) == 0 && len(files) == 0 {
		return
	}
	b.args = append(b.args, "form=["+strings.Join(data, ", ")+"]")
	b.arg("files", "[", files, "]")
}

func (b *pyBuilder) nested(s map[string]any) bool {
	if b.types.doc.isObject(s) || has(types(s), "object") {
		return true
	}
	if item, _ := b.types.doc.deref(s["items"]); b.types.doc.isObject(item) {
		return true
	}
	for _, a := range alternatives(s) {
		if p, _ := b.types.doc.deref(a); b.types.doc.isObject(p) {
			return true
		}
	}
	return false
}

// fileType tells whether a form's field is a file or several.
func (b *pyBuilder) fileType(s map[string]any) (string, bool) {
	if isFile(s) {
		return "File", true
	}
	if item, _ := b.types.doc.deref(s["items"]); isFile(item) {
		return "Sequence[File]", true
	}
	for _, a := range alternatives(s) {
		if p, _ := b.types.doc.deref(a); !isNull(p) {
			if ty, ok := b.fileType(p); ok {
				return ty, true
			}
		}
	}
	return "", false
}

func isFile(s map[string]any) bool {
	return text(s["format"]) == "binary" || text(s["contentMediaType"]) == "application/octet-stream" && s["contentEncoding"] == nil
}

func (b *pyBuilder) responses() map[string]map[string]any {
	all := map[string]map[string]any{}
	for code, raw := range object(b.op.Raw["responses"]) {
		all[strings.ToUpper(code)], _ = b.types.doc.deref(raw)
	}
	return all
}

// result is the method's annotation, and how the response becomes it.
func (b *pyBuilder) result() (annotation, decode string) {
	all := b.responses()
	var good []string
	for _, code := range keys(all) {
		if strings.HasPrefix(code, "2") {
			good = append(good, code)
		}
	}
	if len(good) == 0 && all["DEFAULT"] != nil {
		good = []string{"DEFAULT"}
	}
	if len(good) == 0 || b.op.Method == "HEAD" {
		return "None", ""
	}
	var kinds, tys []string
	for _, code := range good {
		ty, kind := "None", "none"
		if m := contents(all[code]); len(m) > 0 {
			ty, kind = b.responseType(m[0])
		}
		tys = append(tys, ty)
		if !has(kinds, kind) && kind != "none" {
			kinds = append(kinds, kind)
		}
	}
	ty := union(tys)
	switch {
	case len(kinds) == 0:
		return "None", ""
	case len(kinds) > 1 || kinds[0] == "json" && ty == "Any":
		if len(kinds) > 1 {
			ty = "Any"
		}
		return "Any", "_content(response)"
	case kinds[0] == "text":
		return ty, "response.text"
	case kinds[0] == "bytes":
		return ty, "response.content"
	}
	return ty, "cast(" + ty + ", _decode(response, " + ty + "))"
}

func (b *pyBuilder) responseType(m media) (ty, kind string) {
	switch {
	case isJSON(m.Type):
		return b.types.of(m.Schema, b.hint+"Response"), "json"
	case strings.HasPrefix(m.Type, "text/") || m.Type == "application/xml" || m.Type == "application/javascript":
		return "str", "text"
	}
	return "bytes", "bytes"
}

// errors adds the documented bodies of errors, by status.
func (b *pyBuilder) errors() {
	all := b.responses()
	var errs []string
	for _, code := range keys(all) {
		if strings.HasPrefix(code, "2") || strings.HasPrefix(code, "3") || strings.HasPrefix(code, "1") {
			continue
		}
		m := contents(all[code])
		if len(m) == 0 || !isJSON(m[0].Type) {
			continue
		}
		if ty := b.types.of(m[0].Schema, b.hint+"Error"); ty != "Any" {
			errs = append(errs, pyString(strings.ToLower(code))+": "+ty)
		}
	}
	b.arg("errors", "{", errs, "}")
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
	summary, description := strings.TrimSpace(text(o["summary"])), strings.TrimSpace(text(o["description"]))
	parts := []string{}
	if summary != "" {
		parts = append(parts, strings.TrimSuffix(summary, ".")+".")
	}
	if description != "" && description != summary {
		parts = append(parts, description)
	}
	if truth(o["deprecated"]) {
		parts = append(parts, "Deprecated.")
	}
	parts = append(parts, b.op.label())
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
	for _, code := range keys(all) {
		if len(code) == 3 && code[0] >= '4' && code[0] <= '9' {
			raises = append(raises, "    "+pyException(code)+": "+code+" "+pyComment(text(all[code]["description"])))
		}
	}
	if len(raises) > 0 {
		parts = append(parts, "Raises:\n"+strings.Join(raises, "\n"))
	}
	return pyDoc(strings.Join(parts, "\n\n"), "        ")
}

// pyException names the exception of the template for a status.
func pyException(code string) string {
	switch code {
	case "400":
		return "BadRequestError"
	case "401":
		return "UnauthorizedError"
	case "403":
		return "ForbiddenError"
	case "404":
		return "NotFoundError"
	case "409":
		return "ConflictError"
	case "422":
		return "ValidationFailedError"
	case "429":
		return "TooManyRequestsError"
	}
	if code[0] == '5' {
		return "ServerError"
	}
	return "ApiError"
}
