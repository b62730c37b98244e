package export_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"muster/internal/config"
	"muster/internal/export"
)

// base is a file in which every key can be said.
const base = `
nginx: {port: 8000}
servers:
  api: {port: 8001, image: i/api, modules: [orders, users]}
  run: {port: 8010, image: i/run, command: [run], modules: [orders]}
workers:
  w: {command: [work], port: 8020, image: i/w}
tasks:
  t: {command: [go], image: i/t}
  before: {command: [go], image: i/before}
frontends:
  web: {dir: web, image: i/web, command: [x]}
websocket_routes: {orders: api}
`

// bases are files in which a key means something or, as in bare, nothing.
var bases = map[string]string{"full": base, "auto": base + "ports: auto\n", "no check": strings.NewReplacer(", port: 8020", "", "nginx: {port: 8000}", "").Replace(base), "bare": `
servers: {api: {port: 8001, image: i/api, command: [x]}, run: {port: 8010, image: i/run, command: [run], modules: [orders]}}
workers: {w: {command: [work], image: i/w, env: {NAME: y, PORT: "1"}}}
tasks: {t: {command: [go], image: i/t, dir: other, env: {NAME: y}}, before: {command: [go], image: i/before, env: {NAME: y}, dir: other}}
frontends:
  web: {dir: web, image: i/web, command: [x], profiles: [never]}
logs: {max_size: 0}
`}

// changes are the values of keys for which none can be made of the schema, and what has
// to be said besides for a key to mean anything. A path ends in the key, "*" is api, w, t
// or web.
var changes = map[string]struct {
	value string
	with  map[string]string
}{
	"api_base_url":                    {value: "/other"},
	"env_file":                        {value: "a.env"},
	"backend.app":                     {value: "m:a"},
	"backend.dir":                     {value: "web"},
	"backend.env.*":                   {value: "x"},
	"backend.env_file":                {value: "a.env"},
	"backend.python":                  {value: "python9"},
	"frontends.*.path":                {value: "/page"},
	"nginx.extra":                     {value: "a.conf"},
	"nginx.host":                      {value: "0.0.0.0"},
	"nginx.hosts.[]":                  {value: "my.test"},
	"nginx.mirror":                    {value: "http://localhost/x"},
	"nginx.redirect_port":             {with: map[string]string{"nginx.tls": "true"}},
	"nginx.version":                   {value: "1.28.1"},
	"nginx.worker_processes":          {value: "4"},
	"process.args.[]":                 {value: "--root-path=/x"},
	"process.build":                   {value: "web"},
	"process.build.args.*":            {value: "x"},
	"process.build.context":           {value: "web"},
	"process.build.dockerfile":        {value: "Other"},
	"process.build.target":            {value: "stage"},
	"process.command.[]":              {value: "other"},
	"process.depends_on.[]":           {value: "before"},
	"process.depends_on.*.condition":  {value: "service_started", with: map[string]string{"process.depends_on.run": "{}"}},
	"process.depends_on.*.restart":    {with: map[string]string{"process.depends_on.run": "{}"}},
	"process.dir":                     {value: "other"},
	"process.env.*":                   {value: "x"},
	"process.env_file":                {value: "a.env"},
	"process.health.command.[]":       {value: "check"},
	"process.health.log":              {value: "ready"},
	"process.health.path":             {value: "/up"},
	"process.health.tcp":              {value: "true"},
	"process.depends_on.*.required":   {value: "true", with: map[string]string{"process.depends_on.run": "{}"}},
	"process.image":                   {value: "i/other"},
	"process.profiles.[]":             {value: "debug"},
	"process.watch.[]":                {value: "'*.x'"},
	"servers.*.app":                   {value: "m:a"},
	"servers.*.debug":                 {value: "9300"},
	"servers.*.modules.[]":            {value: "other", with: map[string]string{"websocket_routes.orders": "run"}},
	"servers.*.expose":                {value: "false", with: map[string]string{"websocket_routes.orders": "run"}},
	"servers.*.paths.[]":              {value: "/p"},
	"servers.*.paths.[].path":         {value: "/p"},
	"servers.*.paths.[].strip":        {value: "true", with: map[string]string{"servers.api.paths.[].path": "/p"}},
	"servers.*.reload_exclude.[]":     {value: "x", with: map[string]string{"servers.api.reload": "true"}},
	"servers.*.reload_include.[]":     {value: "x", with: map[string]string{"servers.api.reload": "true"}},
	"specs.dir":                       {value: "web"},
	"specs.documents.[].server":       {value: "run"},
	"specs.documents.[].url":          {value: "/o.json", with: map[string]string{"specs.documents.[].server": "run"}},
	"specs.export_command.[]":         {value: "x"},
	"specs.python.dir":                {value: "web"},
	"specs.sources.[]":                {value: "web"},
	"specs.typescript.command.[]":     {value: "x"},
	"specs.typescript.dir":            {value: "other"},
	"specs.typescript.rest_prefix":    {value: "r-"},
	"specs.typescript.ws_prefix":      {value: "w-"},
	"specs.typescript.[].command.[]":  {value: "x"},
	"specs.typescript.[].dir":         {value: "other"},
	"specs.typescript.[].rest_prefix": {value: "r-"},
	"specs.typescript.[].ws_prefix":   {value: "w-"},
	"tasks.*.unless.[]":               {value: "check"},
	"websocket.default_server":        {value: "run", with: map[string]string{"websocket.routing_strategy": "query_param"}},
	"websocket.query_param_name":      {value: "other", with: map[string]string{"websocket.routing_strategy": "query_param"}},
	"websocket_routes.*":              {value: "run"},
	"workers.*.port":                  {value: "8030"},
	"process.health.interval":         {value: "7s"},
	"process.health.timeout":          {value: "7s"},
	"process.health.start_period":     {value: "77s"},
}

// never are the keys of which the only value that loads is the default in base.
var never = []string{"process.depends_on.*.required", "workers.*.health.tcp"}

// node is what is read of the schema.
type node struct {
	Type       any
	Default    any
	AnyOf      []struct{ Enum []string }
	Minimum    *int
	Properties map[string]node
	Others     json.RawMessage `json:"additionalProperties"`
	Items      *node
}

// leaves are the keys that hold no others, by their path.
func (n node) leaves(path string, see func(string, node)) {
	before := path
	join := func(key string) string { return strings.TrimPrefix(before+"."+key, ".") }
	inner := false
	for key, p := range n.Properties {
		inner = true
		p.leaves(join(key), see)
	}
	var others node
	if len(n.Others) > 0 && n.Others[0] == '{' && json.Unmarshal(n.Others, &others) == nil {
		inner = true
		others.leaves(join("*"), see)
	}
	if n.Items != nil {
		inner = true
		n.Items.leaves(join("[]"), see)
	}
	if short, ok := strings.CutSuffix(path, ".build"); inner && !ok || path == "" {
		_ = short
		return
	}
	see(path, n)
}

func (n node) value() string {
	if len(n.AnyOf) > 0 {
		for _, word := range n.AnyOf[0].Enum {
			if word != n.Default {
				return word
			}
		}
	}
	switch d := n.Default.(type) {
	case bool:
		return strconv.FormatBool(!d)
	case float64:
		return strconv.Itoa(int(d) + 1)
	case string:
		if regexp.MustCompile(`^\d.*s$`).MatchString(d) {
			return "7s"
		}
		if strings.HasSuffix(d, "B") {
			return "7MB"
		}
	}
	if n.Minimum != nil {
		return strconv.Itoa(*n.Minimum + 8000)
	}
	return ""
}

var kinds = map[string]string{"servers": "api", "workers": "w", "tasks": "t", "frontends": "web", "websocket_routes": "orders"}

// concrete is a path of the schema as one of the base file.
func concrete(pattern string) string {
	parts := strings.Split(pattern, ".")
	for i, p := range parts {
		if p != "*" {
			continue
		}
		parts[i] = "NAME"
		if name, ok := kinds[parts[i-1]]; ok && i == 1 {
			parts[i] = name
		} else if parts[i-1] == "depends_on" {
			parts[i] = "run"
		}
	}
	return strings.Join(parts, ".")
}

var processPath = regexp.MustCompile(`^(frontend\b|[a-z]+\.[a-z]+)`)

// set says a value in a tree, and makes what is around it.
func set(n *yaml.Node, path, value string) {
	key, rest, more := strings.Cut(path, ".")
	var child *yaml.Node
	if key == "[]" {
		if n.Kind != yaml.SequenceNode {
			*n = yaml.Node{Kind: yaml.SequenceNode}
		}
		if len(n.Content) == 0 || !more {
			n.Content = []*yaml.Node{{}}
		}
		child = n.Content[0]
	} else {
		if n.Kind != yaml.MappingNode {
			*n = yaml.Node{Kind: yaml.MappingNode}
		}
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				child = n.Content[i+1]
			}
		}
		if child == nil {
			child = &yaml.Node{}
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, child)
		}
	}
	if more {
		set(child, rest, value)
		return
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(value), &doc); err != nil || len(doc.Content) == 0 {
		panic(path + ": " + value)
	}
	*child = *doc.Content[0]
}

// exports is what a file becomes, decoded, and what is told of it.
type exports struct {
	objects map[string]any
	notes   map[string][]export.Note
	keys    []config.Key
}

func exportAll(t *testing.T, text string) exports {
	t.Helper()
	s := source(t, text)
	all := exports{map[string]any{}, map[string][]export.Note{}, s.Keys}
	decode := func(data []byte) (v any) {
		if err := yaml.Unmarshal(data, &v); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		return v
	}
	o := export.Options{Dir: "/out"}
	compose, notes, err := export.Compose(s, o)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	all.objects["compose"], all.notes["compose"] = decode(compose), notes
	procfile, notes, err := export.Procfile(s, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all.objects["procfile"], all.notes["procfile"] = string(procfile), notes
	files, notes, err := export.Kubernetes(s, o)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]any{}
	for _, f := range files {
		objects[f.Name] = decode(f.Data)
	}
	all.objects["kubernetes"], all.notes["kubernetes"] = objects, notes
	return all
}

// source reads a file from a folder that is always the same, so that no path differs.
func source(t *testing.T, text string) export.Source {
	t.Helper()
	file := filepath.Join(folder(t), "dev-config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, keys, err := config.Source(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return export.Source{Name: "dev-config.yaml", Config: c, Keys: keys}
}

// loads tells whether a text is a configuration.
func loads(t *testing.T, text string) bool {
	_, err := config.Parse(filepath.Join(folder(t), "dev-config.yaml"), []byte(text))
	return err == nil
}

var folders = map[string]string{}

func folder(t *testing.T) string {
	t.Helper()
	test, _, _ := strings.Cut(t.Name(), "/")
	if folders[test] == "" {
		folders[test] = t.TempDir()
	}
	dir := folders[test]
	for _, name := range []string{"web", "other"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"a.env": "SECRET=hidden\n", "a.conf": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestNoKeyIsLostInSilence changes every key that the schema has: the change shows in
// what is exported, or the export tells of the key with its line.
func TestNoKeyIsLostInSilence(t *testing.T) {
	folder(t)
	var schema node
	if err := json.Unmarshal(config.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	tried, untouched := 0, map[string]exports{}
	schema.leaves("", func(pattern string, n node) {
		general := regexp.MustCompile(`^(?:(?:servers|workers|tasks|frontends)\.\*|frontend)\.`).ReplaceAllString(pattern, "process.")
		for name, base := range bases {
			if raceDetector && name != "full" { // one goroutine does all of it
				continue
			}
			t.Run(name+": "+pattern, func(t *testing.T) {
				change, own := changes[pattern]
				if !own {
					change = changes[general]
				}
				if strings.HasPrefix(pattern, "frontend.") && !own {
					if c, ok := changes["frontends.*."+strings.TrimPrefix(pattern, "frontend.")]; ok {
						change = c
					}
				}
				if change.value == "" {
					change.value = n.value()
				}
				if change.value == "" {
					t.Fatalf("no other value is known: add one to changes")
				}
				before := parse(t, base)
				path := concrete(pattern)
				if strings.HasPrefix(pattern, "frontend.") {
					before = parse(t, strings.Replace(base, "frontends:\n  web: ", "frontend: ", 1))
				}
				if strings.HasPrefix(pattern, "websocket_routes") || strings.HasPrefix(pattern, "websocket.") {
					set(before, "servers.run.modules", "[orders, only]")
				}
				prefix := processPath.FindString(path)
				for with, value := range change.with {
					if name == "bare" && strings.HasPrefix(with, "websocket.") {
						continue
					}
					set(before, concrete(strings.Replace(with, "process", prefix, 1)), value)
				}
				if name != "full" && !loads(t, text(t, before)) {
					return
				}
				unchanged := source(t, text(t, before)).Config
				was, known := untouched[text(t, before)]
				if !known {
					was = exportAll(t, text(t, before))
					untouched[text(t, before)] = was
				}
				set(before, path, change.value)
				if name != "full" && !loads(t, text(t, before)) {
					return
				}
				if same := reflect.DeepEqual(source(t, text(t, before)).Config, unchanged); same != (slices.Contains(never, general) || slices.Contains(never, pattern)) && name == "full" {
					t.Fatalf("it changes nothing: %v", same)
				} else if same {
					return
				}
				tried++
				now := exportAll(t, text(t, before))
				line := 0
				told := strings.TrimSuffix(strings.ReplaceAll(path, ".[]", "[0]"), "[0]")
				for _, k := range now.keys {
					if k.Path == told {
						line = k.Line
					}
				}
				if line == 0 {
					t.Fatalf("%s is not among the keys of\n%s", told, text(t, before))
				}
				for to, objects := range now.objects {
					shows := !reflect.DeepEqual(objects, was.objects[to])
					isTold := slices.ContainsFunc(now.notes[to], func(n export.Note) bool { return n.Key == told && n.Line == line })
					if !shows && !isTold {
						t.Errorf("%s: %s neither shows nor is told of: %v", to, told, now.notes[to])
					}
				}
			})
		}
	})
	if tried < 600 && !raceDetector {
		t.Errorf("only %d keys were tried", tried)
	}
}

func parse(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	unflow(doc.Content[0])
	return doc.Content[0]
}

// unflow has every key on a line of its own.
func unflow(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		unflow(child)
	}
}

func text(t *testing.T, n *yaml.Node) string {
	t.Helper()
	unflow(n)
	var b bytes.Buffer
	if err := yaml.NewEncoder(&b).Encode(n); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
