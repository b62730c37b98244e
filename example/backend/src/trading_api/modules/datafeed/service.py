"""The work of the datafeed module."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import AsyncIterator, Dict, List, Optional, Sequence

from trading_api.market import DAY, Candle, Instrument
from trading_api.module import Context
from trading_api.problems import NotFound, ProblemError

from .models import (
    Bar,
    BarSeries,
    DatafeedConfig,
    ExchangeInfo,
    PairDetails,
    Quote,
    Resolution,
    SearchResult,
    StockDetails,
    SymbolInfo,
    SymbolKind,
)

MAX_BARS = 1_000

_EXCHANGES = {
    "NASDAQ": ExchangeInfo(name="Nasdaq", timezone="America/New_York"),
    "COINBASE": ExchangeInfo(name="Coinbase", timezone="Etc/UTC"),
    "FOREX": ExchangeInfo(name="Foreign exchange", timezone="Etc/UTC"),
}


class DatafeedService:
    """Reads the simulated market."""

    def __init__(self, context: Context) -> None:
        self._market = context.market

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def config(self) -> DatafeedConfig:
        return DatafeedConfig(
            resolutions=list(Resolution),
            exchanges=_EXCHANGES,
            max_bars=MAX_BARS,
            updates_per_second=1 / self._market.tick,
        )

    def symbols(self, kind: Optional[SymbolKind] = None) -> List[SymbolInfo]:
        found = self._market.instruments.values()
        return [_info(item) for item in found if kind is None or item.kind == kind.value]

    def symbol(self, symbol: str) -> SymbolInfo:
        return _info(self.instrument(symbol))

    def instrument(self, symbol: str) -> Instrument:
        """Raises NotFound."""
        try:
            return self._market.instruments[symbol]
        except KeyError:
            raise NotFound(f"there is no symbol {symbol!r}") from None

    def search(self, text: str, kind: Optional[SymbolKind], limit: int) -> List[SearchResult]:
        found = []
        for item in self._market.instruments.values():
            score = _score(text.strip().lower(), item)
            if score > 0 and (kind is None or item.kind == kind.value):
                found.append(
                    SearchResult(
                        symbol=item.symbol, name=item.name, kind=SymbolKind(item.kind), score=score
                    )
                )
        found.sort(key=lambda result: (-result.score, result.symbol))
        return found[:limit]

    def bars(
        self,
        symbol: str,
        resolution: Resolution,
        start: Optional[datetime],
        end: Optional[datetime],
        limit: int,
    ) -> BarSeries:
        """The newest limit bars that begin in [start, end)."""
        self.instrument(symbol)
        length = resolution.seconds
        until = self._market.now() + 0.001 if end is None else _epoch(end)
        since = until - limit * length if start is None else _epoch(start)
        if since > until:
            raise ProblemError("`from` is later than `to`")
        since = max(since, until - limit * length, 0.0)
        bars = [_bar(item) for item in self._market.candles(symbol, length, since, until)]
        previous = bars[0].time - length * 1000 if bars else None
        return BarSeries(symbol=symbol, resolution=resolution, bars=bars, previous=previous)

    def quote(self, symbol: str) -> Quote:
        item = self.instrument(symbol)
        tick = self._market.quote(symbol)
        begin = self._market.price(symbol, tick.time // DAY * DAY)
        change = tick.last - begin
        return Quote(
            symbol=symbol,
            bid=tick.bid,
            ask=tick.ask,
            last=tick.last,
            change=round(change, item.digits),
            change_percent=round(100 * change / begin, 3),
            time=datetime.fromtimestamp(tick.time, timezone.utc),
        )

    def quotes(self, symbols: Sequence[str]) -> List[Quote]:
        return [self.quote(symbol) for symbol in symbols or self._market.instruments]

    async def bar_updates(self, symbol: str, resolution: Resolution) -> AsyncIterator[Bar]:
        """The running bar, now and whenever it changes; a bar that ended once more before the next."""
        length = resolution.seconds
        last: Optional[Bar] = None
        while True:
            bar = _bar(self._market.candle(symbol, length))
            if last is not None and bar.time != last.time:
                ended = self._market.candles(symbol, length, last.time / 1000, bar.time / 1000)
                for item in ended:
                    yield _bar(item)
            if bar != last:
                yield bar
            last = bar
            await asyncio.sleep(self._until_next_tick())

    async def quote_updates(self, symbols: Sequence[str]) -> AsyncIterator[Quote]:
        """Each quote, now and whenever it changes."""
        last: Dict[str, float] = {}
        while True:
            for symbol in symbols:
                quote = self.quote(symbol)
                if last.get(symbol) != quote.last:
                    last[symbol] = quote.last
                    yield quote
            await asyncio.sleep(self._until_next_tick())

    def _until_next_tick(self) -> float:
        return max(0.001, self._market.now() + self._market.tick - self._market.clock())


def _epoch(moment: datetime) -> float:
    """Seconds since the epoch; a time without zone is UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def _bar(candle: Candle) -> Bar:
    return Bar(
        time=candle.start * 1000,
        open=candle.open,
        high=candle.high,
        low=candle.low,
        close=candle.close,
        volume=candle.volume,
    )


def _info(item: Instrument) -> SymbolInfo:
    kind = SymbolKind(item.kind)
    return SymbolInfo(
        symbol=item.symbol,
        name=item.name,
        kind=kind,
        exchange=item.exchange,
        currency=item.currency,
        digits=item.digits,
        resolutions=list(Resolution),
        details=StockDetails(kind="stock", sector=item.sector)
        if kind is SymbolKind.stock
        else PairDetails(
            kind="pair", base_currency=item.base_currency, quote_currency=item.currency
        ),
    )


def _score(text: str, item: Instrument) -> float:
    symbol, name = item.symbol.lower(), item.name.lower()
    if symbol == text:
        return 1.0
    if symbol.startswith(text):
        return 0.9
    if any(word.startswith(text) for word in name.split()):
        return 0.7
    return 0.4 if text in symbol or text in name else 0.0
