"""Every line that is logged for a request has the id which the gateway gave it.

``logs:tail -request=ID`` then shows what all servers have to say of one request.
"""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from typing import Optional

from starlette.types import ASGIApp, Receive, Scope, Send

_current: ContextVar[str] = ContextVar("request_id", default="")

# What the gateway lets pass. Without it in between, anybody's text would be in the log.
_ID = re.compile(rb"[A-Za-z0-9._:@+/=-]{1,128}")


def request_id() -> str:
    """The id of the request that is served, to be sent on to other services; "" if it has none."""
    return _current.get()


class RequestIdMiddleware:
    """Remembers X-Request-ID while a request or a WebSocket is served."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            values = [value for name, value in scope["headers"] if name == b"x-request-id"]
            known = len(values) == 1 and _ID.fullmatch(values[0])
            # Not reset: a server has a task, and so a context, for each request, and logs
            # in it after this has returned, too.
            _current.set(values[0].decode() if known else "")
        await self._app(scope, receive, send)


class RequestIdFormatter(logging.Formatter):
    """Puts the id behind the first line of what another formatter makes of a record."""

    def __init__(self, inner: Optional[logging.Formatter]) -> None:
        super().__init__()
        self._inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        text = self._inner.format(record)
        current = request_id()
        if not current:
            return text
        first, newline, rest = text.partition("\n")
        return f"{first} [{current}]{newline}{rest}"


def log_request_ids(*loggers: str) -> None:
    """Gives the handlers of these loggers a RequestIdFormatter, once."""
    for name in loggers:
        for handler in logging.getLogger(name).handlers:
            if not isinstance(handler.formatter, RequestIdFormatter):
                handler.setFormatter(RequestIdFormatter(handler.formatter))
