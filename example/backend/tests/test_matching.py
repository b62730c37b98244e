"""Resting orders, on a market that the test moves."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, List, Tuple
from uuid import UUID

import pytest

from trading_api.market import Market
from trading_api.module import Context
from trading_api.modules.broker.models import (
    LimitOrderRequest,
    OrderStatus,
    Side,
    StopOrderRequest,
    TimeInForce,
)
from trading_api.modules.broker.service import BrokerService
from trading_api.settings import Settings

NOON = 1_750_000_000.0


class Stage:
    """A broker, a market whose price and time are set by hand, and what was published."""

    def __init__(self) -> None:
        self.last, self.now = 100.0, NOON
        self.published: List[Tuple[str, Any]] = []
        stage = self

        class Moved(Market):
            def price(self, symbol: str, at: float) -> float:
                return stage.last

        market = Moved(7, 0.01, clock=lambda: stage.now)
        self.broker = BrokerService(
            Context(Settings(), ("broker",), market, self.publish, lambda channel: True)
        )

    def publish(self, channel: str, topic: str, data: Any) -> None:
        if topic.endswith(":*"):
            self.published.append((channel, data))

    async def status(self, order_id: UUID) -> OrderStatus:
        """Of an order that is about to change."""
        for _ in range(500):
            status = self.broker.order(order_id).status
            if status is not OrderStatus.working:
                return status
            await asyncio.sleep(0.01)
        return OrderStatus.working


def on_stage(scene: Callable[[Stage], Awaitable[None]]) -> None:
    async def play() -> None:
        stage = Stage()
        await stage.broker.start()
        try:
            await scene(stage)
        finally:
            await stage.broker.stop()

    asyncio.run(play())


def limit(side: Side, price: float, **more: Any) -> LimitOrderRequest:
    return LimitOrderRequest(
        symbol="AAPL", side=side, type="limit", quantity=1, limit_price=price, **more
    )


@pytest.mark.parametrize(
    "side, reached, not_yet", [(Side.buy, 89.0, 90.0), (Side.sell, 111.0, 110.0)]
)
def test_a_limit_order_waits_for_its_price(side: Side, reached: float, not_yet: float) -> None:
    async def scene(stage: Stage) -> None:
        order = stage.broker.place(limit(side, not_yet))
        stage.last = not_yet  # bid and ask lie beside the price: not enough yet
        stage.broker.match()
        assert stage.broker.order(order.id).status is OrderStatus.working
        stage.last = reached
        assert await stage.status(order.id) is OrderStatus.filled
        (execution,) = stage.broker.executions()
        assert execution.price == pytest.approx(reached, abs=0.02)
        assert [channel for channel, _ in stage.published] == [
            "orders",
            "orders",
            "executions",
            "positions",
        ]

    on_stage(scene)


def test_a_stop_order_is_set_off_by_the_market() -> None:
    async def scene(stage: Stage) -> None:
        order = stage.broker.place(
            StopOrderRequest(symbol="AAPL", side=Side.sell, type="stop", quantity=1, stop_price=95)
        )
        assert order.status is OrderStatus.working
        stage.last = 90.0
        assert await stage.status(order.id) is OrderStatus.filled

    on_stage(scene)


def test_an_order_for_the_day_expires_at_midnight() -> None:
    async def scene(stage: Stage) -> None:
        day = stage.broker.place(limit(Side.buy, 50.0, time_in_force=TimeInForce.day))
        longer = stage.broker.place(limit(Side.buy, 50.0))
        stage.now += 86_400
        assert await stage.status(day.id) is OrderStatus.expired
        assert stage.broker.order(longer.id).status is OrderStatus.working
        # The market is looked at for the other one still.
        stage.last = 40.0
        assert await stage.status(longer.id) is OrderStatus.filled

    on_stage(scene)


def test_nothing_runs_while_no_order_waits() -> None:
    async def scene(stage: Stage) -> None:
        idle = len(asyncio.all_tasks())
        order = stage.broker.place(limit(Side.buy, 50.0))
        assert len(asyncio.all_tasks()) == idle + 1
        stage.broker.cancel(order.id)
        for _ in range(500):
            if len(asyncio.all_tasks()) == idle:
                return
            await asyncio.sleep(0.01)
        pytest.fail("the watcher goes on")

    on_stage(scene)
