from __future__ import annotations

import os
from datetime import datetime

import pytest
from conftest import MakeClient
from fastapi.testclient import TestClient


def test_health_tells_which_process_answers(make_client: MakeClient) -> None:
    client = make_client(instance="broker-0", modules=("broker",))
    health = client.get("/api/v1/health").json()
    assert health["status"] == "ok"
    assert health["modules"] == ["broker", "core"]
    assert health["pid"] == os.getpid()
    assert health["instance"] == "broker-0"
    assert health["uptime_seconds"] >= 0
    assert datetime.fromisoformat(health["started_at"].replace("Z", "+00:00")).tzinfo is not None


def test_health_is_at_the_root_too(client: TestClient) -> None:
    assert client.get("/health").json()["status"] == "ok"


def test_instance_is_null_where_nobody_named_it(client: TestClient) -> None:
    assert client.get("/api/v1/health").json()["instance"] is None


def test_version_and_versions(client: TestClient) -> None:
    version = client.get("/api/v1/version").json()
    versions = client.get("/api/v1/versions").json()
    assert version["api_version"] == versions["current"] == "v1"
    assert set(version["dependencies"]) == {"fastapi", "pydantic"}
    assert versions["versions"][0]["base_url"] == "/api/v1"
    assert versions["versions"][0]["sunset"] is None


@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_pages_show_the_whole_application(client: TestClient, page: str) -> None:
    assert "/api/v1/openapi.json?modules=all" in client.get(f"/api/v1/{page}").text


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1:3000"])
def test_a_development_frontend_may_call(client: TestClient, origin: str) -> None:
    answer = client.options(
        "/api/v1/broker/orders",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize("origin", ["http://example.com", "http://localhost.example.com"])
def test_other_origins_may_not(client: TestClient, origin: str) -> None:
    answer = client.get("/api/v1/health", headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers
