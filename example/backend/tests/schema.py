"""Checks JSON data against the part of JSON Schema that the documents use.

Small enough to need no package; a keyword that it does not know is an error,
so that nothing passes unseen.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, Tuple

_TYPES: Dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}

# Say nothing about whether a value is valid.
_ABOUT = {"title", "description", "default", "format", "examples", "discriminator", "deprecated"}


class SchemaError(Exception):
    """The data is not what the schema says, or the schema cannot be followed."""


def resolve(document: Dict[str, Any], ref: str) -> Any:
    """What a local reference points to."""
    if not ref.startswith("#/"):
        raise SchemaError(f"not a local reference: {ref}")
    node: Any = document
    for part in ref[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or name not in node:
            raise SchemaError(f"{ref} leads nowhere")
        node = node[name]
    return node


def references(node: Any) -> Iterator[str]:
    """Every $ref below a node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def check(document: Dict[str, Any], schema: Dict[str, Any], data: Any, where: str = "$") -> None:
    """Raises SchemaError where the data does not fit."""
    for keyword, value in schema.items():
        if keyword in _ABOUT:
            continue
        if keyword == "$ref":
            check(document, resolve(document, value), data, where)
        elif keyword == "type":
            kind = _TYPES[value]
            if not isinstance(data, kind) or (isinstance(data, bool) and value != "boolean"):
                raise SchemaError(f"{where}: not of type {value}: {data!r}")
        elif keyword in ("const", "enum"):
            if data not in ([value] if keyword == "const" else value):
                raise SchemaError(f"{where}: {data!r} is not {value!r}")
        elif keyword == "properties":
            for name, item in value.items():
                if isinstance(data, dict) and name in data:
                    check(document, item, data[name], f"{where}.{name}")
        elif keyword == "required":
            missing = [name for name in value if name not in data]
            if missing:
                raise SchemaError(f"{where}: lacks {missing}")
        elif keyword == "additionalProperties":
            for name in set(data) - set(schema.get("properties", {})):
                if value is False:
                    raise SchemaError(f"{where}: has {name}")
                if value is not True:
                    check(document, value, data[name], f"{where}.{name}")
        elif keyword == "items":
            for index, item in enumerate(data):
                check(document, value, item, f"{where}[{index}]")
        elif keyword == "allOf":
            for item in value:
                check(document, item, data, where)
        elif keyword in ("anyOf", "oneOf"):
            fits = sum(_fits(document, item, data) for item in value)
            if fits == 0 or (keyword == "oneOf" and fits > 1):
                raise SchemaError(f"{where}: fits {fits} of {keyword}")
        elif not _within(keyword, value, data):
            raise SchemaError(f"{where}: {keyword} is {value}: {data!r}")


def _fits(document: Dict[str, Any], schema: Dict[str, Any], data: Any) -> bool:
    try:
        check(document, schema, data)
    except SchemaError:
        return False
    return True


def _within(keyword: str, bound: Any, data: Any) -> bool:
    checks: Dict[str, Any] = {
        "minimum": lambda: data >= bound,
        "maximum": lambda: data <= bound,
        "exclusiveMinimum": lambda: data > bound,
        "exclusiveMaximum": lambda: data < bound,
        "minItems": lambda: len(data) >= bound,
        "maxItems": lambda: len(data) <= bound,
        "minLength": lambda: len(data) >= bound,
        "maxLength": lambda: len(data) <= bound,
    }
    if keyword not in checks:
        raise SchemaError(f"unknown keyword {keyword!r}")
    result: bool = checks[keyword]()
    return result


def parts(document: Dict[str, Any], *names: str) -> Iterator[Tuple[str, Any]]:
    """The entries of components/..., by name."""
    node: Any = document.get("components", {})
    for name in names:
        node = node.get(name, {})
    yield from node.items()
