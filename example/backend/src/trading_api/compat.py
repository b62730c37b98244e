"""The one place that knows whether pydantic 1 or pydantic 2 is installed.

Everything else uses these few functions, so that the code base runs on the
FastAPI that a distribution packages (0.92, pydantic 1) and on today's alike.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, Mapping, Type, TypeVar

from fastapi import Body
from pydantic import VERSION, BaseModel, Field, ValidationError

PYDANTIC_2 = not VERSION.startswith("1.")

REF_PREFIX = "#/components/schemas/"

M = TypeVar("M", bound=BaseModel)

if PYDANTIC_2:

    class Model(BaseModel):
        """Base of every model of the API."""

else:

    class Model(BaseModel):  # type: ignore[no-redef]
        """Base of every model of the API."""

        class Config:
            @staticmethod
            def schema_extra(schema: Dict[str, Any], model: Type[BaseModel]) -> None:
                # pydantic 1 leaves out that a value may be null, which would
                # make its own output invalid against its own schema.
                fields: Any = model.__fields__
                for field in fields.values():
                    if field.allow_none:
                        _allow_null(schema["properties"], field.alias)


def _allow_null(properties: Dict[str, Any], name: str) -> None:
    schema = properties[name]
    if "$ref" in schema:
        schema = properties[name] = {"allOf": [schema]}
    schema["nullable"] = True


def parse(model: Type[M], data: Any) -> M:
    """An instance made from JSON data; raises ValidationError."""
    if PYDANTIC_2:
        return model.model_validate(data)  # type: ignore[attr-defined,no-any-return]
    return model.parse_obj(data)


def dump_json(model: BaseModel) -> str:
    """The model as JSON text."""
    if PYDANTIC_2:
        return model.model_dump_json()  # type: ignore[attr-defined,no-any-return]
    return model.json()


def dump(model: BaseModel) -> Dict[str, Any]:
    """The model as plain JSON data."""
    if PYDANTIC_2:
        return model.model_dump(mode="json")  # type: ignore[attr-defined,no-any-return]
    data: Dict[str, Any] = json.loads(model.json())
    return data


def changed(model: M, changes: Mapping[str, Any]) -> M:
    """A copy with some fields replaced."""
    if PYDANTIC_2:
        return model.model_copy(update=dict(changes))  # type: ignore[attr-defined,no-any-return]
    return model.copy(update=dict(changes))


def fields_set(model: BaseModel) -> Dict[str, Any]:
    """The fields that the sender gave, with their values."""
    if PYDANTIC_2:
        return model.model_dump(exclude_unset=True)  # type: ignore[attr-defined,no-any-return]
    return model.dict(exclude_unset=True)


def error_text(error: ValidationError) -> str:
    """One line that says which fields are wrong, and why."""
    parts = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"] if part != "__root__")
        parts.append(f"{where}: {item['msg']}" if where else str(item["msg"]))
    return "; ".join(parts)


def filled_list(description: str) -> Any:
    """The Field of a list that has one item at least."""
    least: Dict[str, Any] = {"min_length" if PYDANTIC_2 else "min_items": 1}
    return Field(..., description=description, **least)


def tagged_body(key: str, title: str) -> Any:
    """A request body that is one of several models, told apart by the field key."""
    if PYDANTIC_2:
        return Body(..., discriminator=key, title=title)
    body = Body(..., title=title)
    body.discriminator = key  # FastAPI hands the field to pydantic as it is
    return body


def json_schemas(models: Iterable[Type[BaseModel]]) -> Dict[str, Any]:
    """The JSON Schemas (draft 7) of models and of all that they refer to, by name."""
    unique = list(dict.fromkeys(models))
    if PYDANTIC_2:
        from pydantic.json_schema import models_json_schema  # type: ignore[import]

        _, document = models_json_schema(
            [(model, "validation") for model in unique],
            ref_template=REF_PREFIX + "{model}",
        )
        definitions: Dict[str, Any] = document.get("$defs", {})
        return definitions
    from pydantic.schema import schema

    definitions = schema(unique, ref_prefix=REF_PREFIX).get("definitions", {})
    return {name: _draft7(item) for name, item in definitions.items()}


def _draft7(node: Any) -> Any:
    """Says null the way JSON Schema does, where OpenAPI 3.0 says nullable."""
    if isinstance(node, list):
        return [_draft7(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _draft7(value) for key, value in node.items()}
    if node.pop("nullable", False) is not True:
        return node
    about = {key: node.pop(key) for key in ("title", "description", "default") if key in node}
    if list(node) == ["allOf"] and len(node["allOf"]) == 1:
        node = node["allOf"][0]
    return {**about, "anyOf": [node, {"type": "null"}]}


def fix_openapi(document: Dict[str, Any]) -> Dict[str, Any]:
    """Makes an OpenAPI 3.0 document of pydantic 1 valid: in 3.0, unlike in 3.1 and
    JSON Schema, an exclusive bound is a boolean beside the bound."""
    if str(document.get("openapi", "")).startswith("3.0"):
        _boolean_bounds(document)
    return document


def _boolean_bounds(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _boolean_bounds(item)
    elif isinstance(node, dict):
        for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            value = node.get(exclusive)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                node[bound] = value
                node[exclusive] = True
        for value in list(node.values()):
            _boolean_bounds(value)
