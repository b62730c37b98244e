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


# Turns of the event loop in which the callback's work is done before uvicorn
# hears of the signal: it then cuts what is still open.
_TURNS = 5


@contextmanager
def on_stop_signal(callback: Callable[[], None]) -> Iterator[None]:
    """Calls back in the running event loop on SIGTERM and SIGINT, and then hands the
    signal on to whoever had asked for it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # under a test client: Python handles signals in the main thread only
        return
    loop = asyncio.get_running_loop()
    previous: Dict[int, Any] = {}

    def handle(number: int, frame: Optional[FrameType]) -> None:
        loop.call_soon_threadsafe(stop, number, frame)

    def stop(number: int, frame: Optional[FrameType]) -> None:
        callback()
        hand_on(number, frame, _TURNS)

    def hand_on(number: int, frame: Optional[FrameType], turns: int) -> None:
        if turns:
            loop.call_soon(hand_on, number, frame, turns - 1)
        else:
            previous[number](number, frame)

    for wanted in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(wanted)
        # Where nobody had asked for it, the signal ends the process; leave it so.
        if callable(before):
            previous[wanted] = before
            signal.signal(wanted, handle)
    try:
        yield
    finally:
        for number, asked in previous.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, asked)
