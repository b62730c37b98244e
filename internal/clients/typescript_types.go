package clients

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"

	"muster/internal/apidoc"
)

// tsTypes turns schemas into TypeScript declarations.
type tsTypes struct {
	doc     apidoc.Document
	tags    map[string]map[string][]any
	taken   map[string]bool
	refs    map[string]string
	pending []string // references named but not yet declared
	decls   []tsDecl
}

type tsDecl struct {
	name string
	code tsText
}

func newTSTypes(d apidoc.Document) *tsTypes {
	return &tsTypes{doc: d, tags: d.Tags(), taken: map[string]bool{}, refs: map[string]string{}}
}

func (t *tsTypes) name(s string) string {
	n := apidoc.Unique(className(s), func(s string) bool { return t.taken[s] || isWord(tsWords, s) })
	t.taken[n] = true
	return n
}

// tsWords are names of the language and of the generated client.
const tsWords = ` Array Boolean Date Function JSON Map Math Number Object Omit Partial Pick Promise Readonly Record Set
String Symbol Error Extract Exclude NonNullable ReturnType WebSocket Socket SocketOptions SocketState SocketLike SocketError Subscription
ClientMessage ServerMessage Subscriptions Requests Channels Channel Connection Pending Listener Shared Wire `

func (t *tsTypes) referenced(ref string) tsType {
	if n, ok := t.refs[ref]; ok {
		return tsRef(n)
	}
	if _, ok := t.doc.Lookup(ref); !ok {
		return tsKnown("unknown")
	}
	n := t.name(apidoc.RefName(ref))
	t.refs[ref] = n
	t.pending = append(t.pending, ref)
	return tsRef(n)
}

// finish declares everything that was named, which may name more.
func (t *tsTypes) finish() {
	for len(t.pending) > 0 {
		ref := t.pending[0]
		t.pending = t.pending[1:]
		v, _ := t.doc.Lookup(ref)
		t.declare(t.refs[ref], v, ref)
	}
	sort.SliceStable(t.decls, func(i, j int) bool { return t.decls[i].name < t.decls[j].name })
}

func (t *tsTypes) declare(name string, v any, ref string) {
	doc := tsDoc(described(apidoc.Object(v)), "")
	body := t.typeOf(v, ref, "")
	if t.isItself(ref) {
		body = tsKnown("unknown")
	}
	code := tsConcat(doc, tsFixed("export type "), tsName(name), tsFixed(" = "), body.code(), tsFixed(";\n"))
	if body.object {
		code = tsConcat(doc, tsFixed("export interface "), tsName(name), tsFixed(" "), body.code(), tsFixed("\n"))
	}
	t.decls = append(t.decls, tsDecl{name, code})
}

func (t *tsTypes) deref(v any) map[string]any {
	s, _ := t.doc.Deref(v)
	return s
}

// isItself tells whether a schema is said to be what it is said to be itself,
// which no type can be.
func (t *tsTypes) isItself(ref string) bool {
	seen := map[string]bool{}
	var leads func(v any) bool
	leads = func(v any) bool {
		s := apidoc.Object(v)
		if to := apidoc.Text(s["$ref"]); to != "" {
			if to == ref || seen[to] || len(seen) > 1000 {
				return to == ref
			}
			seen[to] = true
			target, _ := t.doc.Lookup(to)
			return leads(target)
		}
		return slices.ContainsFunc(slices.Concat(apidoc.List(s["allOf"]), apidoc.Alternatives(s)), leads)
	}
	v, _ := t.doc.Lookup(ref)
	return ref != "" && leads(v)
}

// described is what a schema says to people.
func described(s map[string]any) string {
	text := apidoc.Text(s["description"])
	if apidoc.True(s["deprecated"]) {
		text += "\n@deprecated"
	}
	return text
}

// typeOf is the type of a schema; the lines of an object's body are indented.
func (t *tsTypes) typeOf(v any, ref string, indent tsSyntax) tsType {
	if b, ok := v.(bool); ok {
		if b {
			return tsKnown("unknown")
		}
		return tsKnown("never")
	}
	s := apidoc.Object(v)
	if r, ok := s["$ref"].(string); ok {
		return t.referenced(r)
	}
	base := t.plain(s, ref, indent)
	if apidoc.Nullable(s) && base.code() != tsFixed("unknown") && base.code() != tsFixed("null") {
		return tsUnion(base, tsKnown("null"))
	}
	return base
}

func (t *tsTypes) plain(s map[string]any, ref string, indent tsSyntax) tsType {
	if vals := apidoc.Values(s); len(vals) > 0 {
		return tsLiterals(vals)
	}
	if apidoc.IsNull(s) {
		return tsKnown("null")
	}
	var parts []tsType
	if t.hasBody(s) {
		parts = append(parts, t.withBody(s, ref, indent))
	}
	for _, a := range apidoc.List(s["allOf"]) {
		parts = append(parts, t.typeOf(a, "", indent))
	}
	if alts := apidoc.Alternatives(s); len(alts) > 0 {
		parts = append(parts, t.union(alts, indent))
	}
	if len(parts) > 0 {
		return tsIntersection(parts)
	}
	var all []tsType
	for _, ty := range apidoc.Types(s) {
		all = append(all, t.typed(ty, s, indent))
	}
	if len(all) == 0 && (s["items"] != nil || s["prefixItems"] != nil) {
		return t.typed("array", s, indent)
	}
	if len(all) == 0 && s["additionalProperties"] != nil {
		return t.typed("object", s, indent)
	}
	if len(all) == 0 {
		return tsKnown("unknown")
	}
	return tsUnion(all...)
}

func (t *tsTypes) union(alts []any, indent tsSyntax) tsType {
	var all []tsType
	for _, a := range alts {
		all = append(all, t.typeOf(a, "", indent))
	}
	return tsUnion(all...)
}

func (t *tsTypes) typed(ty string, s map[string]any, indent tsSyntax) tsType {
	switch ty {
	case "string":
		return tsKnown("string")
	case "integer", "number":
		return tsKnown("number")
	case "boolean":
		return tsKnown("boolean")
	case "array":
		return t.array(s, indent)
	case "object":
		return t.record(s, indent)
	}
	return tsKnown("unknown")
}

func (t *tsTypes) array(s map[string]any, indent tsSyntax) tsType {
	items, rest := s["items"], s["additionalItems"]
	prefix := apidoc.List(s["prefixItems"])
	if old := apidoc.List(items); len(old) > 0 { // as JSON Schema had it before 2020
		prefix = old
	} else if prefix != nil {
		rest = items
	}
	if len(prefix) > 0 {
		var all []tsType
		for _, p := range prefix {
			all = append(all, t.typeOf(p, "", indent))
		}
		if apidoc.Object(rest) != nil {
			all = append(all, tsAround("...Array<", []tsType{t.typeOf(rest, "", indent)}, "", ">"))
		}
		return tsAround("[", all, ", ", "]")
	}
	if items == nil {
		return tsKnown("unknown[]")
	}
	return tsAround("Array<", []tsType{t.typeOf(items, "", indent)}, "", ">")
}

func (t *tsTypes) record(s map[string]any, indent tsSyntax) tsType {
	var values []tsType
	if extra := apidoc.Object(s["additionalProperties"]); len(extra) > 0 {
		values = append(values, t.typeOf(extra, "", indent))
	}
	patterns := apidoc.Object(s["patternProperties"])
	for _, pattern := range slices.Sorted(maps.Keys(patterns)) {
		values = append(values, t.typeOf(patterns[pattern], "", indent))
	}
	if len(values) == 0 || s["patternProperties"] != nil && s["additionalProperties"] == true {
		return tsKnown("Record<string, unknown>")
	}
	value := tsUnion(values...)
	if value.named { // a type may lie in itself so, and not in a Record
		return tsAround("{ [key: string]: ", []tsType{value}, "", " }")
	}
	return tsAround("Record<string, ", []tsType{value}, "", ">")
}

func (t *tsTypes) hasBody(s map[string]any) bool {
	return len(apidoc.Object(s["properties"])) > 0 || len(apidoc.List(s["required"])) > 0
}

// withBody is an object with named properties, or one of the other types that the
// schema allows beside.
func (t *tsTypes) withBody(s map[string]any, ref string, indent tsSyntax) tsType {
	all := []tsType{t.object(s, ref, indent)}
	for _, ty := range apidoc.Types(s) {
		if ty != "object" {
			all = append(all, t.typed(ty, s, indent))
		}
	}
	return tsUnion(all...)
}

// object is the body of an object with named properties.
func (t *tsTypes) object(s map[string]any, ref string, indent tsSyntax) tsType {
	properties := apidoc.Object(s["properties"])
	required := map[string]bool{}
	for _, key := range apidoc.Texts(apidoc.List(s["required"])) {
		required[key] = true
	}
	keys := slices.Sorted(maps.Keys(properties))
	for key := range required {
		if _, ok := properties[key]; !ok { // what it is, another part may say
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	inner := indent + "  "
	lines := []tsText{tsFixed("{\n")}
	for _, key := range keys {
		p := apidoc.Object(properties[key])
		mark := tsSyntax("?: ")
		if required[key] {
			mark = ": "
		}
		ty := tsKnown("unknown")
		if v, ok := properties[key]; ok {
			ty = t.typeOf(v, "", inner)
		}
		if tag := t.tags[ref][key]; ref != "" && len(tag) > 0 && len(apidoc.Values(p)) == 0 {
			ty = tsLiterals(tag)
		}
		lines = append(lines, tsDoc(described(p), inner), tsFixed(inner), tsKey(key), tsFixed(mark), ty.code(), tsFixed(";\n"))
	}
	if extra := s["additionalProperties"]; extra != nil && extra != false || s["patternProperties"] != nil {
		lines = append(lines, tsFixed(inner+"[key: string]: unknown;\n")) // the named ones' types differ from any other's
	}
	return tsType{members: []tsText{tsConcat(append(lines, tsFixed(indent+"}"))...)}, object: true, named: true}
}

func tsLiterals(vals []any) tsType {
	var all []tsType
	for _, v := range vals {
		switch v := v.(type) {
		case string:
			all = append(all, tsOne(tsString(v)))
		case json.Number:
			all = append(all, tsOne(tsNumber(v)))
		case bool:
			all = append(all, tsKnown(tsSyntax(fmt.Sprint(v))))
		default:
			return tsKnown("unknown")
		}
	}
	return tsUnion(all...)
}

// member is the type of a property of a property.
func (t *tsTypes) member(of tsText, schema any, path ...tsSyntax) tsText {
	optional := false
	for _, key := range path {
		s, _ := t.doc.Deref(schema)
		if optional || apidoc.Nullable(s) {
			of = tsConcat(tsFixed("NonNullable<"), of, tsFixed(">"))
		}
		of = tsConcat(of, tsFixed("['"+key+"']"))
		shape := t.doc.ShapeOf(s)
		schema, optional = shape.Properties[string(key)], !shape.Required[string(key)]
	}
	return of
}
