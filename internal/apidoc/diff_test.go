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
	for _, l := range strings.Split(a, "\n") {
		x[l]++
	}
	for _, l := range strings.Split(b, "\n") {
		y[l]++
	}
	for l, n := range x {
		if y[l] != n {
			return false
		}
	}
	return len(x) == len(y)
}
