package clients

import (
	"path/filepath"
	"testing"

	"muster/internal/apitest"
)

// What the template itself names is taken: each name of its module, each builtin
// in its annotations or that could be a class, and each attribute of a model.
func TestTheTemplatesNamesAreReserved(t *testing.T) {
	t.Parallel()
	d := parse(t, `{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{}}}},"security":[{"b":[]}],"components":{"securitySchemes":{"b":{"type":"http","scheme":"basic"}}}}`)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "c_client.py"), string(pythonClient(t, d, pyModule{Name: "c"})))
	write(t, filepath.Join(dir, "words"), pyWords)
	write(t, filepath.Join(dir, "fields"), pyFields)
	write(t, filepath.Join(dir, "try.py"), tryNames)
	if out := apitest.Run(t, dir, apitest.Python(t), "try.py"); out != "ok\n" {
		t.Error(out)
	}
}

const tryNames = `import ast
import builtins

import pydantic

import c_client

words = set(open("words").read().split())
used = {name for name in vars(c_client) if not name.startswith("_")} - {"CClient"}
for node in ast.walk(ast.parse(open("c_client.py").read())):
    if isinstance(node, ast.Name) and hasattr(builtins, node.id) and node.id[0].isupper():
        used.add(node.id)
    for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
        used.update(name.id for name in ast.walk(part or ast.Pass()) if isinstance(name, ast.Name) and name.id[0] != "_")
used.discard("CClient")
assert used <= words, f"not reserved: {sorted(used - words)}"
fields = set(open("fields").read().split())
attributes = {name for name in dir(pydantic.BaseModel) if not name.startswith("_")}
assert attributes <= fields, f"not reserved: {sorted(attributes - fields)}"
print("ok")
`
