package apidoc

import (
	"slices"
	"strings"
)

// Closed is the document without the references out of it that bundling leaves
// alone, below extensions and in data: a generator might follow them.
func (d Document) Closed() Document {
	if leadsOut(d.Root) {
		d.Root = closed(d.Root).(map[string]any)
	}
	return d
}

func isOut(key string, v any) bool {
	ref, ok := v.(string)
	return ok && key == "$ref" && !strings.HasPrefix(ref, "#")
}

func leadsOut(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if isOut(k, e) || leadsOut(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, leadsOut)
	}
	return false
}

func closed(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			if !isOut(k, e) {
				m[k] = closed(e)
			}
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = closed(e)
		}
		return l
	}
	return v
}
