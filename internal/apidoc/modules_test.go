package apidoc

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestOutlinesLeaveOutWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/openapi.yaml":  "openapi: 3.1.0\npaths: {/a: {$ref: gone.yaml}}\n",
		"b/openapi.json":  `{"openapi":"3.1.0"`,
		"b/asyncapi.json": `{"asyncapi":"3.0.0","channels":{"x":{"address":"/x"}}}`,
		"c/openapi.json":  `{`,
		"d/openapi.json":  `{"asyncapi":"3.0.0"}`,
		"e/openapi.json":  `{"openapi":"3.1.0","paths":{"/odd":7,"/e":{"get":[]}},"info":1}`,
		"f/asyncapi.json": `{"asyncapi":"3.0.0","channels":{"y":{"$ref":"#/components/channels/z"}},"components":{"channels":{"z":{"address":"/z"}}}}`,
		"g/asyncapi.json": `{"asyncapi":2.6,"channels":{"/g":{"subscribe":{}}}}`,
		"openapi.json":    `{"openapi":"3.1.0","paths":{"/whole":{}}}`,
	} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), text)
	}
	var got []string
	for _, m := range Outlines(dir) {
		got = append(got, m.Name+": "+strings.Join(m.REST.Paths(), " "))
		for _, c := range m.WS.Channels() {
			got = append(got, c.Address)
		}
	}
	if want := "a: /a, b: , /x, e: /e /odd, f: , /z, g: , /g"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := Modules(dir); err == nil || !strings.Contains(err.Error(), "gone.yaml") {
		t.Errorf("a document that lacks another file: %v", err)
	}
}
