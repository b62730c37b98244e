"""What the account holds, and what it has won and lost."""

from __future__ import annotations

from dataclasses import dataclass

_DUST = 1e-9  # quantities below it are rounding, not holdings


@dataclass
class Holding:
    """A position's numbers. quantity is negative when short."""

    symbol: str
    quantity: float = 0.0
    average_price: float = 0.0
    realized: float = 0.0
    updated: float = 0.0  # seconds since the epoch

    @property
    def open(self) -> bool:
        return self.quantity != 0.0

    def unrealized(self, price: float) -> float:
        return (price - self.average_price) * self.quantity

    def trade(self, quantity: float, price: float) -> float:
        """Adds a signed quantity and returns the profit or loss on what it closed."""
        closed = 0.0
        if self.quantity * quantity < 0:
            closed = min(abs(quantity), abs(self.quantity))
            if self.quantity < 0:
                closed = -closed
        profit = (price - self.average_price) * closed
        after = self.quantity + quantity
        if abs(after) < _DUST:
            after = self.average_price = 0.0
        elif closed == 0.0:
            cost = self.average_price * self.quantity + price * quantity
            self.average_price = cost / after
        elif after * self.quantity < 0:  # turned from long to short, or the other way
            self.average_price = price
        self.quantity = after
        self.realized += profit
        return profit
