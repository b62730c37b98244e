"""Models of the core module."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Dict, List, Optional

from pydantic import Field

from trading_api.compat import Model


class Status(str, Enum):
    """How a process is."""

    ok = "ok"


class Health(Model):
    """One process of the backend."""

    status: Status = Field(..., description="`ok` as soon as the process serves")
    modules: List[str] = Field(..., description="The modules that this process serves")
    pid: int = Field(..., description="Its process id")
    instance: Optional[str] = Field(
        ..., description="Its name where it is one of several, such as `broker-0`"
    )
    version: str = Field(..., description="Version of the application")
    started_at: datetime = Field(..., description="When it began to serve")
    uptime_seconds: float = Field(..., ge=0, description="How long it has served")


class Version(Model):
    """What runs."""

    version: str = Field(..., description="Version of the application")
    api_version: str = Field(..., description="Version of the API that it speaks")
    python: str = Field(..., description="Version of Python")
    dependencies: Dict[str, str] = Field(..., description="Version of each library, by name")


class Support(str, Enum):
    """How long a version of the API will be there."""

    current = "current"
    deprecated = "deprecated"


class ApiVersion(Model):
    """One version of the API."""

    name: str = Field(..., description="As in its URL, such as `v1`")
    base_url: str = Field(..., description="What its paths begin with")
    support: Support = Field(..., description="Whether new clients should use it")
    released: date = Field(..., description="When it was released")
    sunset: Optional[date] = Field(..., description="When it ends; null where that is open")


class ApiVersions(Model):
    """All versions of the API that can be used."""

    current: str = Field(..., description="Name of the version for new clients")
    versions: List[ApiVersion] = Field(..., description="The newest first")
