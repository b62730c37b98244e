package clients

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"muster/internal/apidoc"
)

func (t *pyTypes) enum(name string, s map[string]any, vals []any) {
	e := pyEnum{Name: name, Base: "str", Doc: pyDoc(apidoc.Text(s["description"]), "    ")}
	if apidoc.OneType(vals) == "integer" {
		e.Base = "int"
	}
	taken := map[string]bool{}
	seen := map[string]bool{}
	for _, v := range vals {
		value := fmt.Sprint(v)
		if s, ok := v.(string); ok {
			value = pyString(s)
		}
		if seen[value] {
			continue
		}
		seen[value] = true
		member := identifier(fmt.Sprint(v), "VALUE")
		member = apidoc.Unique(strings.ToUpper(member), func(s string) bool { return taken[s] })
		if isWord(pyWords, member) || member == "MRO" {
			member += "_"
		}
		taken[member] = true
		e.Members = append(e.Members, pyMember{member, value})
	}
	t.Enums = append(t.Enums, e)
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
		m := &t.Models[i]
		taken := map[string]bool{}
		for j := range m.Fields {
			f := &m.Fields[j]
			f.Name = apidoc.Unique(identifier(f.Key, "field"), func(s string) bool {
				return taken[s] || t.taken[s] || isWord(pyWords, s) || isWord(pyFields, s)
			})
			if strings.HasSuffix(f.Name, "2") && !taken[f.Name[:len(f.Name)-1]] && identifier(f.Key, "field")+"2" == f.Name {
				f.Name = apidoc.Unique(f.Name[:len(f.Name)-1]+"_", func(s string) bool { return taken[s] })
			}
			taken[f.Name] = true
			if strings.HasPrefix(f.Default, `"`) {
				m.Consts = append(m.Consts, pyField{Key: f.Key, Default: f.Default})
			}
			if f.Name != f.Key {
				m.Renamed = append(m.Renamed, *f)
			}
			f.Default = f.value()
		}
	}
	sort.Slice(t.Models, func(i, j int) bool { return t.Models[i].Name < t.Models[j].Name })
	sort.Slice(t.Enums, func(i, j int) bool { return t.Enums[i].Name < t.Enums[j].Name })
}

// value is the right side of a field.
func (f *pyField) value() string {
	switch {
	case f.Default != "...":
		return f.Default
	case strings.HasPrefix(f.Type, "Optional["):
		return "Field(...)" // version 1 takes Optional without it as not required
	}
	return ""
}

func (t *pyTypes) model(p pyPending) pyModel {
	sh := t.doc.ShapeOf(p.schema)
	m := pyModel{Name: p.name, Doc: pyDoc(apidoc.Text(p.schema["description"]), "    "), Extra: sh.HasExtra && sh.Extra != false}
	var first, later []pyField
	for _, key := range slices.Sorted(maps.Keys(sh.Properties)) {
		raw, _ := t.doc.Deref(sh.Properties[key])
		f := pyField{Key: key, raw: raw, Doc: pyComment(apidoc.Text(apidoc.Object(sh.Properties[key])["description"]))}
		if tag := t.tags[p.ref][key]; p.ref != "" && len(tag) > 0 && len(apidoc.Values(raw)) != 1 {
			f.raw = map[string]any{"enum": tag}
			if len(tag) == 1 {
				f.raw = map[string]any{"const": tag[0]}
			}
			f.Type = literal(tag)
		} else {
			f.Type = t.annotation(sh.Properties[key], p.name+className(key))
		}
		only, isText := fixed(f.raw, sh.Required[key])
		switch {
		case sh.Required[key] && !isText:
			f.Default = "..."
			first = append(first, f)
		case isText && !strings.HasPrefix(f.Type, "Optional["):
			f.Default = pyString(only)
			later = append(later, f)
		default:
			f.Type, f.Default = optional(f.Type), "None"
			later = append(later, f)
		}
	}
	m.Fields = append(first, later...)
	return m
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
