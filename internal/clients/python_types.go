package clients

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"muster/internal/apidoc"
)

// pyTypes turns schemas into Python types. A reference becomes a model, an
// enum or an alias of its own; a nested object becomes a model named for the
// place where it was found.
type pyTypes struct {
	doc      apidoc.Document
	tags     map[string]map[string][]any
	taken    map[string]bool
	refs     map[string]string // reference -> annotation
	building map[string]bool   // aliases under way: one that leads back to itself is Any there
	pending  []pyPending
	Enums    []pyEnum
	Models   []pyModel
	Aliases  []pyAlias // each after those that it needs
}

type pyPending struct {
	name, ref string
	schema    map[string]any
}

type pyEnum struct {
	Name, Base, Doc string
	Members         []pyMember
}

type pyMember struct{ Name, Value string }

type pyAlias struct{ Name, Type string }

type pyModel struct {
	Name, Doc string
	Extra     bool
	Fields    []pyField
	Renamed   []pyField // those whose name is not that in JSON
	Consts    []pyField // those with one possible value, which a request always carries
}

type pyField struct {
	Name    string
	Key     string // the name in JSON
	Type    string
	Default string // the whole right side; "" is none
	Doc     string
	raw     map[string]any
}

func newPyTypes(d apidoc.Document, client string) *pyTypes {
	return &pyTypes{doc: d, tags: d.Tags(), taken: map[string]bool{client: true},
		refs: map[string]string{}, building: map[string]bool{}}
}

func (t *pyTypes) name(s string) string {
	n := apidoc.Unique(className(s), func(s string) bool { return t.taken[s] || isWord(pyWords, s) })
	t.taken[n] = true
	return n
}

// annotation is the type for a schema; hint names what has to be named.
func (t *pyTypes) annotation(v any, hint string) string {
	if b, ok := v.(bool); ok && !b {
		return "None"
	}
	s := apidoc.Object(v)
	if ref, ok := s["$ref"].(string); ok {
		return t.referenced(ref)
	}
	base := t.plain(s, hint)
	if apidoc.Nullable(s) {
		return optional(base)
	}
	return base
}

func (t *pyTypes) referenced(ref string) string {
	if known, ok := t.refs[ref]; ok {
		return known
	}
	if t.building[ref] {
		return "Any"
	}
	target, ok := t.doc.Lookup(ref)
	if !ok {
		return "Any"
	}
	s := apidoc.Object(target)
	if _, again := s["$ref"]; again {
		t.building[ref] = true
		t.refs[ref] = t.annotation(s, apidoc.RefName(ref))
		delete(t.building, ref)
		return t.refs[ref]
	}
	named := ""
	switch vals := apidoc.Values(s); {
	case len(vals) > 1 && (apidoc.OneType(vals) == "string" || apidoc.OneType(vals) == "integer"):
		named = t.name(apidoc.RefName(ref))
		t.enum(named, s, vals)
	case t.modelled(s):
		named = t.name(apidoc.RefName(ref))
		t.pending = append(t.pending, pyPending{named, ref, s})
	}
	if named != "" {
		if apidoc.Nullable(s) {
			named = optional(named)
		}
		t.refs[ref] = named
		return named
	}
	t.building[ref] = true
	expr := t.annotation(s, apidoc.RefName(ref))
	delete(t.building, ref)
	if strings.HasPrefix(expr, "Union[") {
		name := t.name(apidoc.RefName(ref))
		t.Aliases = append(t.Aliases, pyAlias{name, expr})
		expr = name
	}
	t.refs[ref] = expr
	return expr
}

// modelled tells whether a schema becomes a model.
func (t *pyTypes) modelled(s map[string]any) bool {
	if len(apidoc.Alternatives(s)) > 0 && len(apidoc.Object(s["properties"])) == 0 && len(apidoc.List(s["allOf"])) == 0 {
		return false
	}
	if ty := apidoc.Types(s); len(ty) > 1 || len(ty) == 1 && ty[0] != "object" {
		return false
	}
	return t.single(s) == nil && t.doc.IsObject(s)
}

// single is the only thing that allOf says, as FastAPI writes a reference
// with a description or a default beside it.
func (t *pyTypes) single(s map[string]any) any {
	all := apidoc.List(s["allOf"])
	if len(all) == 1 && len(apidoc.Object(s["properties"])) == 0 && len(apidoc.List(s["required"])) == 0 && s["additionalProperties"] == nil {
		return all[0]
	}
	return nil
}

func (t *pyTypes) plain(s map[string]any, hint string) string {
	if vals := apidoc.Values(s); len(vals) > 0 {
		return literal(vals)
	}
	if one := t.single(s); one != nil {
		return t.annotation(one, hint)
	}
	if t.modelled(s) {
		name := t.name(hint)
		t.pending = append(t.pending, pyPending{name, "", s})
		return name
	}
	if alts := apidoc.Alternatives(s); len(alts) > 0 {
		return t.union(alts, hint)
	}
	ty := apidoc.Types(s)
	if len(ty) == 0 {
		return t.untyped(s, hint)
	}
	var all []string
	for _, one := range ty {
		all = append(all, t.typed(one, s, hint))
	}
	return union(all)
}

func (t *pyTypes) untyped(s map[string]any, hint string) string {
	switch {
	case apidoc.IsNull(s):
		return "None"
	case s["items"] != nil:
		return t.typed("array", s, hint)
	case apidoc.Object(s["additionalProperties"]) != nil || s["additionalProperties"] == true:
		return t.typed("object", s, hint)
	case apidoc.Text(s["format"]) != "":
		return t.typed("string", s, hint)
	}
	for _, part := range apidoc.List(s["allOf"]) { // an intersection of things that are no objects
		if p, _ := t.doc.Deref(part); len(apidoc.Types(p)) > 0 || len(apidoc.Values(p)) > 0 {
			return t.annotation(part, hint)
		}
	}
	return "Any"
}

func (t *pyTypes) typed(ty string, s map[string]any, hint string) string {
	switch ty {
	case "string":
		return pyFormat(apidoc.Text(s["format"]), apidoc.Text(s["contentMediaType"]))
	case "integer":
		return "int"
	case "number":
		return "float"
	case "boolean":
		return "bool"
	case "array":
		return t.array(s, hint)
	case "object":
		extra := s["additionalProperties"]
		if len(apidoc.Object(extra)) > 0 {
			return "Dict[str, " + t.annotation(extra, hint+"Value") + "]"
		}
		if p := apidoc.Object(s["patternProperties"]); len(p) == 1 {
			return "Dict[str, " + t.annotation(p[slices.Sorted(maps.Keys(p))[0]], hint+"Value") + "]"
		}
		return "Dict[str, Any]"
	}
	return "Any"
}

func (t *pyTypes) array(s map[string]any, hint string) string {
	if prefix := apidoc.List(s["prefixItems"]); len(prefix) > 0 {
		size := json.Number("0")
		if n, ok := s["minItems"].(json.Number); ok && s["minItems"] == s["maxItems"] {
			size = n
		}
		if n, err := size.Int64(); err == nil && int(n) == len(prefix) {
			var all []string
			for _, p := range prefix {
				all = append(all, t.annotation(p, hint+"Item"))
			}
			return "Tuple[" + strings.Join(all, ", ") + "]"
		}
		return "List[Any]"
	}
	if s["items"] == nil {
		return "List[Any]"
	}
	return "List[" + t.annotation(s["items"], hint+"Item") + "]"
}

func pyFormat(format, mediaType string) string {
	switch format {
	case "date":
		return "datetime.date"
	case "date-time":
		return "datetime.datetime"
	case "time":
		return "datetime.time"
	case "duration":
		return "datetime.timedelta"
	case "uuid":
		return "uuid.UUID"
	case "binary":
		return "bytes"
	}
	if mediaType == "application/octet-stream" {
		return "bytes"
	}
	return "str"
}

func (t *pyTypes) union(alts []any, hint string) string {
	var all []string
	null := false
	for _, a := range alts {
		if apidoc.IsNull(apidoc.Object(a)) {
			null = true
			continue
		}
		all = append(all, t.annotation(a, hint))
	}
	u := union(all)
	if null {
		return optional(u)
	}
	return u
}

// union joins annotations, each once and None last.
func union(all []string) string {
	var out []string
	null := false
	for _, a := range all {
		if a == "Any" {
			return "Any"
		}
		if inner, ok := strings.CutPrefix(a, "Optional["); ok {
			null, a = true, strings.TrimSuffix(inner, "]")
		}
		if a == "None" {
			null = true
			continue
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	u := strings.Join(out, ", ")
	switch len(out) {
	case 0:
		return "None"
	case 1:
	default:
		u = "Union[" + u + "]"
	}
	if null {
		return optional(u)
	}
	return u
}

func optional(t string) string {
	if t == "Any" || t == "None" || strings.HasPrefix(t, "Optional[") {
		return t
	}
	return "Optional[" + t + "]"
}

func literal(vals []any) string {
	var all []string
	for _, v := range vals {
		switch v := v.(type) {
		case string:
			all = append(all, pyString(v))
		case bool:
			all = append(all, pyBool(v))
		case json.Number:
			if strings.ContainsAny(v.String(), ".eE") {
				return "float" // a literal cannot be one
			}
			all = append(all, v.String())
		default:
			return "Any"
		}
	}
	return "Literal[" + strings.Join(all, ", ") + "]"
}

func pyBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
