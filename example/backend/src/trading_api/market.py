"""A simulated market that needs no state.

A price is a pure function of the seed, the symbol and the time: noise of many
wavelengths, from a quarter of a second to a month, whose heights grow with the
wavelength as a random walk's do. Processes that know nothing of each other
(the broker and three instances of the datafeed, say) therefore see the same
prices, and any bar of the past can be had without storing one.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, exp, floor
from typing import Callable, Dict, List, NamedTuple, Tuple

DAY = 86_400.0

# Wavelengths in seconds. Each is three to five times the one before, close
# enough that no single wave can be made out in a chart.
_WAVES = (0.25, 1.0, 4.0, 15.0, 60.0, 240.0, 900.0, 3_600.0, 14_400.0, DAY, 5 * DAY, 30 * DAY)

# A random walk's height grows with the square root of the time; a little less
# here, so that a chart of seconds is worth looking at.
_ROUGHNESS = 0.42

# Prices looked at within one bar besides its open: enough for a high and a low.
_SAMPLES = 6

_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Instrument:
    """Something that can be traded, and how its price behaves."""

    symbol: str
    name: str
    kind: str  # "stock", "crypto" or "forex"
    exchange: str
    currency: str
    price: float  # the level around which it moves
    volatility: float  # of a day
    digits: int  # decimals of a price
    base_currency: str = ""  # crypto and forex: what is priced
    sector: str = ""  # stocks


INSTRUMENTS: Tuple[Instrument, ...] = (
    Instrument("AAPL", "Apple Inc.", "stock", "NASDAQ", "USD", 210.0, 0.018, 2, sector="Technology"),
    Instrument("AMZN", "Amazon.com, Inc.", "stock", "NASDAQ", "USD", 195.0, 0.021, 2, sector="Retail"),
    Instrument("MSFT", "Microsoft Corp.", "stock", "NASDAQ", "USD", 430.0, 0.016, 2, sector="Technology"),
    Instrument("NVDA", "NVIDIA Corp.", "stock", "NASDAQ", "USD", 125.0, 0.032, 2, sector="Semiconductors"),
    Instrument("TSLA", "Tesla, Inc.", "stock", "NASDAQ", "USD", 255.0, 0.035, 2, sector="Automotive"),
    Instrument("BTC-USD", "Bitcoin", "crypto", "COINBASE", "USD", 64_000.0, 0.03, 2, base_currency="BTC"),
    Instrument("ETH-USD", "Ether", "crypto", "COINBASE", "USD", 3_100.0, 0.035, 2, base_currency="ETH"),
    Instrument("EUR-USD", "Euro / US dollar", "forex", "FOREX", "USD", 1.085, 0.005, 5, base_currency="EUR"),
)


class Tick(NamedTuple):
    """The market in one symbol at one moment."""

    time: float  # seconds since the epoch
    bid: float
    ask: float
    last: float


class Candle(NamedTuple):
    """One bar."""

    start: int  # seconds since the epoch
    open: float
    high: float
    low: float
    close: float
    volume: int


class Market:
    """Prices by symbol and time. clock is in seconds since the epoch."""

    def __init__(
        self, seed: int = 7, tick: float = 0.25, clock: Callable[[], float] = time.time
    ) -> None:
        self.tick = tick
        self.clock = clock
        self.instruments: Dict[str, Instrument] = {item.symbol: item for item in INSTRUMENTS}
        self._waves = {item.symbol: _waves(seed, item) for item in INSTRUMENTS}
        # A bar that is over never changes.
        self._closed_candle = lru_cache(maxsize=8192)(self._make_candle)

    def now(self) -> float:
        """The time of the latest tick."""
        return floor(self.clock() / self.tick) * self.tick

    def price(self, symbol: str, at: float) -> float:
        item = self.instruments[symbol]
        change = 0.0
        for key, length, height in self._waves[symbol]:
            place = at / length
            left = floor(place)
            part = place - left
            part = part * part * (3.0 - 2.0 * part)
            before = _noise(key, left)
            change += height * (before + (_noise(key, left + 1) - before) * part)
        return round(item.price * exp(change), item.digits)

    def quote(self, symbol: str) -> Tick:
        """The latest bid, ask and price."""
        now = self.now()
        item = self.instruments[symbol]
        last = self.price(symbol, now)
        half = max(last * 0.00005, 10.0**-item.digits)
        return Tick(now, round(last - half, item.digits), round(last + half, item.digits), last)

    def candles(self, symbol: str, seconds: int, start: float, end: float) -> List[Candle]:
        """The bars that begin in [start, end), the running one included, none of the future."""
        now = self.now()
        first = ceil(start / seconds) * seconds
        last = min(ceil(end), floor(now) + 1)
        return [
            self._closed_candle(symbol, seconds, at, float(at + seconds))
            if at + seconds <= now
            else self._make_candle(symbol, seconds, at, now)
            for at in range(first, last, seconds)
        ]

    def candle(self, symbol: str, seconds: int) -> Candle:
        """The running bar."""
        now = self.now()
        return self._make_candle(symbol, seconds, int(now) // seconds * seconds, now)

    def _make_candle(self, symbol: str, seconds: int, start: int, until: float) -> Candle:
        step = seconds / _SAMPLES
        prices = [self.price(symbol, start)]
        at = start + step
        while at < until:
            prices.append(self.price(symbol, at))
            at += step
        prices.append(self.price(symbol, until))
        busy = _noise(self._waves[symbol][0][0], start) + 1.5
        volume = int(busy * 40.0 * (until - start)) + 1
        return Candle(start, prices[0], max(prices), min(prices), prices[-1], volume)


def _waves(seed: int, item: Instrument) -> List[Tuple[int, float, float]]:
    waves = []
    for index, length in enumerate(_WAVES):
        key = zlib.crc32(f"{seed}/{item.symbol}/{index}".encode()) * 0x9E3779B97F4A7C15 & _MASK
        waves.append((key, length, 0.6 * item.volatility * (length / DAY) ** _ROUGHNESS))
    return waves


def _noise(key: int, place: int) -> float:
    """A number in [-1, 1) that is fixed for key and place (the mixing of splitmix64)."""
    bits = (key + place * 0x9E3779B97F4A7C15) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return (bits ^ (bits >> 31)) / 9.223372036854775808e18 - 1.0
