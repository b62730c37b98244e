"""The work of the core module."""

from __future__ import annotations

import os
import platform
import time
from datetime import date, datetime, timezone

import fastapi
import pydantic

from trading_api import __version__
from trading_api.module import Context

from .models import ApiVersion, ApiVersions, Health, Status, Support, Version


class CoreService:
    """Knows about its own process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._begin = time.monotonic()
        self._started_at = datetime.now(timezone.utc)

    async def start(self) -> None:
        self._begin = time.monotonic()
        self._started_at = datetime.now(timezone.utc)

    async def stop(self) -> None:
        pass

    def health(self) -> Health:
        return Health(
            status=Status.ok,
            modules=list(self._context.modules),
            pid=os.getpid(),
            instance=self._context.settings.instance,
            version=__version__,
            started_at=self._started_at,
            uptime_seconds=round(time.monotonic() - self._begin, 3),
        )

    def version(self) -> Version:
        return Version(
            version=__version__,
            api_version=self._context.settings.base_url.rpartition("/")[2],
            python=platform.python_version(),
            dependencies={"fastapi": fastapi.__version__, "pydantic": pydantic.VERSION},
        )

    def versions(self) -> ApiVersions:
        base_url = self._context.settings.base_url
        name = base_url.rpartition("/")[2]
        current = ApiVersion(
            name=name,
            base_url=base_url,
            support=Support.current,
            released=date(2025, 1, 15),
            sunset=None,
        )
        return ApiVersions(current=name, versions=[current])
