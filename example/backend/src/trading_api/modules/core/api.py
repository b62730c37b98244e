"""Routes of the core module."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from .models import ApiVersions, Health, Version
from .service import CoreService

router = APIRouter()
root_router = APIRouter()


async def core(request: Request) -> CoreService:
    service: CoreService = request.app.state.services["core"]
    return service


@root_router.get("/health", include_in_schema=False, response_model=Health)
@router.get("/health", summary="Health of the process", response_model=Health)
async def get_health(service: CoreService = Depends(core)) -> Health:
    """Answers as soon as the process serves, and tells which process it is."""
    return service.health()


@router.get("/version", summary="Version of the application", response_model=Version)
async def get_version(service: CoreService = Depends(core)) -> Version:
    return service.version()


@router.get("/versions", summary="Versions of the API", response_model=ApiVersions)
async def get_versions(service: CoreService = Depends(core)) -> ApiVersions:
    return service.versions()
