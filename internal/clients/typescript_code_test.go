package clients

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"muster/internal/apitest"
	"muster/internal/fuzztest"
)

// hostile are texts that are code where they are not escaped.
var hostile = []string{
	`*/ globalThis.pwned = 1; /*`, "*\x01/ globalThis.pwned = 1; /*", "*\ufeff/ globalThis.pwned = 1; /*", "*\u2028/globalThis.pwned = 1; /*",
	`"; globalThis.pwned = 1; "`, `'; globalThis.pwned = 1; '`, "`; globalThis.pwned = 1; `", `${globalThis.pwned = 1}`,
	`\"; globalThis.pwned = 1; //`, `\'; globalThis.pwned = 1; //`, "\\`; globalThis.pwned = 1; //", `\`, `*/`, `*`, `/`, `*\/`,
	"\u2028globalThis.pwned = 1", "\rglobalThis.pwned = 1", "\nglobalThis.pwned = 1\n", "x\u2029globalThis.pwned = 1;",
	`]: 1 }; globalThis.pwned = 1; const x = { [`, `/; globalThis.pwned = 1; /`, `$& $' $1`, "a\u202eb\u2066c", `@ts-expect-error`, `@ts-nocheck`, `</script>`,
	`__proto__`, `constructor`, `"""`, `'''`, `\u0022; globalThis.pwned = 1; //`, "\x00", "\x7f\x1b[31m", `<!-- globalThis.pwned = 1 -->`, `#{globalThis.pwned = 1}`,
}

// hostileSocket has a text wherever an AsyncAPI document may have one.
func hostileSocket(h string) string {
	m := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	ref := func(parts ...string) map[string]any {
		at := "#"
		for _, p := range parts {
			at += "/" + strings.NewReplacer("~", "~0", "/", "~1", "%", "%25").Replace(p)
		}
		return m("$ref", at)
	}
	message := func(tag string) map[string]any {
		return m("name", h+tag, "description", h, "payload", m("type", "object", "description", h, "required", []any{"type", h}, "properties", m(
			"type", m("const", h+tag, "description", h), "id", m("type", "string"), "deprecated", m("deprecated", true, "description", h),
			"payload", m("type", "object", "properties", m("topic", m("type", "string"), "data", ref("components", "schemas", h))),
			h, m("enum", []any{h, h + "2"}, "description", h+"\n"+h))))
	}
	messages := m("a", message(".subscribe"), "b", message(".update"), "c", message(".unsubscribe"), h, message(".subscribe.response"))
	doc := m("asyncapi", "3.0.0", "info", m("title", h, "version", h, "description", h),
		"channels", m("c", m("address", "/ws/"+h+"/{p}/{"+strings.NewReplacer("{", "", "}", "").Replace(h)+"}", "title", h, "description", h, "messages", messages,
			"parameters", m("p", m("description", h, "enum", []any{h}, "default", h, "location", h)),
			"bindings", m("ws", m("query", m("type", "object", "properties", m(h, m("type", "string", "enum", []any{h})))))),
			h, m("address", h, "messages", m("m", m("payload", ref("components", "schemas", h))))),
		"operations", m("in", m("action", "receive", "channel", ref("channels", "c"), "messages", []any{ref("channels", "c", "messages", "a"), ref("channels", "c", "messages", "c")},
			"reply", m("messages", []any{ref("channels", "c", "messages", h)})),
			"out", m("action", "send", "channel", ref("channels", "c"), "messages", []any{ref("channels", "c", "messages", "b")}),
			h, m("action", "send", "channel", ref("channels", h))),
		"components", m("schemas", m(h, m("type", "object", "description", h, "properties", m(h, ref("components", "schemas", h))))))
	data, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// loadAll imports every module below a project's src in Node, as TypeScript writes
// it in JavaScript, and runs a script with them by their paths.
func loadAll(t *testing.T, web, script string) string {
	t.Helper()
	main := filepath.Join(web, "main.cjs")
	write(t, main, `const fs = require('fs'), path = require('path'), ts = require('typescript');
const all = {}, files = [], src = path.join(__dirname, 'src'), out = path.join(__dirname, 'out');
(function walk(dir) {
  for (const e of fs.readdirSync(dir, { withFileTypes: true })) {
    const at = path.join(dir, e.name);
    if (e.isDirectory()) walk(at);
    else if (at.endsWith('.ts')) {
      const js = path.join(out, path.relative(src, at).replace(/\.ts$/, '.js'));
      fs.mkdirSync(path.dirname(js), { recursive: true });
      const { outputText, diagnostics } = ts.transpileModule(fs.readFileSync(at, 'utf8'),
        { reportDiagnostics: true, compilerOptions: { target: 'es2022', module: 'commonjs' } });
      if (diagnostics.length > 0) throw new Error(at + ': ' + JSON.stringify(diagnostics[0].messageText));
      fs.writeFileSync(js, outputText);
      files.push(js);
    }
  }
})(src);
fs.writeFileSync(path.join(out, 'package.json'), '{"type":"commonjs"}');
for (const file of files) all[path.relative(out, file)] = require(file);
`+script+`
if (globalThis.pwned !== undefined) throw new Error('a text was executed');
console.log(Object.keys(all).length);
process.exit(0);
`)
	return apitest.Run(t, web, "node", main)
}

func TestNothingOfADocumentIsCodeInTheWebSocketClient(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	for i, h := range hostile {
		write(t, filepath.Join(cfg.Specs.Dir, fmt.Sprint("m", i), "asyncapi.json"), hostileSocket(h))
	}
	// A module is named for its folder, which may be named anything.
	write(t, filepath.Join(cfg.Specs.Dir, "it's ${a}`\"*", "asyncapi.json"), hostileSocket("a"))
	if _, err := Generate(t.Context(), cfg, Options{Only: []Kind{WebSocket}}); err != nil {
		t.Fatal(err)
	}
	tsc(t, cfg.Page().Dir, false)
	wanted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	out := loadAll(t, cfg.Page().Dir, `
const hostile = `+string(wanted)+`;
let n = 0;
for (const [name, client] of Object.entries(all)) {
  const module = /ws-types-m(\d+).client\.js$/.exec(name);
  if (!module) continue;
  const h = hostile[module[1]], key = h.replace(/[{}]/g, '');
  for (const [at, Socket] of Object.entries(client).filter(([at]) => /Socket$/.test(at))) {
    let url;
    const socket = new Socket({ url: 'ws://h', parameters: { [key]: 'v', 'globalThis.pwned = 1': 'v' }, query: { [h]: h }, connect: (to) => { url = to; return { send() {}, close() {} }; } });
    socket.open();
    socket.close();
    if (/^M\d+CSocket$/.test(at)) {
      const want = encodeURIComponent(h === '' ? 'v' : h) + '/' + encodeURIComponent('v') + '?' + encodeURIComponent(h) + '=' + encodeURIComponent(h);
      if (!url.endsWith(want)) throw new Error(url + ' does not end in ' + want);
      n++;
    } else if (!h.includes('{') && url !== 'ws://h' + h) throw new Error(JSON.stringify([url, h]));
  }
}
if (n !== hostile.length) throw new Error('only ' + n + ' were tried');
`)
	if strings.TrimSpace(out) == "0" {
		t.Error("nothing was loaded")
	}
}

// The template takes TypeScript, flags and lists of those: a text that nobody
// escaped has no type to get in by.
func TestTheTemplateTakesNoText(t *testing.T) {
	var look func(at string, ty reflect.Type)
	look = func(at string, ty reflect.Type) {
		switch {
		case ty == reflect.TypeFor[tsText](), ty.Kind() == reflect.Bool:
		case ty.Kind() == reflect.Slice:
			look(at+"[]", ty.Elem())
		case ty.Kind() == reflect.Struct:
			for f := range ty.Fields() {
				look(at+"."+f.Name, f.Type)
			}
		default:
			t.Errorf("%s is a %s", at, ty)
		}
	}
	look("tsSocket", reflect.TypeFor[tsSocket]())
}

func FuzzTypeScriptText(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fuzztest.Bound(t)
		valid := strings.ToValidUTF8(s, "\ufffd")
		literal := tsString(s).text
		if inside := literal[1 : len(literal)-1]; strings.ContainsAny(inside, "\n\r\u2028\u2029\u202e") || strings.Contains(strings.ReplaceAll(strings.ReplaceAll(inside, `\\`, ""), `\"`, ""), `"`) {
			t.Errorf("%q as a literal is %s", s, literal)
		}
		if !strings.Contains(literal, `\u{`) { // which JSON does not have
			var back string
			if err := json.Unmarshal([]byte(literal), &back); err != nil || len([]rune(back)) != len([]rune(valid)) && valid == s {
				t.Errorf("%q as a literal is %s: %v", s, literal, err)
			}
		}
		for _, doc := range []string{tsDoc(s, "").text, "/** " + tsComment(s).text + " */"} {
			body := strings.TrimSuffix(strings.TrimSpace(doc), "*/")
			if strings.Contains(body, "*/") || strings.ContainsAny(body, "\r\u2028\u2029\u202e\x00") || strings.Contains(body, "@ts-") {
				t.Errorf("%q in a comment is %q", s, doc)
			}
		}
		if strings.Contains(tsComment(s).text, "\n") {
			t.Errorf("%q in a comment is of two lines", s)
		}
		tsName(className(s))
		if key := tsKey(s).text; key != literal && !tsIdentifier.MatchString(key) {
			t.Errorf("%q as a key is %s", s, key)
		}
	})
}

// hostileREST has a text wherever an OpenAPI document may have one.
func hostileREST(h string) string {
	q, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	name := h
	if strings.ContainsAny(h, `\/`) || h == "__proto__" {
		name = "S" // the generator has no such names of schemas
	}
	key := strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", " ", "%20", `"`, "%22").Replace(name)
	schema, err := json.Marshal(name)
	if err != nil {
		panic(err)
	}
	ref, err := json.Marshal("#/components/schemas/" + key)
	if err != nil {
		panic(err)
	}
	text := strings.NewReplacer("%N", string(schema), "%H", string(q), "%P", strings.Trim(string(q), `"`)).Replace(`{"openapi":"3.1.0","info":{"title":%H,"version":%H,"description":%H},
"servers":[{"url":%H,"description":%H}],"tags":[{"name":%H,"description":%H}],
"paths":{"/a/%P/{p}":{"summary":%H,"description":%H,"post":{"operationId":%H,"summary":%H,"description":%H,"tags":[%H],"security":[{"key":[]}],
"parameters":[{"name":"p","in":"path","required":true,"description":%H,"schema":{"type":"string","description":%H}},{"name":%H,"in":"query","description":%H,"schema":{"type":"string","enum":[%H,"x"],"default":%H}},
{"name":%H,"in":"header","description":%H,"schema":{"type":"string"}},{"name":"c","in":"cookie","schema":{"const":%H}}],
"requestBody":{"description":%H,"content":{"application/json":{"schema":%R,"example":%H,"examples":{%H:{"summary":%H,"value":%H}}},%H:{"schema":{"type":"string"}}}},
"responses":{"200":{"description":%H,"headers":{%H:{"description":%H,"schema":{"type":"string"}}},"content":{"application/json":{"schema":%R}}},"4XX":{"description":%H,"content":{%H:{"schema":{"type":"string","const":%H}}}}}}},
"/b":{"get":{"summary":%H,"responses":{"204":{"description":%H}}}}},
"components":{"securitySchemes":{"key":{"type":"apiKey","in":"header","name":%H,"description":%H}},
"schemas":{%N:{"type":"object","title":%H,"description":%H,"required":[%H],"properties":{%H:{"type":"string","description":%H,"default":%H,"pattern":%H,"format":%H,"deprecated":true},"e":{"type":"string","enum":[%H],"x-enum-varnames":[%H],"x-enum-descriptions":[%H]},"n":%R},"additionalProperties":{"const":%H}}}}}`)
	return strings.ReplaceAll(text, "%R", `{"$ref":`+string(ref)+`}`)
}

func TestNothingOfADocumentIsCodeInTheRESTClient(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	for i, h := range hostile {
		if h != "/" && h != "__proto__" { // which the generator refuses
			write(t, filepath.Join(cfg.Specs.Dir, fmt.Sprint("m", i), "openapi.json"), hostileREST(h))
		}
	}
	if _, err := Generate(t.Context(), cfg, Options{Only: []Kind{REST}}); err != nil {
		t.Fatal(err)
	}
	if out := loadAll(t, cfg.Page().Dir, ""); strings.TrimSpace(out) == "0" {
		t.Error("nothing was loaded")
	}
}

// What an extension or an example refers to is nobody's to read.
func TestTheGeneratorFollowsNoReferenceOutOfTheDocument(t *testing.T) {
	t.Parallel()
	cfg := tsProject(t)
	write(t, filepath.Join(cfg.Dir, "secret.json"), `{"type":"object","properties":{"s3cr3t":{"type":"string"}}}`)
	out := filepath.ToSlash(filepath.Join(cfg.Dir, "secret.json"))
	write(t, filepath.Join(cfg.Specs.Dir, "m", "openapi.yaml"), `openapi: 3.1.0
info: {title: T, version: "1"}
x-samples: {php: {$ref: samples/a.php}, secret: {$ref: '`+out+`'}, far: {$ref: 'http://127.0.0.1:1/a.json'}}
paths:
  /a: {get: {operationId: a, responses: {'200': {description: ok, content: {application/json: {schema: {type: object, example: {$ref: '`+out+`'}, default: {$ref: gone.json}}}}}}}}
`)
	if _, err := Generate(t.Context(), cfg, Options{Only: []Kind{REST}}); err != nil {
		t.Fatal(err)
	}
	if text := read(t, filepath.Join(cfg.Specs.TypeScript[0].Dir, "trader-client-m", "types.gen.ts")); strings.Contains(text, "s3cr3t") {
		t.Error("it was read")
	}
}
