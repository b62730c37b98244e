package clients

import "muster/internal/apidoc"

// socketReads is all that the WebSocket clients are made from. A keyword that is
// not here is named as left out: where to connect is the page's matter or the
// option's, and a browser's WebSocket sends no headers.
var socketReads = apidoc.Reads{
	"document":   {"channels": "{}channel", "operations": "{}operation", "components": "components", "defaultContentType": "=application/json"},
	"components": {"schemas": "", "messages": "", "channels": "", "operations": "", "replies": "", "parameters": ""},
	"channel": {"address": "", "messages": "{}message", "parameters": "{}parameter", "bindings": "bindings",
		"publish": "operation", "subscribe": "operation"},
	"operation": {"operationId": "", "action": "=send|receive", "channel": "channel", "messages": "[]message", "message": "message", "reply": "reply"},
	"reply":     {"messages": "[]message", "channel": "channel"},
	"message": {"name": "", "messageId": "", "payload": "schema", "oneOf": "[]message", "contentType": "=application/json",
		"schemaFormat": jsonSchemas},
	"parameter":  {"enum": "", "default": "", "schema": "schema", "location": ""},
	"bindings":   {"ws": "ws binding"},
	"ws binding": {"query": "schema", "method": "=get", "bindingVersion": "=0.1.0|latest"},
	"schema": {"type": "", "nullable": "", "enum": "", "const": "", "properties": "{}schema", "required": "",
		"additionalProperties": "schema", "patternProperties": "{}schema", "items": "schema", "additionalItems": "schema", "prefixItems": "[]schema",
		"allOf": "[]schema", "oneOf": "[]schema", "anyOf": "[]schema", "discriminator": "discriminator", "unevaluatedProperties": "=false|true",
		"$defs": "", "definitions": "", "schema": "schema", "schemaFormat": jsonSchemas,
		"format": "", "contentMediaType": "", "contentEncoding": ""}, // whatever they say, it is a string
	"discriminator": {"propertyName": "", "mapping": "{}ref"},
}

// jsonSchemas are the formats of schemas that are JSON Schema's.
const jsonSchemas = "=application/vnd.aai.asyncapi;version=2.0.0|application/vnd.aai.asyncapi;version=2.1.0|application/vnd.aai.asyncapi;version=2.2.0|" +
	"application/vnd.aai.asyncapi;version=2.3.0|application/vnd.aai.asyncapi;version=2.4.0|application/vnd.aai.asyncapi;version=2.5.0|" +
	"application/vnd.aai.asyncapi;version=2.6.0|application/vnd.aai.asyncapi;version=3.0.0|application/vnd.aai.asyncapi+json;version=2.6.0|" +
	"application/vnd.aai.asyncapi+json;version=3.0.0|application/vnd.aai.asyncapi+yaml;version=2.6.0|application/vnd.aai.asyncapi+yaml;version=3.0.0|" +
	"application/schema+json;version=draft-07|application/schema+yaml;version=draft-07"
