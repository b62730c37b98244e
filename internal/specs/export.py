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


def server_path(document):
    """Where the document's paths begin."""
    servers = document.get("servers") or [{}]
    url = servers[0].get("url", "")
    return ("/" + url.partition("://")[2].partition("/")[2] if "://" in url else url).rstrip("/")


def mounts(app, prefix=""):
    """The applications that are mounted in another, by their paths."""
    for route in getattr(app, "routes", None) or []:
        inner, path = getattr(route, "app", None), getattr(route, "path", "")
        if inner is not None and hasattr(inner, "routes") and "{" not in path:
            yield prefix + path
            yield from mounts(inner, prefix + path)


async def first(app, places, name):
    """The first of the documents at places, with the place that it speaks from."""
    for place in places:
        document = await get(app, place + "/" + name)
        if isinstance(document, dict):
            return dict(document, **{"x-muster-place": place})
    return None


def part(document, base, module):
    """The module's share of the document: by path, or else by tag."""
    prefix = base + "/" + module
    prefix = prefix.removeprefix(server_path(document))
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
    root_path = getattr(app, "root_path", "").rstrip("/")
    if root_path and getattr(app, "root_path_in_servers", True) and not document.get("servers"):
        document = dict(document, servers=[{"url": root_path}])  # as it says itself when it is asked
    write(folder, "openapi.json", document)
    socket = app.asyncapi() if callable(getattr(app, "asyncapi", None)) else None
    write(folder, "asyncapi.json", socket or await get(app, base + "/asyncapi.json"))
    mounted = list(mounts(app))
    for module in modules:
        places = [base + "/" + module] + [place for place in mounted if place.endswith("/" + module)]
        own = await first(app, places, "openapi.json")
        write(os.path.join(folder, module), "openapi.json", own or part(document, base, module))
        beside = places + [place + "/ws" for place in places]  # what is written beside the WebSocket itself
        write(os.path.join(folder, module), "asyncapi.json", await first(app, beside, "asyncapi.json"))


app_name, base_url, names, target = sys.argv[1:5]
sys.path.insert(0, os.getcwd())
asyncio.run(export(load(app_name), base_url, [name for name in names.split(",") if name], target))
