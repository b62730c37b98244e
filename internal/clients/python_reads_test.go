package clients

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/apitest"
)

// Each keyword that the table lacks is named, and what it says is gone: the
// table is what the generator goes by.
func TestAKeywordThatIsNotReadIsNamed(t *testing.T) {
	t.Parallel()
	d, err := apidoc.Load("testdata/keywords/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := pyModule{Name: "keywords", BaseURL: "http://127.0.0.1:8001"}
	tmpl, err := pythonTemplate()
	if err != nil {
		t.Fatal(err)
	}
	whole, none, err := python(tmpl, d, m, pythonReads)
	if err != nil || len(none) > 0 {
		t.Fatalf("%v, and left out is %v", err, none)
	}
	before := string(d.Canonical())
	for _, kind := range slices.Sorted(maps.Keys(pythonReads)) {
		for _, keyword := range slices.Sorted(maps.Keys(pythonReads[kind])) {
			less, omitted, err := python(tmpl, d, m, pythonReads.Without(kind, keyword))
			if err != nil {
				t.Errorf("%s of a %s: %v", keyword, kind, err)
			}
			if !slices.ContainsFunc(omitted, func(o apidoc.Omission) bool { return o.Keyword == keyword }) {
				t.Errorf("%s of a %s is not named: %v", keyword, kind, omitted)
			}
			for _, o := range omitted {
				if at, ok := d.Lookup(o.Pointer); !ok || apidoc.Object(at)[o.Keyword] == nil {
					t.Errorf("%s is not at %s", o.Keyword, o.Pointer)
				}
			}
			if string(less) == string(whole) && pythonReads[kind][keyword] != "=false" {
				t.Errorf("%s of a %s changes nothing: it is not read", keyword, kind)
			}
		}
	}
	if string(d.Canonical()) != before {
		t.Error("the document was changed")
	}
}

func TestWhatIsLeftOutIsNamedOnceWithItsPlace(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	cfg.Specs.TypeScript, cfg.Specs.Python.Dir = nil, t.TempDir()
	callbacks := `"callbacks":{"done":{"{$request.body#/u}":{"post":{"responses":{"200":{"description":""}}}}}},`
	write(t, cfg.Specs.Dir+"/shop/openapi.json", strings.NewReplacer(
		`"operationId":"getA"`, callbacks+`"operationId":"getA"`, `"operationId":"postA"`, callbacks+`"operationId":"postA"`,
		`"openapi":"3.1.0"`, `"openapi":"3.1.0","webhooks":{"w":{"post":{}}},"x-mine":{"a":1}`,
		`"properties":{"name"`, `"not":{"required":["z"]},"minProperties":1,"properties":{"name"`).Replace(apitest.API))
	write(t, cfg.Specs.Dir+"/plain/openapi.json", apitest.API)
	r, err := Generate(t.Context(), cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"specs/shop/openapi.json: not in the Python client: callbacks (#/paths/~1a~1{id}/get, and 1 more)",
		"specs/shop/openapi.json: not in the Python client: not (#/components/schemas/A)",
		"specs/shop/openapi.json: not in the Python client: webhooks (#)",
	}
	if !slices.Equal(r.Omitted, want) {
		t.Errorf("left out:\n%s", strings.Join(r.Omitted, "\n"))
	}
}
