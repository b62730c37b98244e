package clients

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"muster/internal/apidoc"
	"muster/internal/clients/py"
)

// pyTypes turns schemas into Python types. A reference becomes a model, an
// enum or an alias of its own; a nested object becomes a model named for the
// place where it was found.
type pyTypes struct {
	doc      apidoc.Document
	tags     map[string]map[string][]any
	heirs    map[string][]string
	taken    map[string]bool
	next     map[string]int
	refs     map[string]py.Code // reference -> annotation
	building map[string]bool    // aliases under way: one that leads back to itself is Any there
	pending  []pyPending
	sent     map[string]bool // references that requests lead to, and that responses do
	got      map[string]bool
	Enums    []pyEnum
	Models   []pyModel
	Aliases  []pyAlias // each after those that it needs
}

type pyPending struct {
	name   string
	ref    string
	schema map[string]any
}

type pyEnum struct {
	Name, Base, Doc py.Code
	Members         []pyMember
}

type pyMember struct{ Name, Value py.Code }

type pyAlias struct{ Name, Type py.Code }

type pyModel struct {
	Name, Doc py.Code
	Extra     bool
	Fields    []pyField
	Renamed   []pyField // those whose name is not that in JSON
	Consts    []pyField // those with one possible value, which a request always carries
}

type pyField struct {
	Name  py.Code
	Key   py.Code // the name in JSON
	Type  py.Code
	Value py.Code // the right side
	Doc   py.Code

	key      string
	constant bool
}

func newPyTypes(d apidoc.Document, client string) *pyTypes {
	return &pyTypes{doc: d, tags: d.Tags(), heirs: d.Heirs(), taken: map[string]bool{client: true}, next: map[string]int{},
		refs: map[string]py.Code{}, building: map[string]bool{}}
}

func (t *pyTypes) name(s string) string {
	n := unique(className(s), t.next, func(s string) bool { return t.taken[s] || isPyWord(s) })
	t.taken[n] = true
	return n
}

// annotation is the type for a schema; hint names what has to be named.
func (t *pyTypes) annotation(v any, hint string) py.Code {
	if b, ok := v.(bool); ok && !b {
		return py.None
	}
	s := apidoc.Object(v)
	if ref, ok := s["$ref"].(string); ok {
		named := t.referenced(ref)
		if apidoc.True(s["nullable"]) {
			return py.Optional(named)
		}
		return named
	}
	base := t.plain(s, hint)
	if apidoc.Nullable(s) {
		return py.Optional(base)
	}
	return base
}

func (t *pyTypes) referenced(ref string) py.Code {
	if known, ok := t.refs[ref]; ok {
		return known
	}
	if t.building[ref] {
		return py.Any
	}
	target, ok := t.doc.Lookup(ref)
	if !ok {
		return py.Any
	}
	s := apidoc.Object(target)
	if _, again := s["$ref"]; again {
		return t.build(ref, s)
	}
	switch vals := apidoc.Values(s); {
	case len(vals) > 1 && (apidoc.OneType(vals) == "string" || apidoc.OneType(vals) == "integer"):
		name := t.name(apidoc.RefName(ref))
		t.enum(name, s, vals)
		return t.known(ref, s, py.Name(name))
	case t.modelled(s):
		name := t.name(apidoc.RefName(ref))
		t.pending = append(t.pending, pyPending{name, ref, s})
		return t.withHeirs(ref, s, name)
	}
	expr := t.build(ref, s)
	if expr.IsUnion() {
		expr = t.alias(apidoc.RefName(ref), expr)
		t.refs[ref] = expr
	}
	return expr
}

// known remembers what a reference is, so that it is made once.
func (t *pyTypes) known(ref string, s map[string]any, named py.Code) py.Code {
	if apidoc.Nullable(s) {
		named = py.Optional(named)
	}
	t.refs[ref] = named
	return named
}

func (t *pyTypes) build(ref string, s map[string]any) py.Code {
	t.building[ref] = true
	t.refs[ref] = t.annotation(s, apidoc.RefName(ref))
	delete(t.building, ref)
	return t.refs[ref]
}

func (t *pyTypes) alias(name string, of py.Code) py.Code {
	named := py.Name(t.name(name))
	t.Aliases = append(t.Aliases, pyAlias{named, of})
	return named
}

// withHeirs is what a model's reference stands for: where its discriminator
// tells those apart that inherit it, any of them, or else itself.
func (t *pyTypes) withHeirs(ref string, s map[string]any, name string) py.Code {
	heirs := t.heirs[ref]
	if len(heirs) == 0 {
		return t.known(ref, s, py.Name(name))
	}
	t.refs[ref] = py.Name(name) // an heir may refer to itself
	whole := py.Name(t.name("Any" + name))
	t.known(ref, s, whole)
	var all []py.Code
	for _, heir := range heirs {
		if one := t.referenced(heir); one != whole {
			all = append(all, one)
		}
	}
	t.Aliases = append(t.Aliases, pyAlias{whole, py.Union(append(all, py.Name(name))...)})
	return t.refs[ref]
}

// modelled tells whether a schema becomes a model.
func (t *pyTypes) modelled(s map[string]any) bool {
	if len(apidoc.Alternatives(s)) > 0 && len(apidoc.Object(s["properties"])) == 0 && len(apidoc.List(s["allOf"])) == 0 {
		return false
	}
	if ty := apidoc.Types(s); len(ty) > 1 || len(ty) == 1 && ty[0] != "object" {
		return false
	}
	return t.single(s) == nil && (len(apidoc.Object(s["properties"])) > 0 || len(t.doc.MergedOf(s, "").Properties) > 0)
}

// single is the only thing that allOf says, as FastAPI writes a reference
// with a description or a default beside it.
func (t *pyTypes) single(s map[string]any) any {
	all := apidoc.List(s["allOf"])
	if len(all) == 1 && len(apidoc.Object(s["properties"])) == 0 && len(apidoc.List(s["required"])) == 0 &&
		s["additionalProperties"] == nil && len(apidoc.Alternatives(s)) == 0 {
		return all[0]
	}
	return nil
}

func (t *pyTypes) plain(s map[string]any, hint string) py.Code {
	if vals := apidoc.Values(s); len(vals) > 0 {
		return py.Literal(vals)
	}
	if one := t.single(s); one != nil {
		return t.annotation(one, hint)
	}
	if t.modelled(s) {
		name := t.name(hint)
		t.pending = append(t.pending, pyPending{name, "", s})
		return py.Name(name)
	}
	if alts := apidoc.Alternatives(s); len(alts) > 0 {
		return t.union(alts, hint)
	}
	ty := apidoc.Types(s)
	if len(ty) == 0 {
		return t.untyped(s, hint)
	}
	var all []py.Code
	for _, one := range ty {
		all = append(all, t.typed(one, s, hint))
	}
	return py.Union(all...)
}

func (t *pyTypes) untyped(s map[string]any, hint string) py.Code {
	switch {
	case apidoc.IsNull(s):
		return py.None
	case s["items"] != nil || s["prefixItems"] != nil:
		return t.typed("array", s, hint)
	case apidoc.Object(s["additionalProperties"]) != nil || s["additionalProperties"] == true || s["patternProperties"] != nil:
		return t.typed("object", s, hint)
	case apidoc.Text(s["format"]) != "":
		return t.typed("string", s, hint)
	}
	for _, part := range apidoc.List(s["allOf"]) { // an intersection of things that are no objects
		if p := t.annotation(part, hint); p != py.Any && p != py.None {
			return p
		}
	}
	return py.Any
}

func (t *pyTypes) typed(ty string, s map[string]any, hint string) py.Code {
	switch ty {
	case "string":
		return pyString(s)
	case "integer":
		return py.F("int")
	case "number":
		return py.F("float")
	case "boolean":
		return py.F("bool")
	case "array":
		return t.array(s, hint)
	case "object":
		return t.mapping(s, hint)
	}
	return py.Any
}

func (t *pyTypes) mapping(s map[string]any, hint string) py.Code {
	key := py.F("str")
	if names := apidoc.Object(s["propertyNames"]); names != nil {
		if k := t.annotation(names, hint+"Key"); k != py.Any && k != py.None {
			key = k
		}
	}
	var values []py.Code
	patterns := apidoc.Object(s["patternProperties"])
	for _, p := range slices.Sorted(maps.Keys(patterns)) {
		values = append(values, t.annotation(patterns[p], hint+"Value"))
	}
	extra, said := s["additionalProperties"]
	if len(values) == 0 || said && extra != false {
		values = append(values, t.annotation(extra, hint+"Value"))
	}
	if extra == false && len(patterns) == 0 {
		values = []py.Code{py.Any}
	}
	return py.F("Dict[%s, %s]", key, py.Union(values...))
}

func (t *pyTypes) array(s map[string]any, hint string) py.Code {
	prefix := apidoc.List(s["prefixItems"])
	var all []py.Code
	for _, p := range prefix {
		all = append(all, t.annotation(p, hint+"Item"))
	}
	size := json.Number(strconv.Itoa(len(prefix)))
	if len(prefix) > 0 && s["minItems"] == size && (s["maxItems"] == size || s["items"] == false) {
		return py.F("Tuple[%s]", py.Join(all, ", "))
	}
	if s["items"] != false || len(prefix) == 0 {
		all = append(all, t.annotation(s["items"], hint+"Item"))
	}
	return py.F("List[%s]", py.Union(all...))
}

func pyString(s map[string]any) py.Code {
	switch apidoc.Text(s["format"]) {
	case "date":
		return py.F("datetime.date")
	case "date-time":
		return py.F("datetime.datetime")
	case "time":
		return py.F("datetime.time")
	case "uuid":
		return py.F("uuid.UUID")
	case "binary":
		return py.F("bytes")
	}
	if apidoc.Text(s["contentMediaType"]) == "application/octet-stream" && s["contentEncoding"] == nil {
		return py.F("bytes")
	}
	return py.F("str")
}

// union is any of several. The first that fits is taken: those that require more
// come first.
func (t *pyTypes) union(alts []any, hint string) py.Code {
	var all []py.Code
	alts = slices.Clone(alts)
	slices.SortStableFunc(alts, func(a, b any) int { return t.required(b) - t.required(a) })
	for _, a := range alts {
		if apidoc.IsNull(apidoc.Object(a)) {
			all = append(all, py.None)
			continue
		}
		all = append(all, t.annotation(a, hint))
	}
	return py.Union(all...)
}

// required is how many properties a schema requires of an object.
func (t *pyTypes) required(v any) int {
	s, ref := t.doc.Deref(v)
	return len(t.doc.MergedOf(s, ref).Required)
}
