package clients

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"muster/internal/apidoc"
	"muster/internal/clients/py"
)

func (t *pyTypes) enum(name string, s map[string]any, vals []any) {
	e := pyEnum{Name: py.Name(name), Base: py.F("str"), Doc: py.Doc(apidoc.Text(s["description"]), 4)}
	if apidoc.OneType(vals) == "integer" {
		e.Base = py.F("int")
	}
	taken := map[string]bool{}
	for i, v := range vals {
		if slices.Contains(vals[:i], v) {
			continue
		}
		member := identifier(fmt.Sprint(v), "VALUE")
		member = apidoc.Unique(strings.ToUpper(member), func(s string) bool { return taken[s] })
		if isPyWord(member) || member == "MRO" {
			member += "_"
		}
		taken[member] = true
		e.Members = append(e.Members, pyMember{py.Name(member), pyScalar(v)})
	}
	t.Enums = append(t.Enums, e)
}

// pyScalar is a text or a whole number.
func pyScalar(v any) py.Code {
	if n, ok := v.(json.Number); ok {
		if i, ok := py.Int(n); ok {
			return i
		}
	}
	return py.Text(fmt.Sprint(v))
}

// finish builds the models that are still only named, which may name more,
// and then the fields' names, which must not hide a type's.
func (t *pyTypes) finish() {
	for len(t.pending) > 0 {
		p := t.pending[0]
		t.pending = t.pending[1:]
		t.Models = append(t.Models, t.model(p))
	}
	for i := range t.Models {
		t.nameFields(&t.Models[i])
	}
	byName := func(a, b py.Code) int { return strings.Compare(a.String(), b.String()) }
	slices.SortFunc(t.Models, func(a, b pyModel) int { return byName(a.Name, b.Name) })
	slices.SortFunc(t.Enums, func(a, b pyEnum) int { return byName(a.Name, b.Name) })
}

// nameFields gives a model's fields their names. A model takes a field by its
// name and by its key in JSON alike, so that no name may be another's key.
func (t *pyTypes) nameFields(m *pyModel) {
	taken := map[string]bool{}
	for _, f := range m.Fields {
		taken[f.key] = true
	}
	for i := range m.Fields {
		f := &m.Fields[i]
		wanted := identifier(f.key, "field")
		bad := func(s string) bool {
			return taken[s] && s != f.key || t.taken[s] || isPyWord(s) || isModelWord(s)
		}
		name := wanted
		if bad(name) {
			name = apidoc.Unique(wanted+"_", bad)
		}
		taken[name] = true
		f.Name, f.Key = py.Name(name), py.Text(f.key)
		if f.constant {
			m.Consts = append(m.Consts, *f)
		}
		if name != f.key {
			m.Renamed = append(m.Renamed, *f)
		}
	}
}

func (t *pyTypes) model(p pyPending) pyModel {
	sh := t.doc.MergedOf(p.schema, p.ref)
	m := pyModel{Name: py.Name(p.name), Doc: py.Doc(apidoc.Text(p.schema["description"]), 4),
		Extra: sh.Extra != false || len(apidoc.Object(p.schema["patternProperties"])) > 0}
	for key := range sh.Required {
		if _, said := sh.Properties[key]; !said {
			sh.Properties[key] = map[string]any{} // it has to be there, whatever it is
		}
	}
	var later []pyField
	for _, key := range slices.Sorted(maps.Keys(sh.Properties)) {
		f, first := t.field(p, key, sh.Properties[key], sh.Required[key])
		if first {
			m.Fields = append(m.Fields, f)
		} else {
			later = append(later, f)
		}
	}
	m.Fields = append(m.Fields, later...)
	return m
}

// field is one property of a model, and whether it has to be given.
func (t *pyTypes) field(p pyPending, key string, property any, required bool) (f pyField, first bool) {
	raw, _ := t.doc.Deref(property)
	f = pyField{key: key, Doc: py.Comment(apidoc.Text(apidoc.Object(property)["description"]))}
	read := apidoc.True(raw["readOnly"]) || apidoc.True(apidoc.Object(property)["readOnly"])
	write := apidoc.True(raw["writeOnly"]) || apidoc.True(apidoc.Object(property)["writeOnly"])
	if required && (read || write) && p.ref != "" {
		read, write = read && t.isSent(p.ref), write && t.isGot(p.ref)
	}
	if tag := t.tags[p.ref][key]; p.ref != "" && len(tag) > 0 && len(apidoc.Values(raw)) != 1 {
		f.Type = py.Literal(tag)
		if raw = map[string]any{"enum": tag}; len(tag) == 1 {
			raw = map[string]any{"const": tag[0]}
		}
	} else {
		f.Type = t.annotation(property, p.name+className(key))
	}
	only, isText := fixed(raw, required)
	switch {
	case isText && !read && !f.Type.IsOptional():
		f.Value, f.constant = py.Text(only), true
	case required && read:
		// Every answer has it and no request needs to. Where it is not given, it is not sent.
		f.Value = py.F("cast(Any, None)")
	case required && !write && (f.Type.IsOptional() || f.Type == py.Any):
		f.Value = py.F("Field(...)") // version 1 takes Optional and Any without it as not required
		return f, true
	case required && !write:
		return f, true
	default:
		f.Type, f.Value = py.Optional(f.Type), py.F("None")
	}
	return f, false
}

// fixed is the text that a property always has. One that may be left out
// counts only where leaving it out means the same.
func fixed(s map[string]any, required bool) (string, bool) {
	vals := apidoc.Values(s)
	if len(vals) != 1 {
		return "", false
	}
	only, isText := vals[0].(string)
	_, constant := s["const"]
	return only, isText && (required || constant || s["default"] == only)
}

// isSent and isGot tell which way a schema goes that is referenced: what is
// never sent is as it is read, and the other way round.
func (t *pyTypes) isSent(ref string) bool { t.findWays(); return t.sent[ref] }
func (t *pyTypes) isGot(ref string) bool  { t.findWays(); return t.got[ref] }

func (t *pyTypes) findWays() {
	if t.sent != nil {
		return
	}
	t.sent, t.got = map[string]bool{}, map[string]bool{}
	for _, o := range t.doc.Operations() {
		t.mark(o.Raw["requestBody"], t.sent)
		for _, p := range o.Params {
			t.mark(p, t.sent)
		}
		t.mark(o.Raw["responses"], t.got)
	}
}

// mark adds every reference that a value leads to.
func (t *pyTypes) mark(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			t.mark(e, into)
		}
	case []any:
		for _, e := range v {
			t.mark(e, into)
		}
	case string:
		if into[v] || !strings.HasPrefix(v, "#/") {
			return
		}
		into[v] = true
		for _, heir := range t.heirs[v] {
			t.mark(heir, into)
		}
		if target, ok := t.doc.Lookup(v); ok {
			t.mark(target, into)
		}
	}
}
