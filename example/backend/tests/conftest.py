"""What the tests share: an application with all modules, and clients for it."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator

import pytest
from fastapi.testclient import TestClient

from trading_api.app_factory import create_app
from trading_api.settings import Settings

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
