package apidoc

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/internal/fuzztest"
)

// tuples is a document of n arrays, each a pair of the next: written out, the
// first takes 2^n values.
func tuples(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"T%d":{"type":"array","prefixItems":[{"$ref":"#/components/schemas/T%d"},{"$ref":"#/components/schemas/T%d"}]},`, i, i+1, i+1)
	}
	return `{"openapi":"3.1.0","components":{"schemas":{` + b.String() + fmt.Sprintf(`"T%d":{"type":"string"}}}}`, n)
}

func TestWhatNobodyWroteIsRefusedByItsPlace(t *testing.T) {
	deep := strings.Repeat(`{"items":`, 9000) + "{}" + strings.Repeat("}", 9000)
	bomb := "openapi: 3.1.0\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 8 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 10))
	}
	chain := ""
	for i := range 3000 {
		chain += fmt.Sprintf(`"C%d":{"type":"array","items":{"$ref":"#/components/schemas/C%d"}},`, i, i+1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"nested 9,000 deep", "{\"openapi\":\"3.1.0\",\n\"x\":" + deep + "}", "line 2, column 8"},
		{"the same in YAML", "openapi: 3.1.0\nx: " + deep, "line 2, column "},
		{"tuples of tuples", tuples(26), "#/components/schemas/T"},
		{"a chain of arrays", `{"openapi":"3.1.0","components":{"schemas":{` + chain + `"C3000":{}}}}`, "#/components/schemas/C"},
		{"aliases of aliases", bomb, "more than a million values"},
		{"an anchor within itself", "openapi: 3.1.0\nx: &x [*x]\n", "line 2, column "},
		{"merged into itself", "openapi: 3.1.0\nx: &x {<<: *x}\n", "line 2, column "},
		{"many values", `{"openapi":"3.1.0","x":[` + strings.Repeat("1,", 3_000_000) + "1]}", "more than a million values"},
		{"a key twice", "{\"openapi\":\"3.1.0\",\n \"paths\":{}, \"paths\":{}}", `line 2, column 14: the key "paths" stands twice`},
		{"a key twice in YAML", "openapi: 3.1.0\npaths: {}\npaths: {}\n", `line 3, column 1: the key "paths" stands twice`},
		{"no number", "openapi: 3.1.0\nx:\n  - .nan\n", "line 3, column 5: JSON has no number .nan"},
		{"no number either", "openapi: 3.1.0\nx: {maximum: -.INF}\n", "line 2, column 14: JSON has no number -.INF"},
		{"two documents", "openapi: 3.1.0\n---\nopenapi: 3.1.0\n", "a second document"},
		{"an object as a key", "openapi: 3.1.0\n? {a: b}\n: c\n", "line 2, column 3: a key that is no text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300 {
				t.Errorf("got %.400v, want %q", err, c.want)
			}
			if d := time.Since(began); d > 10*time.Second {
				t.Errorf("after %s", d)
			}
		})
	}
}

func TestWhatRefersToItselfIsFine(t *testing.T) {
	for _, text := range []string{
		`{"openapi":"3.1.0","components":{"schemas":{"J":{"anyOf":[{"type":"string"},{"type":"array","items":{"$ref":"#/components/schemas/J"}}]}}}}`,
		`{"openapi":"3.1.0","components":{"schemas":{"A":{"$ref":"#/components/schemas/B"},"B":{"$ref":"#/components/schemas/A"}}}}`,
		`{"openapi":"3.1.0","components":{"schemas":{"A":{"allOf":[{"$ref":"#/components/schemas/A"}],"properties":{"a":{}}}}}}`,
		tuples(12),
	} {
		parse(t, text)
	}
}

func TestYAMLSaysWhatJSONWould(t *testing.T) {
	for text, want := range map[string]string{
		"2022-11-28": `"2022-11-28"`, "2022-11-28T10:00:00Z": `"2022-11-28T10:00:00Z"`, "12:30:00": `"12:30:00"`,
		"yes": `"yes"`, "no": `"no"`, "on": `"on"`, "Off": `"Off"`, "y": `"y"`, "true": "true", "False": "false",
		"0o17": `"0o17"`, "0x1F": `"0x1F"`, "0644": `"0644"`, "1_000": `"1_000"`, "+1": `"+1"`, "-1": "-1", "12": "12", "1.50": "1.50", "1e3": "1e3",
		".5": "0.5", "2.": "2.0", "-.5e1": "-0.5e1", "12345678901234567890123": "12345678901234567890123",
		"~": "null", "": "null", "null": "null", "'null'": `"null"`, "'12'": `"12"`, "!!str 12": `"12"`, "!!int '12'": "12", "!!binary aGk=": `"aGk="`,
		"{200: a, yes: b, ~: c, 2022-11-28: d, 1.0: e, 0x1F: f}": `{"0x1F":"f","1.0":"e","200":"a","2022-11-28":"d","yes":"b","~":"c"}`,
		"{<<: {a: 1, b: 2}, b: 3}":                               `{"a":1,"b":3}`,
		"{b: 3, <<: [{a: 1, b: 2}, {a: 4, c: 5}]}":               `{"a":1,"b":3,"c":5}`,
		"{'<<': a}": `{"\u003c\u003c":"a"}`,
		"|\n  1\n":  `"1\n"`,
	} {
		got, err := json.Marshal(parse(t, "openapi: 3.1.0\nx: "+text+"\n").Root["x"])
		if err != nil || string(got) != want {
			t.Errorf("%s is %s (%v), want %s", text, got, err, want)
		}
	}
	d := parse(t, "openapi: 3.1.0\na: &a {p: {q: 1}}\nb: *a\n")
	Object(d.Root, "b", "p")["q"] = "changed"
	if Object(d.Root, "a", "p")["q"] == "changed" {
		t.Error("an alias shares what it stands for")
	}
}

func TestTextInUTF16IsRead(t *testing.T) {
	little, big := []byte("\xff\xfe"), []byte("\xfe\xff")
	for _, c := range `{"openapi":"3.1.0"}` {
		little, big = append(little, byte(c), 0), append(big, 0, byte(c))
	}
	for _, text := range []string{string(little), string(big)} {
		if d := parse(t, text); d.Version != "3.1.0" {
			t.Errorf("got %q", d.Version)
		}
	}
}

func TestNothingOutsideTheFolderIsRead(t *testing.T) {
	dir := t.TempDir()
	specs := filepath.Join(dir, "specs")
	write(t, filepath.Join(dir, "secret.yaml"), "token: {type: string, default: s3cr3t}\n")
	write(t, filepath.Join(specs, "common.yaml"), "A: {type: string}\n")
	write(t, filepath.Join(specs, "shop", "large.yaml"), strings.Repeat("#", mostMegabytes<<20+1))
	for name, to := range map[string]string{"link.yaml": "../../secret.yaml", "zero.yaml": "/dev/zero", "fine.yaml": "../common.yaml", "up": "../.."} {
		if err := os.Symlink(to, filepath.Join(specs, "shop", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(specs, "shop", "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(specs, "shop", "openapi.yaml")
	for _, c := range []struct{ ref, want string }{
		{"../common.yaml#/A", ""},
		{"fine.yaml#/A", ""},
		{"../shop/../common.yaml#/A", ""},
		{"%2e%2e/common.yaml#/A", ""},
		{"../../secret.yaml#/token", "it lies outside"},
		{"../../specs/common.yaml#/A", "it lies outside"},
		{"%2e%2e/%2e%2e/secret.yaml#/token", "it lies outside"},
		{"link.yaml#/token", "escapes"},
		{"up/secret.yaml#/token", "escapes"},
		{"zero.yaml", "escapes"},
		{filepath.ToSlash(filepath.Join(dir, "secret.yaml")), "there is no file"},
		{"file:///etc/passwd", "another host"},
		{"pipe.yaml", "no regular file"},
		{"../shop", "no regular file"},
		{"large.yaml", "larger than"},
	} {
		write(t, file, "openapi: 3.1.0\ncomponents: {schemas: {X: {$ref: '"+c.ref+"'}}}\n")
		all, err := Modules(specs)
		if c.want == "" && (err != nil || Object(all[0].REST.Root, "components", "schemas", "A")["type"] != "string") ||
			c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file)) {
			t.Errorf("%s: got %v, want %q", c.ref, err, c.want)
		}
	}
	// A single file's folder is its own, unless it is one of the project's.
	write(t, file, "openapi: 3.1.0\ncomponents: {schemas: {X: {$ref: '../common.yaml#/A'}}}\n")
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "it lies outside") {
		t.Errorf("got %v", err)
	}
	if _, err := DiffStates(t.Context(), specs, file, file); err != nil {
		t.Error(err)
	}
}

func TestReferencesOfEveryKindAreBundled(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "openapi.yaml"), `openapi: 3.1.0
x-samples: {php: {$ref: gone.php}}
paths:
  x-note: {$ref: gone.yaml}
  /a: {get: {$ref: 'parts.yaml#/operation', deprecated: true}}
  /b: {$ref: 'parts.yaml#/path'}
  /c: {get: {$ref: '#/x-operations/c'}}
  /d:
    post:
      x-sample: {$ref: gone.txt}
      parameters: [{$ref: 'parts.yaml#/parameter'}]
      requestBody: {$ref: 'parts.yaml#/body'}
      responses:
        x-more: {$ref: gone.yaml}
        default: {$ref: 'parts.yaml#/response'}
      callbacks: {done: {'{$url}': {$ref: 'parts.yaml#/path'}}}
x-operations: {c: {operationId: c, responses: {200: {$ref: 'parts.yaml#/response'}}}}
components:
  responses: {x-kept: {$ref: 'parts.yaml#/response'}}
  schemas:
    $ref: 'parts.yaml#/schemas'
    Data: {type: object, default: {$ref: gone.json}, enum: [{$ref: gone.json}], const: {$ref: gone.json}, examples: [{$ref: gone.json}], example: {$ref: gone.json},
      properties: {x-id: {$ref: 'parts.yaml#/schemas/Id'}, default: {$ref: 'parts.yaml#/schemas/Id'}, examples: {$ref: 'parts.yaml#/schemas/Id'}}}
`)
	write(t, filepath.Join(dir, "parts.yaml"), `operation: {operationId: a, parameters: [{$ref: '#/parameter'}], responses: {200: {$ref: '#/response'}}}
path: {put: {operationId: b, responses: {200: {$ref: '#/response'}}}}
parameter: {name: q, in: query, schema: {$ref: '#/schemas/Id'}}
body: {content: {application/json: {schema: {$ref: '#/schemas/Id'}, examples: {one: {$ref: 'examples.yml#/one'}, two: {value: {$ref: gone.json}}}}}}
response: {description: ok, headers: {X-Id: {$ref: '#/header'}}}
header: {schema: {$ref: '#/schemas/Id'}}
schemas: {Id: {type: string}}
`)
	write(t, filepath.Join(dir, "examples.yml"), "one: {value: {a: 1, b: {$ref: gone.json}}}\n")
	d, err := Load(filepath.Join(dir, "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	delete(d.Root, "x-operations") // what it refers to is written where it is used
	if text := string(d.Canonical()); strings.Contains(text, "parts.yaml") || strings.Contains(text, "examples.yml") {
		t.Errorf("it does not stand alone:\n%s", text)
	}
	ids := map[string]string{}
	for _, o := range d.Operations() {
		ids[o.Label()] = o.ID
		if o.Path == "/a" && (len(o.Params) != 1 || !True(o.Raw["deprecated"])) {
			t.Errorf("%v", o)
		}
	}
	if want := map[string]string{"GET /a": "a", "PUT /b": "b", "GET /c": "c", "POST /d": "post_/d"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("got %v", ids)
	}
	components := Object(d.Root["components"])
	for section, name := range map[string]string{"examples": "one", "responses": "response", "parameters": "parameter", "requestBodies": "body", "headers": "header", "schemas": "Id", "pathItems": "path"} {
		if Object(components, section, name) == nil {
			t.Errorf("no %s in %s: %v", name, section, components[section])
		}
	}
	for _, gone := range []string{"operation", "path", "response", "one"} {
		if Object(components, "schemas", gone) != nil {
			t.Errorf("%s is no schema", gone)
		}
	}
}

func TestReferencesRoundInCirclesAreTold(t *testing.T) {
	for _, text := range []string{
		"openapi: 3.1.0\npaths: {/a: {get: {$ref: '#/paths/~1a/put'}, put: {$ref: '#/paths/~1a/get'}}}\n",
		"openapi: 3.1.0\npaths: {$ref: '#/paths'}\n",
		"openapi: 3.1.0\npaths: {/a: {get: {callbacks: {c: {u: {get: {$ref: '#/paths/~1a/get'}}}}}}}\n",
	} {
		file := filepath.Join(t.TempDir(), "openapi.yaml")
		write(t, file, text)
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "round in circles") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestEqualNamesAreMadeUniqueInLinearTime(t *testing.T) {
	taken, asked := map[string]bool{}, 0
	for i := range 20_000 {
		name := Unique("list", func(s string) bool { asked++; return taken[s] })
		if taken[name] || i < 10 && i > 0 && name != fmt.Sprint("list", i+1) {
			t.Fatalf("the %d. is %s", i, name)
		}
		taken[name] = true
	}
	if asked > 60*20_000 {
		t.Errorf("asked %d times", asked)
	}
}

// FuzzJSON compares with encoding/json, which takes all that is well formed.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"é\n😀",null,true,{}],"b":""}`, `[01]`, `"\ud800"`, "\"\xff\"", `{"a":1,}`, `[1 2]`, `nul`, "\"\x01\"", `{"a":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzztest.Bound(t)
		got, err := readJSON(data, newBounds())
		if err == nil != json.Valid(data) {
			if err != nil && (strings.Contains(err.Error(), "stands twice") || strings.Contains(err.Error(), "nested more")) {
				return
			}
			t.Fatalf("%v, but valid is %v", err, json.Valid(data))
		}
		if err != nil {
			return
		}
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %#v, want %#v, %v", got, want, err)
		}
	})
}

func FuzzYAML(f *testing.F) {
	for _, s := range []string{"a: [.nan, .inf, 0x1F, 1_000]", "a: &x {b: 2022-11-28}\n<<: *x\n", "a: &x [*x]", "? [a]\n: b", "a: |\n  x\n---\n", "- 1.\n- .5\n- !!float 3\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzztest.Bound(t)
		v, err := readYAML(data, newBounds())
		if err != nil {
			return
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := readJSON(text, newBounds()); err != nil || !meansSame(v, again, "") {
			t.Fatalf("%s: %v", text, err)
		}
	})
}

// FuzzLoad writes two files that refer to each other.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("openapi: 3.1.0\npaths: {/a: {get: {$ref: 'b.yaml#/a'}}}\n"), []byte("a: {operationId: a, responses: {200: {$ref: '#/r'}}}\nr: {content: {j: {examples: {e: {$ref: '#/a'}}}}}\n"))
	f.Add([]byte("asyncapi: 2.6.0\nchannels: {a: {$ref: b.yaml}}\n"), []byte("publish: {message: {oneOf: [{$ref: '#/publish'}]}}\n"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		fuzztest.Bound(t)
		dir := t.TempDir()
		file := filepath.Join(dir, "a.yaml")
		os.WriteFile(file, a, 0o600)
		os.WriteFile(filepath.Join(dir, "b.yaml"), b, 0o600)
		d, err := Load(file)
		if err != nil {
			return
		}
		if again, err := Parse(d.Canonical()); err != nil || !again.Equal(d) {
			t.Fatalf("it does not stand alone: %v", err)
		}
		d.Operations()
		d.Channels()
	})
}
