"""What the environment says about this process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Mapping, Optional, Tuple


class ConfigurationError(Exception):
    """The environment asks for something that cannot be started."""


@dataclass(frozen=True)
class Settings:
    """Settings of one process; every one has a default.

    =====================  ==========================================================
    variable               meaning
    =====================  ==========================================================
    ENABLED_MODULES        comma-separated modules to serve; unset serves all of them.
                           ``core`` is always there, so an empty value serves only it.
    MUSTER_PROCESS         name of this instance, shown by ``health``
    MARKET_SEED            seed of the simulated prices (7)
    MARKET_TICK_MS         how often the market moves, in milliseconds (250)
    LOG_LEVEL              of the application's own log (INFO)
    =====================  ==========================================================
    """

    modules: Optional[Tuple[str, ...]] = None  # None: all that are found
    base_url: str = "/api/v1"
    instance: Optional[str] = None
    market_seed: int = 7
    market_tick: float = 0.25  # seconds
    log_level: str = "INFO"

    @classmethod
    def from_env(cls, env: Optional[Mapping[str, str]] = None) -> Settings:
        env = os.environ if env is None else env
        enabled = env.get("ENABLED_MODULES")
        tick_ms = _integer(env, "MARKET_TICK_MS", 250)
        if tick_ms < 10:
            raise ConfigurationError(f"MARKET_TICK_MS must be at least 10, not {tick_ms}")
        level = env.get("LOG_LEVEL", "INFO").upper()
        if level not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            raise ConfigurationError(f"LOG_LEVEL is not a level of Python's logging: {level!r}")
        return cls(
            modules=None if enabled is None else module_names(enabled),
            instance=env.get("MUSTER_PROCESS") or None,
            market_seed=_integer(env, "MARKET_SEED", 7),
            market_tick=tick_ms / 1000,
            log_level=level,
        )


def module_names(text: str) -> Tuple[str, ...]:
    """The names in a comma-separated list; blanks and empty entries do not count."""
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise ConfigurationError(f"{name} must be a whole number, not {text!r}") from None
