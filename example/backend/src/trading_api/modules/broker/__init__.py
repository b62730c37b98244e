"""Orders, positions, executions and the account."""

from trading_api.module import Module

from .api import router
from .service import BrokerService
from .ws import CHANNELS

MODULE = Module(
    name="broker",
    description="Orders, positions, executions and the account, simulated in memory.",
    router=router,
    service=BrokerService,
    channels=CHANNELS,
)
