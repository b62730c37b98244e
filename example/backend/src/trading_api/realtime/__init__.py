"""WebSockets by topic: a module says what can be subscribed to, this does the rest.

A :class:`Channel` is one thing to subscribe to (``bars``). It gives five
messages: ``bars.subscribe`` and its ``.response``, ``bars.unsubscribe`` and
its ``.response``, and ``bars.update``. A :class:`Hub` knows who subscribed to
which topic, and a :class:`Session` is one open WebSocket.
"""

from .channel import (
    Channel,
    ProtocolError,
    ProtocolErrorCode,
    ResultStatus,
    SubscriptionError,
    SubscriptionResult,
)
from .hub import Hub
from .session import POLICY_VIOLATION, SERVICE_RESTART, Session

__all__ = [
    "Channel",
    "Hub",
    "POLICY_VIOLATION",
    "ProtocolError",
    "ProtocolErrorCode",
    "ResultStatus",
    "SERVICE_RESTART",
    "Session",
    "SubscriptionError",
    "SubscriptionResult",
]
