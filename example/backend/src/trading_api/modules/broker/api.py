"""Routes of the broker module."""

from __future__ import annotations

from datetime import datetime
from typing import List, Optional
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request

from trading_api.compat import tagged_body
from trading_api.problems import NotFound, NotWorking, ProblemError, responses

from .models import (
    Account,
    Execution,
    ModifyOrderRequest,
    Order,
    OrderStatus,
    PlaceOrderRequest,
    Position,
)
from .service import BrokerService

router = APIRouter()


async def broker(request: Request) -> BrokerService:
    service: BrokerService = request.app.state.services["broker"]
    return service


@router.post(
    "/orders",
    summary="Place an order",
    status_code=201,
    response_model=Order,
    responses=responses(NotFound),
)
async def place_order(
    order: PlaceOrderRequest = tagged_body("type", title="PlaceOrderRequest"),
    idempotency_key: Optional[str] = Header(
        None,
        max_length=100,
        description="A request that is repeated with the same key places no second order",
    ),
    service: BrokerService = Depends(broker),
) -> Order:
    """A market order is filled at once, the others wait for the market.

    An order that the account cannot afford is returned with the status `rejected`.
    """
    return service.place(order, idempotency_key)


@router.get("/orders", summary="Orders, the newest first", response_model=List[Order])
async def list_orders(
    status: List[OrderStatus] = Query([], description="Only with one of these statuses"),
    symbol: Optional[str] = Query(None, description="Only for this symbol"),
    since: Optional[datetime] = Query(None, description="Only placed at this time or later"),
    limit: int = Query(100, ge=1, le=1_000, description="How many to return at most"),
    service: BrokerService = Depends(broker),
) -> List[Order]:
    return service.orders(status, symbol, since, limit)


@router.delete("/orders", summary="Cancel all working orders", response_model=List[Order])
async def cancel_all_orders(
    symbol: Optional[str] = Query(None, description="Only for this symbol"),
    service: BrokerService = Depends(broker),
) -> List[Order]:
    """Returns the orders that were cancelled."""
    return service.cancel_all(symbol)


@router.get(
    "/orders/{order_id}", summary="One order", response_model=Order, responses=responses(NotFound)
)
async def get_order(
    order_id: UUID = Path(..., description="The order"),
    service: BrokerService = Depends(broker),
) -> Order:
    return service.order(order_id)


@router.patch(
    "/orders/{order_id}",
    summary="Change a working order",
    response_model=Order,
    responses=responses(ProblemError, NotFound, NotWorking),
)
async def modify_order(
    changes: ModifyOrderRequest,
    order_id: UUID = Path(..., description="The order"),
    service: BrokerService = Depends(broker),
) -> Order:
    """It may be filled by the change."""
    return service.modify(order_id, changes)


@router.delete(
    "/orders/{order_id}",
    summary="Cancel a working order",
    response_model=Order,
    responses=responses(NotFound, NotWorking),
)
async def cancel_order(
    order_id: UUID = Path(..., description="The order"),
    service: BrokerService = Depends(broker),
) -> Order:
    return service.cancel(order_id)


@router.get("/positions", summary="Open positions", response_model=List[Position])
async def list_positions(service: BrokerService = Depends(broker)) -> List[Position]:
    return service.positions()


@router.get(
    "/positions/{symbol}",
    summary="The open position in a symbol",
    response_model=Position,
    responses=responses(NotFound),
)
async def get_position(
    symbol: str = Path(..., description="The symbol"),
    service: BrokerService = Depends(broker),
) -> Position:
    return service.position(symbol)


@router.delete(
    "/positions/{symbol}",
    summary="Close the position in a symbol",
    response_model=Order,
    responses=responses(NotFound),
)
async def close_position(
    symbol: str = Path(..., description="The symbol"),
    service: BrokerService = Depends(broker),
) -> Order:
    """Returns the market order that closed it."""
    return service.close_position(symbol)


@router.get("/executions", summary="Trades, the newest first", response_model=List[Execution])
async def list_executions(
    symbol: Optional[str] = Query(None, description="Only for this symbol"),
    order_id: Optional[UUID] = Query(None, description="Only of this order"),
    since: Optional[datetime] = Query(None, description="Only at this time or later"),
    limit: int = Query(100, ge=1, le=1_000, description="How many to return at most"),
    service: BrokerService = Depends(broker),
) -> List[Execution]:
    return service.executions(symbol, order_id, since, limit)


@router.get("/account", summary="The account", response_model=Account)
async def get_account(service: BrokerService = Depends(broker)) -> Account:
    return service.account()
