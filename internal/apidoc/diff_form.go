package apidoc

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// form is a schema as it is compared: references followed, allOf brought
// together, and what can be said in several ways said in one.
type form struct {
	fields map[string]any // the keywords, but for those that follow
	types  []string       // in order; none is any
	null   bool           // null is allowed, too
	never  bool           // nothing is allowed
	unions [][]any        // of each it must be a member; null is none of them
	parts  []string       // the references in allOf
	ref    string         // the last reference that led here, if it says everything
}

// forms brings the schemas of a document into their forms, each once.
type forms struct {
	Document
	made   map[uintptr]form
	joined map[string]any // schemas that allOf makes of two, so that a circle of them ends
}

func newForms(d Document) *forms {
	return &forms{Document: d, made: map[uintptr]form{}, joined: map[string]any{}}
}

func (fs *forms) of(v any) form {
	m, ok := v.(map[string]any)
	if !ok {
		return fs.make(v)
	}
	key := reflect.ValueOf(m).Pointer()
	f, ok := fs.made[key]
	if !ok {
		f = fs.make(v)
		fs.made[key] = f
	}
	return f
}

func (fs *forms) make(v any) form {
	f := form{fields: map[string]any{}, ref: fs.nameOf(v)}
	w := formWriter{d: fs.Document, f: &f, joined: fs.joined, seen: map[string]bool{}}
	w.add(v)
	f.bounds()
	for _, key := range [...]string{"unevaluatedProperties", "unevaluatedItems", "additionalProperties", "items"} {
		if allowsAll(f.fields[key]) {
			delete(f.fields, key)
		}
	}
	return f
}

// allowsAll tells whether a schema is one that says nothing.
func allowsAll(v any) bool {
	m, ok := v.(map[string]any)
	return v == nil || True(v) || ok && !slices.ContainsFunc(slices.Collect(maps.Keys(m)), func(k string) bool { return !isAnnotation(k) })
}

// nameOf is the last reference that leads to all that a schema says but that
// it may be null; "" if there is none.
func (d Document) nameOf(v any) (ref string) {
	for range 64 { // longer chains are circles
		m := Object(v)
		said := slices.DeleteFunc(slices.Collect(maps.Keys(m)), func(k string) bool { return isAnnotation(k) || k == "nullable" })
		if len(said) != 1 {
			return ref
		}
		members := slices.DeleteFunc(slices.Clone(List(m[said[0]])), func(alt any) bool { return IsNull(Object(alt)) })
		switch key := said[0]; {
		case key == "$ref":
			next, ok := d.Lookup(Text(m[key]))
			if !ok {
				return ref
			}
			v, ref = next, Text(m[key])
		case (key == "allOf" || key == "oneOf" || key == "anyOf") && len(members) == 1:
			v = members[0]
		default:
			return ref
		}
	}
	return ref
}

type formWriter struct {
	d      Document
	f      *form
	joined map[string]any
	seen   map[string]bool
}

func (w *formWriter) add(v any) {
	if b, ok := v.(bool); ok && !b {
		w.f.never = true
		return
	}
	m := Object(v)
	if ref, ok := m["$ref"].(string); ok {
		target, found := w.d.Lookup(ref)
		switch {
		case !found:
			w.set("$ref", ref)
		case !w.seen[ref]:
			w.seen[ref] = true
			w.add(target)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !isAnnotation(key) && key != "$ref" {
			w.keyword(key, m)
		}
	}
}

func (w *formWriter) keyword(key string, m map[string]any) {
	v := m[key]
	switch key {
	case "nullable":
		w.f.null = w.f.null || True(v)
	case "type":
		w.setTypes(m)
	case "allOf":
		for _, part := range List(v) {
			if ref := Text(Object(part)["$ref"]); ref != "" {
				w.f.parts = append(w.f.parts, ref)
			}
			w.add(part)
		}
	case "oneOf", "anyOf":
		w.union(List(v))
	case "const", "enum":
		w.values(m)
	case "readOnly", "writeOnly", "deprecated", "uniqueItems":
		if v != usual(key) {
			w.set(key, v)
		}
	default:
		w.set(key, v)
	}
}

func (w *formWriter) setTypes(m map[string]any) {
	w.f.null = w.f.null || slices.Contains(List(m["type"]), any("null")) || Text(m["type"]) == "null"
	types := Types(m)
	if len(types) == 0 {
		if !IsNull(m) {
			w.set("type", m["type"])
			return
		}
		types = []string{"null"}
	}
	slices.Sort(types)
	if len(w.f.types) > 0 { // of two parts: what both allow
		both := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return !typeWithin(t, w.f.types) })
		more := slices.DeleteFunc(slices.Clone(w.f.types), func(t string) bool { return !typeWithin(t, types) })
		types = append(both, more...)
		slices.Sort(types)
		w.f.never = w.f.never || len(types) == 0
	}
	w.f.types = slices.Compact(types)
}

// typeWithin tells whether values of a type are among those of others.
func typeWithin(t string, of []string) bool {
	return len(of) == 0 || slices.Contains(of, t) || t == "integer" && slices.Contains(of, "number")
}

func (w *formWriter) union(members []any) {
	members = flat(members)
	rest := slices.DeleteFunc(slices.Clone(members), func(alt any) bool { return IsNull(Object(alt)) })
	w.f.null = w.f.null || len(rest) < len(members)
	if len(rest) == 1 {
		w.add(rest[0])
		return
	}
	if len(rest) == 0 {
		w.f.types = []string{"null"}
	} else {
		w.f.unions = append(w.f.unions, rest)
	}
}

// flat are the members of a union with those of unions within.
func flat(members []any) []any {
	var all []any
	for _, alt := range members {
		m := Object(alt)
		inner := Alternatives(m)
		if len(inner) > 0 && len(m) == 1 {
			all = append(all, flat(inner)...)
		} else {
			all = append(all, alt)
		}
	}
	return all
}

func (w *formWriter) values(m map[string]any) {
	all := List(m["enum"])
	if c, ok := m["const"]; ok {
		all = []any{c}
	}
	w.f.null = w.f.null || slices.Contains(all, nil)
	if len(Values(m)) == 0 && len(all) > 0 {
		w.f.types = []string{"null"}
		return
	}
	w.set("enum", slices.DeleteFunc(slices.Clone(all), func(v any) bool { return v == nil }))
}

// set adds a keyword. Where two parts of allOf say different things, they are
// joined; what cannot be joined stays a list in allOf.
func (w *formWriter) set(key string, v any) {
	old, taken := w.f.fields[key]
	switch {
	case !taken:
		w.f.fields[key] = v
	case meansSame(old, v, key):
	case key == "properties":
		w.f.fields[key] = w.joinProperties(Object(old), Object(v))
	case key == "required":
		w.f.fields[key] = slices.Concat(List(old), List(v))
	case limits[key] != 0:
		if (number(v) > number(old)) == (limits[key] == lower) {
			w.f.fields[key] = v
		}
	case key == "enum":
		w.f.fields[key] = slices.DeleteFunc(slices.Clone(List(old)), func(e any) bool {
			return !slices.ContainsFunc(List(v), func(o any) bool { return meansSame(e, o, "") })
		})
	default:
		w.f.fields["allOf"] = append(slices.Clip(List(w.f.fields["allOf"])), map[string]any{key: v})
	}
}

func (w *formWriter) joinProperties(x, y map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, x)
	for name, q := range y {
		p, both := all[name]
		if !both || meansSame(p, q, "") || allowsAll(p) {
			all[name] = q
			continue
		}
		if allowsAll(q) {
			continue
		}
		pair := identity(p) + "&" + identity(q)
		if w.joined[pair] == nil {
			w.joined[pair] = map[string]any{"allOf": []any{p, q}}
		}
		all[name] = w.joined[pair]
	}
	return all
}

// identity tells the places of a document apart.
func identity(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case map[string]any:
		return strconv.FormatUint(uint64(reflect.ValueOf(v).Pointer()), 36)
	}
	return show(v)
}

// bounds brings the two ways to exclude a bound into one: as a number.
func (f *form) bounds() {
	for _, k := range [...]string{"Minimum", "Maximum"} {
		exclusive, plain := "exclusive"+k, strings.ToLower(k)
		if b, ok := f.fields[exclusive].(bool); ok {
			delete(f.fields, exclusive)
			if n, bound := f.fields[plain]; b && bound {
				f.fields[exclusive] = n
				delete(f.fields, plain)
			}
		}
	}
	for _, key := range [...]string{"minLength", "minItems", "minProperties"} {
		if n, ok := f.fields[key].(json.Number); ok && number(n) == 0 {
			delete(f.fields, key)
		}
	}
}

// bare tells whether nothing is said beside a union.
func (f form) bare() bool {
	return len(f.types) == 0 && len(without(f.fields, "discriminator")) == 0
}

// isUnion tells whether a schema is a union and nothing else.
func (f form) isUnion() bool { return len(f.unions) == 1 && f.bare() }

// isSimple tells whether a schema is one of texts, numbers or truth values.
func (f form) isSimple() bool {
	kinds := f.kinds()
	return len(kinds) > 0 && len(f.unions) == 0 && !slices.Contains(kinds, "object") && !slices.Contains(kinds, "array")
}

// isPlain tells whether a schema says something, and is no union.
func (f form) isPlain() bool { return len(f.unions) == 0 && !f.bare() }

const (
	several  = "one of several"
	anything = "any"
)

// kind is the JSON type of a schema with its format, or several.
func (f form) kind() string {
	if len(f.unions) > 0 && f.bare() {
		return several
	}
	kinds := f.kinds()
	if len(kinds) == 0 {
		return anything
	}
	kind := strings.Join(kinds, " or ")
	if s := f.format(); s != "" {
		kind += " (" + s + ")"
	}
	return kind
}

// kinds are the types, or what the keywords speak of where none are given.
func (f form) kinds() []string {
	if len(f.types) > 0 {
		return f.types
	}
	values := List(f.fields["enum"])
	switch {
	case len(Object(f.fields["properties"])) > 0:
		return []string{"object"}
	case len(values) > 0 && OneType(values) != "":
		return []string{OneType(values)}
	case f.fields["items"] != nil || f.fields["prefixItems"] != nil:
		return []string{"array"}
	}
	return nil
}

// format is that of a string; of a number it is a size.
func (f form) format() string {
	if slices.Equal(f.kinds(), []string{"string"}) {
		return Text(f.fields["format"])
	}
	return ""
}

// members are those of a union. Any other schema is a union of itself, a type
// each.
func (f form) members() []any {
	switch {
	case len(f.unions) == 1:
		return f.unions[0]
	case f.ref != "":
		return []any{map[string]any{"$ref": f.ref}}
	}
	types := f.types
	if len(types) == 0 {
		return []any{f.fields}
	}
	var all []any
	for _, t := range types {
		one := map[string]any{"type": t}
		for key, v := range f.fields {
			if of := typeOf[key]; of == "" || of == t || of == "number" && t == "integer" {
				one[key] = v
			}
		}
		all = append(all, one)
	}
	return all
}

// typeOf is the one type of values that a keyword speaks of (JSON Schema
// Validation, 6).
var typeOf = map[string]string{
	"minLength": "string", "maxLength": "string", "pattern": "string", "contentEncoding": "string", "contentMediaType": "string",
	"minimum": "number", "maximum": "number", "exclusiveMinimum": "number", "exclusiveMaximum": "number", "multipleOf": "number",
	"items": "array", "prefixItems": "array", "minItems": "array", "maxItems": "array", "uniqueItems": "array", "contains": "array",
	"properties": "object", "required": "object", "additionalProperties": "object", "patternProperties": "object",
	"propertyNames": "object", "minProperties": "object", "maxProperties": "object", "dependentRequired": "object",
}
