"""The application under a real uvicorn."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from typing import List

import pytest
import websockets
from websockets.exceptions import ConnectionClosed

from conftest import Server


async def subscribe_and_stop(
    process: "subprocess.Popen[str]", port: int, number: int
) -> List[int]:
    """The close codes that subscribers get of a process that is to end."""
    clients = []
    for path, request in (
        ("broker", {"type": "orders.subscribe"}),
        ("datafeed", {"type": "quotes.subscribe", "payload": {"symbols": ["AAPL"]}}),
    ):
        url = f"ws://127.0.0.1:{port}/api/v1/{path}/ws"
        client = await websockets.connect(url)  # type: ignore[attr-defined]
        await client.send(json.dumps(request))
        assert json.loads(await client.recv())["payload"]["status"] == "ok"
        clients.append(client)
    process.send_signal(number)
    codes = []
    for client in clients:
        try:
            while True:
                await asyncio.wait_for(client.recv(), 10)
        except ConnectionClosed as closed:
            codes.append(closed.rcvd.code if closed.rcvd is not None else 1006)
    await asyncio.get_running_loop().run_in_executor(None, process.wait, 10)
    return codes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_closes_websockets_and_waits_for_no_client(server: Server, number: int) -> None:
    process, port = server
    codes = asyncio.run(subscribe_and_stop(process, port, number))
    output = process.communicate()[0]
    assert codes == [1012, 1012]
    assert "Traceback" not in output and "ERROR" not in output
    assert "Finished server process" in output
    assert "serving the modules broker, core, datafeed" in output
