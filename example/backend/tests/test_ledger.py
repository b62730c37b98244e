from __future__ import annotations

from typing import List, Tuple

import pytest

from trading_api.modules.broker.ledger import Holding


@pytest.mark.parametrize(
    "trades, quantity, average, realized",
    [
        ([(10, 100.0)], 10, 100.0, 0.0),
        ([(10, 100.0), (10, 110.0)], 20, 105.0, 0.0),
        ([(10, 100.0), (-4, 110.0)], 6, 100.0, 40.0),
        ([(10, 100.0), (-10, 90.0)], 0, 0.0, -100.0),
        ([(10, 100.0), (-15, 110.0)], -5, 110.0, 100.0),
        ([(-10, 100.0), (4, 90.0)], -6, 100.0, 40.0),
        ([(-10, 100.0), (15, 90.0)], 5, 90.0, 100.0),
        ([(0.1, 10.0), (0.2, 10.0), (-0.3, 10.0)], 0, 0.0, 0.0),
    ],
)
def test_trades_add_up(
    trades: List[Tuple[float, float]], quantity: float, average: float, realized: float
) -> None:
    holding = Holding("AAPL")
    profit = sum(holding.trade(amount, price) for amount, price in trades)
    assert holding.quantity == pytest.approx(quantity)
    assert holding.average_price == pytest.approx(average)
    assert holding.realized == pytest.approx(realized) == pytest.approx(profit)
    assert holding.open is (quantity != 0)
