package clients

import "muster/internal/apidoc"

// pythonReads is all that the Python clients are made from. A keyword that is
// not here is named as left out.
var pythonReads = apidoc.Reads{
	"document": {"paths": "{}path item", "components": "components", "servers": "[]server", "security": ""},
	"components": {"schemas": "", "responses": "", "parameters": "", "requestBodies": "", "pathItems": "",
		"securitySchemes": "{}security scheme"},
	"server":   {"url": "", "variables": "{}variable"},
	"variable": {"default": ""},
	"path item": {"servers": "[]server", "parameters": "[]parameter", "get": "operation", "put": "operation", "post": "operation", "delete": "operation",
		"options": "operation", "head": "operation", "patch": "operation", "trace": "operation"},
	"operation": {"operationId": "", "servers": "[]server", "security": "", "parameters": "[]parameter", "requestBody": "request body", "responses": "{}response"},
	"parameter": {"name": "", "in": "=path|query|header|cookie", "required": "", "schema": "schema", "content": "{}media type",
		"style": "=form|simple|label|matrix|spacedelimited|pipedelimited|deepobject", "explode": "", "allowReserved": "=false"},
	"request body": {"content": "{}media type", "required": ""},
	"response":     {"content": "{}media type"},
	"media type":   {"schema": "schema", "encoding": "{}encoding"},
	"encoding":     {"contentType": "", "style": "=form|spacedelimited|pipedelimited|deepobject", "explode": "", "allowReserved": "=false"},
	"schema": {"type": "", "format": "", "nullable": "", "enum": "", "const": "", "properties": "{}schema", "required": "",
		"additionalProperties": "schema", "unevaluatedProperties": "=false", "patternProperties": "{}schema", "items": "schema", "prefixItems": "[]schema",
		"allOf": "[]schema", "oneOf": "[]schema", "anyOf": "[]schema", "discriminator": "discriminator",
		"contentMediaType": "", "contentEncoding": "", "readOnly": "", "writeOnly": "", "propertyNames": "schema",
		"minItems": "", "maxItems": "", "$defs": "", "definitions": ""},
	"discriminator":   {"propertyName": "", "mapping": "{}ref"},
	"security scheme": {"type": "=http|apikey|oauth2|openidconnect", "scheme": "=bearer|basic", "name": "", "in": "=header|query|cookie"},
}
