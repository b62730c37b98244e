"""Models of the datafeed module."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Dict, List, Literal, Optional, Union

from pydantic import Field

from trading_api.compat import Model, filled_list


class Resolution(str, Enum):
    """Length of a bar: minutes, or `1D` for a day."""

    minute = "1"
    five_minutes = "5"
    quarter = "15"
    hour = "60"
    day = "1D"

    @property
    def seconds(self) -> int:
        return 86_400 if self is Resolution.day else int(self.value) * 60


class SymbolKind(str, Enum):
    """What a symbol stands for."""

    stock = "stock"
    crypto = "crypto"
    forex = "forex"


class StockDetails(Model):
    """What only a stock has."""

    kind: Literal["stock"] = Field(..., description="Always `stock`")
    sector: str = Field(..., description="Branch of the company")


class PairDetails(Model):
    """What only a pair of currencies has."""

    kind: Literal["pair"] = Field(..., description="Always `pair`")
    base_currency: str = Field(..., description="What is priced")
    quote_currency: str = Field(..., description="What it is priced in")


class SymbolInfo(Model):
    """Something that can be traded."""

    symbol: str = Field(..., description="Its name everywhere in this API")
    name: str = Field(..., description="Its name for people")
    kind: SymbolKind = Field(..., description="What it is")
    exchange: str = Field(..., description="Where it is traded")
    currency: str = Field(..., description="What its prices are in")
    digits: int = Field(..., ge=0, description="Decimals of its prices")
    resolutions: List[Resolution] = Field(..., description="Bars that can be had")
    details: Union[StockDetails, PairDetails] = Field(
        ..., description="What depends on the kind", discriminator="kind"
    )


class SearchResult(Model):
    """A symbol that was found."""

    symbol: str = Field(..., description="Its name everywhere in this API")
    name: str = Field(..., description="Its name for people")
    kind: SymbolKind = Field(..., description="What it is")
    score: float = Field(..., ge=0, le=1, description="How well it fits; 1 is best")


class Bar(Model):
    """Prices within a span of time."""

    time: int = Field(..., description="Start of the bar in Unix milliseconds")
    open: float = Field(..., description="First price")
    high: float = Field(..., description="Highest price")
    low: float = Field(..., description="Lowest price")
    close: float = Field(..., description="Last price; of the running bar, the latest")
    volume: int = Field(..., ge=0, description="How much was traded")


class BarSeries(Model):
    """Bars of one symbol, the oldest first."""

    symbol: str = Field(..., description="The symbol")
    resolution: Resolution = Field(..., description="Length of each bar")
    bars: List[Bar] = Field(..., description="The oldest first; the last one may be running")
    previous: Optional[int] = Field(
        ...,
        description="Start of the bar before the first one, in Unix milliseconds; "
        "null where no bar was found",
    )


class Quote(Model):
    """The latest prices of a symbol."""

    symbol: str = Field(..., description="The symbol")
    bid: float = Field(..., description="What a seller gets")
    ask: float = Field(..., description="What a buyer pays")
    last: float = Field(..., description="The latest price")
    change: float = Field(..., description="Since the begin of the day (UTC)")
    change_percent: float = Field(..., description="The same in percent")
    time: datetime = Field(..., description="When the price was made")


class ExchangeInfo(Model):
    """A place where symbols are traded."""

    name: str = Field(..., description="Its name for people")
    timezone: str = Field(..., description="Name of its time zone in the IANA database")


class DatafeedConfig(Model):
    """What the datafeed can do."""

    resolutions: List[Resolution] = Field(..., description="Bars that can be had")
    exchanges: Dict[str, ExchangeInfo] = Field(..., description="Exchanges by their short name")
    max_bars: int = Field(..., ge=1, description="How many bars one request returns at most")
    updates_per_second: float = Field(..., gt=0, description="How often prices move")


class BarsSubscription(Model):
    """Which bars to push."""

    symbol: str = Field(..., description="The symbol")
    resolution: Resolution = Field(default=Resolution.minute, description="Length of a bar")


class QuotesSubscription(Model):
    """Which quotes to push."""

    symbols: List[str] = filled_list("The symbols")
