package specs

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"

	"muster/templates"
)

// PythonModule says how a module's Python client is made.
type PythonModule struct {
	Name    string // such as broker
	BaseURL string // where the module is served
}

// File is the client's file name, such as broker_client.py.
func (m PythonModule) File() string {
	return strings.ToLower(identifier(m.Name, "api")) + "_client.py"
}

// Class is the client's class, such as BrokerClient.
func (m PythonModule) Class() string { return camelClass(m.Name) + "Client" }

// pyClient is what templates/python_client.py.tmpl gets.
type pyClient struct {
	Module, Class, Title, Doc string
	BaseURL                   string
	Enums                     []pyEnum
	Models                    []pyModel
	Aliases                   []pyAlias
	Operations                []pyOperation
}

// pythonTemplate is read once for each run: a template costs a millisecond to
// parse, and the supervisor's process never needs it.
func pythonTemplate() (*template.Template, error) {
	return template.New("python_client.py.tmpl").Funcs(template.FuncMap{
		"str":  pyString,
		"join": strings.Join,
	}).ParseFS(templates.FS, "python_client.py.tmpl")
}

// Python generates the client of a module from its OpenAPI document. The same
// document gives the same bytes.
func Python(d Document, m PythonModule) ([]byte, error) {
	t, err := pythonTemplate()
	if err != nil {
		return nil, fmt.Errorf("the Python client's template: %w", err)
	}
	return python(t, d, m)
}

func python(tmpl *template.Template, d Document, m PythonModule) ([]byte, error) {
	if d.Kind != OpenAPI {
		return nil, fmt.Errorf("a Python client needs an OpenAPI document, this one is %s", d.Kind)
	}
	types := newPyTypes(d, m.Class())
	ops := pyOperations{types: types, taken: map[string]bool{}}
	info := object(d.Root["info"])
	c := pyClient{Module: m.Name, Class: m.Class(), Title: pyDoc(text(info["title"]), ""), BaseURL: baseURL(d, m.BaseURL),
		Doc: pyDoc(text(info["description"]), "    ")}
	for _, o := range operations(d) {
		c.Operations = append(c.Operations, ops.operation(o))
	}
	types.finish()
	c.Enums, c.Models, c.Aliases = types.Enums, types.Models, types.Aliases
	var b bytes.Buffer
	if err := tmpl.Execute(&b, c); err != nil {
		return nil, fmt.Errorf("the Python client of %s: %w", m.Name, err)
	}
	return b.Bytes(), nil
}

// baseURL is where the document's paths begin: its first server, which is
// often a path alone, on the module's own address.
func baseURL(d Document, module string) string {
	servers := list(d.Root["servers"])
	if len(servers) == 0 {
		return module
	}
	s := object(servers[0])
	url := text(s["url"])
	for name, v := range object(s["variables"]) {
		url = strings.ReplaceAll(url, "{"+name+"}", text(object(v)["default"]))
	}
	if _, rest, ok := strings.Cut(url, "://"); ok {
		if module == "" {
			return strings.TrimSuffix(url, "/")
		}
		_, path, _ := strings.Cut(rest, "/")
		url = "/" + path
	}
	if strings.HasPrefix(url, "/") {
		return module + strings.TrimSuffix(url, "/")
	}
	return module
}
