"""Who subscribed to which topic."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Callable, Dict, Iterable, Optional, Set

from pydantic import BaseModel

from ..compat import dump_json
from .channel import Channel

log = logging.getLogger(__name__)

Receiver = Callable[[str], None]
"""Takes the text of one message; must not block."""


class Hub:
    """The topics of one module. All of it runs in the event loop's thread."""

    def __init__(self, channels: Iterable[Channel[Any, Any]]) -> None:
        self.channels: Dict[str, Channel[Any, Any]] = {item.name: item for item in channels}
        self.service: Any = None  # handed to the channels' functions
        self._receivers: Dict[str, Set[Receiver]] = {}
        self._sources: Dict[str, asyncio.Task[None]] = {}

    def subscribe(
        self, channel: Channel[Any, Any], subscription: BaseModel, receiver: Receiver
    ) -> str:
        """Adds a receiver and returns the topic; raises SubscriptionError."""
        channel.check(self.service, subscription)
        topic = channel.topic(subscription)
        receivers = self._receivers.setdefault(topic, set())
        receivers.add(receiver)
        if channel.source is not None and topic not in self._sources:
            task = asyncio.get_running_loop().create_task(self._run(channel, topic, subscription))
            self._sources[topic] = task
        return topic

    def unsubscribe(self, topic: str, receiver: Receiver) -> bool:
        """Removes a receiver; False where it had not subscribed."""
        receivers = self._receivers.get(topic)
        if receivers is None or receiver not in receivers:
            return False
        receivers.discard(receiver)
        if not receivers:
            del self._receivers[topic]
            task = self._sources.pop(topic, None)
            if task is not None:
                task.cancel()
        return True

    def leave(self, receiver: Receiver) -> None:
        """Removes a receiver from every topic."""
        for topic in [topic for topic, who in self._receivers.items() if receiver in who]:
            self.unsubscribe(topic, receiver)

    def has_subscribers(self, channel: str) -> bool:
        prefix = channel + ":"
        return any(topic.startswith(prefix) for topic in self._receivers)

    def publish(self, channel: str, topic: str, data: BaseModel) -> None:
        """Sends an update to all who subscribed to the topic."""
        receivers = self._receivers.get(topic)
        if not receivers:
            return
        # Made once, whatever the number of receivers.
        text = (
            f'{{"type":{json.dumps(channel + ".update")},'
            f'"payload":{{"topic":{json.dumps(topic)},"data":{dump_json(data)}}}}}'
        )
        for receiver in list(receivers):
            receiver(text)

    async def close(self) -> None:
        """Ends what runs for the topics."""
        tasks = list(self._sources.values())
        self._sources.clear()
        self._receivers.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self, channel: Channel[Any, Any], topic: str, subscription: BaseModel
    ) -> None:
        assert channel.source is not None
        task: Optional[asyncio.Task[None]] = asyncio.current_task()
        try:
            async for update in channel.source(self.service, subscription):
                self.publish(channel.name, topic, update)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the updates of %s ended", topic)
        finally:
            # The next subscriber starts it anew.
            if self._sources.get(topic) is task:
                del self._sources[topic]
