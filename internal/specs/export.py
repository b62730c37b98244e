"""Writes the API's documents without a server. Arguments: MODULE:ATTRIBUTE, base URL, modules, folder."""
import asyncio
import importlib
import json
import os
import sys


def load(name):
    module, _, attribute = name.partition(":")
    app = importlib.import_module(module)
    for part in (attribute or "app").split("."):
        app = getattr(app, part)
    return app


async def get(app, path):
    """The JSON that the application answers to GET path, or None."""
    status, body = 0, b""
    sent = False

    async def receive():
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            body += message.get("body", b"")

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }
    try:
        await app(scope, receive, send)
        return json.loads(body) if status == 200 else None
    except Exception:
        return None


def references(value, found):
    if isinstance(value, dict):
        ref = value.get("$ref")
        if isinstance(ref, str) and ref.startswith("#/components/"):
            found.add(tuple(ref.split("/")[2:4]))
        for item in value.values():
            references(item, found)
    elif isinstance(value, list):
        for item in value:
            references(item, found)


def part(document, base, module):
    """The module's share of the document: by path, or else by tag."""
    prefix = base + "/" + module
    paths = {p: item for p, item in document.get("paths", {}).items() if p == prefix or p.startswith(prefix + "/")}
    if not paths:
        for path, item in document.get("paths", {}).items():
            kept = {m: op for m, op in item.items() if not isinstance(op, dict) or module in op.get("tags", [])}
            if any(isinstance(op, dict) for op in kept.values()):
                paths[path] = kept
    if not paths:
        return None
    wanted, seen = set(), set()
    references(paths, wanted)
    components = document.get("components", {})
    result = {"securitySchemes": components["securitySchemes"]} if "securitySchemes" in components else {}
    while wanted - seen:
        kind, name = (wanted - seen).pop()
        seen.add((kind, name))
        value = components.get(kind, {}).get(name)
        if value is not None:
            result.setdefault(kind, {})[name] = value
            references(value, wanted)
    out = {key: value for key, value in document.items() if key not in ("paths", "components", "tags")}
    out["info"] = dict(document.get("info", {}), title="%s: %s" % (document.get("info", {}).get("title", "API"), module))
    out["paths"] = paths
    if result:
        out["components"] = result
    return out


def write(folder, name, document):
    if document:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(document, file)


async def export(app, base, modules, folder):
    document = app.openapi() if callable(getattr(app, "openapi", None)) else None
    document = document or await get(app, base + "/openapi.json") or await get(app, "/openapi.json")
    if document is None:
        sys.exit("the application has no openapi() and serves no openapi.json")
    write(folder, "openapi.json", document)
    socket = app.asyncapi() if callable(getattr(app, "asyncapi", None)) else None
    write(folder, "asyncapi.json", socket or await get(app, base + "/asyncapi.json"))
    for module in modules:
        own = await get(app, "%s/%s/openapi.json" % (base, module))
        write(os.path.join(folder, module), "openapi.json", own or part(document, base, module))
        write(os.path.join(folder, module), "asyncapi.json", await get(app, "%s/%s/asyncapi.json" % (base, module)))


app_name, base_url, names, target = sys.argv[1:5]
sys.path.insert(0, os.getcwd())
asyncio.run(export(load(app_name), base_url, [name for name in names.split(",") if name], target))
