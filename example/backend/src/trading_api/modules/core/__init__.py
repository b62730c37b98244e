"""What every process has: health and versions."""

from trading_api.module import Module

from .api import root_router, router
from .service import CoreService

MODULE = Module(
    name="core",
    description="Health and versions; part of every process.",
    router=router,
    service=CoreService,
    prefix="",
    root_router=root_router,
)
