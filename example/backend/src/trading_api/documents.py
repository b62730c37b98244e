"""The documents of the API, made when first asked for, and where they are served.

``/openapi.json`` and ``/asyncapi.json`` below the base URL tell what this
process serves, ``?modules=all`` (or ``?modules=broker,datafeed``) what the
whole application has, whichever process answers; the pages ``/docs`` and
``/redoc`` show the latter. Each module's own documents are below its name.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Callable, Coroutine, Dict, Optional, Tuple

from fastapi import FastAPI, HTTPException, Query, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse

from .asyncapi import asyncapi_document
from .module import Module
from .openapi import TITLE, openapi_document
from .settings import ConfigurationError, Settings, module_names

AppFactory = Callable[[Settings], FastAPI]


class Documents:
    """The documents of one application object."""

    def __init__(
        self, app: FastAPI, modules: Dict[str, Module], settings: Settings, factory: AppFactory
    ) -> None:
        self._app = app
        self._modules = modules
        self._settings = settings
        self._factory = factory
        self._made: Dict[Tuple[str, Optional[str]], Dict[str, Any]] = {}
        self._others: Dict[Tuple[str, ...], Documents] = {}

    @property
    def modules(self) -> Dict[str, Module]:
        return self._modules

    def openapi(self, only: Optional[str] = None) -> Dict[str, Any]:
        """The REST API: of all modules, or of one."""
        key = ("openapi", only)
        if key not in self._made:
            self._made[key] = openapi_document(self._app, self._modules, only)
        return self._made[key]

    def asyncapi(self, only: Optional[str] = None) -> Dict[str, Any]:
        """The WebSockets: of all modules, or of one."""
        key = ("asyncapi", only)
        if key not in self._made:
            self._made[key] = asyncapi_document(self._modules, self._settings.base_url, only)
        return self._made[key]

    def of(self, modules: Optional[str]) -> Documents:
        """The documents for a ``modules`` parameter: this process's without one."""
        if modules is None:
            return self
        names = () if modules == "all" else module_names(modules)
        if names not in self._others:
            settings = replace(self._settings, modules=names or None)
            documents: Documents = self._factory(settings).state.documents
            self._others[names] = documents
        return self._others[names]

    def install(self) -> None:
        """Adds the routes that serve them."""
        base = self._settings.base_url
        modules_query = Query(None, description="`all`, or a comma-separated list")

        async def openapi(modules: Optional[str] = modules_query) -> Response:
            return _json(self._chosen(modules).openapi())

        async def asyncapi(modules: Optional[str] = modules_query) -> Response:
            return _json(self._chosen(modules).asyncapi())

        async def docs() -> HTMLResponse:
            return get_swagger_ui_html(openapi_url=f"{base}/openapi.json?modules=all", title=TITLE)

        async def redoc() -> HTMLResponse:
            return get_redoc_html(openapi_url=f"{base}/openapi.json?modules=all", title=TITLE)

        endpoints: Dict[str, Callable[..., Coroutine[Any, Any, Response]]] = {
            "/openapi.json": openapi,
            "/asyncapi.json": asyncapi,
            "/docs": docs,
            "/redoc": redoc,
        }
        for path, endpoint in endpoints.items():
            self._app.add_api_route(base + path, endpoint, include_in_schema=False)
        for name, module in self._modules.items():
            self._install_module(f"{base}/{name}", name, bool(module.channels))

    def _install_module(self, prefix: str, name: str, has_websocket: bool) -> None:
        async def openapi() -> Response:
            return _json(self.openapi(name))

        async def asyncapi() -> Response:
            return _json(self.asyncapi(name))

        self._app.add_api_route(f"{prefix}/openapi.json", openapi, include_in_schema=False)
        if has_websocket:
            self._app.add_api_route(f"{prefix}/asyncapi.json", asyncapi, include_in_schema=False)

    def _chosen(self, modules: Optional[str]) -> Documents:
        try:
            return self.of(modules)
        except ConfigurationError as error:
            raise HTTPException(404, str(error)) from None


def _json(document: Dict[str, Any]) -> Response:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(text, media_type="application/json")
