package apidoc

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"muster/internal/fuzztest"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a JSON document", `{"openapi":"3.1.0"}`, ""},
		{"a YAML document", "asyncapi: 3.0.0\n", ""},
		{"a byte order mark is no content", "\ufeff{\"openapi\":\"3.0.0\"}", ""},
		{"nothing is not whole", "", "not a whole document: it is empty"},
		{"half a document is not whole", `{"openapi":"3.1.0","paths":{`, "not a whole document: line 1: it ends too early"},
		{"a mistake is told by its place", "{\"openapi\":\"3.1.0\",\n \"paths\" 1}", "not a whole document: line 2, column 10: "},
		{"two documents are not one", `{"openapi":"3.1.0"}{}`, "not a whole document: more text after the end"},
		{"broken YAML is not whole", "openapi: [3\n", "not a whole document: "},
		{"something else", `{"name":"x"}`, "neither an OpenAPI nor an AsyncAPI document"},
		{"version 2", `{"swagger":"2.0"}`, "swagger 2.0 is not supported"},
		{"a list", `[]`, "the document is not an object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if strings.HasPrefix(c.want, "not a whole") && !errors.Is(err, ErrIncomplete) {
				t.Errorf("%v is not ErrIncomplete", err)
			}
		})
	}
}

func TestDocumentsAreEqualByMeaning(t *testing.T) {
	const a = `{"openapi":"3.1.0","components":{"schemas":{"A":{"required":["x","y"],"maximum":10,"enum":["p","q"]}}}}`
	for _, c := range []struct {
		name, b string
		want    bool
	}{
		{"whatever the spaces", strings.ReplaceAll(a, ",", " ,\n\t"), true},
		{"whatever the order of keys", `{"components":{"schemas":{"A":{"enum":["p","q"],"maximum":10,"required":["x","y"]}}},"openapi":"3.1.0"}`, true},
		{"whatever the order of what is required", strings.Replace(a, `"x","y"`, `"y","x"`, 1), true},
		{"whatever the writing of a number", strings.Replace(a, "10", "10.0", 1), true},
		{"in YAML, too", "openapi: 3.1.0\ncomponents: {schemas: {A: {required: [x, y], maximum: 10, enum: [p, q]}}}", true},
		{"but not with another number", strings.Replace(a, "10", "11", 1), false},
		{"but not with something less", strings.Replace(a, `,"enum":["p","q"]`, "", 1), false},
		{"but not with something more", strings.Replace(a, `"p"`, `"p","r"`, 1), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := parse(t, a).Equal(parse(t, c.b)); got != c.want {
				t.Errorf("got %v", got)
			}
			if got := parse(t, c.b).Equal(parse(t, a)); got != c.want {
				t.Errorf("the other way round: got %v", got)
			}
		})
	}
}

func TestCanonicalIsTheSameForTheSameDocument(t *testing.T) {
	a := parse(t, `{"openapi":"3.1.0","b":[1,2.50],"a":"<&>"}`)
	b := parse(t, `{"a":"<&>", "openapi":"3.1.0", "b":[1,2.50]}`)
	if string(a.Canonical()) != string(b.Canonical()) {
		t.Errorf("%s\n%s", a.Canonical(), b.Canonical())
	}
	if want := "{\n  \"a\": \"<&>\",\n  \"b\": [\n    1,\n    2.50\n  ],\n  \"openapi\": \"3.1.0\"\n}\n"; string(a.Canonical()) != want {
		t.Errorf("got %q", a.Canonical())
	}
}

func TestLoadBundlesOtherFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "openapi.yaml"), `openapi: 3.0.3
paths:
  /a: {$ref: 'paths/a.yaml'}
  /b: {get: {operationId: b, responses: {200: {description: ok, content: {application/json: {schema: {$ref: 'models.json#/components/schemas/Node'}}}}}}}
components: {schemas: {Node: {type: string}}}
`)
	write(t, filepath.Join(dir, "paths", "a.yaml"), `get: {operationId: a, responses: {200: {description: ok, content: {application/json: {schema: {$ref: '../models.json#/components/schemas/Node'}}}}}}
`)
	write(t, filepath.Join(dir, "models.json"), `{"components":{"schemas":{"Node":{"type":"object","properties":{
		"next":{"$ref":"#/components/schemas/Node"},"leaf":{"$ref":"leaf.json"},"$ref":{"type":"string"}}}}}}`)
	write(t, filepath.Join(dir, "leaf.json"), `{"type":"object","properties":{"up":{"$ref":"models.json#/components/schemas/Node"}}}`)
	d, err := Load(filepath.Join(dir, "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.Operations() {
		resp := Object(o.Raw["responses"], "200", "content", "application/json", "schema")
		if resp["$ref"] != "#/components/schemas/Node2" {
			t.Errorf("%s: got %v", o.Label(), resp)
		}
	}
	props := Object(d.Root, "components", "schemas", "Node2", "properties")
	if Object(props["next"])["$ref"] != "#/components/schemas/Node2" || Object(props["leaf"])["$ref"] != "#/components/schemas/leaf" ||
		Object(props["$ref"])["type"] != "string" {
		t.Errorf("got %v", props)
	}
}

func TestReferencesThatLeadNowhereAreTold(t *testing.T) {
	for _, c := range []struct{ ref, want string }{
		{"#/components/schemas/Gone", `the reference "#/components/schemas/Gone" leads nowhere`},
		{"gone.json", "there is no file"},
		{"https://example.org/a.json", "leads to another host"},
	} {
		file := filepath.Join(t.TempDir(), "openapi.json")
		write(t, file, `{"openapi":"3.1.0","x":{"$ref":"`+c.ref+`"}}`)
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v", c.ref, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"/a":{"get":{"parameters":[{"name":"x","in":"query"}]}}}}`))
	f.Add([]byte("asyncapi: 2.6.0\nchannels: {a: {publish: {message: {$ref: '#/channels/a/publish/message'}}}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzztest.Bound(t)
		d, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Parse(d.Canonical())
		if err != nil || !again.Equal(d) {
			t.Fatalf("not the same after writing: %v", err)
		}
		if changes := Diff(d, again); len(changes) > 0 {
			t.Fatalf("differs from itself: %v", changes)
		}
	})
}
