"""What the tests share: an application with all modules, and clients for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Tuple

import httpx
import pytest
from fastapi.testclient import TestClient

from trading_api.app_factory import create_app
from trading_api.settings import Settings

SRC = Path(__file__).parent.parent / "src"

# The process and its port.
Server = Tuple["subprocess.Popen[str]", int]
MakeClient = Callable[..., TestClient]


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    """Makes clients of applications with settings of their own; ends them afterwards."""
    entered = []

    def make(**settings: Any) -> TestClient:
        # A quick market, so that nothing waits for it.
        settings.setdefault("market_tick", 0.02)
        client = TestClient(create_app(Settings(**settings)))
        client.__enter__()
        entered.append(client)
        return client

    yield make
    for client in reversed(entered):
        client.__exit__(None, None, None)


@pytest.fixture
def client(make_client: MakeClient) -> TestClient:
    return make_client()


@pytest.fixture
def quote(client: TestClient) -> Callable[[str], Dict[str, Any]]:
    """The latest quote of a symbol."""

    def get(symbol: str) -> Dict[str, Any]:
        found: Dict[str, Any] = client.get(f"/api/v1/datafeed/quotes/{symbol}").json()
        return found

    return get


@pytest.fixture
def server() -> Iterator[Server]:
    """uvicorn with all modules on a free port, serving."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    env = {**os.environ, "PYTHONPATH": str(SRC), "PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("ENABLED_MODULES", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "trading_api.main:app", "--port", str(port)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/api/v1/health").raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield process, port
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
