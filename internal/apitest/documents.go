package apitest

import (
	"encoding/json"
	"fmt"
)

// API is a document with one operation, whose parts are filled in.
const API = `{"openapi":"3.1.0","paths":{"/a/{id}":{"get":{"operationId":"getA",
"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"integer"}},{"name":"q","in":"query","schema":{"type":"string","enum":["x","y"]}}],
"responses":{"200":{"description":"","content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}}}},"404":{"description":""}}},
"post":{"operationId":"postA","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/In"}}}},"responses":{"204":{"description":""}}}}},
"components":{"schemas":{"A":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"kind":{"enum":["p","q"]},"next":{"$ref":"#/components/schemas/A"}}},
"In":{"type":"object","required":["n"],"properties":{"n":{"type":"integer","minimum":1},"o":{"type":"string"}}}}}}`

// Large is a document of so many paths with a GET each, models of their own and
// some of the other kinds.
func Large(n int) []byte {
	paths, schemas := map[string]any{}, map[string]any{}
	for i := range n {
		name := fmt.Sprint("Item", i)
		ref := map[string]any{"$ref": "#/components/schemas/" + name}
		body := map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": ref}}, "description": ""}
		id := map[string]any{"name": "id", "in": "path", "required": true, "schema": map[string]any{"type": "integer"}}
		limit := map[string]any{"name": "limit", "in": "query", "schema": map[string]any{"type": "integer"}}
		paths[fmt.Sprintf("/items%d/{id}", i)] = map[string]any{"get": map[string]any{"operationId": fmt.Sprint("get_item_", i), "summary": "Get it",
			"parameters": []any{id, limit}, "responses": map[string]any{"200": body}}}
		schemas[name] = map[string]any{"type": "object", "required": []any{"id", "name"}, "properties": map[string]any{
			"id": map[string]any{"type": "integer"}, "name": map[string]any{"type": "string"}, "kind": map[string]any{"type": "string", "enum": []any{"a", "b"}},
			"tags": map[string]any{"type": "array", "items": map[string]any{"type": "string"}}, "when": map[string]any{"type": "string", "format": "date-time"},
			"next": map[string]any{"anyOf": []any{map[string]any{"$ref": fmt.Sprint("#/components/schemas/Item", i/5*5+(i+1)%5)}, map[string]any{"type": "null"}}}}}
	}
	data, err := json.Marshal(map[string]any{"openapi": "3.1.0", "info": map[string]any{"title": "Large", "version": "1"}, "paths": paths,
		"components": map[string]any{"schemas": schemas}})
	if err != nil {
		panic(err)
	}
	return data
}
