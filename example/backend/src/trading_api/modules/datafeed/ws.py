"""Topics of the datafeed module."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import AsyncIterator

from trading_api.problems import NotFound
from trading_api.realtime import Channel, SubscriptionError

from .models import Bar, BarsSubscription, Quote, QuotesSubscription, Resolution
from .service import DatafeedService


def _bars_topic(subscription: BarsSubscription) -> str:
    return f"bars:{subscription.symbol}:{subscription.resolution.value}"


def _quotes_topic(subscription: QuotesSubscription) -> str:
    return "quotes:" + ",".join(_symbols(subscription))


def _symbols(subscription: QuotesSubscription) -> list[str]:
    """In one order and each once, so that equal wishes share a topic."""
    return sorted(set(subscription.symbols))


def _check_symbols(service: DatafeedService, *symbols: str) -> None:
    try:
        for symbol in symbols:
            service.instrument(symbol)
    except NotFound as error:
        raise SubscriptionError(error.detail) from None


def _check_bars(service: DatafeedService, subscription: BarsSubscription) -> None:
    _check_symbols(service, subscription.symbol)


def _check_quotes(service: DatafeedService, subscription: QuotesSubscription) -> None:
    _check_symbols(service, *subscription.symbols)


def _bars(service: DatafeedService, subscription: BarsSubscription) -> AsyncIterator[Bar]:
    return service.bar_updates(subscription.symbol, subscription.resolution)


def _quotes(service: DatafeedService, subscription: QuotesSubscription) -> AsyncIterator[Quote]:
    return service.quote_updates(_symbols(subscription))


BARS = Channel(
    name="bars",
    summary="the running bar of a symbol",
    subscription=BarsSubscription,
    update=Bar,
    topic=_bars_topic,
    check=_check_bars,
    source=_bars,
    subscription_example=BarsSubscription(symbol="AAPL", resolution=Resolution.minute),
    update_example=Bar(
        time=1_735_689_600_000, open=210.1, high=210.6, low=209.9, close=210.4, volume=1_830
    ),
)

QUOTES = Channel(
    name="quotes",
    summary="the latest prices of symbols",
    subscription=QuotesSubscription,
    update=Quote,
    topic=_quotes_topic,
    check=_check_quotes,
    source=_quotes,
    subscription_example=QuotesSubscription(symbols=["AAPL", "MSFT"]),
    update_example=Quote(
        symbol="AAPL",
        bid=210.39,
        ask=210.41,
        last=210.4,
        change=1.2,
        change_percent=0.574,
        time=datetime(2025, 1, 1, tzinfo=timezone.utc),
    ),
)

CHANNELS = (BARS, QUOTES)
