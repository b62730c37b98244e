from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import schema
from conftest import MakeClient
from fastapi.testclient import TestClient

from trading_api.app_factory import create_app
from trading_api.documents import Documents
from trading_api.settings import Settings

METHODS = ("get", "put", "post", "patch", "delete")


@pytest.fixture(scope="module")
def documents() -> Documents:
    made: Documents = create_app(Settings()).state.documents
    return made


def operations(document: Dict[str, Any]) -> Iterator[Tuple[str, Dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, item[method]


def names(document: Dict[str, Any]) -> List[str]:
    return [operation["operationId"] for _, operation in operations(document)]


@pytest.mark.parametrize("only", [None, "core", "broker", "datafeed"])
@pytest.mark.parametrize("kind", ["openapi", "asyncapi"])
def test_every_reference_resolves_and_no_schema_is_left_over(
    documents: Documents, kind: str, only: Any
) -> None:
    document = getattr(documents, kind)(only)
    found = set(schema.references(document))
    for ref in found:
        schema.resolve(document, ref)
    for name, _ in schema.parts(document, "schemas"):
        assert f"#/components/schemas/{name}" in found


def test_operations_have_the_names_of_client_methods(documents: Documents) -> None:
    found = names(documents.openapi())
    assert len(found) == len(set(found))
    assert {"getHealth", "placeOrder", "modifyOrder", "cancelOrder", "getBars", "searchSymbols"} <= set(found)
    for name in found:
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", name), name


def test_operations_are_tagged_with_their_module_alone(documents: Documents) -> None:
    for path, operation in operations(documents.openapi()):
        part = path.split("/")[3]
        assert operation["tags"] == [part if part in ("broker", "datafeed") else "core"]


def test_a_module_has_its_own_operations_with_whole_paths(documents: Documents) -> None:
    everything = documents.openapi()
    for module in ("core", "broker", "datafeed"):
        document = documents.openapi(module)
        assert names(document) == [
            operation["operationId"]
            for _, operation in operations(everything)
            if operation["tags"] == [module]
        ]
        for path, operation in operations(document):
            assert path.startswith("/api/v1/")
            assert everything["paths"][path]
    assert "Order" in documents.openapi("broker")["components"]["schemas"]
    assert "Order" not in documents.openapi("datafeed")["components"]["schemas"]


def test_every_field_and_parameter_is_described(documents: Documents) -> None:
    document = documents.openapi()
    for name, model in schema.parts(document, "schemas"):
        if "ValidationError" in name:  # FastAPI's own
            continue
        assert model.get("description"), name
        for field, about in model.get("properties", {}).items():
            assert about.get("description"), f"{name}.{field}"
    for path, operation in operations(document):
        assert operation["summary"]
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), f"{path} {parameter['name']}"


def test_the_body_of_an_order_is_one_of_three_told_apart_by_type(documents: Documents) -> None:
    operation = documents.openapi()["paths"]["/api/v1/broker/orders"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body["title"] == "PlaceOrderRequest"
    assert len(body["oneOf"]) == 3
    assert set(body["discriminator"]["mapping"]) == {"market", "limit", "stop"}


def test_answers_are_valid_by_the_document(client: TestClient, documents: Documents) -> None:
    order = {"symbol": "AAPL", "side": "buy", "type": "market", "quantity": 2}
    client.post("/api/v1/broker/orders", json=order)
    client.post("/api/v1/broker/orders", json={**order, "type": "limit", "limit_price": 1})
    document = documents.openapi()
    plain = strict(document)
    checked = 0
    for path, operation in operations(document):
        if operation is not document["paths"][path].get("get") or "order_id" in path:
            continue
        answer = client.get(
            path.format(symbol="AAPL"), params={"symbol": "AAPL", "symbols": "AAPL", "q": "a"}
        )
        assert answer.status_code == 200, (path, answer.text)
        content = plain["paths"][path]["get"]["responses"]["200"]["content"]
        schema.check(plain, content["application/json"]["schema"], answer.json(), path)
        checked += 1
    assert checked > 12


def strict(node: Any) -> Any:
    """OpenAPI 3.0's ways to say null and an exclusive bound, said in JSON Schema."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: strict(value) for key, value in node.items()}
    if node.get("exclusiveMinimum") is True:
        node["exclusiveMinimum"] = node.pop("minimum")
    if node.pop("nullable", False):
        return {"anyOf": [node, {"type": "null"}]}
    return node


def test_a_field_that_may_be_null_says_so(documents: Documents) -> None:
    for document in (documents.openapi(), documents.asyncapi()):
        plain = strict(document)
        price = plain["components"]["schemas"]["Order"]["properties"]["limit_price"]
        schema.check(plain, price, None)
        schema.check(plain, price, 1.5)
        required = plain["components"]["schemas"]["Order"]["required"]
        assert {"id", "limit_price", "expires_at"} <= set(required)


def test_every_message_has_an_example_that_is_valid(documents: Documents) -> None:
    document = documents.asyncapi()
    messages = document["components"]["messages"]
    assert len(messages) == 5 * 5 + 1
    for name, message in messages.items():
        assert message["name"] == name
        for example in message["examples"]:
            assert example["payload"]["type"] == name
            schema.check(document, message["payload"], example["payload"], name)


def test_every_message_is_named_by_its_type(documents: Documents) -> None:
    document = documents.asyncapi()
    for name, message in document["components"]["messages"].items():
        envelope = schema.resolve(document, message["payload"]["$ref"])
        assert envelope["properties"]["type"]["const"] == name
        assert "type" in envelope["required"]


def test_the_asyncapi_document_says_where_and_what_answers(documents: Documents) -> None:
    document = documents.asyncapi("datafeed")
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"]["datafeed"]["address"] == "/api/v1/datafeed/ws"
    subscribe = document["operations"]["subscribeBars"]
    assert subscribe["action"] == "receive"
    assert schema.resolve(document, subscribe["messages"][0]["$ref"]) == {
        "$ref": "#/components/messages/bars.subscribe"
    }
    answers = [
        schema.resolve(document, item["$ref"])["$ref"] for item in subscribe["reply"]["messages"]
    ]
    assert answers == [
        "#/components/messages/bars.subscribe.response",
        "#/components/messages/error",
    ]
    assert document["operations"]["pushBars"]["action"] == "send"


def test_a_module_without_a_websocket_has_no_asyncapi_document(client: TestClient) -> None:
    assert client.get("/api/v1/core/openapi.json").status_code == 200
    assert client.get("/api/v1/core/asyncapi.json").status_code == 404


def test_what_a_client_sends_and_gets_is_valid(client: TestClient, documents: Documents) -> None:
    document = documents.asyncapi()

    def valid(message: Dict[str, Any]) -> Dict[str, Any]:
        about = document["components"]["messages"][message["type"]]
        schema.check(document, about["payload"], message, message["type"])
        return message

    for path, kind, payload in (
        ("/api/v1/datafeed/ws", "bars", {"symbol": "AAPL"}),
        ("/api/v1/datafeed/ws", "quotes", {"symbols": ["AAPL"]}),
        ("/api/v1/broker/ws", "orders", {}),
        ("/api/v1/broker/ws", "positions", {"symbol": None}),
        ("/api/v1/broker/ws", "executions", {"symbol": "AAPL"}),
    ):
        with client.websocket_connect(path) as socket:
            socket.send_json(valid({"type": f"{kind}.subscribe", "payload": payload}))
            assert valid(socket.receive_json())["type"] == f"{kind}.subscribe.response"
            client.post(
                "/api/v1/broker/orders",
                json={"symbol": "AAPL", "side": "buy", "type": "market", "quantity": 1},
            )
            assert valid(socket.receive_json())["type"] == f"{kind}.update"
            socket.send_json({"type": "nonsense"})
            while valid(socket.receive_json())["type"] != "error":
                pass


def test_a_process_serves_the_documents_of_what_it_serves(
    make_client: MakeClient, documents: Documents
) -> None:
    client = make_client(modules=("broker",))
    own = client.get("/api/v1/openapi.json").json()
    assert {tag["name"] for tag in own["tags"]} == {"broker", "core"}
    assert list(client.get("/api/v1/asyncapi.json").json()["channels"]) == ["broker"]
    assert client.get("/api/v1/broker/openapi.json").json() == documents.openapi("broker")
    assert client.get("/api/v1/broker/asyncapi.json").json() == documents.asyncapi("broker")
    assert client.get("/api/v1/datafeed/openapi.json").status_code == 404


def test_any_process_can_show_the_whole(make_client: MakeClient, documents: Documents) -> None:
    client = make_client(modules=())
    for kind in ("openapi", "asyncapi"):
        whole = client.get(f"/api/v1/{kind}.json", params={"modules": "all"})
        assert whole.json() == json.loads(json.dumps(getattr(documents, kind)()))
    one = client.get("/api/v1/asyncapi.json", params={"modules": "datafeed"}).json()
    assert list(one["channels"]) == ["datafeed"]
    assert client.get("/api/v1/openapi.json", params={"modules": "x"}).status_code == 404
