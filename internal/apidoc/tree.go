package apidoc

// The documents' trees are read by these few helpers: a missing or wrongly
// typed value is the zero value, since documents come from many hands.

func Object(v any, keys ...string) map[string]any {
	m, _ := v.(map[string]any)
	for _, k := range keys {
		m, _ = m[k].(map[string]any)
	}
	return m
}

func List(v any) []any {
	l, _ := v.([]any)
	return l
}

func Text(v any) string {
	s, _ := v.(string)
	return s
}

func True(v any) bool {
	b, _ := v.(bool)
	return b
}

func Texts(v []any) []string {
	s := make([]string, 0, len(v))
	for _, e := range v {
		if t, ok := e.(string); ok {
			s = append(s, t)
		}
	}
	return s
}
