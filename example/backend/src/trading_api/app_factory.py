"""Puts the chosen modules together to one application."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Dict, Optional, Set

from fastapi import FastAPI, Query, Request, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

from . import __version__
from .compat import dump
from .documents import Documents
from .market import Market
from .module import Context, Module, Service, load_all, select
from .openapi import SUMMARY, TITLE, operation_id
from .problems import Problem, ProblemError
from .realtime import (
    POLICY_VIOLATION,
    SERVICE_RESTART,
    Hub,
    ProtocolErrorCode,
    Session,
)
from .request_id import RequestIdMiddleware
from .settings import Settings
from .shutdown import on_stop_signal

log = logging.getLogger(__name__)

# A frontend's development server, on any port.
_DEV_ORIGINS = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"


def create_app(settings: Optional[Settings] = None) -> FastAPI:
    """The application with the modules that the settings name; raises ConfigurationError."""
    settings = Settings.from_env() if settings is None else settings
    modules = load_all(select(settings.modules))
    app = FastAPI(
        title=TITLE,
        version=__version__,
        description=SUMMARY,
        openapi_url=None,  # served by Documents
        generate_unique_id_function=operation_id,
    )
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=_DEV_ORIGINS,
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )
    app.add_middleware(RequestIdMiddleware)  # the last one is around all others
    app.add_exception_handler(ProblemError, _answer_problem)

    sessions: Set[Session] = set()
    hubs = {name: Hub(module.channels) for name, module in modules.items()}
    services = _services(settings, modules, hubs)
    app.state.settings = settings
    app.state.services = services
    for name, module in modules.items():
        prefix = f"/{name}" if module.prefix is None else module.prefix
        app.include_router(module.router, prefix=settings.base_url + prefix, tags=[name])
        if module.root_router is not None:
            app.include_router(module.root_router)
    _add_websockets(app, settings, modules, hubs, sessions)

    documents = Documents(app, modules, settings, create_app)
    documents.install()
    app.state.documents = documents
    app.openapi = documents.openapi  # type: ignore
    app.openapi_url = f"{settings.base_url}/openapi.json"
    # The parameter lifespan= is younger than the oldest FastAPI that this runs on.
    app.router.lifespan_context = _lifespan(services, hubs, sessions)
    return app


def _services(
    settings: Settings, modules: Dict[str, Module], hubs: Dict[str, Hub]
) -> Dict[str, Service]:
    market = Market(settings.market_seed, settings.market_tick)
    services = {}
    for name, module in modules.items():
        hub = hubs[name]
        context = Context(settings, tuple(modules), market, hub.publish, hub.has_subscribers)
        services[name] = hub.service = module.service(context)
    return services


def _lifespan(services: Dict[str, Service], hubs: Dict[str, Hub], sessions: Set[Session]) -> Any:
    def close_sessions() -> None:
        for session in list(sessions):
            session.close(SERVICE_RESTART)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for service in services.values():
            await service.start()
        log.info("serving the modules %s", ", ".join(services))
        with on_stop_signal(close_sessions):
            yield
        close_sessions()
        for hub in hubs.values():
            await hub.close()
        for service in reversed(list(services.values())):
            await service.stop()

    return lifespan


def _add_websockets(
    app: FastAPI,
    settings: Settings,
    modules: Dict[str, Module],
    hubs: Dict[str, Hub],
    sessions: Set[Session],
) -> None:
    """A WebSocket for each module that has topics, by path and by query parameter."""
    found = {name: hubs[name] for name, module in modules.items() if module.channels}

    def add(path: str, hub: Hub) -> None:
        @app.websocket(path)
        async def serve(websocket: WebSocket) -> None:
            await Session(websocket, hub).run(sessions)

    for name, hub in found.items():
        add(f"{settings.base_url}/{name}/ws", hub)

    @app.websocket(f"{settings.base_url}/ws")
    async def serve_by_query(websocket: WebSocket, type: Optional[str] = Query(None)) -> None:
        name = type
        if name is None and len(found) == 1:
            name = next(iter(found))  # there is nothing to choose from
        if name in found:
            await Session(websocket, found[name]).run(sessions)
            return
        # Accepted first: a browser's script sees neither status nor text of a refusal.
        known = ", ".join(found) or "none"
        session = Session(websocket, Hub(()))
        session.fail(
            ProtocolErrorCode.unknown_module,
            f"?type={name or ''}: no such module here; this process serves: {known}",
        )
        session.close(POLICY_VIOLATION)
        await session.run(sessions)


async def _answer_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    problem = Problem(detail=error.detail, code=error.code)
    return JSONResponse(dump(problem), status_code=error.status)
