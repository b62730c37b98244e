"""Market data: symbols, bars and quotes."""

from trading_api.module import Module

from .api import router
from .service import DatafeedService
from .ws import CHANNELS

MODULE = Module(
    name="datafeed",
    description="Market data: symbols, bars and quotes.",
    router=router,
    service=DatafeedService,
    channels=CHANNELS,
)
