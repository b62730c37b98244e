package clients

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"muster/internal/apidoc"
	"muster/internal/clients/py"
)

const (
	multipartForm  = "multipart/form-data"
	urlEncodedForm = "application/x-www-form-urlencoded"
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
	for _, preferred := range []string{multipartForm, urlEncodedForm} {
		for _, c := range all {
			if !m.IsJSON() && c.Type == preferred && m.Type != multipartForm {
				m = c
			}
		}
	}
	required := apidoc.True(raw["required"])
	doc := py.Comment(apidoc.Text(raw["description"]))
	ty, given := py.F("Union[bytes, str]"), py.F(", content=body")
	switch {
	case m.IsJSON():
		ty = b.types.annotation(m.Schema, b.hint+"Body")
		given = py.F(", body=body")
		if !required {
			given = py.F(", body=_UNSET if body is None else body")
		}
	case (m.Type == multipartForm || m.Type == urlEncodedForm) && b.form(m, required):
		return
	case strings.HasPrefix(m.Type, "text/"):
		ty = py.F("str")
	}
	if !required {
		ty = py.Optional(ty)
	}
	b.names["body"] = true
	b.params = append(b.params, pyParam{"body", ty, doc, required})
	b.args = append(b.args, given)
	if m.Type != "application/json" && !m.IsRange() {
		b.args = append(b.args, py.F(", content_type=%s", py.Text(m.Type)))
	}
}

// pyForm is what is sent of a form's fields.
type pyForm struct{ data, files []py.Code }

// form makes each field of a form a parameter, and one of all those that have no
// name. It is false for a body that has no fields.
func (b *pyBuilder) form(m apidoc.Media, required bool) bool {
	s, _ := b.types.doc.Deref(m.Schema)
	sh := b.types.doc.MergedOf(s, "")
	open := sh.HasExtra && sh.Extra != false || len(sh.Properties) == 0
	if ty := apidoc.Types(s); len(sh.Properties) == 0 && len(ty) > 0 && !slices.Contains(ty, "object") {
		return false
	}
	var f pyForm
	for _, key := range slices.Sorted(maps.Keys(sh.Properties)) {
		p, _ := b.types.doc.Deref(sh.Properties[key])
		read := apidoc.True(p["readOnly"]) || apidoc.True(apidoc.Object(sh.Properties[key])["readOnly"])
		b.formField(&f, m, key, sh.Properties[key], sh.Required[key] && required && !read)
	}
	if open {
		b.formRest(&f, m, sh.Extra)
	}
	if m.Type == multipartForm {
		b.args = append(b.args, py.F(", multipart=True"))
		b.list(f.data, py.F(", form=["), py.F("]"))
	} else {
		b.args = append(b.args, py.F(", form=[%s]", py.Join(f.data, ", ")))
	}
	b.list(f.files, py.F(", files=["), py.F("]"))
	return true
}

func (b *pyBuilder) formField(f *pyForm, m apidoc.Media, key string, property any, required bool) {
	p, _ := b.types.doc.Deref(property)
	encoding := apidoc.Object(m.Raw["encoding"], key)
	name := b.param(key, "form")
	ty := b.fileType(m, p, apidoc.Text(encoding["contentType"]))
	isFile := ty.Said()
	if !isFile {
		ty = b.types.annotation(property, b.hint+className(key))
	}
	if !required {
		ty = py.Optional(ty)
	}
	b.params = append(b.params, pyParam{name, ty, py.Comment(apidoc.Text(p["description"])), required})
	pair := py.F("%s, %s", py.Text(key), py.Name(name))
	if said := apidoc.Text(encoding["contentType"]); said != "" && !strings.ContainsAny(said, ",*") {
		pair = py.F("%s, %s", pair, py.Text(said))
	}
	switch {
	case isFile:
		f.files = append(f.files, py.F("*_files(%s)", pair))
	case m.Type == multipartForm && encoding["style"] == nil && encoding["explode"] == nil:
		f.files = append(f.files, py.F("*_parts(%s)", pair))
	default:
		normal := "form"
		if b.nested(p) {
			normal = "deepObject" // what a form cannot hold flat
		}
		f.data = append(f.data, queried(key, py.Name(name), encoding, normal))
	}
}

// formRest is the fields that the document does not name.
func (b *pyBuilder) formRest(f *pyForm, m apidoc.Media, extra any) {
	name := b.param("fields", "form")
	p, _ := b.types.doc.Deref(extra)
	ty := b.fileType(m, p, "")
	isFile := ty.Said()
	if !isFile {
		ty = b.types.annotation(extra, b.hint+"Fields")
	}
	b.params = append(b.params, pyParam{name, py.F("Optional[Mapping[str, %s]]", ty), py.Comment("Fields that the specification does not name"), false})
	each := py.F("for key, value in (%s or {}).items()", py.Name(name))
	switch {
	case isFile:
		f.files = append(f.files, py.F("*[part %s for part in _files(key, value)]", each))
	case m.Type == multipartForm:
		f.files = append(f.files, py.F("*[part %s for part in _parts(key, value)]", each))
	default:
		f.data = append(f.data, py.F(`*[pair %s for pair in _query(key, value, "deepObject")]`, each))
	}
}

// nested tells whether a schema allows objects, or lists of them.
func (b *pyBuilder) nested(s map[string]any) bool {
	return b.types.maybe(s, true, func(s map[string]any) bool {
		return b.types.doc.IsObject(s) || slices.Contains(apidoc.Types(s), "object")
	})
}

// maybe tells whether test is true of a schema or one that it may be, or, if
// asked for, of what its lists hold.
func (t *pyTypes) maybe(s map[string]any, items bool, test func(map[string]any) bool) bool {
	seen := map[string]bool{}
	var look func(s map[string]any) bool
	look = func(s map[string]any) bool {
		if test(s) {
			return true
		}
		parts := slices.Concat(apidoc.Alternatives(s), apidoc.List(s["allOf"]))
		if items {
			parts = append(parts, s["items"])
		}
		return slices.ContainsFunc(parts, func(part any) bool {
			p, ref := t.doc.Deref(part)
			if p == nil || seen[ref] {
				return false
			}
			seen[ref] = ref != ""
			return look(p)
		})
	}
	return look(s)
}

// fileType is the annotation of a form's field that is a file or several, or
// no code. contentType is what its encoding says.
func (b *pyBuilder) fileType(m apidoc.Media, s map[string]any, contentType string) py.Code {
	file := func(s map[string]any) bool { return isFile(s, contentType) }
	list := func(s map[string]any) bool {
		item, _ := b.types.doc.Deref(s["items"])
		return item != nil && b.types.maybe(item, false, file)
	}
	switch {
	case m.Type != multipartForm:
	case b.types.maybe(s, false, file):
		return py.F("File")
	case b.types.maybe(s, false, list):
		return py.F("Sequence[File]")
	}
	return py.Code{}
}

// isFile tells of a field of a form. Since 3.1 it is a media type that says so,
// the schema's or the encoding's.
func isFile(s map[string]any, contentType string) bool {
	if apidoc.Text(s["format"]) == "binary" {
		return true
	}
	types := apidoc.Types(s)
	if apidoc.IsNull(s) || s["contentEncoding"] != nil || len(apidoc.Values(s)) > 0 || len(types) > 0 && !slices.Contains(types, "string") ||
		len(apidoc.Alternatives(s)) > 0 || s["allOf"] != nil || s["properties"] != nil || s["items"] != nil {
		return false
	}
	media := cmp.Or(apidoc.Text(s["contentMediaType"]), contentType)
	return media != "" && !isText(media)
}

// isText tells whether a media type is one of text.
func isText(media string) bool {
	m := apidoc.Media{Type: strings.ToLower(media)}
	return strings.HasPrefix(m.Type, "text/") || m.IsJSON() || strings.HasSuffix(m.Type, "xml") || m.Type == "application/javascript"
}

func (b *pyBuilder) responses() map[string]map[string]any {
	all := map[string]map[string]any{}
	for code, raw := range apidoc.Object(b.op.Raw["responses"]) {
		all[strings.ToUpper(code)], _ = b.types.doc.Deref(raw)
	}
	return all
}

// pyResult is a method's result: its annotation, how the response becomes it,
// and the content types that it is read from.
type pyResult struct{ annotation, decode, accept py.Code }

func (b *pyBuilder) result() pyResult {
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
		return pyResult{annotation: py.None}
	}
	var kinds, accept []string
	var tys []py.Code
	for _, code := range good {
		ty, kind := py.None, ""
		if m := apidoc.Contents(all[code]); len(m) > 0 {
			ty, kind = b.responseType(m[0])
			if a := accepted(m[0]); !slices.Contains(accept, a) {
				accept = append(accept, a)
			}
		}
		tys = append(tys, ty)
		if kind != "" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	r := pyResult{annotation: py.Union(tys...)}
	if len(kinds) == 0 {
		return pyResult{annotation: py.None}
	}
	if !slices.Contains(accept, "*/*") {
		r.accept = py.Text(strings.Join(accept, ", "))
	}
	switch {
	case len(kinds) > 1 || kinds[0] == "json" && r.annotation == py.Any:
		r.annotation, r.decode = py.Any, py.F("_content(response)")
	case kinds[0] == "text":
		r.decode = py.F("response.text")
	case kinds[0] == "bytes":
		r.decode = py.F("response.content")
	default:
		r.decode = py.F("cast(%s, _decode(response, %s))", r.annotation, r.annotation)
	}
	return r
}

// accepted is how a request asks for a content type. application/*+json is
// OpenAPI's, not HTTP's.
func accepted(m apidoc.Media) string {
	if m.IsRange() && strings.HasSuffix(m.Type, "+json") {
		return "application/json"
	}
	return m.Type
}

func (b *pyBuilder) responseType(m apidoc.Media) (ty py.Code, kind string) {
	switch {
	case m.IsJSON():
		return b.types.annotation(m.Schema, b.hint+"Response"), "json"
	case isText(m.Type):
		return py.F("str"), "text"
	}
	return py.F("bytes"), "bytes"
}

// errors is the documented bodies of errors, by status.
func (b *pyBuilder) errors() py.Code {
	all := b.responses()
	var errs []py.Code
	for _, code := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(code, "2") || strings.HasPrefix(code, "3") || strings.HasPrefix(code, "1") {
			continue
		}
		m := apidoc.Contents(all[code])
		if len(m) == 0 || !m[0].IsJSON() {
			continue
		}
		if ty := b.types.annotation(m[0].Schema, b.hint+"Error"); ty != py.Any {
			errs = append(errs, py.F("%s: %s", py.Text(strings.ToLower(code)), ty))
		}
	}
	return py.Join(errs, ", ")
}
