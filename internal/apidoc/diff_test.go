package apidoc

import (
	"strings"
	"testing"

	"muster/internal/apitest"
)

func TestDiff(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"nothing", "", "", ""},
		{"an operation is gone", `"post":{"operationId":"postA"`, `"x-post":{"operationId":"postA"`, "removed POST /a/{id} (breaking)"},
		{"an operation is new", `"post":{"operationId":"postA"`, `"put":{"responses":{}},"post":{"operationId":"postA"`, "added PUT /a/{id}"},
		{"an operation has another name", `"getA"`, `"readA"`, "changed GET /a/{id} (breaking): operationId getA is now readA (breaking)"},
		{"deprecated", `"operationId":"getA"`, `"deprecated":true,"operationId":"getA"`, "changed GET /a/{id}: deprecated"},
		{"a parameter is gone", `,{"name":"q","in":"query","schema":{"type":"string","enum":["x","y"]}}`, "", "changed GET /a/{id} (breaking): query parameter q is gone (breaking)"},
		{"a parameter is new", `,{"name":"q"`, `,{"name":"r","in":"query"},{"name":"q"`, "changed GET /a/{id}: new optional query parameter r"},
		{"a required parameter is new", `,{"name":"q"`, `,{"name":"r","in":"query","required":true},{"name":"q"`, "changed GET /a/{id} (breaking): new required query parameter r (breaking)"},
		{"a parameter becomes required", `"in":"query",`, `"in":"query","required":true,`, "changed GET /a/{id} (breaking): query parameter q is now required (breaking)"},
		{"a parameter has another type", `"schema":{"type":"integer"}}`, `"schema":{"type":"string"}}`, "changed GET /a/{id} (breaking): path parameter id is string instead of integer (breaking)"},
		{"a parameter takes more", `"schema":{"type":"integer"}}`, `"schema":{"type":"number"}}`, "changed GET /a/{id}: path parameter id is number instead of integer"},
		{"a parameter takes one value less", `["x","y"]`, `["x"]`, `changed GET /a/{id} (breaking): query parameter q has no value "y" any more (breaking)`},
		{"a parameter takes one value more", `["x","y"]`, `["x","y","z"]`, `changed GET /a/{id}: query parameter q has the new value "z"`},
		{"a response brings more", `"name":{"type":"string"},`, `"name":{"type":"string"},"more":{"type":"string"},`, "changed GET /a/{id}: new response 200.more"},
		{"a response brings less", `"kind":{"enum":["p","q"]},`, "", "changed GET /a/{id} (breaking): response 200.kind is gone (breaking)"},
		{"a response has a new value", `["p","q"]`, `["p","q","r"]`, `changed GET /a/{id} (breaking): response 200.kind has the new value "r" (breaking)`},
		{"a response may be null", `"name":{"type":"string"}`, `"name":{"type":["string","null"]}`, "changed GET /a/{id} (breaking): response 200.name may be null (breaking)"},
		{"a response's property may be missing", `"required":["name"]`, `"required":[]`, "changed GET /a/{id} (breaking): response 200.name is now optional (breaking)"},
		{"a body asks for more", `"required":["n"]`, `"required":["n","o"]`, "changed POST /a/{id} (breaking): body.o is now required (breaking)"},
		{"a body takes less", `"minimum":1`, `"minimum":2`, "changed POST /a/{id} (breaking): body.n has the minimum 2 (breaking)"},
		{"a body takes more", `"minimum":1`, `"minimum":0`, "changed POST /a/{id}: body.n has the minimum 0"},
		{"a body has a new property", `"o":{"type":"string"}`, `"o":{"type":"string"},"p":{"type":"string"}`, "changed POST /a/{id}: new body.p"},
		{"an error is told", `"404":{"description":""}`, `"404":{"description":""},"409":{"description":""}`, "changed GET /a/{id}: new response 409"},
		{"a success is gone", `"204"`, `"201"`, "changed POST /a/{id} (breaking): new response 201, response 204 is gone (breaking)"},
		{"a description is no change", `"description":"","content"`, `"description":"x","content"`, ""},
		{"one alternative is none", `"name":{"type":"string"}`, `"name":{"anyOf":[{"type":"string"}]}`, ""},
		{"a union is another type", `"name":{"type":"string"}`, `"name":{"anyOf":[{"type":"string"},{"type":"integer"}]}`, "changed GET /a/{id} (breaking): response 200.name may be integer (breaking)"},
		{"a circle by way of null ends", `"next":{"$ref":"#/components/schemas/A"}`, `"next":{"anyOf":[{"$ref":"#/components/schemas/A"},{"type":"null"}]}`, "changed GET /a/{id} (breaking): response 200.next may be null (breaking)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.from != "" && !strings.Contains(apitest.API, c.from) {
				t.Fatalf("no %s", c.from)
			}
			var lines []string
			for _, change := range Diff(parse(t, apitest.API), parse(t, strings.Replace(apitest.API, c.from, c.to, 1))) {
				lines = append(lines, change.String())
			}
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Errorf("got\n%s, want\n%s", got, c.want)
			}
		})
	}
}

// both is a document whose one schema is a body's property and a response's.
const both = `{"openapi":"3.1.0","paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Box"}}}},
"responses":{"200":{"description":"","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Box"}}}}}}}},
"components":{"schemas":{"Box":{"type":"object","properties":{"u":%}},
"A":{"type":"object","properties":{"x":{"type":"string"}}},"B":{"type":"object","properties":{"y":{"type":"string"}}},
"C":{"type":"object","properties":{"z":{"type":"string"}}}}}}`

func TestDiffOfUnions(t *testing.T) {
	const a, b, c = `{"$ref":"#/components/schemas/A"}`, `{"$ref":"#/components/schemas/B"}`, `{"$ref":"#/components/schemas/C"}`
	either := func(members ...string) string { return `{"oneOf":[` + strings.Join(members, ",") + `]}` }
	for _, c := range []directions{
		{"the same in another order", either(a, b), either(b, a), "", ""},
		{"oneOf is anyOf", either(a, b), `{"anyOf":[` + a + `,` + b + `]}`, "", ""},
		{"a member more", either(a, b), either(a, b, c), "body.u may be C", "response 200.u may be C (breaking)"},
		{"a member less", either(a, b, c), either(a, c), "body.u is never B any more (breaking)", "response 200.u is never B any more"},
		{"a member for another", either(a, b), either(a, c),
			"body.u is never B any more (breaking), body.u may be C", "response 200.u is never B any more, response 200.u may be C (breaking)"},
		{"a type becomes a union", a, either(a, b), "body.u may be B", "response 200.u may be B (breaking)"},
		{"a union becomes a type", either(a, b), b, "body.u is never A any more (breaking)", "response 200.u is never A any more"},
		{"a simple type becomes a union", `{"type":"string"}`, either(`{"type":"string"}`, `{"type":"integer"}`),
			"body.u may be integer", "response 200.u may be integer (breaking)"},
		{"a type or null becomes a union", `{"title":"U","type":["string","null"]}`, either(`{"type":"string"}`, `{"type":"integer"}`, `{"type":"null"}`),
			"body.u may be integer", "response 200.u may be integer (breaking)"},
		{"an old type or null becomes a union", `{"type":"string","nullable":true}`, either(`{"type":"string"}`, `{"type":"integer"}`, `{"type":"null"}`),
			"body.u may be integer", "response 200.u may be integer (breaking)"},
		{"a union takes anything", either(a, b), `{}`, "body.u is any instead of one of several", "response 200.u is any instead of one of several (breaking)"},
		{"anything becomes a union", `{}`, either(a, b), "body.u is one of several instead of any (breaking)", "response 200.u is one of several instead of any"},
		{"null is a member more", either(a, b), either(a, b, `{"type":"null"}`), "body.u may be null", "response 200.u may be null (breaking)"},
		{"null is a member less", either(a, b, `{"type":"null"}`), either(a, b), "body.u may not be null any more (breaking)", "response 200.u may not be null any more"},
		{"null in another way", either(a, b, `{"type":"null"}`), `{"oneOf":[` + a + `,` + b + `],"nullable":true}`, "", ""},
		{"a union of one with null", either(a, `{"type":"null"}`), either(a, b, `{"type":"null"}`), "body.u may be B", "response 200.u may be B (breaking)"},
		{"members by their titles", either(`{"title":"P","type":"string"}`, `{"title":"Q","type":"string"}`),
			either(`{"title":"Q","type":"string"}`, `{"title":"R","type":"string"}`),
			"body.u is never P any more (breaking), body.u may be R", "response 200.u is never P any more, response 200.u may be R (breaking)"},
		{"members by their types", either(`{"type":"string"}`, `{"type":"integer"}`), either(`{"type":"string"}`, `{"type":"boolean"}`),
			"body.u may be boolean, body.u is never integer any more (breaking)",
			"response 200.u may be boolean (breaking), response 200.u is never integer any more"},
		{"members by their formats", either(`{"type":"string","format":"uuid"}`, `{"type":"integer"}`),
			either(`{"type":"string","format":"date"}`, `{"type":"integer"}`),
			"body.u may be string (date), body.u is never string (uuid) any more (breaking)",
			"response 200.u may be string (date) (breaking), response 200.u is never string (uuid) any more"},
		{"members that are one value", either(`{"const":"a"}`, `{"const":"b"}`), either(`{"const":"b"}`, `{"const":"c"}`),
			`body.u is never "a" any more (breaking), body.u may be "c"`, `response 200.u is never "a" any more, response 200.u may be "c" (breaking)`},
		{"members that are lists", either(`{"type":"array","items":{"type":"string"}}`, a), either(`{"type":"array","items":{"type":"integer"}}`, a),
			"body.u[] is integer instead of string (breaking)", "response 200.u[] is integer instead of string (breaking)"},
		{"a member changes", either(`{"type":"string","enum":["a"]}`, a), either(`{"type":"string","enum":["a","b"]}`, a),
			`body.u has the new value "b"`, `response 200.u has the new value "b" (breaking)`},
		{"a union in a union", either(a, either(b, c)), either(a, either(b)), "body.u is never C any more (breaking)", "response 200.u is never C any more"},
	} {
		t.Run(c.name, c.test)
	}
}

func TestDiffOfSchemas(t *testing.T) {
	properties := func(required, properties string) string {
		return `{"type":"object","required":[` + required + `],"properties":{` + properties + `}}`
	}
	const x, y = `"x":{"type":"string"}`, `"y":{"type":"string"}`
	for _, c := range []directions{
		{"a number becomes whole", `{"type":"number"}`, `{"type":"integer"}`, "body.u is integer instead of number (breaking)", "response 200.u is integer instead of number"},
		{"a whole number becomes any", `{"type":"integer"}`, `{"type":"number"}`, "body.u is number instead of integer", "response 200.u is number instead of integer (breaking)"},
		{"a map has other values", `{"additionalProperties":{"type":"string"}}`, `{"additionalProperties":{"type":"boolean"}}`,
			"body.u{} is boolean instead of string (breaking)", "response 200.u{} is boolean instead of string (breaking)"},
		{"less is the most", `{"type":"integer","maximum":9}`, `{"type":"integer","maximum":8}`, "body.u has the maximum 8 (breaking)", "response 200.u has the maximum 8"},
		{"more is the most", `{"type":"integer","maximum":8}`, `{"type":"integer","maximum":9}`, "body.u has the maximum 9", "response 200.u has the maximum 9 (breaking)"},
		{"a limit is new", `{"type":"string"}`, `{"type":"string","maxLength":3}`, "body.u has the maxLength 3 (breaking)", "response 200.u has the maxLength 3"},
		{"a limit is gone", `{"type":"string","minLength":3}`, `{"type":"string"}`, "body.u has no minLength any more", "response 200.u has no minLength any more (breaking)"},
		{"a pattern is new", `{"type":"string"}`, `{"type":"string","pattern":"a"}`, "body.u has another pattern (breaking)", "response 200.u has another pattern"},
		{"a pattern is gone", `{"type":"string","pattern":"a"}`, `{"type":"string"}`, "body.u has another pattern", "response 200.u has another pattern (breaking)"},
		{"a text becomes an enum", `{"type":"string"}`, `{"type":"string","enum":["a"]}`, `body.u only takes "a" (breaking)`, `response 200.u only takes "a"`},
		{"an enum becomes a text", `{"type":"string","enum":["a"]}`, `{"type":"string"}`, "body.u takes other values, too", "response 200.u takes other values, too (breaking)"},
		{"a required property is new", properties("", x), properties(`"y"`, x+","+y), "new required body.u.y (breaking)", "new required response 200.u.y"},
		{"a property is new", properties("", x), properties("", x+","+y), "new body.u.y", "new response 200.u.y"},
		{"a property is gone", properties("", x+","+y), properties("", x), "body.u.y is gone", "response 200.u.y is gone (breaking)"},
		{"a property becomes required", properties("", x), properties(`"x"`, x), "body.u.x is now required (breaking)", "response 200.u.x is now required"},
		{"a property becomes optional", properties(`"x"`, x), properties("", x), "body.u.x is now optional", "response 200.u.x is now optional (breaking)"},
	} {
		t.Run(c.name, c.test)
	}
}

// directions is a schema's change with what is said of it on the way in and on
// the way out.
type directions struct{ name, old, new, in, out string }

func (c directions) test(t *testing.T) {
	var got string
	for _, change := range Diff(parse(t, strings.Replace(both, "%", c.old, 1)), parse(t, strings.Replace(both, "%", c.new, 1))) {
		got += strings.Join(change.Details, ", ")
	}
	if want := strings.Trim(c.in+", "+c.out, ", "); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestDiffOfNullInThreeWays(t *testing.T) {
	const with = `{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{"200":{"content":{"application/json":{"schema":%}}}}}}}}`
	ways := []string{`{"type":"string","nullable":true}`, `{"type":["string","null"]}`, `{"anyOf":[{"type":"string"},{"type":"null"}]}`}
	for _, a := range ways {
		for _, b := range ways {
			if d := Diff(parse(t, strings.Replace(with, "%", a, 1)), parse(t, strings.Replace(with, "%", b, 1))); len(d) > 0 {
				t.Errorf("%s to %s: %v", a, b, d)
			}
		}
	}
}

func TestDiffFollowsReferencesOutOfTheSchemas(t *testing.T) {
	schema := strings.Replace(both, "%", `{"$ref":"#/x-shared/T"}`, 1)
	with := func(ty string) Document {
		return parse(t, strings.Replace(schema, `"paths":`, `"x-shared":{"T":{"type":"`+ty+`"}},"paths":`, 1))
	}
	want := "changed POST /a (breaking): body.u is string instead of integer (breaking), response 200.u is string instead of integer (breaking)"
	if got := Diff(with("integer"), with("string")); len(got) != 1 || got[0].String() != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestDiffOfCirclesEnds(t *testing.T) {
	old := large(t, 50)
	Object(old.Root, "components", "schemas", "Item49", "properties")["next"] = map[string]any{"anyOf": []any{map[string]any{"$ref": "#/components/schemas/Item49"}, map[string]any{"type": "null"}}}
	if d := Diff(old, large(t, 50)); len(d) > 0 {
		t.Errorf("got %v", d)
	}
}

func TestDiffOfCallbacksInCirclesEnds(t *testing.T) {
	const api = `{"openapi":"3.1.0","paths":{"/a":{"post":{"responses":{"200":{"description":""}},"callbacks":{"again":{"$ref":"#/components/callbacks/C"}}}}},
"components":{"callbacks":{"C":{"/b":{"post":{"callbacks":{"again":{"$ref":"#/components/callbacks/C"}},"responses":{"200":{"description":""}}}}}}}}`
	old := parse(t, strings.Replace(api, `"post":{"callbacks"`, `"post":{"deprecated":true,"callbacks"`, 1))
	if d := Diff(old, parse(t, api)); len(d) != 1 || d[0].String() != "changed POST /a: callback again: not deprecated any more" {
		t.Errorf("got %v", d)
	}
}

func TestDiffOfMessages(t *testing.T) {
	old, err := Load("../clients/testdata/kinds/asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, "../clients/testdata/kinds/asyncapi.yaml")
	for _, r := range [][2]string{
		{"required: [symbol],", "required: [symbol, resolution],"},
		{"close: {type: number}", "close: {type: string}"},
		{"  ping: {action: receive, channel: {$ref: '#/channels/kinds'}, messages: [{$ref: '#/channels/kinds/messages/ping'}]}\n", ""},
	} {
		if !strings.Contains(text, r[0]) {
			t.Fatal(r[0])
		}
		text = strings.Replace(text, r[0], r[1], 1)
	}
	var lines []string
	for _, c := range Diff(old, parse(t, text)) {
		lines = append(lines, c.String())
	}
	want := `changed receive bars.subscribe at /api/v1/kinds/ws (breaking): payload.payload.resolution is now required (breaking)
changed send bars.update at /api/v1/kinds/ws (breaking): payload.payload.data.close is string instead of number (breaking)
changed receive bars.unsubscribe at /api/v1/kinds/ws (breaking): payload.payload.resolution is now required (breaking)
removed receive ping at /api/v1/kinds/ws (breaking)`
	if got := strings.Join(lines, "\n"); !sameLines(got, want) {
		t.Errorf("got\n%s", got)
	}
}

func sameLines(a, b string) bool {
	x, y := map[string]int{}, map[string]int{}
	for l := range strings.SplitSeq(a, "\n") {
		x[l]++
	}
	for l := range strings.SplitSeq(b, "\n") {
		y[l]++
	}
	for l, n := range x {
		if y[l] != n {
			return false
		}
	}
	return len(x) == len(y)
}

// What no rule judged once, each with what is said of it on either way.
func TestDiffOfEveryKeyword(t *testing.T) {
	const text, number, object = `{"type":"string"}`, `{"type":"number"}`, `{"type":"object"}`
	with := func(schema, more string) string { return strings.TrimSuffix(schema, "}") + "," + more + "}" }
	list := func(items string) string { return `{"type":"array","items":` + items + `}` }
	for _, c := range []directions{
		// What allows less breaks what goes in; what allows more breaks what comes out.
		{"no further properties", object, with(object, `"additionalProperties":false`), "body.u takes no further properties (breaking)", "response 200.u takes no further properties"},
		{"further properties", with(object, `"additionalProperties":false`), object, "body.u takes further properties", "response 200.u takes further properties"},
		{"further properties in other words", object, with(object, `"additionalProperties":true`), "", ""},
		{"further properties of a kind", object, with(object, `"additionalProperties":`+text), "body.u{} is string instead of any (breaking)", "response 200.u{} is string instead of any"},
		{"a property less where no others are taken", `{"properties":{"a":{},"b":{}},"additionalProperties":false}`, `{"properties":{"a":{}},"additionalProperties":false}`,
			"body.u.b is gone (breaking)", "response 200.u.b is gone (breaking)"},
		{"more properties", object, with(object, `"minProperties":1`), "body.u has the minProperties 1 (breaking)", "response 200.u has the minProperties 1"},
		{"fewer properties", with(object, `"maxProperties":5`), with(object, `"maxProperties":4`), "body.u has the maxProperties 4 (breaking)", "response 200.u has the maxProperties 4"},
		{"no limit of properties", with(object, `"maxProperties":5`), object, "body.u has no maxProperties any more", "response 200.u has no maxProperties any more (breaking)"},
		{"none is no limit", object, with(object, `"minProperties":0`), "", ""},
		{"a required name", object, with(object, `"required":["x"]`), "body.u.x is now required (breaking)", "response 200.u.x is now required"},
		{"no two alike", list(text), with(list(text), `"uniqueItems":true`), "body.u has to have uniqueItems (breaking)", "response 200.u has to have uniqueItems"},
		{"some alike", with(list(text), `"uniqueItems":true`), list(text), "body.u need not have uniqueItems any more", "response 200.u need not have uniqueItems any more (breaking)"},
		{"every second", number, with(number, `"multipleOf":2`), "body.u has the multipleOf 2 (breaking)", "response 200.u has the multipleOf 2"},
		{"every second of those", with(number, `"multipleOf":2`), with(number, `"multipleOf":4`), "body.u has the multipleOf 4 (breaking)", "response 200.u has the multipleOf 4"},
		{"others", with(number, `"multipleOf":4`), with(number, `"multipleOf":3`), "body.u has the multipleOf 3 (breaking)", "response 200.u has the multipleOf 3 (breaking)"},
		{"a bound is left out", with(number, `"minimum":1`), with(number, `"exclusiveMinimum":1`), "body.u has the exclusiveMinimum 1 (breaking)", "response 200.u has the exclusiveMinimum 1"},
		{"a bound is let in", with(number, `"exclusiveMaximum":1`), with(number, `"maximum":1`), "body.u has the maximum 1", "response 200.u has the maximum 1 (breaking)"},
		{"a bound is left out as before", with(number, `"minimum":1,"exclusiveMinimum":true`), with(number, `"exclusiveMinimum":1`), "", ""},
		{"a larger number", `{"type":"integer","format":"int32"}`, `{"type":"integer","format":"int64"}`, `body.u has the format int64 instead of int32`, `response 200.u has the format int64 instead of int32 (breaking)`},
		{"a text of a kind", text, with(text, `"format":"uuid"`), "body.u is string (uuid) instead of string (breaking)", "response 200.u is string (uuid) instead of string"},
		{"a type more", text, `{"type":["string","integer"]}`, "body.u is integer or string instead of string", "response 200.u is integer or string instead of string (breaking)"},
		{"a type less", `{"type":["string","integer"]}`, text, "body.u is string instead of integer or string (breaking)", "response 200.u is string instead of integer or string"},
		{"a type and less of it", `{"type":["string","integer"]}`, with(text, `"maxLength":3`),
			"body.u is string instead of integer or string (breaking), body.u has the maxLength 3 (breaking)", "response 200.u is string instead of integer or string, response 200.u has the maxLength 3"},
		{"types in other words", `{"type":["string","integer"]}`, `{"anyOf":[{"type":"integer"},{"type":"string"}]}`, "", ""},
		{"anything else", text, `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, "body.u may be integer", "response 200.u may be integer (breaking)"},
		{"a wider member", `{"type":"integer"}`, `{"anyOf":[{"type":"number"},{"type":"string"}]}`,
			"body.u is never integer any more, body.u may be number, body.u may be string",
			"response 200.u is never integer any more, response 200.u may be number (breaking), response 200.u may be string (breaking)"},
		{"a narrower member", `{"anyOf":[{"type":"string"},{"type":"integer"}]}`, `{"anyOf":[{"type":"string","maxLength":2},{"type":"integer"}]}`,
			"body.u has the maxLength 2 (breaking)", "response 200.u has the maxLength 2"},
		{"a member beside the rest", with(object, `"anyOf":[{"required":["a"]},{"required":["b"]}]`), object,
			"body.u is not one of several any more", "response 200.u is not one of several any more (breaking)"},
		{"limits beside allOf", `{"allOf":[{"type":"string"}],"maxLength":5}`, `{"allOf":[{"type":"string"}],"maxLength":4}`, "body.u has the maxLength 4 (breaking)", "response 200.u has the maxLength 4"},
		{"limits beside a reference", `{"$ref":"#/components/schemas/A","maxProperties":5}`, `{"$ref":"#/components/schemas/A","maxProperties":4}`,
			"body.u has the maxProperties 4 (breaking)", "response 200.u has the maxProperties 4"},
		{"limits in two parts", `{"allOf":[{"type":"string","maxLength":5},{"maxLength":4}]}`, `{"type":"string","maxLength":4}`, "", ""},
		{"nothing", text, `false`, "body.u is not allowed any more (breaking)", "response 200.u is not allowed any more"},
		{"no items", list(text), list("false"), "body.u[] is not allowed any more (breaking)", "response 200.u[] is not allowed any more"},
		{"a first item", list(text), with(list(text), `"prefixItems":[{"type":"integer"}]`), "body.u[0] has a schema of its own (breaking)", "response 200.u[0] has a schema of its own"},
		{"another first item", `{"prefixItems":[{"type":"integer"}]}`, `{"prefixItems":[{"type":"string"}]}`, "body.u[0] is string instead of integer (breaking)", "response 200.u[0] is string instead of integer (breaking)"},
		{"an item of a kind", list(text), with(list(text), `"contains":{"const":"a"}`), "body.u contains is new (breaking)", "response 200.u contains is new"},
		{"names of a kind", with(object, `"propertyNames":{"maxLength":3}`), with(object, `"propertyNames":{"maxLength":4}`), "body.u propertyNames has the maxLength 4", "response 200.u propertyNames has the maxLength 4 (breaking)"},
		{"properties of a kind", object, with(object, `"patternProperties":{"^x":{"type":"string"}}`), "body.u patternProperties ^x is new (breaking)", "response 200.u patternProperties ^x is new"},
		{"one needs another", object, with(object, `"dependentRequired":{"a":["b"]}`), "body.u.a now requires b (breaking)", "response 200.u.a now requires b"},
		{"one needs a schema", with(object, `"dependentSchemas":{"a":{"required":["b"]}}`), object, "body.u dependentSchemas a is gone", "response 200.u dependentSchemas a is gone (breaking)"},
		{"nothing else", object, with(object, `"unevaluatedProperties":false`), "body.u unevaluatedProperties is new (breaking)", "response 200.u unevaluatedProperties is new"},
		{"not", text, with(text, `"not":{"const":"a"}`), "body.u not is new (breaking)", "response 200.u not is new"},
		{"if", object, with(object, `"if":{"required":["a"]},"then":{"required":["b"]}`), "body.u if is new (breaking), body.u then is new (breaking)", "response 200.u if is new, response 200.u then is new"},
		{"a text's encoding", text, with(text, `"contentEncoding":"base64"`), "body.u has the contentEncoding base64 instead of none (breaking)", "response 200.u has the contentEncoding base64 instead of none (breaking)"},
		{"what a text holds", text, with(text, `"contentSchema":{"type":"object"}`), "body.u contentSchema is new (breaking)", "response 200.u contentSchema is new"},
		{"a required property that only comes out", object, with(object, `"required":["a"],"properties":{"a":{"readOnly":true}}`), "new required body.u.a", "new required response 200.u.a"},
		{"a required property with a default", object, with(object, `"required":["a"],"properties":{"a":{"default":1}}`), "new body.u.a", "new response 200.u.a"},
		// Told, and nobody can judge it.
		{"a default", text, with(text, `"default":"a"`), `body.u has the default "a"`, `response 200.u has the default "a"`},
		{"another default", with(number, `"default":1`), with(number, `"default":{"a":1}`), `body.u has another default`, `response 200.u has another default`},
		{"read only", text, with(text, `"readOnly":true`), "body.u is now readOnly", "response 200.u is now readOnly"},
		{"not read only", with(text, `"readOnly":true`), with(text, `"readOnly":false`), "body.u is not readOnly any more", "response 200.u is not readOnly any more"},
		{"deprecated", text, with(text, `"deprecated":true`), "body.u is now deprecated", "response 200.u is now deprecated"},
		{"a discriminator", either2, with(either2, `"discriminator":{"propertyName":"t"}`), "body.u has the new discriminator", "response 200.u has the new discriminator"},
		{"another mapping", with(either2, `"discriminator":{"propertyName":"t","mapping":{"a":"A"}}`), with(either2, `"discriminator":{"propertyName":"t","mapping":{"a":"B"}}`),
			`body.u has the discriminator.mapping.a "B" instead of "A"`, `response 200.u has the discriminator.mapping.a "B" instead of "A"`},
		{"as XML", text, with(text, `"xml":{"attribute":true}`), "body.u has the new xml", "response 200.u has the new xml"},
		{"what nobody knows", with(object, `"newKeyword":[1]`), with(object, `"newKeyword":[2]`), "body.u has another newKeyword", "response 200.u has another newKeyword"},
		{"two parts that cannot be joined", `{"allOf":[{"pattern":"a"},{"pattern":"b"}]}`, `{"allOf":[{"pattern":"a"},{"pattern":"c"}]}`, "body.u has another allOf", "response 200.u has another allOf"},
		{"a part that brings nothing", `{"allOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}]}`,
			`{"allOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"},{"$ref":"#/components/schemas/Box/properties/u/allOf/0"}]}`, "body.u is also 0", "response 200.u is also 0"},
		// Said to people alone.
		{"annotations", text, with(text, `"description":"a","title":"b","examples":["c"],"example":1,"x-y":2,"$comment":"d","externalDocs":{"url":"e"}`), "", ""},
	} {
		t.Run(c.name, c.test)
	}
}

const either2 = `{"oneOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}]}`

const everythingFile = "testdata/everything.yaml"

func TestDiffOfWhatStandsAroundSchemas(t *testing.T) {
	const op = "changed PUT /things/{id}/{sub}"
	for _, c := range []struct{ name, from, to, want string }{
		{"a scope more", "oauth: [read, write]", "oauth: [read, write, admin]", op + " (breaking): oauth now needs the scope admin (breaking)"},
		{"a scope less", "oauth: [read, write]", "oauth: [read]", op + ": oauth does not need the scope write any more"},
		{"a way in less", "[{key: []}, {oauth", "[{oauth", op + " (breaking): no authentication by key any more (breaking)"},
		{"a way in more", "[{key: []}, {oauth", "[{key: []}, {key: [], id: []}, {oauth", op + ": authentication also by id and key"},
		{"nobody is asked", "[{key: []}, {oauth", "[{}, {key: []}, {oauth", op + ": needs no authentication any more"},
		{"the document's own", "security: [{key: []}]\npaths", "security: [{basic: []}]\npaths", ""},
		{"a key elsewhere", "name: X-Key", "name: X-Token", op + ` (breaking): authentication key has the name "X-Token" instead of "X-Key" (breaking)`},
		{"a hint", "bearerFormat: JWT", "bearerFormat: opaque", op + `: authentication basic has the bearerFormat "opaque" instead of "JWT"`},
		{"another server", "put.test", "put2.test", op + ": is served at https://put2.test instead of https://put.test"},
		{"not deprecated", "deprecated: true\n      servers", "deprecated: false\n      servers", op + ": not deprecated any more"},
		{"an unknown field", "operationId: putThing\n      deprecated", "operationId: putThing\n      priority: 1\n      deprecated", op + ": it has the priority 1"},
		{"how a list is written", "explode: false", "explode: true", op + " (breaking): query parameter fields is written another way (breaking)"},
		{"what goes without saying", "style: form, explode: false", "explode: false", ""},
		{"reserved characters", ", allowReserved: true", "", op + ": query parameter fields is not allowReserved any more"},
		{"a header in other letters", "name: X-Trace", "name: x-trace", ""},
		{"a schema as content", "{application/json: {schema: {type: object, properties: {a: {type: string}}, required: [a]}}}",
			"{application/json: {schema: {type: object, properties: {a: {type: string}}, required: [a, b]}}}", op + " (breaking): query parameter filter.b is now required (breaking)"},
		{"the body may be missing", "required: true\n        content", "required: false\n        content", op + ": the body is now optional"},
		{"a part's type", "{file: {contentType: image/png", "{file: {contentType: image/jpeg", op + `: body as multipart/form-data has the encoding.file.contentType "image/jpeg" instead of "image/png"`},
		{"a header may be missing", "X-Rate: {required: true, ", "X-Rate: {", op + " (breaking): response 200 header x-rate is now optional (breaking)"},
		{"a header is gone", "            X-Rate: {required: true, schema: {type: integer}}\n", "", op + " (breaking): response 200 header x-rate is gone (breaking)"},
		{"an optional header is gone", "            X-Old: {$ref: '#/components/headers/Old'}\n", "", op + ": response 200 header x-old is gone"},
		{"a header of another type", "schema: {type: integer}}\n            X-Old", "schema: {type: string}}\n            X-Old", op + " (breaking): response 200 header x-rate is string instead of integer (breaking)"},
		{"a content type less", ", text/csv: {schema: {type: string}}", "", op + " (breaking): response 200 no more as text/csv (breaking)"},
		{"a content type in other letters", "text/csv:", "Text/CSV:", ""},
		{"a link", "operationId: putThing, parameters", "operationId: getThing, parameters", op + `: response 200 has the links.next.operationId "getThing" instead of "putThing"`},
		{"a callback brings less", "required: [ok], properties", "properties", op + " (breaking): callback done: body.ok is now optional (breaking)"},
		{"a callback brings more", "{ok: {type: boolean}}", "{ok: {type: boolean}, at: {type: string}}", op + ": callback done: new body.at"},
		{"a callback elsewhere", "'{$request.body#/url}'", "'{$request.body#/to}'",
			op + " (breaking): new callback done: POST {$request.body#/to}, callback done is gone: POST {$request.body#/url} (breaking)"},
		{"a webhook brings more", "multipleOf: 0.5", "multipleOf: 0.25", "changed POST webhook changed (breaking): body.n has the multipleOf 0.25 (breaking)"},
		{"a webhook is gone", "webhooks:\n  changed:\n    post:", "webhooks:\n  changed:\n    x-post:", "removed POST webhook changed (breaking)"},
		{"the path's parameters have other names", "/things/{id}/{sub}:\n    parameters:\n      - {name: id,", "/things/{key}/{sub}:\n    parameters:\n      - {name: key,",
			"changed PUT /things/{key}/{sub}: path parameter id is now key"},
		{"the path's parameters have other types", "/things/{id}/{sub}:\n    parameters:\n      - {name: id, in: path, required: true, schema: {type: string, pattern: '^a'}}",
			"/things/{key}/{sub}:\n    parameters:\n      - {name: key, in: path, required: true, schema: {type: integer}}",
			"changed PUT /things/{key}/{sub} (breaking): path parameter id is now key, path parameter key is integer instead of string (breaking)"},
		{"a method that nobody knows", "    put:\n", "    additionalOperations: {COPY: {responses: {}}}\n    put:\n", "changed path /things/{id}/{sub}: it has the new additionalOperations"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := read(t, everythingFile)
			if strings.Count(text, c.from) != 1 {
				t.Fatalf("%d times %s", strings.Count(text, c.from), c.from)
			}
			var lines []string
			for _, change := range Diff(parse(t, text), parse(t, strings.Replace(text, c.from, c.to, 1))) {
				lines = append(lines, change.String())
			}
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Errorf("got\n%s, want\n%s", got, c.want)
			}
		})
	}
}

func TestDiffOfTheDocumentsSecurityAndServers(t *testing.T) {
	const api = `{"openapi":"3.1.0",%"paths":{"/a":{"get":{"responses":{}}}}}`
	for _, c := range []struct{ old, new, want string }{
		{``, `"security":[{"k":[]}],`, "changed GET /a (breaking): needs authentication now (breaking), authentication also by k"},
		{`"security":[{"k":[]}],`, `"security":[{"k":[]},{}],`, "changed GET /a: needs no authentication any more"},
		{``, `"servers":[{"url":"/v2"}],`, "changed GET /a: is served at /v2 instead of /"},
		{``, `"servers":[{"url":"/"}],`, ""},
	} {
		var got string
		for _, change := range Diff(parse(t, strings.Replace(api, "%", c.old, 1)), parse(t, strings.Replace(api, "%", c.new, 1))) {
			got += change.String()
		}
		if got != c.want {
			t.Errorf("%s to %s: got %s, want %s", c.old, c.new, got, c.want)
		}
	}
}

func TestDiffOfChannels(t *testing.T) {
	const api = `{"asyncapi":"3.0.0","servers":{"a":{"host":"a","protocol":"ws"}},"channels":{"c":{"address":"/c","bindings":{"ws":{"method":"GET"}},
"messages":{"m":{"contentType":"application/json","headers":{"type":"object","properties":{"h":{"type":"string"}}},"payload":{"type":"object","properties":{"p":{"type":"string"}}},
"correlationId":{"location":"$message.header#/h"}}}},"quiet":{"address":"/quiet","parameters":{"x":{"enum":["a","b"]}}}},
"operations":{"o":{"action":"send","channel":{"$ref":"#/channels/c"},"security":[{"type":"http","scheme":"basic"}]}}}`
	for _, c := range []struct{ from, to, want string }{
		{`"properties":{"p"`, `"required":["p"],"properties":{"p"`, "changed send m at /c: payload.p is now required"},
		{`"properties":{"h":{"type":"string"}}`, `"properties":{"h":{"type":"integer"}}`, "changed send m at /c (breaking): headers.h is integer instead of string (breaking)"},
		{`"application/json"`, `"application/cbor"`, `changed send m at /c: it has the contentType "application/cbor" instead of "application/json"`},
		{`header#/h`, `header#/i`, `changed send m at /c: it has the correlationId.location "$message.header#/i" instead of "$message.header#/h"`},
		{`"method":"GET"`, `"method":"POST"`, `changed channel /c: it has the bindings.ws.method "POST" instead of "GET"`},
		{`"scheme":"basic"`, `"scheme":"bearer"`, `changed channel /c: it has another operations.o.security`},
		{`"host":"a"`, `"host":"b"`, "changed channel /c: it has the servers.a.host \"b\" instead of \"a\"\nchanged channel /quiet: it has the servers.a.host \"b\" instead of \"a\""},
		{`["a","b"]`, `["a"]`, "changed channel /quiet: it has another parameters.x.enum"},
		{`"quiet":{"address":"/quiet"`, `"quiet":{"address":"/loud"`, "added channel /loud\nremoved channel /quiet (breaking)"},
		{`"action":"send"`, `"action":"receive"`, "added receive m at /c\nremoved send m at /c (breaking)"},
	} {
		if strings.Count(api, c.from) != 1 {
			t.Fatalf("%d times %s", strings.Count(api, c.from), c.from)
		}
		var lines []string
		for _, change := range Diff(parse(t, api), parse(t, strings.Replace(api, c.from, c.to, 1))) {
			lines = append(lines, change.String())
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s: got\n%s, want\n%s", c.to, got, c.want)
		}
	}
}
