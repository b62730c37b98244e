package clients

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"muster/internal/apidoc"
	"muster/internal/clients/py"
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

// pyClient is what templates/python_client.py.tmpl gets: nothing but code, and
// what a document says got into that by package py.
type pyClient struct {
	Class, Title, Doc py.Code
	BaseURL           py.Code
	Schemes           []pyScheme
	Enums             []pyEnum
	Models            []pyModel
	Aliases           []pyAlias
	Operations        []pyOperation
}

// pythonTemplate is read once for each run: a template costs a millisecond to
// parse, and the supervisor's process never needs it.
func pythonTemplate() (*template.Template, error) {
	return template.New("python_client.py.tmpl").ParseFS(templates.FS, "python_client.py.tmpl")
}

// python makes the client of a module from its OpenAPI document, of which it
// reads what the table says. The same document gives the same bytes.
func python(tmpl *template.Template, d apidoc.Document, m pyModule, reads apidoc.Reads) ([]byte, []apidoc.Omission, error) {
	if d.Kind != apidoc.OpenAPI {
		return nil, nil, fmt.Errorf("a Python client needs an OpenAPI document, this one is %s", d.Kind)
	}
	d, omitted := d.View(reads)
	types, all, root := newPyTypes(d, m.class()), d.Operations(), rootServer(d)
	ops := pyOperations{types: types, schemes: newPySchemes(d, all), servers: pyServers{root}}
	info := apidoc.Object(d.Root["info"])
	c := pyClient{Class: py.Name(m.class()), Title: py.Doc(cmp.Or(apidoc.Text(info["title"]), "Client of the module "+m.Name), 0),
		Doc: py.Doc(apidoc.Text(info["description"]), 4), BaseURL: py.Text(baseURL(root, m.BaseURL)), Schemes: ops.schemes.list()}
	ids := make([]string, len(all))
	for i, o := range all {
		ids[i] = o.ID
		c.Operations = append(c.Operations, ops.operation(o))
	}
	types.finish()
	nameOperations(c.Operations, ids, types.taken)
	c.Enums, c.Models, c.Aliases = types.Enums, types.Models, types.Aliases
	var b bytes.Buffer
	if err := tmpl.Execute(&b, c); err != nil {
		return nil, nil, fmt.Errorf("the Python client of %s: %w", m.Name, err)
	}
	return withoutUnused(b.Bytes()), omitted, nil
}

// withoutUnused leaves imports out that only some documents' types need.
func withoutUnused(source []byte) []byte {
	for _, module := range []string{"datetime", "enum", "uuid"} {
		if !bytes.Contains(source, []byte(module+".")) {
			source = bytes.Replace(source, []byte("import "+module+"\n"), nil, 1)
		}
	}
	return source
}

// ServerURL is where a server's first instance serves.
func ServerURL(s *config.Server) string {
	if s == nil {
		return ""
	}
	return "http://127.0.0.1:" + strconv.Itoa(s.Port)
}
