package targets_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rogpeppe/go-internal/testscript"

	"muster/internal/apidoc"
	"muster/internal/clients"
	"muster/internal/config"
	"muster/internal/events"
	"muster/internal/gateway"
	"muster/internal/logs/view"
	"muster/internal/plan"
	"muster/internal/requests"
	"muster/internal/stack"
	"muster/internal/supervise"
)

var update = flag.Bool("update", false, "rewrite docs/schemas")

// printed are the commands that print JSON, and what.
func printed() map[string]reflect.Type {
	return map[string]reflect.Type{
		"backend:status":  reflect.TypeFor[supervise.Status](),
		"backend:env":     reflect.TypeFor[stack.Launch](),
		"backend:wait":    reflect.TypeFor[stack.Waited](),
		"backend:analyze": reflect.TypeFor[stack.Analysis](),
		"backend:events":  reflect.TypeFor[events.Record](),
		"logs:tail":       reflect.TypeFor[view.Line](),
		"dev:version":     reflect.TypeFor[stack.Versions](),
		"config:validate": reflect.TypeFor[config.Check](),
		"dev:doctor":      reflect.TypeFor[[]stack.Finding](),
		"dev:projects":    reflect.TypeFor[[]supervise.Project](),
		"nginx:check":     reflect.TypeFor[gateway.Binary](),
		"nginx:requests":  reflect.TypeFor[requests.Request](),
		"nginx:routes":    reflect.TypeFor[[]gateway.Route](),
		"specs:check":     reflect.TypeFor[clients.Freshness](),
		"specs:diff":      reflect.TypeFor[[]apidoc.DocumentChange](),
	}
}

// words are the types whose values are a few words, and where they are.
func words() map[reflect.Type]string {
	return map[reflect.Type]string{
		reflect.TypeFor[supervise.State]():  "supervise",
		reflect.TypeFor[supervise.Reason](): "supervise",
		reflect.TypeFor[plan.Kind]():        "plan",
		reflect.TypeFor[events.Kind]():      "events",
		reflect.TypeFor[gateway.Kind]():     "gateway",
		reflect.TypeFor[apidoc.Verb]():      "apidoc",
	}
}

func schemaFile(command string) string {
	return filepath.Join(os.Getenv(repoVar), "docs", "schemas", strings.ReplaceAll(command, ":", "-")+".json")
}

// TestTheSchemasAreOfTheTypes holds docs/schemas. -update rewrites it.
func TestTheSchemasAreOfTheTypes(t *testing.T) {
	t.Parallel()
	options := &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{}}
	for of, dir := range words() {
		s := &jsonschema.Schema{Type: "string"}
		for _, c := range constants(t, dir, of.Name()) {
			s.Enum = append(s.Enum, c.value)
		}
		if len(s.Enum) == 0 {
			t.Errorf("no words of %s", of)
		}
		options.TypeSchemas[of] = s
	}
	all := printed()
	for command, of := range all {
		s, err := jsonschema.ForType(of, options)
		if err != nil {
			t.Fatal(err)
		}
		s.Schema = "https://json-schema.org/draft/2020-12/schema"
		s.Title = command + " -json"
		if of.Kind() == reflect.Slice {
			s.Types, s.Type = nil, "array" // an empty one is []
		}
		if command == "logs:tail" || command == "backend:events" {
			s.Title += ", each line"
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.MkdirAll(filepath.Dir(schemaFile(command)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(schemaFile(command), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if there, err := os.ReadFile(schemaFile(command)); err != nil || !bytes.Equal(there, b.Bytes()) {
			t.Errorf("%s is not what %s is: run this test with -update (%v)", schemaFile(command), of, err)
		}
	}
	doc, err := os.ReadFile(filepath.Join(os.Getenv(repoVar), "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(schemaFile("*"))
	if err != nil || len(files) != len(all) {
		t.Errorf("%d schemas, and %d commands: %v", len(files), len(all), err)
	}
	for command := range all {
		if link := "`" + command + "`](schemas/" + filepath.Base(schemaFile(command)); !strings.Contains(string(doc), link) {
			t.Errorf("docs/json.md does not link %s", link)
		}
	}
}

type constant struct{ value, comment string }

// constants are those of a type, in the order in which they are written.
func constants(t *testing.T, dir, of string) (all []constant) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(os.Getenv(repoVar), "internal", dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				if id, ok := v.Type.(*ast.Ident); !ok || id.Name != of {
					continue
				}
				if lit, ok := v.Values[0].(*ast.BasicLit); ok {
					value, _ := strconv.Unquote(lit.Value)
					all = append(all, constant{value, strings.TrimSpace(v.Comment.Text())})
				}
			}
		}
	}
	return all
}

// validate COMMAND FILE... tells that what a command has printed is what its schema says;
// of logs:tail and backend:events each line.
func validate(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: jsonschema COMMAND FILE...")
	}
	for _, file := range args[1:] {
		err := valid(args[0], ts.ReadFile(file))
		if (err != nil) != neg {
			ts.Fatalf("%s of %s: %v", file, args[0], err)
		}
	}
}

func valid(command, text string) error {
	data, err := os.ReadFile(schemaFile(command))
	if err != nil {
		return err
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	r, err := s.Resolve(nil)
	if err != nil {
		return err
	}
	docs := []string{text}
	if strings.HasSuffix(s.Title, "each line") {
		docs = strings.Split(strings.TrimSpace(text), "\n")
	}
	for _, doc := range docs {
		var v any
		if err := json.Unmarshal([]byte(doc), &v); err != nil {
			return fmt.Errorf("%w in %.200q", err, doc)
		}
		if err := r.Validate(v); err != nil {
			return fmt.Errorf("%w: %s", err, doc)
		}
	}
	return nil
}
