"""The id of a request in what is logged for it."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import Iterator

import httpx
import pytest
import websockets
from fastapi.testclient import TestClient
from websockets.version import version

from conftest import Server
from trading_api.request_id import RequestIdFormatter, _current, log_request_ids

ORDER = {"symbol": "AAPL", "side": "buy", "type": "market", "quantity": 1}


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """What the application logs, as it is printed."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    logger = logging.getLogger("trading_api")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    for _ in range(2):  # the second time changes nothing
        log_request_ids("trading_api")
    yield text
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("0191e6c8-2b1c-7e53", " [0191e6c8-2b1c-7e53]"),
        ("", ""),
        ("a b", ""),
        ('"', ""),
        ("x" * 129, ""),
    ],
)
def test_an_order_is_logged_with_the_id_of_its_request(
    client: TestClient, out: io.StringIO, sent: str, shown: str
) -> None:
    answer = client.post("/api/v1/broker/orders", json=ORDER, headers={"X-Request-ID": sent} if sent else None)
    assert answer.status_code == 201, answer.text
    line = out.getvalue().splitlines()[0]
    assert line.startswith("order ")
    assert line.endswith(shown)
    assert ("[" in line) == bool(shown)


def test_the_id_is_behind_the_first_line() -> None:
    token = _current.set("x-1")
    try:
        record = logging.LogRecord("a", logging.ERROR, __file__, 1, "it failed\nhere", None, None)
        assert RequestIdFormatter(None).format(record) == "it failed [x-1]\nhere"
    finally:
        _current.reset(token)


def test_the_servers_own_lines_have_it(server: Server) -> None:  # noqa: F811
    process, port = server

    async def connect() -> None:
        url = f"ws://127.0.0.1:{port}/api/v1/broker/ws"
        key = "additional_headers" if int(version.split(".")[0]) >= 14 else "extra_headers"
        client = await websockets.connect(url, **{key: {"X-Request-ID": "sock-1"}})  # type: ignore[attr-defined]
        await client.close()

    httpx.get(f"http://127.0.0.1:{port}/api/v1/version", headers={"X-Request-ID": "req-1"})
    httpx.get(f"http://127.0.0.1:{port}/api/v1/version?again=1")
    asyncio.run(connect())
    process.terminate()
    output = process.communicate(timeout=20)[0]
    access = [line for line in output.splitlines() if "/api/v1/version" in line]
    assert access[0].endswith('"GET /api/v1/version HTTP/1.1" 200 OK [req-1]'), output
    assert access[1].endswith("200 OK"), output
    assert any('"WebSocket /api/v1/broker/ws" [accepted] [sock-1]' in line for line in output.splitlines()), output
