package clients

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"muster/internal/apidoc"
	"muster/internal/config"
	"muster/templates"
)

// pyModule says how a module's Python client is made.
type pyModule struct {
	Name    string // such as broker
	BaseURL string // where the module is served
}

// file is the client's file name, such as broker_client.py.
func (m pyModule) file() string {
	return strings.ToLower(identifier(m.Name, "api")) + "_client.py"
}

// class is the client's class, such as BrokerClient.
func (m pyModule) class() string { return camelClass(m.Name) + "Client" }

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

// python makes the client of a module from its OpenAPI document, of which it
// reads what the table says. The same document gives the same bytes.
func python(tmpl *template.Template, d apidoc.Document, m pyModule, reads apidoc.Reads) ([]byte, []apidoc.Omission, error) {
	if d.Kind != apidoc.OpenAPI {
		return nil, nil, fmt.Errorf("a Python client needs an OpenAPI document, this one is %s", d.Kind)
	}
	d, omitted := d.View(reads)
	types := newPyTypes(d, m.class())
	ops := pyOperations{types: types, taken: map[string]bool{}}
	info := apidoc.Object(d.Root["info"])
	c := pyClient{Module: m.Name, Class: m.class(), Title: pyDoc(apidoc.Text(info["title"]), ""), BaseURL: baseURL(d, m.BaseURL),
		Doc: pyDoc(apidoc.Text(info["description"]), "    ")}
	for _, o := range d.Operations() {
		c.Operations = append(c.Operations, ops.operation(o))
	}
	types.finish()
	c.Enums, c.Models, c.Aliases = types.Enums, types.Models, types.Aliases
	var b bytes.Buffer
	if err := tmpl.Execute(&b, c); err != nil {
		return nil, nil, fmt.Errorf("the Python client of %s: %w", m.Name, err)
	}
	return b.Bytes(), omitted, nil
}

// ServerURL is where a server's first instance serves.
func ServerURL(s *config.Server) string { return "http://127.0.0.1:" + strconv.Itoa(s.Port) }

// baseURL is where the document's paths begin: its first server, which is
// often a path alone, on the module's own address.
func baseURL(d apidoc.Document, module string) string {
	servers := apidoc.List(d.Root["servers"])
	if len(servers) == 0 {
		return module
	}
	s := apidoc.Object(servers[0])
	url := apidoc.Text(s["url"])
	for name, v := range apidoc.Object(s["variables"]) {
		url = strings.ReplaceAll(url, "{"+name+"}", apidoc.Text(apidoc.Object(v)["default"]))
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
