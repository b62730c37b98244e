from __future__ import annotations

from typing import Any, Callable, Dict

import pytest
from conftest import MakeClient
from fastapi.testclient import TestClient

ORDERS = "/api/v1/broker/orders"
Quote = Callable[[str], Dict[str, Any]]


def place(client: TestClient, **order: Any) -> Dict[str, Any]:
    body = {"symbol": "AAPL", "side": "buy", "type": "market", "quantity": 10, **order}
    answer = client.post(ORDERS, json=body)
    assert answer.status_code == 201, answer.text
    placed: Dict[str, Any] = answer.json()
    return placed


def test_a_market_order_is_filled_at_once(client: TestClient) -> None:
    order = place(client, labels={"strategy": "test"})
    assert order["status"] == "filled"
    assert order["filled_quantity"] == 10
    assert order["labels"] == {"strategy": "test"}
    assert order["limit_price"] is None

    (execution,) = client.get("/api/v1/broker/executions").json()
    assert execution["order_id"] == order["id"]
    assert execution["price"] == order["average_price"]

    (position,) = client.get("/api/v1/broker/positions").json()
    assert (position["side"], position["quantity"]) == ("long", 10)
    assert position["average_price"] == order["average_price"]


def test_a_limit_order_rests_until_it_is_cancelled(client: TestClient) -> None:
    order = place(client, type="limit", limit_price=1.0)
    assert order["status"] == "working"
    assert client.get(f"{ORDERS}/{order['id']}").json() == order

    cancelled = client.delete(f"{ORDERS}/{order['id']}")
    assert cancelled.status_code == 200
    assert cancelled.json()["status"] == "cancelled"
    again = client.delete(f"{ORDERS}/{order['id']}")
    assert again.status_code == 409
    assert again.json() == {"detail": "the order is cancelled already", "code": "not_working"}


def test_a_limit_order_that_crosses_is_filled_no_worse_than_its_limit(client: TestClient) -> None:
    order = place(client, type="limit", limit_price=10_000.0, quantity=1)
    assert order["status"] == "filled"
    assert order["average_price"] < 10_000.0


def test_a_stop_order_waits_on_the_other_side_of_the_market(
    client: TestClient, quote: Quote
) -> None:
    last = quote("AAPL")["last"]
    assert place(client, type="stop", stop_price=last * 2)["status"] == "working"
    assert place(client, type="stop", stop_price=last / 2)["status"] == "filled"


def test_modifying_an_order_can_fill_it(client: TestClient) -> None:
    order = place(client, type="limit", limit_price=1.0)
    path = f"{ORDERS}/{order['id']}"
    changed = client.patch(path, json={"limit_price": 2.0, "quantity": 5}).json()
    assert (changed["limit_price"], changed["quantity"], changed["status"]) == (2.0, 5, "working")
    assert changed["updated_at"] > changed["created_at"]
    assert client.patch(path, json={"limit_price": 10_000.0}).json()["status"] == "filled"
    assert client.patch(path, json={"quantity": 1}).status_code == 409


def test_a_price_that_the_order_has_not_cannot_be_changed(client: TestClient) -> None:
    order = place(client, type="limit", limit_price=1.0)
    answer = client.patch(f"{ORDERS}/{order['id']}", json={"stop_price": 2.0})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"


def test_selling_what_is_held_realizes_the_profit(client: TestClient) -> None:
    bought = place(client)
    sold = place(client, side="sell", quantity=4)
    (execution, _) = client.get("/api/v1/broker/executions").json()
    profit = (sold["average_price"] - bought["average_price"]) * 4
    assert execution["realized_pnl"] == pytest.approx(profit, abs=0.01)
    position = client.get("/api/v1/broker/positions/AAPL").json()
    assert position["quantity"] == 6
    account = client.get("/api/v1/broker/account").json()
    assert account["balance"] == pytest.approx(100_000 + profit, abs=0.01)


def test_closing_a_position_leaves_none(client: TestClient) -> None:
    place(client, side="sell")
    assert client.get("/api/v1/broker/positions/AAPL").json()["side"] == "short"
    closing = client.delete("/api/v1/broker/positions/AAPL")
    assert (closing.json()["side"], closing.json()["status"]) == ("buy", "filled")
    assert client.get("/api/v1/broker/positions").json() == []
    assert client.get("/api/v1/broker/positions/AAPL").status_code == 404


def test_an_order_that_costs_too_much_is_rejected(client: TestClient) -> None:
    order = place(client, quantity=1_000_000)
    assert order["status"] == "rejected"
    assert "buying power" in order["reject_reason"]
    assert client.get("/api/v1/broker/positions").json() == []


def test_a_repeated_request_places_one_order(client: TestClient) -> None:
    body = {"symbol": "AAPL", "side": "buy", "type": "market", "quantity": 1}
    ids = {
        client.post(ORDERS, json=body, headers={"Idempotency-Key": "k1"}).json()["id"]
        for _ in range(2)
    }
    assert len(ids) == 1
    assert len(client.get(ORDERS).json()) == 1


def test_orders_are_listed_by_status_symbol_and_time_newest_first(client: TestClient) -> None:
    first = place(client)
    second = place(client, symbol="MSFT", type="limit", limit_price=1.0)
    third = place(client, symbol="MSFT", type="limit", limit_price=2.0, time_in_force="day")
    assert third["expires_at"] is not None

    def ids(**query: Any) -> list[str]:
        return [order["id"] for order in client.get(ORDERS, params=query).json()]

    assert ids() == [third["id"], second["id"], first["id"]]
    assert ids(limit=1) == [third["id"]]
    assert ids(symbol="AAPL") == [first["id"]]
    assert ids(status=["filled", "cancelled"]) == [first["id"]]
    assert ids(since=second["created_at"]) == [third["id"], second["id"]]
    cancelled = client.delete(ORDERS, params={"symbol": "MSFT"}).json()
    assert {order["id"] for order in cancelled} == {second["id"], third["id"]}


@pytest.mark.parametrize(
    "body, status",
    [
        ({"symbol": "AAPL", "side": "buy", "type": "limit", "quantity": 1}, 422),
        ({"symbol": "AAPL", "side": "buy", "type": "magic", "quantity": 1}, 422),
        ({"symbol": "AAPL", "side": "hold", "type": "market", "quantity": 1}, 422),
        ({"symbol": "AAPL", "side": "buy", "type": "market", "quantity": 0}, 422),
        ({"symbol": "NONE", "side": "buy", "type": "market", "quantity": 1}, 404),
    ],
)
def test_a_wrong_order_is_refused(client: TestClient, body: Dict[str, Any], status: int) -> None:
    assert client.post(ORDERS, json=body).status_code == status


def test_a_wrong_order_is_told_only_the_errors_of_its_own_type(client: TestClient) -> None:
    body = {"symbol": "AAPL", "side": "buy", "type": "limit", "quantity": 1}
    (error,) = client.post(ORDERS, json=body).json()["detail"]
    assert error["loc"][-1] == "limit_price"


def test_an_unknown_order_is_not_found(client: TestClient) -> None:
    missing = "00000000-0000-4000-8000-000000000000"
    assert client.get(f"{ORDERS}/{missing}").json()["code"] == "not_found"
    assert client.get(f"{ORDERS}/nonsense").status_code == 422


def test_each_process_has_its_own_orders(make_client: MakeClient) -> None:
    one, other = make_client(), make_client()
    place(one)
    assert other.get(ORDERS).json() == []
