package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// bySchema is what the schema, as an editor reads it, says of a file.
func bySchema(t *testing.T, file string) error {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal(bytes.TrimPrefix([]byte(file), byteOrderMark), &tree); err != nil {
		return err
	}
	return compiled().Validate(asJSON(tree))
}

var compiled = sync.OnceValue(func() *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		panic(err)
	}
	return c.MustCompile("schema.json")
})

// asJSON makes of a tree what JSON could hold: all keys are texts.
func asJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			v[key] = asJSON(e)
		}
		return v
	case map[any]any:
		m := map[string]any{}
		for key, e := range v {
			m[fmt.Sprint(key)] = asJSON(e)
		}
		return m
	case []any:
		for i, e := range v {
			v[i] = asJSON(e)
		}
		return v
	case string, bool, nil, int, float64:
		return v
	}
	return fmt.Sprint(v)
}

// TestSchemaTakesWhatLoads has every file of the repository that is a configuration:
// its own, those of the documents, of config:init, of the scripts and of the tests here.
func TestSchemaTakesWhatLoads(t *testing.T) {
	t.Parallel()
	loaded := map[string]int{}
	try := func(where, file string) {
		if _, err := Parse("dev-config.yaml", []byte(file)); err != nil {
			return
		}
		loaded[strings.SplitAfter(where, "/")[0]]++
		if err := bySchema(t, file); err != nil {
			t.Errorf("%s loads, and %v\n%s", where, err, file)
		}
	}
	for _, m := range mistakes {
		try("mistakes/"+m.name, m.file)
	}
	try("here/sample", sample)
	try("here/everything", everything)
	block := regexp.MustCompile("(?s)```yaml[^\n]*\n(.*?)```")
	port := regexp.MustCompile(`\$[A-Z][A-Z0-9]*`)
	const root = "../.."
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if e.IsDir() {
			if base := e.Name(); base == "node_modules" || base == ".local" || base == ".git" || base == "example" {
				return fs.SkipDir
			}
			return nil
		}
		ext := filepath.Ext(path)
		if ext != ".md" && ext != ".yaml" && ext != ".txtar" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch ext {
		case ".yaml":
			try(rel, string(text))
		case ".md":
			for _, b := range block.FindAllStringSubmatch(string(text), -1) {
				try(rel, b[1])
			}
		case ".txtar":
			for _, f := range txtar.Parse(text).Files {
				next := 2000
				try(rel, port.ReplaceAllStringFunc(string(f.Data), func(string) string {
					next += 10
					return strconv.Itoa(next)
				}))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for from, least := range map[string]int{"mistakes/": 10, "here/": 2, "README.md": 2, "docs/": 3, "dev-config.yaml": 1, "internal/": 17, "magefiles/": 30} {
		if loaded[from] < least {
			t.Errorf("%d files of %s load", loaded[from], from)
		}
	}
}

// beyondSchema are the mistakes that a schema of JSON cannot see, by the names of
// TestMistakes. Whoever adds one asks first whether the schema could.
var beyondSchema = []string{
	// What is there, and what is named, in another place of the file.
	"missing servers", "no server", "servers says nothing", "last instance too high", "two servers on a port", "an instance on another's port",
	"the dashboard at the port of a server", "server on nginx's port", "redirect on nginx's port", "server on the frontend's default port", "three on one port", "ports of all kinds", "merged port",
	"redirect without tls", "name of another's instance", "modules on core", "module of two servers", "route to an unknown server",
	"route to a server that is near nothing", "route to a server without the module", "unknown default server", "unknown dependency",
	"dependency on itself", "circle", "circle of kinds", "one namespace of names", "instance of a worker", "a task is waited for to its end",
	"two frontends at one path", "two servers at one path", "two forms of frontends", "clients without a folder", "clients that share a folder",
	"sets of clients that share a folder",
	// Keys that belong to each other.
	"two ways of health", "no health for a command", "reload beside a command", "patterns without a reload", "app beside a command",
	"paths of what is not exposed", "a route to a server that is not exposed", "dependency that is not required", "health at no port",
	// How a number is written, of which JSON has the value only.
	"hexadecimal", "leading zero",
	// A tag that no schema sees.
	"foreign tag of a section",
	// What a text means.
	"no interval", "size too small", "size that overflows", "argument that is ours", "arguments that are ours", "command with an open quote",
	"command for a shell", "command with a NUL", "variable with a NUL", "variable that no shell expands", "variable that is not set", "variables that are none",
}

func TestSchemaRefusesWhatItCan(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes {
		beyond := slices.Contains(beyondSchema, m.name)
		if _, problem := parseTree([]byte(m.file)); problem != nil || m.want == "(it loads)" {
			continue // which an editor sees by itself
		}
		switch err := bySchema(t, m.file); {
		case err == nil && !beyond:
			t.Errorf("%s: the schema takes\n%s", m.name, m.file)
		case err != nil && beyond:
			t.Errorf("%s is not beyond the schema: %v", m.name, err)
		}
	}
	for _, name := range beyondSchema {
		if !slices.ContainsFunc(mistakes, func(m struct{ name, file, want string }) bool { return m.name == name }) {
			t.Errorf("there is no mistake %q", name)
		}
	}
}

func TestSchemaBounds(t *testing.T) {
	t.Parallel()
	for _, b := range bounds {
		if _, err := strconv.Atoi(b.least); err != nil || b.above == "1025GiB" {
			continue // of a duration or a size, which are texts
		}
		for value, ok := range map[string]bool{b.below: false, b.least: true, b.most: true, b.above: false, `"${X}"`: true, `"${X:-1}"`: true, "[1]": false} {
			if err := bySchema(t, strings.Replace(b.file, "VALUE", value, 1)); (err == nil) != ok {
				t.Errorf("%s in %s: %v", value, b.file, err)
			}
		}
	}
}

// TestSchemaForms has the values of which there are several forms.
func TestSchemaForms(t *testing.T) {
	t.Parallel()
	for file, ok := range map[string]bool{
		"ports: auto\nnginx:\nservers: {a: }": true, "ports: ${P}\nservers: {a: }": true, "ports: fixed\nservers: {a: }": false, "servers: {a: }": false,
		"workers: {w: {command: x y}}": true, "workers: {w: {command: [x, 1, true, '${Y}']}}": true, "workers: {w: {command: []}}": false,
		"workers: {w: {command: ''}}": false, "workers: {w: {command: [x, null]}}": false, "workers: {w: }": false,
		"workers: {w: {command: x, depends_on: [a]}}": true, "workers: {w: {command: x, depends_on: {a: }}}": true,
		"workers: {w: {command: x, depends_on: }}": false, "workers: {w: {command: x, depends_on: [a, a]}}": false,
		"workers: {w: {command: x, depends_on: {a: {condition: '${C}'}}}}": true, "workers: {w: {command: x, depends_on: {a: {condition: done}}}}": false,
		"workers: {w: {command: x, stdin: null}}": false, "workers: {w: {command: x, stdin: 'null'}}": true,
		"specs: {typescript: }": true, "specs: {typescript: [{}, {dir: x}]}": true, "specs: {typescript: [{dirs: x}]}": false, "specs:": true,
		"logs: {max_size: 0}": true, "logs: {max_size: '0'}": true, "logs: {max_size: 10 mb}": true, "logs: {max_size: '${S}'}": true,
		"logs: {color: '${C:-true}'}": true, "logs: {color: 'true'}": false, "x-any: {a: 1}\nlogs:": true, "x-: 1": false,
		"dashboard: false": true, "dashboard: {port: 8090}": true, "dashboard: on": false, "dashboard: {path: /}": false, "dashboard:": true,
		"frontend:": false, "frontend: {dir: x}": true, "workers: {nginx: {command: x}}": false, "servers: {a: {port: 8001, paths: [null]}}": false,
		"backend: {env: {A: 1, B: true, C: x, D: 1.5}}": true, "env_file: ~/x": false, "": false, "[]": false,
	} {
		if err := bySchema(t, file); (err == nil) != ok {
			t.Errorf("%s\n%v", file, err)
		}
	}
}

// TestSchemaHasEveryKey compares the schema with the keys that stand in the sources
// of the decoder.
func TestSchemaHasEveryKey(t *testing.T) {
	t.Parallel()
	var doc schemaNode
	if err := json.Unmarshal(Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	keys, used := map[string]bool{}, map[string]bool{}
	doc.walk("", func(path string, n schemaNode) {
		key := path[strings.LastIndexByte(path, '.')+1:]
		keys[key] = true
		if n.Description == "" {
			t.Errorf("%s has no description", path)
		}
		for _, d := range descriptions {
			_, general, _ := strings.Cut(d.path, "process.")
			if strings.HasPrefix(n.Description, strings.TrimSuffix(d.text, ".")) && (d.path == path || general != "" && strings.HasSuffix(path, "."+general)) {
				used[d.path] = true
			}
		}
	})
	for _, d := range descriptions {
		if !used[d.path] {
			t.Errorf("%s is described, and is no key", d.path)
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, reference, _ := strings.Cut(string(readme), "## Configuration")
	for key := range keys {
		if !regexp.MustCompile("(?m)(^|[`.{ ])" + key + "[`:.]").MatchString(reference) {
			t.Errorf("README does not name the key %s", key)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"field", "required", "needs", "portOf"}, method.Sel.Name) {
				return true
			}
			for _, arg := range call.Args {
				if text, ok := arg.(*ast.BasicLit); ok && text.Kind == token.STRING {
					asked++
					if key, _ := strconv.Unquote(text.Value); !keys[key] {
						t.Errorf("%s asks for %s, which the schema does not have", file, key)
					}
				}
			}
			return true
		})
	}
	if asked < 70 {
		t.Errorf("only %d keys were found in the sources", asked)
	}
}

// schemaNode is what a test reads of a schema.
type schemaNode struct {
	Description string
	Properties  map[string]schemaNode
	Others      json.RawMessage `json:"additionalProperties"`
	Items       *schemaNode
}

func (n schemaNode) walk(path string, see func(string, schemaNode)) {
	for key, p := range n.Properties {
		at := strings.TrimPrefix(path+"."+key, ".")
		see(at, p)
		p.walk(at, see)
	}
	var others schemaNode
	if json.Unmarshal(n.Others, &others) == nil {
		others.walk(path+".*", see)
	}
	if n.Items != nil {
		n.Items.walk(path+".[]", see)
	}
}

// TestPatternsMatchWhatTheChecksTake tries each grammar with words of every kind.
func TestPatternsMatchWhatTheChecksTake(t *testing.T) {
	t.Parallel()
	words := []string{"", "/", "//", "/a", "/a/", "/a/b", "/.../a", "/..", "/.", "/.a", "/a//b", "/a?b=c", "a", "a-b", "A", "_", "1", "64", "65", "auto", "1.28", "1.28.x",
		" 1.2  <3 ", "^1.26", ">= 1", "v1", "127.0.0.1", "127.0.0.300", "::1", "fe80::1%eth0", "::ffff:1.2.3.4", "1::", "a.b", "a.1", "1-2", "1-", "*.a", "*.1.2.3.4", "a.", "3com.x",
		"http://a", "HTTPS://a/b/", "http://a?", "http://a#", "http://a/?b", "ftp://a", "~", "~/a", "~a", "a\nb", "a\x00", "a b", "-a", ".a", "a:b", "a.b:c.d", "a:", "**/*.go", "[a",
		"a'b", "ä", strings.Repeat("a", 40), strings.Repeat("a", 41)}
	for _, m := range mistakes {
		words = append(words, strings.FieldsFunc(m.file, func(r rune) bool { return strings.ContainsRune(" \n,{}[]\"'", r) })...)
	}
	for i, g := range []grammar{aName, aProcessName, anIdentifier, aParameter, aBasePath, aServedPath, aRequestPath, aHost, aHostName, anApp, aVersion, aMirror,
		aPath, aPattern, aGlob, aProgram, anIncludePath, aPrefix, aRegexp, aWorkerCount, anImage} {
		pattern, taken := regexp.MustCompile(g.pattern), 0
		for _, w := range words {
			if g.check(w) != nil {
				continue
			}
			if taken++; !pattern.MatchString(w) {
				t.Errorf("grammar %d takes %q, and %s does not match", i, w, g.pattern)
			}
		}
		if taken == 0 {
			t.Errorf("grammar %d takes none of the words", i)
		}
	}
}

func BenchmarkSchema(b *testing.B) {
	for b.Loop() {
		Schema()
	}
}
