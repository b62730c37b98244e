from __future__ import annotations

from trading_api.market import INSTRUMENTS, Market

NOON = 1_750_000_000.0


def market(seed: int = 7, at: float = NOON) -> Market:
    return Market(seed, 0.25, clock=lambda: at)


def test_two_processes_see_the_same_prices() -> None:
    for item in INSTRUMENTS:
        assert market().quote(item.symbol) == market().quote(item.symbol)


def test_another_seed_is_another_market() -> None:
    assert market(7).quote("AAPL") != market(8).quote("AAPL")


def test_prices_stay_near_their_level_and_move_with_nearly_every_tick() -> None:
    one = market()
    for item in INSTRUMENTS:
        prices = [one.price(item.symbol, NOON + step * 0.25) for step in range(400)]
        assert all(item.price / 2 < price < item.price * 2 for price in prices)
        moves = sum(before != after for before, after in zip(prices, prices[1:]))
        assert moves > 200, item.symbol


def test_a_quote_has_its_bid_below_its_ask() -> None:
    for item in INSTRUMENTS:
        tick = market().quote(item.symbol)
        assert tick.bid < tick.last < tick.ask


def test_bars_join_and_hold_their_own_prices() -> None:
    bars = market().candles("AAPL", 60, NOON - 6000, NOON + 6000)
    assert len(bars) == 100
    assert bars[-1].start <= NOON < bars[-1].start + 60
    for bar, following in zip(bars, bars[1:]):
        assert following.start == bar.start + 60
        assert following.open == bar.close
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume > 0


def test_the_running_bar_ends_at_the_price_of_now() -> None:
    one = market()
    assert one.candle("AAPL", 60).close == one.quote("AAPL").last
    assert one.candles("AAPL", 60, NOON - 60, NOON + 1)[-1] == one.candle("AAPL", 60)
