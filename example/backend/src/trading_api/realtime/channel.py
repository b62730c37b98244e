"""What can be subscribed to, and the messages that come of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, AsyncIterator, Callable, Generic, Optional, Type, TypeVar

from pydantic import BaseModel, Field

from ..compat import Model

S = TypeVar("S", bound=BaseModel)
U = TypeVar("U", bound=BaseModel)


class SubscriptionError(Exception):
    """A subscription that is refused; the text is for its sender."""


def _accept(service: Any, subscription: Any) -> None:
    """Every well-formed subscription is fine."""


@dataclass(frozen=True)
class Channel(Generic[S, U]):
    """One thing to subscribe to.

    The functions get the module's service first, so that a channel can be
    declared as a constant beside the models.
    """

    name: str  # "bars": the messages are bars.subscribe, bars.update, ...
    summary: str
    subscription: Type[S]
    update: Type[U]
    topic: Callable[[S], str]  # same topic: same updates, made once for all who subscribed
    subscription_example: S
    update_example: U
    check: Callable[[Any, S], None] = _accept  # raises SubscriptionError
    # Runs while the topic has subscribers. None: the service publishes by itself.
    source: Optional[Callable[[Any, S], AsyncIterator[U]]] = None


class ResultStatus(str, Enum):
    """Whether a request was carried out."""

    ok = "ok"
    error = "error"


class SubscriptionResult(Model):
    """Answer to a subscribe or an unsubscribe message."""

    status: ResultStatus = Field(..., description="Whether the request was carried out")
    topic: Optional[str] = Field(
        ..., description="What later updates carry as their topic; null where there was an error"
    )
    message: Optional[str] = Field(..., description="What was wrong; null where nothing was")


class ProtocolErrorCode(str, Enum):
    """Why a message could not be answered."""

    invalid_json = "invalid_json"
    invalid_message = "invalid_message"
    unknown_type = "unknown_type"
    unknown_module = "unknown_module"


class ProtocolError(Model):
    """A message that could not be understood."""

    code: ProtocolErrorCode = Field(..., description="Why, for programs")
    message: str = Field(..., description="Why, for people")
