"""Errors that a client can do something about, in one shape."""

from __future__ import annotations

from enum import Enum
from typing import Any, Dict, Union

from pydantic import Field

from .compat import Model


class ProblemCode(str, Enum):
    """What went wrong, for programs."""

    not_found = "not_found"
    not_working = "not_working"
    invalid_request = "invalid_request"


class Problem(Model):
    """Why a request was refused."""

    detail: str = Field(..., description="What went wrong, for people")
    code: ProblemCode = Field(..., description="What went wrong, for programs")


class ProblemError(Exception):
    """Answered with a Problem."""

    status = 400
    code = ProblemCode.invalid_request

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(ProblemError):
    """There is no such thing."""

    status = 404
    code = ProblemCode.not_found


class NotWorking(ProblemError):
    """The order is filled, cancelled or expired already."""

    status = 409
    code = ProblemCode.not_working


def responses(*errors: type[ProblemError]) -> Dict[Union[int, str], Dict[str, Any]]:
    """For a route's ``responses``."""
    return {
        error.status: {"model": Problem, "description": (error.__doc__ or "").strip()}
        for error in errors
    }
