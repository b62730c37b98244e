package apidoc

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Reads is what a generator reads of a document: the keywords of each kind of
// object, each with what it holds:
//
//	""          a value that the generator takes as it is
//	"=a|b"      one of these values; "=false" is what is said best by nothing
//	"kind"      an object of the kind
//	"[]kind"    a list of them
//	"{}kind"    a map of them
//	"ref"       a reference to a schema, as a discriminator's mapping has them
//
// The kind "document" is the root. A generator works on the View of its
// table, so it cannot read a keyword that the table lacks.
type Reads map[string]map[string]string

// Without is the table less one keyword, which is no constraint for the server
// then, either.
func (r Reads) Without(kind, keyword string) Reads {
	less := maps.Clone(r)
	less[kind] = maps.Clone(r[kind])
	less[kind][keyword] = omit
	return less
}

// Omission is a keyword that a generator left out.
type Omission struct {
	Keyword string
	Pointer string // to the object that holds it, such as #/paths/~1a/get
}

// Omissions tells of a document's omissions, a keyword a line, with the first
// place of each.
func Omissions(all []Omission) []string {
	var lines []string
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && all[i+n].Keyword == all[i].Keyword {
			n++
		}
		more := ""
		if n > 1 {
			more = fmt.Sprintf(", and %d more", n-1)
		}
		lines = append(lines, fmt.Sprintf("%s (%s%s)", all[i].Keyword, all[i].Pointer, more))
		i += n
	}
	return lines
}

// silent are the keywords that a client needs nothing of unless its table says
// so: what is said to people, what the server checks, and what only a reference
// leads to.
var silent = map[string]string{
	"":         ` description summary title example examples externalDocs deprecated tags $comment `,
	"document": ` openapi asyncapi info jsonSchemaDialect $self id defaultContentType `,
	"components": ` examples links callbacks headers correlationIds replyAddresses operationTraits messageTraits
externalDocs serverVariables serverBindings channelBindings operationBindings messageBindings tags `,
	"parameter": ` allowEmptyValue `,
	"schema": ` default $schema $id $anchor $vocabulary xml minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
minLength maxLength pattern uniqueItems minItems maxItems minProperties maxProperties minContains maxContains `,
	"security scheme": ` bearerFormat flows openIdConnectUrl oauth2MetadataUrl scopes `,
}

// known is what is done with each keyword of each kind of object.
func (r Reads) known() Reads {
	all := Reads{}
	for kind, keywords := range r {
		m := map[string]string{"$ref": ""}
		for _, words := range []string{silent[""], silent[kind]} {
			for word := range strings.FieldsSeq(words) {
				m[word] = ""
			}
		}
		maps.Copy(m, keywords)
		all[kind] = m
	}
	return all
}

// View is the document as a generator sees it that reads the keywords of the
// table: whatever else stands in the objects that are in use is left out, and
// listed, ordered by keyword and place. The document itself stays as it is.
func (d Document) View(reads Reads) (Document, []Omission) {
	v := viewer{doc: d, reads: reads.known(), seen: map[string]bool{}, copied: map[uintptr]bool{}}
	if root, ok := v.object(d.Root, "document").(map[string]any); ok {
		v.doc.Root = root
	}
	for len(v.refs) > 0 {
		next := v.refs[0]
		v.refs = v.refs[1:]
		target, ok := v.doc.Lookup(next.ref)
		if !ok {
			continue
		}
		v.path = nil
		for part := range strings.SplitSeq(strings.TrimPrefix(next.ref, "#/"), "/") {
			v.path = append(v.path, unescapePart(part))
		}
		if now := v.value(target, next.kind); !same(now, target) {
			v.put(v.path, now)
		}
	}
	slices.SortFunc(v.omitted, func(a, b Omission) int {
		return cmp.Or(strings.Compare(a.Keyword, b.Keyword), strings.Compare(a.Pointer, b.Pointer))
	})
	return v.doc, v.omitted
}

// pointerOf is the reference to a place.
func pointerOf(path []string) string {
	ref := "#"
	for _, part := range path {
		ref += "/" + escapePointer(part)
	}
	return ref
}

type reached struct{ ref, kind string }

// viewer copies what has to differ, and nothing else: documents are large, and
// most have nothing to leave out.
type viewer struct {
	doc     Document
	reads   Reads
	path    []string // of the value in hand
	refs    []reached
	seen    map[string]bool // references
	heirs   map[string][]string
	copied  map[uintptr]bool
	omitted []Omission
}

// value is what is seen of a value that holds what the table says.
func (v *viewer) value(val any, holds string) any {
	if kind, ok := strings.CutPrefix(holds, "[]"); ok {
		return v.list(val, kind)
	}
	if kind, ok := strings.CutPrefix(holds, "{}"); ok {
		m, ok := val.(map[string]any)
		if !ok {
			return val
		}
		return v.each(m, func(string) string { return kind })
	}
	if holds == "ref" {
		if ref := Text(val); strings.HasPrefix(ref, "#") {
			v.follow(ref, "schema")
		} else if ref != "" {
			v.follow(schemaRef(ref), "schema")
		}
		return val
	}
	if holds == "" || holds[0] == '=' {
		return val
	}
	return v.object(val, holds)
}

func (v *viewer) list(val any, kind string) any {
	l, ok := val.([]any)
	if !ok {
		return val
	}
	var now []any
	for i, e := range l {
		v.path = append(v.path, strconv.Itoa(i))
		n := v.value(e, kind)
		v.path = v.path[:len(v.path)-1]
		if now == nil && !same(n, e) {
			now = slices.Clone(l)
		}
		if now != nil {
			now[i] = n
		}
	}
	if now == nil {
		return val
	}
	return now
}

func (v *viewer) object(val any, kind string) any {
	m, ok := val.(map[string]any)
	if !ok {
		return val // true or false, or nothing that belongs here
	}
	if ref, ok := m["$ref"].(string); ok {
		v.follow(ref, kind)
		if kind == "schema" && v.doc.refinesRefs() && refined(m) {
			m = maps.Clone(m)
			delete(m, "$ref")
			m["allOf"] = append([]any{map[string]any{"$ref": ref}}, List(m["allOf"])...)
		}
	}
	if _, ok := m["discriminator"]; ok && kind == "schema" && len(v.path) == 3 {
		for _, heir := range v.heirsOf(pointerOf(v.path)) {
			v.follow(heir, kind)
		}
	}
	known := v.reads[kind]
	return v.each(m, func(keyword string) string {
		holds, ok := known[keyword]
		switch {
		case ok && (holds == "" || holds[0] != '='), strings.HasPrefix(keyword, "x-"):
			return holds
		case ok && slices.Contains(strings.Split(holds[1:], "|"), strings.ToLower(fmt.Sprint(m[keyword]))), saysNothing(m[keyword]):
			return ""
		}
		return omit
	})
}

const omit = "omit"

// refinesRefs tells whether what stands beside a schema's $ref counts: it does
// since OpenAPI 3.1, as if both were in allOf.
func (d Document) refinesRefs() bool {
	return d.Kind == OpenAPI && !strings.HasPrefix(d.Version, "3.0")
}

func refined(s map[string]any) bool {
	return slices.ContainsFunc([]string{"properties", "required", "additionalProperties", "allOf", "oneOf", "anyOf", "enum", "const"},
		func(keyword string) bool { return s[keyword] != nil })
}

// saysNothing tells of values that are the same as no value.
func saysNothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// each is an object's values as they are seen; holds says what each holds, or
// that it is omitted.
func (v *viewer) each(m map[string]any, holds func(string) string) any {
	now := m
	change := func() {
		if same(now, m) {
			now = maps.Clone(m)
			v.copied[reflect.ValueOf(now).Pointer()] = true
		}
	}
	for key, val := range m {
		what := holds(key)
		switch what {
		case "":
		case omit:
			v.omitted = append(v.omitted, Omission{key, pointerOf(v.path)})
			change()
			delete(now, key)
		default:
			v.path = append(v.path, key)
			n := v.value(val, what)
			v.path = v.path[:len(v.path)-1]
			if !same(n, val) {
				change()
				now[key] = n
			}
		}
	}
	return now
}

// follow leads on to what is referenced, once, as what it was first met as.
func (v *viewer) follow(ref, kind string) {
	if !v.seen[ref] && strings.HasPrefix(ref, "#/") {
		v.seen[ref] = true
		v.refs = append(v.refs, reached{ref, kind})
	}
}

func (v *viewer) heirsOf(ref string) []string {
	if v.heirs == nil {
		v.heirs = v.doc.Heirs()
	}
	return v.heirs[ref]
}

// put replaces what lies at a place, copying the objects on the way there.
func (v *viewer) put(path []string, val any) {
	own := func(m map[string]any) map[string]any {
		if v.copied[reflect.ValueOf(m).Pointer()] {
			return m
		}
		m = maps.Clone(m)
		v.copied[reflect.ValueOf(m).Pointer()] = true
		return m
	}
	var into func(at any, path []string) any
	into = func(at any, path []string) any {
		if len(path) == 0 {
			return val
		}
		key := path[0]
		switch at := at.(type) {
		case map[string]any:
			at = own(at)
			at[key] = into(at[key], path[1:])
			return at
		case []any:
			at = slices.Clone(at)
			if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(at) {
				at[i] = into(at[i], path[1:])
			}
			return at
		}
		return at
	}
	v.doc.Root = into(v.doc.Root, path).(map[string]any)
}

// same tells whether two values are one and the same.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
	case []any:
		b, ok := b.([]any)
		return ok && len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
	}
	return true // a scalar is never replaced
}
