package clients

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"muster/internal/apidoc"
)

// tsTypes turns schemas into TypeScript declarations.
type tsTypes struct {
	doc     apidoc.Document
	tags    map[string]map[string][]any
	taken   map[string]bool
	refs    map[string]string
	pending []string // references named but not yet declared
	decls   []string
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
String Symbol Error Extract Exclude WebSocket Socket SocketOptions SocketState SocketLike SocketError Subscription
ClientMessage ServerMessage Subscriptions Requests Channels `

func (t *tsTypes) referenced(ref string) string {
	if n, ok := t.refs[ref]; ok {
		return n
	}
	if _, ok := t.doc.Lookup(ref); !ok {
		return "unknown"
	}
	n := t.name(apidoc.RefName(ref))
	t.refs[ref] = n
	t.pending = append(t.pending, ref)
	return n
}

// finish declares everything that was named, which may name more.
func (t *tsTypes) finish() {
	for len(t.pending) > 0 {
		ref := t.pending[0]
		t.pending = t.pending[1:]
		v, _ := t.doc.Lookup(ref)
		t.declare(t.refs[ref], apidoc.Object(v), ref)
	}
}

func (t *tsTypes) declare(name string, s map[string]any, ref string) {
	doc := tsDoc(s, "")
	body := t.typeOf(s, ref, "")
	if strings.HasPrefix(body, "{\n") {
		t.decls = append(t.decls, doc+"export interface "+name+" "+body+"\n")
		return
	}
	t.decls = append(t.decls, doc+"export type "+name+" = "+body+";\n")
}

// typeOf is the type of a schema; the lines of an object's body are indented.
func (t *tsTypes) typeOf(v any, ref, indent string) string {
	if b, ok := v.(bool); ok {
		if b {
			return "unknown"
		}
		return "never"
	}
	s := apidoc.Object(v)
	if r, ok := s["$ref"].(string); ok {
		return t.referenced(r)
	}
	base := t.plain(s, ref, indent)
	if apidoc.Nullable(s) && base != "unknown" && base != "null" {
		return base + " | null"
	}
	return base
}

func (t *tsTypes) plain(s map[string]any, ref, indent string) string {
	if vals := apidoc.Values(s); len(vals) > 0 {
		return tsLiterals(vals)
	}
	if apidoc.IsNull(s) {
		return "null"
	}
	var parts []string
	if body := t.object(s, ref, indent); body != "" {
		parts = append(parts, body)
	}
	for _, a := range apidoc.List(s["allOf"]) {
		parts = append(parts, paren(t.typeOf(a, "", indent)))
	}
	if alts := apidoc.Alternatives(s); len(alts) > 0 {
		parts = append(parts, paren(t.union(alts, indent)))
	}
	if len(parts) == 1 {
		return strings.TrimSuffix(strings.TrimPrefix(parts[0], "("), ")")
	}
	if len(parts) > 1 {
		return strings.Join(parts, " & ")
	}
	var all []string
	for _, ty := range apidoc.Types(s) {
		all = append(all, t.typed(ty, s, indent))
	}
	if len(all) == 0 && s["items"] != nil {
		return t.typed("array", s, indent)
	}
	if len(all) == 0 {
		return "unknown"
	}
	return strings.Join(all, " | ")
}

func paren(s string) string {
	if strings.Contains(s, " | ") && !strings.HasPrefix(s, "{") {
		return "(" + s + ")"
	}
	return s
}

func (t *tsTypes) union(alts []any, indent string) string {
	var all []string
	for _, a := range alts {
		if ty := t.typeOf(a, "", indent); !slices.Contains(all, ty) {
			all = append(all, ty)
		}
	}
	return strings.Join(all, " | ")
}

func (t *tsTypes) typed(ty string, s map[string]any, indent string) string {
	switch ty {
	case "string":
		return "string"
	case "integer", "number":
		return "number"
	case "boolean":
		return "boolean"
	case "array":
		if prefix := apidoc.List(s["prefixItems"]); len(prefix) > 0 {
			var all []string
			for _, p := range prefix {
				all = append(all, t.typeOf(p, "", indent))
			}
			return "[" + strings.Join(all, ", ") + "]"
		}
		if s["items"] == nil {
			return "unknown[]"
		}
		return "Array<" + t.typeOf(s["items"], "", indent) + ">"
	case "object":
		if extra := apidoc.Object(s["additionalProperties"]); len(extra) > 0 {
			return "Record<string, " + t.typeOf(extra, "", indent) + ">"
		}
		return "Record<string, unknown>"
	}
	return "unknown"
}

// object is the body of an object with properties, or "".
func (t *tsTypes) object(s map[string]any, ref, indent string) string {
	properties := apidoc.Object(s["properties"])
	if len(properties) == 0 {
		return ""
	}
	required := apidoc.Texts(apidoc.List(s["required"]))
	inner := indent + "  "
	var b strings.Builder
	b.WriteString("{\n")
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		p := apidoc.Object(properties[key])
		b.WriteString(tsDoc(p, inner))
		mark := "?"
		if slices.Contains(required, key) {
			mark = ""
		}
		ty := t.typeOf(properties[key], "", inner)
		if tag := t.tags[ref][key]; ref != "" && len(tag) > 0 && len(apidoc.Values(p)) == 0 {
			ty = tsLiterals(tag)
		}
		fmt.Fprintf(&b, "%s%s%s: %s;\n", inner, tsKey(key), mark, ty)
	}
	if extra := s["additionalProperties"]; extra != nil && extra != false {
		b.WriteString(inner + "[key: string]: unknown;\n") // the named ones' types differ from any other's
	}
	return b.String() + indent + "}"
}

func tsLiterals(vals []any) string {
	var all []string
	for _, v := range vals {
		switch v := v.(type) {
		case string:
			all = append(all, tsString(v))
		case json.Number:
			all = append(all, v.String())
		case bool:
			all = append(all, fmt.Sprint(v))
		default:
			return "unknown"
		}
	}
	return strings.Join(all, " | ")
}

func tsString(s string) string {
	data, _ := json.Marshal(s) // of a string, it cannot fail
	return string(data)
}

// tsKey is a property's name, quoted where it is no identifier.
func tsKey(s string) string {
	if s != "" && identifier(s, "") == s {
		return s
	}
	return tsString(s)
}

func tsDoc(s map[string]any, indent string) string {
	text := strings.TrimSpace(apidoc.Text(s["description"]))
	if apidoc.True(s["deprecated"]) {
		text = strings.TrimSpace(text + "\n@deprecated")
	}
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(text, "*/", "* /")
	lines := strings.Split(strings.Map(printable, strings.ReplaceAll(text, "\r\n", "\n")), "\n")
	if len(lines) == 1 {
		return indent + "/** " + lines[0] + " */\n"
	}
	var b strings.Builder
	b.WriteString(indent + "/**\n")
	for _, l := range lines {
		b.WriteString(strings.TrimRight(indent+" * "+l, " ") + "\n")
	}
	return b.String() + indent + " */\n"
}
