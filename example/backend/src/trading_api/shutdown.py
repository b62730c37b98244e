"""A quick end: WebSockets are closed as soon as the process is asked to stop.

uvicorn tells the application about the end only after it has waited for every
connection, and it cuts WebSockets without a close frame. Looking at the signal
ourselves lets clients know at once (code 1012, "service restart"), so that
they reconnect instead of reporting an error.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import contextmanager
from types import FrameType
from typing import Any, Callable, Dict, Iterator, Optional


@contextmanager
def on_stop_signal(callback: Callable[[], None]) -> Iterator[None]:
    """Calls back in the running event loop on SIGTERM and SIGINT, before whoever had
    asked for these signals, who still gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield  # under a test client: Python handles signals in the main thread only
        return
    loop = asyncio.get_running_loop()
    previous: Dict[int, Any] = {}

    def handle(number: int, frame: Optional[FrameType]) -> None:
        loop.call_soon_threadsafe(callback)
        before = previous[number]
        if callable(before):
            before(number, frame)

    for stop in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(stop)
        # Where nobody had asked for it, the signal ends the process; leave it so.
        if callable(before):
            previous[stop] = before
            signal.signal(stop, handle)
    try:
        yield
    finally:
        for number, before in previous.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, before)
