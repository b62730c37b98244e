package clients

import (
	"maps"
	"slices"
	"strings"

	"muster/internal/apidoc"
)

// body adds the request body: JSON, a form (whose fields become parameters),
// or bytes and text as they are.
func (b *pyBuilder) body() {
	raw, _ := b.types.doc.Deref(b.op.Raw["requestBody"])
	all := apidoc.Contents(raw)
	if len(all) == 0 {
		return
	}
	m := all[0]
	for _, preferred := range []string{"multipart/form-data", "application/x-www-form-urlencoded"} {
		for _, c := range all {
			if !m.IsJSON() && c.Type == preferred && m.Type != "multipart/form-data" {
				m = c
			}
		}
	}
	required := apidoc.True(raw["required"])
	doc := pyComment(apidoc.Text(raw["description"]))
	switch {
	case m.IsJSON():
		b.bodyParam(b.types.annotation(m.Schema, b.hint+"Body"), doc, required)
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

func (b *pyBuilder) form(m apidoc.Media, bodyRequired bool) {
	s, _ := b.types.doc.Deref(m.Schema)
	sh := b.types.doc.ShapeOf(s)
	encoding := apidoc.Object(m.Raw["encoding"])
	var data, files []string
	for _, key := range slices.Sorted(maps.Keys(sh.Properties)) {
		p, _ := b.types.doc.Deref(sh.Properties[key])
		name := b.param(key, "form")
		required := sh.Required[key] && bodyRequired
		ty, isFile := "", false
		if m.Type == "multipart/form-data" {
			ty, isFile = b.fileType(p)
		}
		if !isFile {
			ty = b.types.annotation(sh.Properties[key], b.hint+className(key))
		}
		if !required {
			ty = optional(ty)
		}
		b.params = append(b.params, pyParam{name, ty, pyComment(apidoc.Text(p["description"])), required})
		if isFile {
			files = append(files, "*_files("+pyString(key)+", "+name+")")
			continue
		}
		style, explode := styleOf(apidoc.Object(encoding[key]), "form")
		if style == "form" && m.Type == "application/x-www-form-urlencoded" && b.nested(p) {
			style = "deepObject" // what a form cannot hold flat
		}
		data = append(data, "*_query("+pyString(key)+", "+name+queryArgs(style, explode)+")")
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
	if b.types.doc.IsObject(s) || slices.Contains(apidoc.Types(s), "object") {
		return true
	}
	if item, _ := b.types.doc.Deref(s["items"]); b.types.doc.IsObject(item) {
		return true
	}
	for _, a := range apidoc.Alternatives(s) {
		if p, _ := b.types.doc.Deref(a); b.types.doc.IsObject(p) {
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
	if item, _ := b.types.doc.Deref(s["items"]); isFile(item) {
		return "Sequence[File]", true
	}
	for _, a := range apidoc.Alternatives(s) {
		if p, _ := b.types.doc.Deref(a); !apidoc.IsNull(p) {
			if ty, ok := b.fileType(p); ok {
				return ty, true
			}
		}
	}
	return "", false
}

func isFile(s map[string]any) bool {
	return apidoc.Text(s["format"]) == "binary" || apidoc.Text(s["contentMediaType"]) == "application/octet-stream" && s["contentEncoding"] == nil
}

func (b *pyBuilder) responses() map[string]map[string]any {
	all := map[string]map[string]any{}
	for code, raw := range apidoc.Object(b.op.Raw["responses"]) {
		all[strings.ToUpper(code)], _ = b.types.doc.Deref(raw)
	}
	return all
}

// result is the method's annotation, and how the response becomes it.
func (b *pyBuilder) result() (annotation, decode string) {
	all := b.responses()
	var good []string
	for _, code := range slices.Sorted(maps.Keys(all)) {
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
		if m := apidoc.Contents(all[code]); len(m) > 0 {
			ty, kind = b.responseType(m[0])
		}
		tys = append(tys, ty)
		if !slices.Contains(kinds, kind) && kind != "none" {
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

func (b *pyBuilder) responseType(m apidoc.Media) (ty, kind string) {
	switch {
	case m.IsJSON():
		return b.types.annotation(m.Schema, b.hint+"Response"), "json"
	case strings.HasPrefix(m.Type, "text/") || m.Type == "application/xml" || m.Type == "application/javascript":
		return "str", "text"
	}
	return "bytes", "bytes"
}

// errors adds the documented bodies of errors, by status.
func (b *pyBuilder) errors() {
	all := b.responses()
	var errs []string
	for _, code := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(code, "2") || strings.HasPrefix(code, "3") || strings.HasPrefix(code, "1") {
			continue
		}
		m := apidoc.Contents(all[code])
		if len(m) == 0 || !m[0].IsJSON() {
			continue
		}
		if ty := b.types.annotation(m[0].Schema, b.hint+"Error"); ty != "Any" {
			errs = append(errs, pyString(strings.ToLower(code))+": "+ty)
		}
	}
	b.arg("errors", "{", errs, "}")
}
