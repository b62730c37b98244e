package specs

import (
	"sort"
)

// The documents' trees are read by these few helpers: a missing or wrongly
// typed value is the zero value, since documents come from many hands.

func object(v any, keys ...string) map[string]any {
	m, _ := v.(map[string]any)
	for _, k := range keys {
		m, _ = m[k].(map[string]any)
	}
	return m
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func truth(v any) bool {
	b, _ := v.(bool)
	return b
}

func texts(v []any) []string {
	s := make([]string, 0, len(v))
	for _, e := range v {
		if t, ok := e.(string); ok {
			s = append(s, t)
		}
	}
	return s
}

func keys[V any](m map[string]V) []string {
	k := make([]string, 0, len(m))
	for name := range m {
		k = append(k, name)
	}
	sort.Strings(k)
	return k
}

func has(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
