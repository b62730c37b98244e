package specs

import "strings"

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
