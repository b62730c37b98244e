"""The OpenAPI documents: of all that a process serves, and of each module."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from . import __version__
from .compat import fix_openapi
from .module import Module

TITLE = "Trading API"
SUMMARY = "Orders, positions and market data, in modules that can run as processes of their own."


def operation_id(route: APIRoute) -> str:
    """``place_order`` is ``placeOrder``: what a generated client calls its method."""
    first, *rest = route.name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def openapi_document(app: FastAPI, modules: Dict[str, Module], only: Optional[str] = None) -> Dict[str, Any]:
    """The document of the application, or of one of its modules."""
    chosen = [module for name, module in modules.items() if only in (None, name)]
    names = {module.name for module in chosen}
    routes: List[Any] = [
        route
        for route in app.routes
        if isinstance(route, APIRoute) and names.intersection(str(tag) for tag in route.tags)
    ]
    options: Dict[str, Any] = {}
    if hasattr(app, "separate_input_output_schemas"):
        # One name for a model, whichever way it travels, as with pydantic 1.
        options["separate_input_output_schemas"] = False
    return fix_openapi(
        get_openapi(
            title=TITLE if only is None else f"{TITLE}: {only}",
            version=__version__,
            description=SUMMARY if only is None else modules[only].description,
            routes=routes,
            tags=[{"name": item.name, "description": item.description} for item in chosen],
            **options,
        )
    )
