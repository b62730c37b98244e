"""Topics of the broker module."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import AsyncIterator, Callable, Union
from uuid import UUID

from trading_api.problems import NotFound
from trading_api.realtime import Channel, SubscriptionError

from .models import (
    Execution,
    ExecutionsSubscription,
    Order,
    OrdersSubscription,
    OrderStatus,
    OrderType,
    Position,
    PositionSide,
    PositionsSubscription,
    Side,
    TimeInForce,
)
from .service import BrokerService

_Subscription = Union[OrdersSubscription, PositionsSubscription, ExecutionsSubscription]

_NEW_YEAR = datetime(2025, 1, 1, tzinfo=timezone.utc)
_ORDER_ID = UUID("6f1d6f0e-6f0b-4c55-9c53-0c6ce4a3d8a1")


def _topic(channel: str) -> Callable[[_Subscription], str]:
    return lambda subscription: f"{channel}:{subscription.symbol or '*'}"


def _check(service: BrokerService, subscription: _Subscription) -> None:
    try:
        service.check_symbol_filter(subscription.symbol)
    except NotFound as error:
        raise SubscriptionError(error.detail) from None


def _positions(
    service: BrokerService, subscription: PositionsSubscription
) -> AsyncIterator[Position]:
    return service.position_updates(subscription.symbol)


ORDERS = Channel(
    name="orders",
    summary="orders, whenever one is placed, changed, filled or ended",
    subscription=OrdersSubscription,
    update=Order,
    topic=_topic("orders"),
    check=_check,
    subscription_example=OrdersSubscription(symbol=None),
    update_example=Order(
        id=_ORDER_ID,
        symbol="AAPL",
        side=Side.buy,
        type=OrderType.limit,
        quantity=10,
        filled_quantity=0,
        limit_price=205.5,
        stop_price=None,
        average_price=None,
        status=OrderStatus.working,
        reject_reason=None,
        time_in_force=TimeInForce.gtc,
        expires_at=None,
        labels={"strategy": "dip"},
        created_at=_NEW_YEAR,
        updated_at=_NEW_YEAR,
    ),
)

POSITIONS = Channel(
    name="positions",
    summary="positions, whenever one is traded or its price moves",
    subscription=PositionsSubscription,
    update=Position,
    topic=_topic("positions"),
    check=_check,
    source=_positions,
    subscription_example=PositionsSubscription(symbol=None),
    update_example=Position(
        symbol="AAPL",
        side=PositionSide.long,
        quantity=10,
        average_price=205.5,
        last_price=206.1,
        unrealized_pnl=6.0,
        realized_pnl=0.0,
        updated_at=_NEW_YEAR,
    ),
)

EXECUTIONS = Channel(
    name="executions",
    summary="trades, as they happen",
    subscription=ExecutionsSubscription,
    update=Execution,
    topic=_topic("executions"),
    check=_check,
    subscription_example=ExecutionsSubscription(symbol="AAPL"),
    update_example=Execution(
        id=UUID("b7d4a2b4-5d0e-4a56-8a2f-9a3f0f6f2f11"),
        order_id=_ORDER_ID,
        symbol="AAPL",
        side=Side.buy,
        quantity=10,
        price=205.5,
        realized_pnl=0.0,
        time=_NEW_YEAR,
    ),
)

CHANNELS = (ORDERS, POSITIONS, EXECUTIONS)
