package py

import (
	"encoding/json"
	"slices"
	"strings"
)

// Annotations that others are compared with.
var (
	Any  = Code{"Any"}
	None = Code{"None"}
)

// Optional is an annotation that allows None, too.
func Optional(t Code) Code {
	if t == Any || t == None || t.IsOptional() {
		return t
	}
	return F("Optional[%s]", t)
}

// IsOptional tells whether an annotation is an Optional.
func (c Code) IsOptional() bool { return strings.HasPrefix(c.source, "Optional[") }

// IsUnion tells whether an annotation is a Union.
func (c Code) IsUnion() bool { return strings.HasPrefix(c.source, "Union[") }

// Union joins annotations, each once and None last.
func Union(all ...Code) Code {
	var out []Code
	null := false
	for _, a := range all {
		if a == Any {
			return Any
		}
		if a.IsOptional() {
			null, a = true, Code{strings.TrimSuffix(strings.TrimPrefix(a.source, "Optional["), "]")}
		}
		if a == None {
			null = true
			continue
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return None
	}
	u := out[0]
	if len(out) > 1 {
		u = F("Union[%s]", Join(out, ", "))
	}
	if null {
		return Optional(u)
	}
	return u
}

// Literal is the annotation of some values of JSON.
func Literal(values []any) Code {
	var all, more []Code
	for _, v := range values {
		switch v := v.(type) {
		case string:
			all = append(all, Text(v))
		case bool:
			all = append(all, Bool(v))
		case json.Number:
			if n, ok := Int(v); ok {
				all = append(all, n)
			} else {
				more = append(more, Code{"float"}) // a literal cannot be one
			}
		default:
			return Any
		}
	}
	if len(all) > 0 {
		more = append([]Code{F("Literal[%s]", Join(all, ", "))}, more...)
	}
	return Union(more...)
}
