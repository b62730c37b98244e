package apidoc

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"muster/internal/fuzztest"
)

// edit is one small change of a document, made in place and undone.
type edit struct {
	what     string
	do, undo func()
}

// edits are the small changes of everything that an operation leads to and that
// means something: a keyword is taken away, or has another value.
type edits struct {
	doc  Document
	seen map[string]bool
	all  []edit
}

// meaningless are keywords that mean the same with a value as without: the
// test's own list, which knows nothing of the comparison's.
func meaningless(key string, v any) bool {
	switch v := v.(type) {
	case bool:
		return !v && key != "additionalProperties" && key != "items" && key != "explode" || v && key == "additionalProperties"
	case string:
		return key == "style" // the documents say only what goes without saying
	case []any:
		return len(v) == 0
	case map[string]any:
		return allMeaningless(v)
	}
	return false
}

func allMeaningless(m map[string]any) bool {
	for k := range m {
		if !isNote(k) {
			return false
		}
	}
	return true
}

func isNote(key string) bool {
	return strings.HasPrefix(key, "x-") || strings.Contains(" description summary title example examples externalDocs tags ", " "+key+" ")
}

const namesBelow = " properties patternProperties responses headers content callbacks links encoding mapping variables "

func (e *edits) walk(at string, v any, isName bool) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && !isName && !e.seen[ref] {
			e.seen[ref] = true
			if target, found := e.doc.Lookup(ref); found {
				e.walk(ref, target, false)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if !isName && (isNote(key) || key == "operations") {
				continue
			}
			e.key(at+"/"+key, v, key, isName)
			if key != "default" && key != "const" && key != "value" {
				e.walk(at+"/"+key, v[key], !isName && strings.Contains(namesBelow, " "+key+" "))
			}
		}
	case []any:
		for i := range v {
			e.walk(fmt.Sprint(at, "/", i), v[i], false)
		}
	}
}

func (e *edits) key(at string, m map[string]any, key string, isName bool) {
	old := m[key]
	set := func(v any) func() { return func() { m[key] = v } }
	if !meaningless(key, old) && !(key == "type" && (m["enum"] != nil || m["const"] != nil)) &&
		!(key == "explode" || isName && strings.EqualFold(key, "content-type")) && !(key == "required" && m["in"] == "path") {
		e.all = append(e.all, edit{"without " + at, func() { delete(m, key) }, set(old)})
	}
	var other any
	switch v := old.(type) {
	case string:
		if key != "$ref" {
			other = v + "x"
		}
	case json.Number:
		other = json.Number(v.String() + "1")
	case bool:
		if !(key == "required" && m["in"] == "path") {
			other = !v
		}
	}
	if other != nil {
		e.all = append(e.all, edit{"another " + at, set(other), set(old)})
	}
}

func TestDiffNamesEveryEdit(t *testing.T) {
	for _, file := range []string{"../clients/testdata/kinds/openapi.yaml", "../clients/testdata/kinds/asyncapi.yaml", "testdata/everything.yaml"} {
		t.Run(filepath.Base(filepath.Dir(file))+" "+filepath.Base(file), func(t *testing.T) { testEdits(t, file) })
	}
}

// saidTwice are the keywords of the documents that another part of the same
// allOf says, too.
var saidTwice = []string{"without #/components/schemas/Cat/allOf/1/type", "without #/components/schemas/Base/type",
	"without #/components/schemas/Thing/allOf/1/type", "without #/components/schemas/Base/properties",
	"without #/components/schemas/Base/properties/kind", "without #/components/schemas/Base/properties/kind/type"}

func testEdits(t *testing.T, file string) {
	load := func() Document {
		d, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	old, new := load(), load()
	e := edits{doc: new, seen: map[string]bool{}}
	for _, section := range []string{"paths", "channels", "operations", "webhooks"} {
		e.walk("#/"+section, new.Root[section], true)
	}
	for _, one := range e.all {
		if slices.Contains(saidTwice, one.what) {
			continue
		}
		one.do()
		if len(Diff(old, new)) == 0 {
			t.Errorf("%s: no operation differs", one.what)
		}
		if len(Diff(new, old)) == 0 {
			t.Errorf("back from %s: no operation differs", one.what)
		}
		one.undo()
	}
	if len(e.all) < 50 || len(Diff(old, new)) > 0 {
		t.Errorf("%d edits, %v", len(e.all), Diff(old, new))
	}
}

// Documents come from many hands: whatever stands where a schema is expected, a
// diff ends.
func FuzzDiff(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"$ref":"#/components/schemas/Box"}},"allOf":[{"required":["a"]}]}`, `{"oneOf":[{"type":"string"},false]}`)
	f.Add(`{"minimum":"x","enum":{},"type":[1,null],"items":[{}],"required":{}}`, `{"anyOf":{},"properties":[],"not":true,"prefixItems":{}}`)
	f.Add(`{"allOf":[{"$ref":"#/components/schemas/Box"},{"properties":{"u":{"$ref":"#/components/schemas/Box"}}}]}`, `{"$ref":"#/components/schemas/Box/properties/u"}`)
	f.Fuzz(func(t *testing.T, x, y string) {
		fuzztest.Bound(t)
		a, err := Parse([]byte(strings.Replace(both, "%", x, 1)))
		if err != nil {
			return
		}
		b, err := Parse([]byte(strings.Replace(both, "%", y, 1)))
		if err != nil {
			return
		}
		if (len(Diff(a, b)) == 0) != (len(Diff(b, a)) == 0) {
			t.Errorf("only one way: %v, %v", Diff(a, b), Diff(b, a))
		}
	})
}
