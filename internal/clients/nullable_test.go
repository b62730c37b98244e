package clients

import (
	"strings"
	"testing"

	"muster/internal/apidoc"
)

// nullables is a document whose schema is to be filled in. What is referenced
// may be null by itself or beside something else.
const nullables = `{"openapi":"3.1.0","paths":{},"components":{"schemas":{"S":%,
"Color":{"type":"string","enum":["a","b"]},"Item":{"type":"object","properties":{"x":{"type":"string"}}},
"NullEnum":{"type":["string","null"],"enum":["a","b",null]},"OldEnum":{"type":"string","nullable":true,"enum":["a","b"]},
"NullModel":{"type":["object","null"],"properties":{"x":{"type":"string"}}},"OldModel":{"type":"object","nullable":true,"properties":{"x":{"type":"string"}}},
"NullList":{"type":["array","null"],"items":{"type":"integer"}},"NullUnion":{"anyOf":[{"type":"integer"},{"type":"string"},{"type":"null"}]},
"OldUnion":{"oneOf":[{"type":"integer"},{"type":"string"}],"nullable":true},"Alias":{"$ref":"#/components/schemas/NullModel"}}}}`

func TestWhatMayBeNullSaysSo(t *testing.T) {
	for _, c := range []struct{ schema, python, typeScript string }{
		{`{"type":"string"}`, `str`, `string`},
		{`{"type":"string","nullable":true}`, `Optional[str]`, `string | null`},
		{`{"type":["string","null"]}`, `Optional[str]`, `string | null`},
		{`{"type":["string","integer","null"]}`, `Optional[Union[str, int]]`, `string | number | null`},
		{`{"enum":["a",null]}`, `Optional[Literal["a"]]`, `"a" | null`},
		{`{"const":null}`, `None`, `null`},
		{`{"type":"null"}`, `None`, `null`},
		{`{"type":"array","nullable":true,"items":{"type":"string"}}`, `Optional[List[str]]`, `Array<string> | null`},
		{`{"type":"array","items":{"type":["string","null"]}}`, `List[Optional[str]]`, `Array<string | null>`},
		{`{"type":"array","minItems":2,"maxItems":2,"prefixItems":[{"type":["string","null"]},{"type":"integer"}]}`, `Tuple[Optional[str], int]`, `[string | null, number]`},
		{`{"type":["object","null"],"additionalProperties":{"type":"integer"}}`, `Optional[Dict[str, int]]`, `Record<string, number> | null`},
		{`{"type":"object","additionalProperties":{"type":"integer","nullable":true}}`, `Dict[str, Optional[int]]`, `Record<string, number | null>`},
		{`{"anyOf":[{"type":"string"},{"type":"null"}]}`, `Optional[str]`, `string | null`},
		{`{"anyOf":[{"type":"null"},{"type":"string"},{"type":"integer"}]}`, `Optional[Union[str, int]]`, `null | string | number`},
		{`{"oneOf":[{"type":"string"},{"type":"integer"}],"nullable":true}`, `Optional[Union[str, int]]`, `string | number | null`},
		{`{"anyOf":[{"type":["string","null"]},{"type":"integer"}]}`, `Optional[Union[str, int]]`, `string | null | number`},
		{`{"$ref":"#/components/schemas/NullEnum"}`, `Optional[NullEnum]`, `NullEnum: "a" | "b" | null`},
		{`{"$ref":"#/components/schemas/OldEnum"}`, `Optional[OldEnum]`, `OldEnum: "a" | "b" | null`},
		{`{"$ref":"#/components/schemas/NullModel"}`, `Optional[NullModel]`, `NullModel: { x?: string; } | null`},
		{`{"$ref":"#/components/schemas/OldModel"}`, `Optional[OldModel]`, `OldModel: { x?: string; } | null`},
		{`{"$ref":"#/components/schemas/NullList"}`, `Optional[List[int]]`, `NullList: Array<number> | null`},
		{`{"$ref":"#/components/schemas/NullUnion"}`, `Optional[Union[int, str]]`, `NullUnion: number | string | null`},
		{`{"$ref":"#/components/schemas/OldUnion"}`, `Optional[Union[int, str]]`, `OldUnion: number | string | null`},
		{`{"$ref":"#/components/schemas/Alias"}`, `Optional[NullModel]`, `Alias: NullModel`},
		{`{"anyOf":[{"$ref":"#/components/schemas/Item"},{"type":"null"}]}`, `Optional[Item]`, `Item | null`},
		{`{"allOf":[{"$ref":"#/components/schemas/Item"}],"nullable":true}`, `Optional[Item]`, `Item | null`},
		{`{"allOf":[{"$ref":"#/components/schemas/Color"}],"nullable":true}`, `Optional[Color]`, `Color | null`},
		{`{"anyOf":[{"$ref":"#/components/schemas/NullModel"},{"$ref":"#/components/schemas/Color"}]}`, `Optional[Union[NullModel, Color]]`, `NullModel | Color`},
		{`{"type":"array","items":{"$ref":"#/components/schemas/NullModel"}}`, `List[Optional[NullModel]]`, `Array<NullModel>`},
		{`{"type":["object","null"],"properties":{"x":{"type":"string"}}}`, `Optional[Here]`, `{ x?: string; } | null`},
	} {
		d := parse(t, strings.Replace(nullables, "%", c.schema, 1))
		s := apidoc.Object(d.Root, "components", "schemas")["S"]
		if got := newPyTypes(d, "Client").annotation(s, "Here").String(); got != c.python {
			t.Errorf("%s is %s in Python, want %s", c.schema, got, c.python)
		}
		// What is referenced has a declaration of its own, which says it.
		ts := newTSTypes(d)
		got := ts.typeOf(s, "", "").code().text
		if ref := apidoc.Text(apidoc.Object(s)["$ref"]); ref != "" {
			target, _ := d.Lookup(ref)
			got += ": " + ts.typeOf(target, ref, "").code().text
		}
		if got = strings.Join(strings.Fields(got), " "); got != c.typeScript {
			t.Errorf("%s is %s in TypeScript, want %s", c.schema, got, c.typeScript)
		}
	}
}
