"""Models of the broker module."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Dict, Literal, Optional, Union
from uuid import UUID

from pydantic import Field

from trading_api.compat import Model


class Side(str, Enum):
    """Which way to trade."""

    buy = "buy"
    sell = "sell"


class OrderType(str, Enum):
    """When an order is carried out: at once, at a price or better, or beyond a price."""

    market = "market"
    limit = "limit"
    stop = "stop"


class OrderStatus(str, Enum):
    """Where an order is in its life; all but `working` are final."""

    working = "working"
    filled = "filled"
    cancelled = "cancelled"
    expired = "expired"
    rejected = "rejected"


class TimeInForce(str, Enum):
    """How long an order waits: until cancelled, or until the end of the day (UTC)."""

    gtc = "gtc"
    day = "day"


class PositionSide(str, Enum):
    """Which way a position profits; `flat` when it has been closed."""

    long = "long"
    short = "short"
    flat = "flat"


class OrderRequest(Model):
    """What every new order says."""

    symbol: str = Field(..., description="What to trade, such as `AAPL`")
    side: Side = Field(..., description="Which way to trade")
    quantity: float = Field(..., gt=0, description="How much")
    labels: Dict[str, str] = Field(default={}, description="Free text by key, returned with the order")


class MarketOrderRequest(OrderRequest):
    """An order that is filled at once."""

    type: Literal["market"] = Field(..., description="Always `market`")


class LimitOrderRequest(OrderRequest):
    """An order that waits for a price or a better one."""

    type: Literal["limit"] = Field(..., description="Always `limit`")
    limit_price: float = Field(..., gt=0, description="The worst price to trade at")
    time_in_force: TimeInForce = Field(default=TimeInForce.gtc, description="How long it waits")


class StopOrderRequest(OrderRequest):
    """An order that is filled at any price once the market has reached its stop."""

    type: Literal["stop"] = Field(..., description="Always `stop`")
    stop_price: float = Field(..., gt=0, description="The price that sets it off")
    time_in_force: TimeInForce = Field(default=TimeInForce.gtc, description="How long it waits")


PlaceOrderRequest = Union[MarketOrderRequest, LimitOrderRequest, StopOrderRequest]


class ModifyOrderRequest(Model):
    """What to change in a working order; the rest stays."""

    quantity: Optional[float] = Field(default=None, gt=0, description="How much")
    limit_price: Optional[float] = Field(default=None, gt=0, description="Of a limit order")
    stop_price: Optional[float] = Field(default=None, gt=0, description="Of a stop order")


class Order(Model):
    """An order and what became of it."""

    id: UUID = Field(..., description="Its name everywhere in this API")
    symbol: str = Field(..., description="What to trade")
    side: Side = Field(..., description="Which way to trade")
    type: OrderType = Field(..., description="When it is carried out")
    quantity: float = Field(..., description="How much")
    filled_quantity: float = Field(..., ge=0, description="How much has been traded")
    limit_price: Optional[float] = Field(..., description="Null unless it is a limit order")
    stop_price: Optional[float] = Field(..., description="Null unless it is a stop order")
    average_price: Optional[float] = Field(..., description="Null until it is filled")
    status: OrderStatus = Field(..., description="Where it is in its life")
    reject_reason: Optional[str] = Field(..., description="Null unless it was rejected")
    time_in_force: TimeInForce = Field(..., description="How long it waits")
    expires_at: Optional[datetime] = Field(..., description="Null where it waits until cancelled")
    labels: Dict[str, str] = Field(..., description="Free text by key, as it was placed")
    created_at: datetime = Field(..., description="When it was placed")
    updated_at: datetime = Field(..., description="When it last changed")


class Execution(Model):
    """One trade."""

    id: UUID = Field(..., description="Its own name")
    order_id: UUID = Field(..., description="The order that it belongs to")
    symbol: str = Field(..., description="What was traded")
    side: Side = Field(..., description="Which way")
    quantity: float = Field(..., gt=0, description="How much")
    price: float = Field(..., gt=0, description="At which price")
    realized_pnl: float = Field(..., description="Profit or loss on what it closed")
    time: datetime = Field(..., description="When")


class Position(Model):
    """What is held of one symbol."""

    symbol: str = Field(..., description="The symbol")
    side: PositionSide = Field(..., description="Which way it profits")
    quantity: float = Field(..., ge=0, description="How much is held; 0 when closed")
    average_price: float = Field(..., description="What it was entered at")
    last_price: float = Field(..., description="The latest price")
    unrealized_pnl: float = Field(..., description="Profit or loss if it were closed now")
    realized_pnl: float = Field(..., description="Profit or loss on what has been closed")
    updated_at: datetime = Field(..., description="When it last changed")


class Account(Model):
    """Money."""

    id: str = Field(..., description="Name of the account")
    currency: str = Field(..., description="What all amounts are in")
    balance: float = Field(..., description="Money without open positions")
    equity: float = Field(..., description="Balance and unrealized profit or loss")
    unrealized_pnl: float = Field(..., description="Of all open positions")
    realized_pnl: float = Field(..., description="Of all that has been closed")
    buying_power: float = Field(..., ge=0, description="Worth of what can still be bought")
    exposure: Dict[str, float] = Field(..., description="Worth of each open position, by symbol")


class OrdersSubscription(Model):
    """Whose orders to push."""

    symbol: Optional[str] = Field(default=None, description="Only this symbol; null: all")


class PositionsSubscription(Model):
    """Which positions to push."""

    symbol: Optional[str] = Field(default=None, description="Only this symbol; null: all")


class ExecutionsSubscription(Model):
    """Which trades to push."""

    symbol: Optional[str] = Field(default=None, description="Only this symbol; null: all")
