"""One open WebSocket."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Dict, Optional, Set

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ValidationError

from ..compat import dump, error_text, parse
from .channel import (
    Channel,
    ProtocolError,
    ProtocolErrorCode,
    ResultStatus,
    SubscriptionError,
    SubscriptionResult,
)
from .hub import Hub

log = logging.getLogger(__name__)

# Messages that may wait for a slow client before it is let go: some seconds of
# a busy market. Without a bound it would eat the process's memory.
_BACKLOG = 2_000

# RFC 6455, section 7.4.1, and IANA's registry of close codes.
POLICY_VIOLATION = 1008
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013


class Session:
    """Answers the messages of one client and passes on what it subscribed to."""

    def __init__(self, websocket: WebSocket, hub: Hub) -> None:
        self._websocket = websocket
        self._hub = hub
        self._outbox: asyncio.Queue[Optional[str]] = asyncio.Queue(_BACKLOG)
        self._close_code: Optional[int] = None

    async def run(self, sessions: Set[Session]) -> None:
        """Serves until either side closes; sessions holds it meanwhile."""
        await self._websocket.accept()
        sessions.add(self)
        sender = asyncio.create_task(self._send())
        try:
            while True:
                self._answer(await self._receive())
        except WebSocketDisconnect:
            pass
        finally:
            sessions.discard(self)
            self._hub.leave(self._put)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def close(self, code: int) -> None:
        """Sends what waits, then closes."""
        if self._close_code is None:
            self._close_code = code
            if self._outbox.full():
                self._outbox.get_nowait()
            self._outbox.put_nowait(None)

    async def _receive(self) -> str:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1000)
        text: Optional[str] = message.get("text")
        if text is None:
            text = (message.get("bytes") or b"").decode("utf-8", "replace")
        return text

    async def _send(self) -> None:
        try:
            while True:
                text = await self._outbox.get()
                if text is None:
                    await self._websocket.close(self._close_code or 1000)
                    return
                await self._websocket.send_text(text)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the connection is gone; the reader sees that, too
            log.debug("cannot send: %r", error)

    def _put(self, text: str) -> None:
        if self._close_code is not None:
            return
        try:
            self._outbox.put_nowait(text)
        except asyncio.QueueFull:
            log.warning("a WebSocket client is too slow: closed with %d messages waiting", _BACKLOG)
            self._hub.leave(self._put)
            while not self._outbox.empty():
                self._outbox.get_nowait()
            self.close(TRY_AGAIN_LATER)

    def _reply(self, kind: str, payload: BaseModel, identity: Optional[str]) -> None:
        message: Dict[str, Any] = {"type": kind, "payload": dump(payload)}
        if identity is not None:
            message["id"] = identity
        self._put(json.dumps(message, separators=(",", ":")))

    def fail(self, code: ProtocolErrorCode, text: str, identity: Optional[str] = None) -> None:
        """Sends an error message."""
        self._reply("error", ProtocolError(code=code, message=text), identity)

    def _answer(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError as error:
            self.fail(ProtocolErrorCode.invalid_json, f"not JSON: {error}")
            return
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            self.fail(
                ProtocolErrorCode.invalid_message,
                'a message is an object: {"type": "...", "payload": {...}}',
            )
            return
        kind: str = message["type"]
        identity = message.get("id")
        if identity is not None and not isinstance(identity, str):
            self.fail(ProtocolErrorCode.invalid_message, "the id of a message is a string")
            return
        name, _, action = kind.rpartition(".")
        channel = self._hub.channels.get(name)
        if channel is None or action not in ("subscribe", "unsubscribe"):
            known = ", ".join(f"{item}.subscribe, {item}.unsubscribe" for item in self._hub.channels)
            self.fail(ProtocolErrorCode.unknown_type, f"unknown type {kind!r}; known: {known}", identity)
            return
        payload = message.get("payload")
        result = self._request(channel, action, {} if payload is None else payload)
        self._reply(kind + ".response", result, identity)

    def _request(self, channel: Channel[Any, Any], action: str, payload: Any) -> SubscriptionResult:
        try:
            subscription = parse(channel.subscription, payload)
            if action == "subscribe":
                topic = self._hub.subscribe(channel, subscription, self._put)
            else:
                topic = channel.topic(subscription)
                if not self._hub.unsubscribe(topic, self._put):
                    raise SubscriptionError(f"not subscribed to {topic}")
        except ValidationError as error:
            return _refusal(error_text(error))
        except SubscriptionError as error:
            return _refusal(str(error))
        return SubscriptionResult(status=ResultStatus.ok, topic=topic, message=None)


def _refusal(text: str) -> SubscriptionResult:
    return SubscriptionResult(status=ResultStatus.error, topic=None, message=text)
