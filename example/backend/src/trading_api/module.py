"""What a module is, and which ones there are.

A module is a folder below ``trading_api/modules`` whose package has a
``MODULE``. A new folder is found by itself; nothing else needs to be edited.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Protocol, Tuple

from fastapi import APIRouter
from pydantic import BaseModel

from . import modules as _modules
from .market import Market
from .realtime import Channel
from .settings import ConfigurationError, Settings

CORE = "core"


class Service(Protocol):
    """The state and the work of a module, one for each process."""

    async def start(self) -> None:
        """Called in the event loop before the first request."""

    async def stop(self) -> None:
        """Called at the end, when no WebSocket is open any more."""


class Publish(Protocol):
    """Sends an update to the subscribers of a topic."""

    def __call__(self, channel: str, topic: str, data: BaseModel) -> None: ...


@dataclass(frozen=True)
class Context:
    """What a service gets from the process."""

    settings: Settings
    modules: Tuple[str, ...]  # all that this process serves
    market: Market
    publish: Publish
    has_subscribers: Callable[[str], bool]  # whether anyone listens to a channel


@dataclass(frozen=True)
class Module:
    """One part of the API: its routes, its topics, its state."""

    name: str
    description: str
    router: APIRouter
    service: Callable[[Context], Service]
    channels: Tuple[Channel[Any, Any], ...] = ()  # of its WebSocket; none: it has no WebSocket
    prefix: Optional[str] = None  # below the base URL; None: "/" and the name
    root_router: Optional[APIRouter] = None  # routes outside of the base URL


def available() -> List[str]:
    """The names of all modules, in order; imports none of them."""
    found = pkgutil.iter_modules(_modules.__path__)
    return sorted(item.name for item in found if item.ispkg and not item.name.startswith("_"))


def select(names: Optional[Tuple[str, ...]]) -> Tuple[str, ...]:
    """The modules to serve: core, and the named ones (None: all), in a fixed order."""
    known = available()
    if names is None:
        return tuple(known)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError(
                f"ENABLED_MODULES: there is no module {name!r} (there are: {', '.join(known)}){hint}"
            )
    return tuple(name for name in known if name == CORE or name in names)


def load(name: str) -> Module:
    """Imports a module."""
    package = importlib.import_module(f"{_modules.__name__}.{name}")
    module = getattr(package, "MODULE", None)
    if not isinstance(module, Module):
        raise ConfigurationError(f"{package.__name__} has no MODULE = Module(...)")
    if module.name != name:
        raise ConfigurationError(f"the module in the folder {name!r} calls itself {module.name!r}")
    return module


def load_all(names: Tuple[str, ...]) -> Dict[str, Module]:
    return {name: load(name) for name in names}
