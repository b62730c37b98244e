package clients

import "muster/internal/apidoc"

// pythonReads is all that the Python clients are made from. A keyword that is
// not here is named as left out.
var pythonReads = apidoc.Reads{
	"document":   {"paths": "{}path item", "components": "components", "servers": "[]server"},
	"components": {"schemas": "", "responses": "", "parameters": "", "requestBodies": "", "pathItems": ""},
	"server":     {"url": "", "variables": "{}variable"},
	"variable":   {"default": ""},
	"path item": {"parameters": "[]parameter", "get": "operation", "put": "operation", "post": "operation", "delete": "operation",
		"options": "operation", "head": "operation", "patch": "operation", "trace": "operation"},
	"operation": {"parameters": "[]parameter", "requestBody": "request body", "responses": "{}response"},
	"parameter": {"name": "", "in": "=path|query|header|cookie", "required": "", "schema": "schema", "content": "{}media type",
		"style": "=form|simple|label|matrix|spacedelimited|pipedelimited|deepobject", "explode": "", "allowReserved": "=false"},
	"request body": {"content": "{}media type", "required": ""},
	"response":     {"content": "{}media type"},
	"media type":   {"schema": "schema", "encoding": "{}encoding"},
	"encoding":     {"style": "=form|spacedelimited|pipedelimited|deepobject", "explode": "", "allowReserved": "=false"},
	"schema": {"type": "", "format": "", "nullable": "", "enum": "", "const": "", "properties": "{}schema", "required": "",
		"additionalProperties": "schema", "unevaluatedProperties": "=false", "patternProperties": "{}schema", "items": "schema", "prefixItems": "[]schema",
		"allOf": "[]schema", "oneOf": "[]schema", "anyOf": "[]schema", "discriminator": "discriminator",
		"contentMediaType": "", "$defs": "", "definitions": ""},
	"discriminator": {"propertyName": "", "mapping": "{}ref"},
}
