"""The topic layer by itself, with a channel made for it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, AsyncIterator, Callable, Dict, List, Optional, Set

import pytest

from trading_api.compat import Model
from trading_api.realtime import Channel, Hub, Session


class Wish(Model):
    number: int


class News(Model):
    text: str


def channel(source: Optional[Callable[[Any, Wish], AsyncIterator[News]]] = None) -> Channel[Wish, News]:
    return Channel(
        name="news",
        summary="news",
        subscription=Wish,
        update=News,
        topic=lambda wish: f"news:{wish.number}",
        subscription_example=Wish(number=1),
        update_example=News(text="hello"),
        source=source,
    )


async def settled(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def test_a_source_runs_while_somebody_listens_and_once_for_all() -> None:
    running: List[int] = []

    async def source(service: Any, wish: Wish) -> AsyncIterator[News]:
        running.append(wish.number)
        try:
            while True:
                yield News(text="x")
                await asyncio.sleep(0.01)
        finally:
            running.remove(wish.number)

    async def scene() -> None:
        news = channel(source)
        hub = Hub([news])
        one: List[str] = []
        other: List[str] = []
        hub.subscribe(news, Wish(number=1), one.append)
        hub.subscribe(news, Wish(number=1), other.append)
        await settled(lambda: bool(one) and bool(other))
        assert running == [1]
        hub.leave(one.append)
        assert running == [1]
        assert hub.has_subscribers("news")
        assert not hub.unsubscribe("news:1", one.append)
        assert hub.unsubscribe("news:1", other.append)
        await settled(lambda: not running)
        assert not hub.has_subscribers("news")
        hub.subscribe(news, Wish(number=2), one.append)
        await settled(lambda: running == [2])
        await hub.close()
        assert running == []

    asyncio.run(scene())


def test_a_source_that_fails_is_logged_and_starts_anew_with_the_next_subscriber(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts: List[int] = []

    async def source(service: Any, wish: Wish) -> AsyncIterator[News]:
        starts.append(1)
        yield News(text="x")
        raise RuntimeError("the wire is cut")

    async def scene() -> None:
        news = channel(source)
        hub = Hub([news])
        got: List[str] = []
        with caplog.at_level(logging.ERROR, "trading_api"):
            hub.subscribe(news, Wish(number=1), got.append)
            await settled(lambda: "the wire is cut" in caplog.text)
        assert len(got) == 1
        hub.subscribe(news, Wish(number=1), got.append)
        await settled(lambda: len(starts) == 2)
        await hub.close()

    asyncio.run(scene())


class StuckSocket:
    """A WebSocket whose client reads nothing: the second send never ends."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.sent: List[Dict[str, Any]] = []
        self.closed: Optional[int] = None
        self.requests = [{"type": "news.subscribe", "payload": {"number": 1}}]

    async def accept(self) -> None:
        pass

    async def receive(self) -> Dict[str, Any]:
        if self.requests:
            return {"type": "websocket.receive", "text": json.dumps(self.requests.pop())}
        await settled(lambda: self.closed is not None)
        return {"type": "websocket.disconnect", "code": self.closed}

    async def send_text(self, text: str) -> None:
        self.sent.append(json.loads(text))
        if len(self.sent) > 1:
            await self.gate.wait()

    async def close(self, code: int) -> None:
        self.closed = code


def test_a_client_that_is_too_slow_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        news = channel()
        hub = Hub([news])
        socket = StuckSocket()
        sessions: Set[Session] = set()
        task = asyncio.create_task(Session(socket, hub).run(sessions))  # type: ignore[arg-type]
        await settled(lambda: hub.has_subscribers("news"))
        assert len(sessions) == 1
        for _ in range(10_000):
            hub.publish("news", "news:1", News(text="x"))
        assert not hub.has_subscribers("news")
        socket.gate.set()
        await asyncio.wait_for(task, 10)
        assert socket.closed == 1013
        assert not sessions
        # What had waited is dropped: it would only come late.
        assert len(socket.sent) < 10

    with caplog.at_level(logging.WARNING, "trading_api"):
        asyncio.run(scene())
    assert "too slow" in caplog.text
