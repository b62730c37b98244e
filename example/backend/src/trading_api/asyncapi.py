"""The AsyncAPI documents (3.0.0): what the OpenAPI ones leave out, the WebSockets.

A module's WebSocket is one channel. Each message is named by the constant in
its ``type``. Operations are told from the application's side, as AsyncAPI
wants it: ``receive`` is what a client sends, and its ``reply`` says which
message answers; ``send`` is what is pushed to a client.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Type

from pydantic import BaseModel

from . import __version__
from .compat import REF_PREFIX, dump, json_schemas
from .module import Module
from .openapi import TITLE
from .realtime import (
    Channel,
    ProtocolError,
    ProtocolErrorCode,
    ResultStatus,
    SubscriptionResult,
)

_ID = {"type": "string", "description": "Chosen by the client; the answer carries it, too"}


def asyncapi_document(
    modules: Dict[str, Module], base_url: str, only: Optional[str] = None
) -> Dict[str, Any]:
    """The document of all modules that have a WebSocket, or of one module."""
    title = f"{TITLE} (WebSockets)" if only is None else f"{TITLE}: {only} (WebSocket)"
    writer = _Writer(base_url)
    for name, module in modules.items():
        if only in (None, name) and module.channels:
            writer.add(module)
    components: Dict[str, Any] = {}
    if writer.messages:
        components = {
            "messages": writer.messages,
            "schemas": {**json_schemas(writer.models), **writer.envelopes},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": __version__,
            "description": "Messages are JSON texts: "
            '`{"type": "bars.subscribe", "payload": {...}, "id": "1"}`. The `id` is optional. '
            "A subscribe message is answered by its response with a `topic`, "
            "and updates carry that topic until it is unsubscribed.",
        },
        "defaultContentType": "application/json",
        "channels": writer.channels,
        "operations": writer.operations,
        "components": components,
    }


class _Writer:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.channels: Dict[str, Any] = {}
        self.operations: Dict[str, Any] = {}
        self.messages: Dict[str, Any] = {}
        self.envelopes: Dict[str, Any] = {}
        self.models: List[Type[BaseModel]] = []

    def add(self, module: Module) -> None:
        self.module = module.name
        self.own: List[str] = []
        self.message(
            "error",
            "A message that could not be understood",
            ProtocolError,
            ProtocolError(code=ProtocolErrorCode.unknown_type, message="unknown type 'bar.subscribe'"),
            identity=True,
        )
        for channel in module.channels:
            self.subscription(channel)
        self.channels[module.name] = {
            "address": f"{self.base_url}/{module.name}/ws",
            "title": module.name,
            "description": f"{module.description} "
            f"The same WebSocket is at `{self.base_url}/ws?type={module.name}`.",
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in self.own},
            "bindings": {"ws": {"method": "GET"}},
            "tags": [{"name": module.name}],
        }

    def subscription(self, channel: Channel[Any, Any]) -> None:
        name, example = channel.name, channel.subscription_example
        topic = channel.topic(example)
        done = SubscriptionResult(status=ResultStatus.ok, topic=topic, message=None)
        for action, summary in (
            ("subscribe", f"Subscribe to {channel.summary}"),
            ("unsubscribe", f"End a subscription to {channel.summary}: the same payload as its start"),
        ):
            request, response = f"{name}.{action}", f"{name}.{action}.response"
            self.message(request, summary, channel.subscription, example, identity=True)
            self.message(response, f"Answer to {request}", SubscriptionResult, done, identity=True)
            self.operation(f"{action}{name.capitalize()}", "receive", summary, request, response)
        update = f"{name}.update"
        summary = f"An update of {channel.summary}"
        self.message(update, summary, channel.update, channel.update_example, topic=topic)
        self.operation(f"push{name.capitalize()}", "send", summary, update)

    def message(
        self,
        name: str,
        summary: str,
        model: Type[BaseModel],
        example: BaseModel,
        identity: bool = False,
        topic: Optional[str] = None,
    ) -> None:
        """Adds a message; with a topic, the model comes as the data of that topic."""
        envelope = "".join(part.capitalize() for part in name.split(".")) + "Message"
        payload: Dict[str, Any] = {"$ref": REF_PREFIX + model.__name__}
        sample = dump(example)
        if topic is not None:
            pushed = name.split(".")[0].capitalize() + "Update"
            self.envelopes[pushed] = {
                "title": pushed,
                "description": summary,
                "type": "object",
                "properties": {
                    "topic": {"type": "string", "description": "As in the answer to the subscription"},
                    "data": payload,
                },
                "required": ["topic", "data"],
            }
            payload = {"$ref": REF_PREFIX + pushed}
            sample = {"topic": topic, "data": sample}
        full: Dict[str, Any] = {"type": name, "payload": sample}
        properties: Dict[str, Any] = {"type": {"type": "string", "const": name}, "payload": payload}
        if identity:
            properties["id"] = _ID
            full["id"] = "1"
        self.own.append(name)
        self.models.append(model)
        self.envelopes[envelope] = {
            "title": envelope,
            "description": summary,
            "type": "object",
            "properties": properties,
            "required": ["type", "payload"],
        }
        self.messages[name] = {
            "name": name,
            "title": envelope,
            "summary": summary,
            "contentType": "application/json",
            "payload": {"$ref": REF_PREFIX + envelope},
            "examples": [{"name": "example", "payload": full}],
        }

    def operation(
        self, name: str, action: str, summary: str, message: str, reply: Optional[str] = None
    ) -> None:
        channel = {"$ref": f"#/channels/{self.module}"}
        self.operations[name] = {
            "action": action,
            "channel": channel,
            "title": name,
            "summary": summary,
            "messages": [self.ref(message)],
            "tags": [{"name": self.module}],
        }
        if reply is not None:
            self.operations[name]["reply"] = {
                "channel": channel,
                "messages": [self.ref(reply), self.ref("error")],
            }

    def ref(self, message: str) -> Dict[str, str]:
        return {"$ref": f"#/channels/{self.module}/messages/{message}"}
