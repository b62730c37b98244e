from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Callable, Dict, List

import pytest
from conftest import MakeClient
from fastapi import WebSocketDisconnect
from fastapi.testclient import TestClient

from trading_api.market import Market
from trading_api.module import Context
from trading_api.modules.datafeed.models import Bar, Resolution
from trading_api.modules.datafeed.service import DatafeedService
from trading_api.settings import Settings

BROKER = "/api/v1/broker/ws"
DATAFEED = "/api/v1/datafeed/ws"
BARS = {"symbol": "AAPL", "resolution": "1"}


def ask(socket: Any, kind: str, payload: Any = None, **more: Any) -> Dict[str, Any]:
    """Sends a request and returns its answer; updates that come before it are dropped."""
    socket.send_json({"type": kind, "payload": payload, **more})
    return until(socket, lambda message: not message["type"].endswith(".update"))


def until(socket: Any, wanted: Callable[[Dict[str, Any]], Any]) -> Dict[str, Any]:
    for _ in range(2_000):
        message: Dict[str, Any] = socket.receive_json()
        if wanted(message):
            return message
    raise AssertionError("the message did not come")


def update(socket: Any, kind: str) -> Dict[str, Any]:
    data: Dict[str, Any] = until(socket, lambda message: message["type"] == kind)["payload"]["data"]
    return data


def test_bars_are_subscribed_updated_and_unsubscribed(client: TestClient) -> None:
    with client.websocket_connect(DATAFEED) as socket:
        answer = ask(socket, "bars.subscribe", BARS, id="7")
        assert answer == {
            "type": "bars.subscribe.response",
            "payload": {"status": "ok", "topic": "bars:AAPL:1", "message": None},
            "id": "7",
        }
        first = socket.receive_json()
        assert first["type"] == "bars.update"
        assert first["payload"]["topic"] == "bars:AAPL:1"
        assert first["payload"]["data"]["time"] % 60_000 == 0
        until(
            socket,
            lambda message: message["payload"]["data"]["close"] != first["payload"]["data"]["close"],
        )
        answer = ask(socket, "bars.unsubscribe", BARS)
        assert answer["type"] == "bars.unsubscribe.response"
        assert answer["payload"]["status"] == "ok"
        # Nothing else is on its way: the next message answers the next request.
        socket.send_json({"type": "bars.unsubscribe", "payload": BARS})
        answer = socket.receive_json()
        assert answer["payload"] == {
            "status": "error",
            "topic": None,
            "message": "not subscribed to bars:AAPL:1",
        }


def test_quotes_of_several_symbols(client: TestClient) -> None:
    with client.websocket_connect(DATAFEED) as socket:
        answer = ask(socket, "quotes.subscribe", {"symbols": ["MSFT", "AAPL", "MSFT"]})
        assert answer["payload"]["topic"] == "quotes:AAPL,MSFT"
        seen = {update(socket, "quotes.update")["symbol"] for _ in range(4)}
        assert seen == {"AAPL", "MSFT"}


def test_two_clients_get_the_same_updates(client: TestClient) -> None:
    with client.websocket_connect(DATAFEED) as one, client.websocket_connect(DATAFEED) as other:
        ask(one, "bars.subscribe", BARS)
        ask(other, "bars.subscribe", BARS)
        wanted = update(other, "bars.update")
        until(one, lambda message: message["payload"]["data"] == wanted)


def test_a_client_that_leaves_ends_its_topic_alone(client: TestClient) -> None:
    with client.websocket_connect(DATAFEED) as stays:
        ask(stays, "bars.subscribe", BARS)
        with client.websocket_connect(DATAFEED) as leaves:
            ask(leaves, "bars.subscribe", BARS)
        for _ in range(3):
            update(stays, "bars.update")


def test_an_order_is_pushed_with_its_execution_and_position(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trading_api.modules.broker.service.MARK_INTERVAL", 0.02)
    with client.websocket_connect(BROKER) as socket:
        for channel in ("orders", "positions", "executions"):
            answer = ask(socket, f"{channel}.subscribe", {})
            assert answer["payload"]["topic"] == f"{channel}:*"
        placed = client.post(
            "/api/v1/broker/orders",
            json={"symbol": "AAPL", "side": "buy", "type": "market", "quantity": 3},
        ).json()
        assert update(socket, "orders.update")["status"] == "working"
        execution = update(socket, "executions.update")
        assert (execution["order_id"], execution["quantity"]) == (placed["id"], 3)
        position = update(socket, "positions.update")
        assert (position["symbol"], position["side"], position["quantity"]) == ("AAPL", "long", 3)
        # The price moves on, and with it the profit or loss.
        moved = until(
            socket,
            lambda message: message["type"] == "positions.update"
            and message["payload"]["data"]["last_price"] != position["last_price"],
        )
        assert moved["payload"]["data"]["quantity"] == 3


def test_a_cancelled_order_is_pushed(client: TestClient) -> None:
    with client.websocket_connect(BROKER) as socket:
        ask(socket, "orders.subscribe")
        order = client.post(
            "/api/v1/broker/orders",
            json={"symbol": "AAPL", "side": "buy", "type": "limit", "quantity": 3, "limit_price": 1},
        ).json()
        assert update(socket, "orders.update")["id"] == order["id"]
        client.delete(f"/api/v1/broker/orders/{order['id']}")
        assert update(socket, "orders.update")["status"] == "cancelled"


def test_a_subscription_to_one_symbol_leaves_out_the_others(client: TestClient) -> None:
    with client.websocket_connect(BROKER) as socket:
        ask(socket, "executions.subscribe", {"symbol": "MSFT"})
        for symbol in ("AAPL", "MSFT"):
            client.post(
                "/api/v1/broker/orders",
                json={"symbol": symbol, "side": "buy", "type": "market", "quantity": 1},
            )
        message = socket.receive_json()
        assert message["payload"]["topic"] == "executions:MSFT"
        assert message["payload"]["data"]["symbol"] == "MSFT"


@pytest.mark.parametrize(
    "kind, payload, reason",
    [
        ("bars.subscribe", {"symbol": "NONE"}, "there is no symbol 'NONE'"),
        ("bars.subscribe", {"symbol": "AAPL", "resolution": "7"}, "resolution: "),
        ("bars.subscribe", {}, "symbol: "),
        ("bars.subscribe", [1], ""),
        ("quotes.subscribe", {"symbols": []}, "symbols: "),
    ],
)
def test_a_wrong_subscription_is_refused_with_its_reason(
    client: TestClient, kind: str, payload: Any, reason: str
) -> None:
    with client.websocket_connect(DATAFEED) as socket:
        answer = ask(socket, kind, payload, id="x")
        assert answer["type"] == f"{kind}.response"
        assert answer["id"] == "x"
        assert answer["payload"]["status"] == "error"
        assert answer["payload"]["topic"] is None
        assert reason in answer["payload"]["message"]


@pytest.mark.parametrize(
    "text, code",
    [
        ("{", "invalid_json"),
        ("[]", "invalid_message"),
        ('{"type": 1}', "invalid_message"),
        ('{"type": "bars.subscribe", "id": 1}', "invalid_message"),
        ('{"type": "bars.subscrib"}', "unknown_type"),
        ('{"type": "orders.subscribe"}', "unknown_type"),
    ],
)
def test_what_cannot_be_understood_is_answered_with_an_error(
    client: TestClient, text: str, code: str
) -> None:
    with client.websocket_connect(DATAFEED) as socket:
        socket.send_text(text)
        message = socket.receive_json()
        assert (message["type"], message["payload"]["code"]) == ("error", code)
        # The connection goes on.
        assert ask(socket, "bars.subscribe", BARS)["payload"]["status"] == "ok"


@pytest.mark.parametrize(
    "query, kind, payload",
    [("?type=broker", "orders", {}), ("?type=datafeed", "bars", BARS)],
)
def test_the_same_websockets_are_found_by_query_parameter(
    client: TestClient, query: str, kind: str, payload: Dict[str, Any]
) -> None:
    with client.websocket_connect(f"/api/v1/ws{query}") as socket:
        assert ask(socket, f"{kind}.subscribe", payload)["payload"]["status"] == "ok"


@pytest.mark.parametrize("query", ["", "?type=", "?type=nonsense", "?type=core"])
def test_an_unknown_websocket_says_which_there_are(client: TestClient, query: str) -> None:
    with client.websocket_connect(f"/api/v1/ws{query}") as socket:
        message = socket.receive_json()
        assert message["payload"]["code"] == "unknown_module"
        assert "broker, datafeed" in message["payload"]["message"]
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 1008


def test_where_there_is_one_websocket_the_parameter_may_be_left_out(
    make_client: MakeClient,
) -> None:
    with make_client(modules=("broker",)).websocket_connect("/api/v1/ws") as socket:
        assert ask(socket, "orders.subscribe")["payload"]["status"] == "ok"


@pytest.mark.parametrize(
    "modules, path",
    [(("broker",), DATAFEED), (("datafeed",), BROKER), ((), BROKER)],
)
def test_a_module_that_is_off_has_no_websocket(
    make_client: MakeClient, modules: List[str], path: str
) -> None:
    with pytest.raises(WebSocketDisconnect):
        with make_client(modules=modules).websocket_connect(path):
            pass


def test_a_bar_that_ended_is_sent_once_more_before_the_next_one() -> None:
    moment = [1_750_000_019.9]  # a minute ends at ...020

    async def two() -> List[Bar]:
        market = Market(7, 0.01, clock=lambda: moment[0])
        context = Context(Settings(), (), market, lambda channel, topic, data: None, lambda name: True)
        updates = DatafeedService(context).bar_updates("AAPL", Resolution.minute)
        bars = [await updates.__anext__()]
        moment[0] += 1
        bars += [await updates.__anext__(), await updates.__anext__()]
        return bars

    running, ended, following = asyncio.run(two())
    assert running.time == ended.time == following.time - 60_000
    assert ended.close == following.open


def test_updates_carry_times_with_a_zone(client: TestClient) -> None:
    with client.websocket_connect(DATAFEED) as socket:
        ask(socket, "quotes.subscribe", {"symbols": ["AAPL"]})
        moment: str = update(socket, "quotes.update")["time"]
    assert datetime.fromisoformat(moment.replace("Z", "+00:00")).tzinfo is not None
