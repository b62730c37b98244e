"""The work of the broker module."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timezone
from typing import Any, AsyncIterator, Dict, List, Optional, Sequence, Tuple
from uuid import UUID, uuid4

from trading_api.compat import changed, fields_set
from trading_api.market import DAY, Tick
from trading_api.module import Context
from trading_api.problems import NotFound, NotWorking, ProblemError

from .ledger import Holding
from .models import (
    Account,
    Execution,
    LimitOrderRequest,
    MarketOrderRequest,
    ModifyOrderRequest,
    Order,
    OrderStatus,
    OrderType,
    PlaceOrderRequest,
    Position,
    PositionSide,
    Side,
    StopOrderRequest,
    TimeInForce,
)

log = logging.getLogger(__name__)

START_BALANCE = 100_000.0
LEVERAGE = 4.0  # worth of all positions, as a multiple of the equity
MARK_INTERVAL = 1.0  # seconds between two updates of a position whose price moved


class BrokerService:
    """A simulated broker with one account."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._market = context.market
        self._orders: Dict[UUID, Order] = {}  # in the order of placing
        self._working: Dict[UUID, None] = {}  # an ordered set
        self._placed: Dict[str, UUID] = {}  # by idempotency key
        self._executions: List[Execution] = []
        self._holdings: Dict[str, Holding] = {}
        self._watcher: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)

    # Orders

    def place(self, request: PlaceOrderRequest, key: Optional[str] = None) -> Order:
        """Places an order; with a key that was used before, returns the order of then."""
        if key is not None and key in self._placed:
            return self._orders[self._placed[key]]
        self._check_symbol(request.symbol)
        now = self._now()
        order = Order(
            id=uuid4(),
            symbol=request.symbol,
            side=request.side,
            type=OrderType(request.type),
            quantity=request.quantity,
            filled_quantity=0.0,
            limit_price=request.limit_price if isinstance(request, LimitOrderRequest) else None,
            stop_price=request.stop_price if isinstance(request, StopOrderRequest) else None,
            average_price=None,
            status=OrderStatus.working,
            reject_reason=None,
            time_in_force=TimeInForce.gtc,
            expires_at=None,
            labels=request.labels,
            created_at=now,
            updated_at=now,
        )
        if isinstance(request, (LimitOrderRequest, StopOrderRequest)):
            order.time_in_force = request.time_in_force
            if request.time_in_force is TimeInForce.day:
                midnight = (now.timestamp() // DAY + 1) * DAY
                order.expires_at = datetime.fromtimestamp(midnight, timezone.utc)
        if key is not None:
            self._placed[key] = order.id
        log.info("order %s: %s %s %g %s", *_short(order))
        reason = self._refusal(order)
        if reason is not None:
            return self._change(order, status=OrderStatus.rejected, reject_reason=reason)
        self._working[order.id] = None
        self._change(order)
        self._try_fill(order, self._market.quote(order.symbol))
        self._watch()
        return self._orders[order.id]

    def order(self, order_id: UUID) -> Order:
        """Raises NotFound."""
        try:
            return self._orders[order_id]
        except KeyError:
            raise NotFound(f"there is no order {order_id}") from None

    def orders(
        self,
        statuses: Sequence[OrderStatus] = (),
        symbol: Optional[str] = None,
        since: Optional[datetime] = None,
        limit: int = 100,
    ) -> List[Order]:
        """The newest first."""
        found = [
            order
            for order in reversed(list(self._orders.values()))
            if (not statuses or order.status in statuses)
            and symbol in (None, order.symbol)
            and (since is None or order.created_at >= _aware(since))
        ]
        return found[:limit]

    def modify(self, order_id: UUID, request: ModifyOrderRequest) -> Order:
        """Changes a working order, which may be filled by that."""
        order = self._get_working(order_id)
        changes = {name: value for name, value in fields_set(request).items() if value is not None}
        for name, owner in (("limit_price", OrderType.limit), ("stop_price", OrderType.stop)):
            if name in changes and order.type is not owner:
                raise ProblemError(f"a {order.type.value} order has no {name}")
        order = self._change(order, **changes)
        self._try_fill(order, self._market.quote(order.symbol))
        return self._orders[order_id]

    def cancel(self, order_id: UUID) -> Order:
        order = self._get_working(order_id)
        return self._change(order, status=OrderStatus.cancelled)

    def cancel_all(self, symbol: Optional[str] = None) -> List[Order]:
        working = [self._orders[order_id] for order_id in self._working]
        return [self.cancel(order.id) for order in working if symbol in (None, order.symbol)]

    # Positions, executions, account

    def positions(self) -> List[Position]:
        """All that are open, by symbol."""
        return [self._position(item) for item in self._open_holdings()]

    def position(self, symbol: str) -> Position:
        """Raises NotFound where nothing is held."""
        return self._position(self._get_holding(symbol))

    def close_position(self, symbol: str) -> Order:
        """Trades all of it away."""
        holding = self._get_holding(symbol)
        side = Side.sell if holding.quantity > 0 else Side.buy
        quantity = abs(holding.quantity)
        return self.place(
            MarketOrderRequest(symbol=symbol, side=side, quantity=quantity, type="market")
        )

    def executions(
        self,
        symbol: Optional[str] = None,
        order_id: Optional[UUID] = None,
        since: Optional[datetime] = None,
        limit: int = 100,
    ) -> List[Execution]:
        """The newest first."""
        found = [
            item
            for item in reversed(self._executions)
            if symbol in (None, item.symbol)
            and order_id in (None, item.order_id)
            and (since is None or item.time >= _aware(since))
        ]
        return found[:limit]

    def account(self) -> Account:
        realized = sum(item.realized for item in self._holdings.values())
        unrealized = 0.0
        exposure = {}
        for item in self._open_holdings():
            price = self._market.quote(item.symbol).last
            unrealized += item.unrealized(price)
            exposure[item.symbol] = round(abs(item.quantity) * price, 2)
        equity = START_BALANCE + realized + unrealized
        return Account(
            id="DEMO",
            currency="USD",
            balance=round(START_BALANCE + realized, 2),
            equity=round(equity, 2),
            unrealized_pnl=round(unrealized, 2),
            realized_pnl=round(realized, 2),
            buying_power=max(0.0, round(equity * LEVERAGE - sum(exposure.values()), 2)),
            exposure=exposure,
        )

    # For the WebSocket

    def check_symbol_filter(self, symbol: Optional[str]) -> None:
        """Raises NotFound for a symbol that does not exist."""
        if symbol is not None:
            self._check_symbol(symbol)

    async def position_updates(self, symbol: Optional[str]) -> AsyncIterator[Position]:
        """Open positions, whenever their price has moved; trades are published at once besides."""
        last: Dict[str, Tuple[float, float]] = {}
        while True:
            for holding in self._open_holdings():
                if symbol in (None, holding.symbol):
                    position = self._position(holding)
                    state = (position.last_price, position.quantity)
                    if last.get(holding.symbol) != state:
                        last[holding.symbol] = state
                        yield position
            await asyncio.sleep(MARK_INTERVAL)

    # Inside

    def _watch(self) -> None:
        """Looks at the market for as long as orders wait for it."""
        if self._working and (self._watcher is None or self._watcher.done()):
            self._watcher = asyncio.get_running_loop().create_task(self._watch_market())

    async def _watch_market(self) -> None:
        while self._working:
            wait = self._market.now() + self._market.tick - self._market.clock()
            await asyncio.sleep(max(0.001, wait))
            try:
                self.match()
            except Exception:
                log.exception("matching orders failed")

    def match(self) -> None:
        """Fills the orders that the market has reached, and ends those that are out of time."""
        now = self._now()
        ticks: Dict[str, Tick] = {}
        for order in [self._orders[order_id] for order_id in self._working]:
            if order.expires_at is not None and now >= order.expires_at:
                self._change(order, status=OrderStatus.expired)
                continue
            if order.symbol not in ticks:
                ticks[order.symbol] = self._market.quote(order.symbol)
            self._try_fill(order, ticks[order.symbol])

    def _try_fill(self, order: Order, tick: Tick) -> None:
        price = tick.ask if order.side is Side.buy else tick.bid
        direction = 1.0 if order.side is Side.buy else -1.0
        if order.limit_price is not None and (price - order.limit_price) * direction > 0:
            return
        if order.stop_price is not None and (price - order.stop_price) * direction < 0:
            return
        holding = self._holdings.setdefault(order.symbol, Holding(order.symbol))
        holding.updated = tick.time
        profit = holding.trade(direction * order.quantity, price)
        execution = Execution(
            id=uuid4(),
            order_id=order.id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            price=price,
            realized_pnl=round(profit, 2),
            time=self._now(),
        )
        self._executions.append(execution)
        self._change(
            order,
            status=OrderStatus.filled,
            filled_quantity=order.quantity,
            average_price=price,
        )
        self._publish("executions", order.symbol, execution)
        self._publish("positions", order.symbol, self._position(holding))

    def _change(self, order: Order, **changes: Any) -> Order:
        """The one place where an order changes: keeps it, and tells who wants to know."""
        order = changed(order, {**changes, "updated_at": self._now()})
        self._orders[order.id] = order
        if order.status is not OrderStatus.working:
            self._working.pop(order.id, None)
            log.info("order %s: %s %s %g %s", *_short(order))
        self._publish("orders", order.symbol, order)
        return order

    def _publish(self, channel: str, symbol: str, data: Any) -> None:
        for topic in (f"{channel}:*", f"{channel}:{symbol}"):
            self._context.publish(channel, topic, data)

    def _refusal(self, order: Order) -> Optional[str]:
        """Why an order cannot be taken, or None."""
        holding = self._holdings.get(order.symbol) or Holding(order.symbol)
        signed = order.quantity if order.side is Side.buy else -order.quantity
        more = abs(holding.quantity + signed) - abs(holding.quantity)
        price = order.limit_price or order.stop_price or self._market.quote(order.symbol).last
        worth, power = more * price, self.account().buying_power
        if worth <= power:
            return None
        return f"not enough buying power: {worth:.2f} needed, {power:.2f} there"

    def _check_symbol(self, symbol: str) -> None:
        if symbol not in self._market.instruments:
            raise NotFound(f"there is no symbol {symbol!r}")

    def _get_working(self, order_id: UUID) -> Order:
        order = self.order(order_id)
        if order.status is not OrderStatus.working:
            raise NotWorking(f"the order is {order.status.value} already")
        return order

    def _get_holding(self, symbol: str) -> Holding:
        holding = self._holdings.get(symbol)
        if holding is None or not holding.open:
            raise NotFound(f"there is no position in {symbol!r}")
        return holding

    def _open_holdings(self) -> List[Holding]:
        return [item for _, item in sorted(self._holdings.items()) if item.open]

    def _position(self, item: Holding) -> Position:
        last = self._market.quote(item.symbol).last
        side = PositionSide.long if item.quantity > 0 else PositionSide.short
        return Position(
            symbol=item.symbol,
            side=side if item.open else PositionSide.flat,
            quantity=abs(item.quantity),
            average_price=round(item.average_price, 6),
            last_price=last,
            unrealized_pnl=round(item.unrealized(last), 2),
            realized_pnl=round(item.realized, 2),
            updated_at=datetime.fromtimestamp(item.updated, timezone.utc),
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._market.clock(), timezone.utc)


def _aware(moment: datetime) -> datetime:
    """A time without zone is UTC."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


def _short(order: Order) -> Tuple[str, str, str, float, str]:
    """For the log."""
    return (
        str(order.id)[:8],
        order.status.value,
        order.side.value,
        order.quantity,
        order.symbol,
    )
