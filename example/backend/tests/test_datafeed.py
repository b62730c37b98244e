from __future__ import annotations

from typing import Any, Dict

import pytest
from fastapi.testclient import TestClient

BASE = "/api/v1/datafeed"


def test_symbols_by_kind(client: TestClient) -> None:
    symbols = client.get(f"{BASE}/symbols").json()
    assert {"AAPL", "BTC-USD", "EUR-USD"} <= {item["symbol"] for item in symbols}
    crypto = client.get(f"{BASE}/symbols", params={"kind": "crypto"}).json()
    assert {item["kind"] for item in crypto} == {"crypto"}


def test_a_symbol_has_the_details_of_its_kind(client: TestClient) -> None:
    stock = client.get(f"{BASE}/symbols/AAPL").json()
    assert stock["details"] == {"kind": "stock", "sector": "Technology"}
    pair = client.get(f"{BASE}/symbols/BTC-USD").json()
    assert pair["details"] == {"kind": "pair", "base_currency": "BTC", "quote_currency": "USD"}
    assert client.get(f"{BASE}/symbols/NONE").status_code == 404


@pytest.mark.parametrize(
    "query, first",
    [({"q": "aapl"}, "AAPL"), ({"q": "micro"}, "MSFT"), ({"q": "usd", "kind": "forex"}, "EUR-USD")],
)
def test_search_puts_the_best_first(client: TestClient, query: Dict[str, str], first: str) -> None:
    found = client.get(f"{BASE}/search", params=query).json()
    assert found[0]["symbol"] == first


def test_search_finds_no_more_than_asked_for(client: TestClient) -> None:
    assert len(client.get(f"{BASE}/search", params={"q": "a", "limit": 2}).json()) == 2
    assert client.get(f"{BASE}/search", params={"q": "zzz"}).json() == []


def test_bars_of_a_span_do_not_change(client: TestClient) -> None:
    query = {
        "symbol": "AAPL",
        "resolution": "5",
        "from": "2025-01-02T10:00:00Z",
        "to": "2025-01-02T11:00:00Z",
    }
    series = client.get(f"{BASE}/bars", params=query).json()
    assert len(series["bars"]) == 12
    assert series["bars"][0]["time"] == 1_735_812_000_000
    assert series["previous"] == series["bars"][0]["time"] - 300_000
    assert client.get(f"{BASE}/bars", params=query).json() == series


def test_bars_end_with_the_running_one(client: TestClient) -> None:
    series = client.get(f"{BASE}/bars", params={"symbol": "AAPL", "limit": 5}).json()
    assert series["resolution"] == "1"
    assert len(series["bars"]) == 5


@pytest.mark.parametrize(
    "query, status",
    [
        ({"symbol": "NONE"}, 404),
        ({"symbol": "AAPL", "resolution": "7"}, 422),
        ({"symbol": "AAPL", "limit": 100_000}, 422),
        ({"symbol": "AAPL", "from": "2025-01-02T00:00:00Z", "to": "2025-01-01T00:00:00Z"}, 400),
    ],
)
def test_wrong_bars_are_refused(client: TestClient, query: Dict[str, Any], status: int) -> None:
    assert client.get(f"{BASE}/bars", params=query).status_code == status


def test_quotes_of_some_and_of_all(client: TestClient) -> None:
    some = client.get(f"{BASE}/quotes", params={"symbols": ["MSFT", "AAPL"]}).json()
    assert [item["symbol"] for item in some] == ["MSFT", "AAPL"]
    assert all(item["bid"] < item["ask"] for item in some)
    everything = client.get(f"{BASE}/quotes").json()
    assert len(everything) == len(client.get(f"{BASE}/symbols").json())
    assert client.get(f"{BASE}/quotes", params={"symbols": "NONE"}).status_code == 404
    assert client.get(f"{BASE}/quotes/AAPL").json()["symbol"] == "AAPL"


def test_config(client: TestClient) -> None:
    config = client.get(f"{BASE}/config").json()
    assert "1D" in config["resolutions"]
    assert config["exchanges"]["NASDAQ"]["timezone"] == "America/New_York"
