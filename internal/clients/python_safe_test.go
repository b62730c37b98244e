package clients

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"muster/internal/apidoc"
	"muster/internal/apitest"
	"muster/internal/clients/py"
)

// The template gets code, which only package py makes, and nothing that a
// document says.
func TestThePythonTemplateGetsNothingButCode(t *testing.T) {
	t.Parallel()
	var look func(ty reflect.Type, place string)
	look = func(ty reflect.Type, place string) {
		switch {
		case ty == reflect.TypeFor[py.Code](), ty.Kind() == reflect.Bool:
		case ty.Kind() == reflect.Slice:
			look(ty.Elem(), place)
		case ty.Kind() == reflect.Struct:
			for f := range ty.Fields() {
				if f.IsExported() {
					look(f.Type, place+"."+f.Name)
				}
			}
		default:
			t.Errorf("%s is %s", place, ty)
		}
	}
	look(reflect.TypeFor[pyClient](), "client")
}

// hostileText is what follows a text of a document that means harm.
const hostileText = "x\"; boom() #\n    boom()\n\"\"\"\nboom()\n\"\x01\"\"\nboom()\n''' ]); boom() #\r    boom()\\"

// Every text of a document, a key or a value, is made hostile, some at a time.
func TestNoTextOfADocumentIsCode(t *testing.T) {
	t.Parallel()
	dir, n := t.TempDir(), 0
	for _, name := range []string{"keywords", "kinds", "modelled"} {
		data, err := os.ReadFile("testdata/" + name + "/openapi.yaml")
		if err != nil {
			t.Fatal(err)
		}
		d := parse(t, string(data))
		for some := range slices.Chunk(textsOf(d), 12) {
			harmed := d
			harmed.Root = eachText(d.Root, func(s string) string {
				last := s
				if strings.HasPrefix(s, "#/") {
					last = s[strings.LastIndexByte(s, '/')+1:]
				}
				if !slices.Contains(some, last) {
					return s
				}
				if last != s {
					return s + strings.NewReplacer("~", "~0", "/", "~1", "%", "%25").Replace(hostileText)
				}
				return s + hostileText
			}).(map[string]any)
			write(t, filepath.Join(dir, fmt.Sprint(n, ".py")), string(pythonClient(t, harmed, pyModule{Name: "x" + hostileText})))
			n++
		}
	}
	write(t, filepath.Join(dir, "try.py"), tryHostile)
	if out := apitest.Run(t, dir, apitest.Python(t), "try.py"); out != fmt.Sprintln(n, "ok") {
		t.Error(out)
	}
}

// textsOf lists what a document says in words of its own.
func textsOf(d apidoc.Document) []string {
	texts := map[string]bool{}
	eachText(d.Root, func(s string) string {
		texts[s] = !strings.HasPrefix(s, "#/")
		return s
	})
	for _, keywords := range pythonReads {
		for keyword := range keywords {
			delete(texts, keyword)
		}
	}
	return slices.Sorted(maps.Keys(texts))
}

const tryHostile = `import glob
import types


def look(code):
    assert "boom" not in code.co_names, (code.co_filename, code.co_firstlineno)
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            look(part)


files = glob.glob("[0-9]*.py")
for file in files:
    look(compile(open(file, "rb").read(), file, "exec"))
print(len(files), "ok")
`

// eachText copies a tree with its texts replaced, the keys of its objects too.
func eachText(v any, replace func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, e := range v {
			m[replace(k)] = eachText(e, replace)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = eachText(e, replace)
		}
		return l
	case string:
		return replace(v)
	}
	return v
}

// What refers to each other in circles, or in very many ways, takes no time.
func TestSchemasInCirclesEnd(t *testing.T) {
	t.Parallel()
	schemas := `"L":{"anyOf":[{"$ref":"#/components/schemas/L"}],"allOf":[{"$ref":"#/components/schemas/L"}],"discriminator":{"propertyName":"a"},
"properties":{"a":{"allOf":[{"$ref":"#/components/schemas/L"}]},"b":{"anyOf":[{"$ref":"#/components/schemas/L"},{"items":{"$ref":"#/components/schemas/L"}}]}}}`
	for i := range 40 {
		next := fmt.Sprintf(`[{"$ref":"#/components/schemas/S%d"},{"$ref":"#/components/schemas/T%d"}]`, i+1, i+1)
		schemas += fmt.Sprintf(`,"S%d":{"properties":{"p%d":{"type":"string"}},"oneOf":%s},"T%d":{"anyOf":%s}`, i, i, next, i, next)
	}
	d := parse(t, `{"openapi":"3.1.0","paths":{"/a":{"post":{"requestBody":{"content":{"multipart/form-data":{"schema":{"properties":{"a":{"$ref":"#/components/schemas/L"}}}}}},
"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S0"}}}}}}}},"components":{"schemas":{`+schemas+`}}}`)
	if client := string(pythonClient(t, d, pyModule{Name: "x"})); !strings.Contains(client, "p39: Optional[str]") {
		t.Error("what the last of the alternatives has is lost")
	}
}
