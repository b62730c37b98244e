"""Calls every method of a generated client against a server that goes by the
document alone: it refuses a request that the document does not describe, and
answers with a value for everything that the document says of the answer. What
comes back has to be all of it. Prints a line for each fault.

usage: answers.py CLIENT.py DOCUMENT.json"""

import asyncio
import datetime
import enum
import importlib.util
import inspect
import json
import re
import sys
import typing
import urllib.parse
import uuid

import httpx
import pydantic

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DEPTH = 4
TEXT = {
    "date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02", "time": "03:04:05", "duration": "PT1S",
    "uuid": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "byte": "aGk=", "base64": "aGk=",
}


class Document:
    def __init__(self, root):
        self.root = root

    def at(self, node):
        """What a reference leads to."""
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            target = self.root
            for part in node["$ref"].lstrip("#/").split("/"):
                part = urllib.parse.unquote(part).replace("~1", "/").replace("~0", "~")
                target = target[int(part)] if isinstance(target, list) else target[part]
            node = target
        return node

    # Values.

    def sample(self, schema, depth=0, nth=0):
        """A value of a schema: of a choice, the nth."""
        ref = schema.get("$ref") if isinstance(schema, dict) else None
        schema = self.at(schema)
        if not isinstance(schema, dict):
            return {}
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][nth % len(schema["enum"])]
        value = self._sample(schema, depth, nth)
        for part in schema.get("allOf", ()):
            more = self.sample(part, depth, nth)
            value = {**more, **value} if isinstance(value, dict) and isinstance(more, dict) else (more if value in ({}, None) else value)
        for word in ("oneOf", "anyOf"):
            choices = [c for c in schema.get(word, ()) if not self.only_null(c)]
            if not choices:
                continue
            chosen = choices[nth % len(choices)]
            more = self.sample(chosen, depth, nth)
            tag = schema.get("discriminator", {})
            if isinstance(tag, dict) and tag.get("propertyName") and isinstance(more, dict) and "$ref" in chosen:
                key = tag.get("propertyName")
                own = self.property(chosen, key)
                mapped = [k for k, v in tag.get("mapping", {}).items() if v in (chosen["$ref"], chosen["$ref"].rsplit("/", 1)[-1])]
                if mapped:
                    more[key] = mapped[0]
                elif not ("const" in own or own.get("enum")):
                    more[key] = chosen["$ref"].rsplit("/", 1)[-1]
            value = {**value, **more} if isinstance(value, dict) and isinstance(more, dict) else more
        tag = schema.get("discriminator")
        chosen = schema.get("oneOf") or schema.get("anyOf")
        if ref and not chosen and isinstance(tag, dict) and isinstance(value, dict) and tag.get("propertyName") in value:
            own = self.property(schema, tag["propertyName"])
            mapping = {v.rsplit("/", 1)[-1]: k for k, v in tag.get("mapping", {}).items()}
            if "const" not in own and not own.get("enum"):
                value[tag["propertyName"]] = mapping.get(ref.rsplit("/", 1)[-1], next(iter(tag.get("mapping", {})), ref.rsplit("/", 1)[-1]))
        return value

    def property(self, schema, name):
        schema = self.at(schema)
        found = self.at(schema.get("properties", {}).get(name, {}))
        for part in schema.get("allOf", ()):
            found = found or self.property(part, name)
        return found if isinstance(found, dict) else {}

    def names(self, schema):
        """The properties that a schema, or a part of it, names."""
        schema = self.at(schema)
        parts = [p for word in ("allOf", "oneOf", "anyOf") for p in schema.get(word, ())]
        return set(schema.get("properties", {})).union(*map(self.names, parts))

    def only_null(self, schema):
        schema = self.at(schema)
        return schema.get("type") in ("null", ["null"]) or schema.get("enum") == [None]

    def _sample(self, schema, depth, nth):
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((k for k in kind if k != "null"), None)
        if self.only_null(schema):
            return None
        if kind == "string":
            return TEXT.get(schema.get("format"), "text")
        if kind == "integer":
            return 7
        if kind == "number":
            return 1.5
        if kind == "boolean":
            return True
        if kind == "array" or "items" in schema or "prefixItems" in schema:
            items = [self.sample(s, depth + 1, nth) for s in schema.get("prefixItems", ())]
            if items:
                return items
            return [] if depth > DEPTH else [self.sample(schema.get("items", {}), depth + 1, nth)] * max(1, min(schema.get("minItems", 1), 50))
        value = {}
        for name, each in schema.get("properties", {}).items():
            if self.at(each).get("writeOnly"):
                continue
            if depth <= DEPTH or name in schema.get("required", ()) and depth <= 3 * DEPTH:
                value[name] = self.sample(each, depth + 1, nth)
        for name in schema.get("required", ()):
            if depth == 0 and name not in self.names(schema):
                value[name] = {"any": 1}
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and depth <= DEPTH:
            value["more"] = self.sample(more, depth + 1, nth)
        return value

    def faults(self, schema, value, where="", sent=True):
        """Why a value is none of a schema."""
        schema = self.at(schema)
        if schema is True or schema == {}:
            return []
        kinds = schema.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds] if kinds else []
        if value is None and (schema.get("nullable") or "null" in kinds or None in schema.get("enum", ())):
            return []
        found = []
        fits = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict, "null": type(None)}
        if kinds and not any(isinstance(value, fits[k]) and not (k in ("integer", "number") and isinstance(value, bool)) for k in kinds):
            return [f"{where}: {value!r} is no {kinds}"]
        if "enum" in schema and value not in schema["enum"]:
            found.append(f"{where}: {value!r} is none of {schema['enum'][:5]}")
        if "const" in schema and value != schema["const"]:
            found.append(f"{where}: {value!r} is not {schema['const']!r}")
        if isinstance(value, dict):
            for name in schema.get("required", ()):
                if name not in value and not self.property(schema, name).get("readOnly"):
                    found.append(f"{where}: lacks {name}")
            for name, item in value.items():
                if name in schema.get("properties", {}):
                    found += self.faults(schema["properties"][name], item, f"{where}.{name}")
                elif schema.get("additionalProperties") is False:
                    found.append(f"{where}: {name} is not allowed")
                elif isinstance(schema.get("additionalProperties"), dict):
                    found += self.faults(schema["additionalProperties"], item, f"{where}.{name}")
        if isinstance(value, list) and isinstance(schema.get("items"), dict):
            for item in value[len(schema.get("prefixItems", ())):]:
                found += self.faults(schema["items"], item, where + "[]")
        for part in schema.get("allOf", ()):
            found += self.faults(part, value, where)
        for word in ("oneOf", "anyOf"):
            if schema.get(word):
                each = [self.faults(s, value, where) for s in schema[word]]
                if all(each):
                    found.append(f"{where}: no choice fits: {min(each, key=len)}")
        return found


class Server:
    """Answers by the document."""

    def __init__(self, document):
        self.document, self.told, self.nth = document, [], 0
        self.operations, self.asked = {}, None
        for path, item in document.root["paths"].items():
            item = document.at(item)
            for method in METHODS:
                if method in item:
                    operation = document.at(item[method])
                    own = [document.at(p) for p in operation.get("parameters", [])]
                    shared = [p for p in map(document.at, item.get("parameters", [])) if not any((o["name"], o["in"]) == (p["name"], p["in"]) for o in own)]
                    self.operations[method, path] = operation, own + shared

    async def __call__(self, request):
        self.sent, self.told = None, []
        method, template = self.asked
        self.where = f"{method} {template}"
        parts = re.split(r"(\{[^}]*\})", template.split("#")[0].split("?")[0])
        shape = "".join("[^/]*" if p.startswith("{") else re.escape(p) for p in parts)
        path = urllib.parse.unquote(request.url.raw_path.decode().split("?")[0].replace("%2F", "\0"))
        if method != request.method.lower() or not re.search(shape + "$", path):
            self.told.append(f"{request.method} {path} is none of {template}")
        operation, parameters = self.operations[self.asked]
        self.check(request, operation, parameters)
        return self.answer(operation)

    def check(self, request, operation, parameters):
        query = request.url.params
        for p in parameters:
            if not p.get("required"):
                continue
            style_object = any(k.startswith(p["name"] + "[") for k in query)
            schema = self.document.at(p.get("schema", {}))
            spread = schema.get("type") in ("object", "array") or "properties" in schema or not schema.get("type")
            if p["in"] == "query" and p["name"] not in query and not style_object and not spread:
                self.told.append(f"the query lacks {p['name']}")
            if p["in"] == "header" and p["name"].lower() not in ("accept", "content-type", "authorization") and p["name"].lower() not in request.headers:
                self.told.append(f"the header {p['name']} is missing")
        body = self.document.at(operation.get("requestBody", {}))
        kind = request.headers.get("content-type", "").split(";")[0]
        contents = body.get("content", {})
        if request.content and contents:
            found = next((m for k, m in contents.items() if fits(k.split(";")[0], kind)), None)
            if found is None:
                self.told.append(f"{kind} is none of {list(contents)}")
            elif "json" in kind and found.get("schema"):
                self.told += self.document.faults(found["schema"], json.loads(request.content), "body")
        elif body.get("required") and not request.content and request.headers.get("content-length", "0") == "0":
            self.told.append("the body is missing")

    def answer(self, operation):
        responses = {str(k): self.document.at(v) for k, v in operation["responses"].items()}
        code = next((c for c in sorted(responses) if c.startswith("2")), "default" if "default" in responses else "200")
        status = {"default": 200}.get(code) or int(code.upper().replace("XX", "00"))
        contents = responses.get(code, {}).get("content") or {}
        kind = next((k for k in contents if "json" in k), next(iter(contents), None))
        if kind is None or self.asked[0] == "head":
            return httpx.Response(status)
        if "json" in kind or kind == "*/*":
            self.sent = self.document.sample(contents[kind].get("schema", {}), nth=self.nth)
            return httpx.Response(status, content=json.dumps(self.sent), headers={"Content-Type": kind.replace("*/*", "application/json").replace("*", "x")})
        return httpx.Response(status, content=b"text", headers={"Content-Type": kind.replace("*", "plain")})


def fits(pattern, kind):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), kind) is not None


# Arguments, by their types alone.


def argument(hint, depth=0):
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is typing.Any:
        return {"any": 1}
    if isinstance(hint, typing.ForwardRef):
        return {}
    if origin is typing.Union:
        kinds = [a for a in inner if a is not type(None)]
        return argument(kinds[0], depth)
    if origin is typing.Literal:
        return inner[0]
    if origin in (list, typing.List) or origin is not None and isinstance(origin, type) and issubclass(origin, typing.Sequence) and origin is not tuple:
        return [] if depth > DEPTH else [argument(inner[0], depth + 1)]
    if origin is tuple:
        return tuple(argument(a, depth + 1) for a in inner if a is not Ellipsis)
    if origin is not None and issubclass(origin, typing.Mapping):
        return {} if depth > DEPTH else {"key": argument(inner[1], depth + 1)}
    if inspect.isclass(hint):
        if issubclass(hint, enum.Enum):
            return next(iter(hint))
        if issubclass(hint, pydantic.BaseModel):
            return model(hint, depth)
        made = {bool: True, int: 7, float: 1.5, str: "text", bytes: b"text", uuid.UUID: uuid.UUID(TEXT["uuid"]),
                datetime.datetime: datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc), datetime.date: datetime.date(2026, 1, 2),
                datetime.time: datetime.time(3, 4, 5), datetime.timedelta: datetime.timedelta(seconds=1)}
        if hint in made:
            return made[hint]
    return {}


def model(kind, depth):
    hints, values = typing.get_type_hints(kind), {}
    one = pydantic.VERSION.startswith("1.")
    fields = kind.__fields__ if one else kind.model_fields
    for name, field in fields.items():
        required = field.required if one else field.is_required()
        if required or depth < 2:
            values[field.alias or name] = argument(hints[name], depth + 1)
    return kind(**values)


def normal(value):
    """Without what two spellings of one value differ in."""
    if isinstance(value, dict):
        return {k: normal(v) for k, v in value.items()}
    if isinstance(value, list):
        return [normal(v) for v in value]
    return value.replace("+00:00", "Z") if isinstance(value, str) else value


def lost(sent, got, where="answer"):
    if isinstance(sent, dict) and isinstance(got, dict):
        return [f for k, v in sent.items() for f in (lost(v, got[k], f"{where}.{k}") if k in got else [f"{where}.{k} is lost"])]
    if isinstance(sent, list) and isinstance(got, list) and len(sent) == len(got):
        return [f for a, b in zip(sent[:1], got[:1]) for f in lost(a, b, where + "[]")]
    same = sent == got or isinstance(got, (int, float)) and str(got) == str(sent)
    return [] if same else [f"{where}: {sent!r:.60} came as {got!r:.60}"]


async def main(file, text):
    spec = importlib.util.spec_from_file_location("client", file)
    client = importlib.util.module_from_spec(spec)
    sys.modules["client"] = client
    spec.loader.exec_module(client)
    document = Document(json.load(open(text)))
    server = Server(document)
    kind = next(c for c in vars(client).values() if inspect.isclass(c) and hasattr(c, "__aenter__") and c.__module__ == "client")
    send = kind._send

    async def note(self, method, template, *rest, **more):
        server.asked = method.lower(), template
        return await send(self, method, template, *rest, **more)

    kind._send = note
    calls = 0
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
        api = kind("http://server", client=http)
        for name, method in inspect.getmembers(kind, inspect.iscoroutinefunction):
            if name.startswith("_") or name == "close":
                continue
            hints = typing.get_type_hints(method)
            given = {}
            try:
                for p in list(inspect.signature(method).parameters.values())[1:]:
                    if p.name != "timeout":
                        given[p.name] = argument(hints[p.name])
            except Exception as error:
                print(f"{name}: its arguments: {type(error).__name__}: {error}".splitlines()[0])
                continue
            for server.nth in range(3):
                server.told, server.sent = [], None
                calls += 1
                try:
                    result = await method(api, **given)
                except Exception as error:
                    print(f"{name}: {server.asked}: {type(error).__name__}: {' '.join(str(error).split())[:300]}")
                    break
                told = server.told if server.nth == 0 else []
                if server.sent is not None:
                    told = told + lost(normal(server.sent), normal(client._plain(result)))
                for line in told[:3]:
                    print(f"{name}: {server.where}: {line}")
                if told:
                    break
    print(f"{calls} calls")


asyncio.run(main(*sys.argv[1:]))
