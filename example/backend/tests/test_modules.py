from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, Optional, Tuple

import pytest
from conftest import MakeClient

from trading_api.module import available, select
from trading_api.settings import ConfigurationError, Settings

SRC = Path(__file__).parent.parent / "src"


def run(code: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Runs Python code in a process of its own."""
    base = {name: value for name, value in os.environ.items() if name != "ENABLED_MODULES"}
    path = env.pop("PYTHONPATH", str(SRC))
    return subprocess.run(
        [sys.executable, "-B", "-c", code],
        env={**base, "PYTHONPATH": path, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "env, served",
    [
        ({}, ("broker", "core", "datafeed")),
        ({"ENABLED_MODULES": ""}, ("core",)),
        ({"ENABLED_MODULES": "core"}, ("core",)),
        ({"ENABLED_MODULES": "broker"}, ("broker", "core")),
        ({"ENABLED_MODULES": " datafeed , broker,"}, ("broker", "core", "datafeed")),
    ],
)
def test_the_environment_chooses_the_modules(
    env: Dict[str, str], served: Tuple[str, ...]
) -> None:
    assert select(Settings.from_env(env).modules) == served


@pytest.mark.parametrize(
    "modules, broker, datafeed",
    [(("broker",), 200, 404), (("datafeed",), 404, 200), ((), 404, 404), (None, 200, 200)],
)
def test_only_the_chosen_modules_answer(
    make_client: MakeClient, modules: Optional[Tuple[str, ...]], broker: int, datafeed: int
) -> None:
    client = make_client(modules=modules)
    assert client.get("/api/v1/health").status_code == 200
    assert client.get("/api/v1/broker/account").status_code == broker
    assert client.get("/api/v1/datafeed/symbols").status_code == datafeed


def test_an_unknown_module_is_told_with_what_was_meant() -> None:
    with pytest.raises(ConfigurationError, match="no module 'brokr'.*did you mean 'broker'"):
        select(("brokr",))


@pytest.mark.parametrize(
    "env, message",
    [
        ({"ENABLED_MODULES": "brokr"}, "there is no module 'brokr'"),
        ({"MARKET_SEED": "x"}, "MARKET_SEED must be a whole number, not 'x'"),
        ({"MARKET_TICK_MS": "1"}, "MARKET_TICK_MS must be at least 10"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is not a level"),
    ],
)
def test_a_wrong_setting_ends_the_start_without_a_traceback(
    env: Dict[str, str], message: str
) -> None:
    done = run("import trading_api.main", **env)
    assert done.returncode == 1
    assert done.stderr.startswith("trading_api: error: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_process_imports_only_its_own_modules() -> None:
    done = run(
        "import sys, trading_api.main; print('trading_api.modules.datafeed' in sys.modules)",
        ENABLED_MODULES="broker",
    )
    assert done.stdout.strip() == "False", done.stderr


def test_a_new_folder_is_a_new_module(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from fastapi import APIRouter\n"
        "from trading_api.module import Module\n"
        "from trading_api.modules.core.service import CoreService\n"
        "router = APIRouter()\n"
        "@router.get('/headlines')\n"
        "async def list_headlines() -> list:\n"
        "    return ['hello']\n"
        "MODULE = Module('news', 'Headlines.', router, CoreService)\n"
    )
    done = run(
        "import trading_api.modules\n"
        f"trading_api.modules.__path__.append({str(tmp_path)!r})\n"
        "from trading_api.main import app\n"
        "from fastapi.testclient import TestClient\n"
        "print(TestClient(app).get('/api/v1/news/headlines').text)\n"
        "print(app.openapi()['paths']['/api/v1/news/headlines']['get']['operationId'])\n",
        ENABLED_MODULES="news",
    )
    assert done.stdout.split() == ['["hello"]', "listHeadlines"], done.stderr


def test_modules_are_found_by_their_folders() -> None:
    assert available() == ["broker", "core", "datafeed"]
