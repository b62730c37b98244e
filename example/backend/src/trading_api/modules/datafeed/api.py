"""Routes of the datafeed module."""

from __future__ import annotations

from datetime import datetime
from typing import List, Optional

from fastapi import APIRouter, Depends, Path, Query, Request

from trading_api.problems import NotFound, ProblemError, responses

from .models import (
    BarSeries,
    DatafeedConfig,
    Quote,
    Resolution,
    SearchResult,
    SymbolInfo,
    SymbolKind,
)
from .service import MAX_BARS, DatafeedService

router = APIRouter()


async def datafeed(request: Request) -> DatafeedService:
    service: DatafeedService = request.app.state.services["datafeed"]
    return service


@router.get("/config", summary="What the datafeed can do", response_model=DatafeedConfig)
async def get_datafeed_config(service: DatafeedService = Depends(datafeed)) -> DatafeedConfig:
    return service.config()


@router.get("/symbols", summary="All symbols", response_model=List[SymbolInfo])
async def list_symbols(
    kind: Optional[SymbolKind] = Query(None, description="Only symbols of this kind"),
    service: DatafeedService = Depends(datafeed),
) -> List[SymbolInfo]:
    return service.symbols(kind)


@router.get(
    "/symbols/{symbol}",
    summary="One symbol",
    response_model=SymbolInfo,
    responses=responses(NotFound),
)
async def get_symbol(
    symbol: str = Path(..., description="The symbol, such as `AAPL`"),
    service: DatafeedService = Depends(datafeed),
) -> SymbolInfo:
    return service.symbol(symbol)


@router.get("/search", summary="Find symbols by name", response_model=List[SearchResult])
async def search_symbols(
    q: str = Query(..., min_length=1, description="Part of a symbol or of a name"),
    kind: Optional[SymbolKind] = Query(None, description="Only symbols of this kind"),
    limit: int = Query(10, ge=1, le=50, description="How many to return at most"),
    service: DatafeedService = Depends(datafeed),
) -> List[SearchResult]:
    """The best first."""
    return service.search(q, kind, limit)


@router.get(
    "/bars",
    summary="Bars of one symbol",
    response_model=BarSeries,
    responses=responses(ProblemError, NotFound),
)
async def get_bars(
    symbol: str = Query(..., description="The symbol, such as `AAPL`"),
    resolution: Resolution = Query(Resolution.minute, description="Length of a bar"),
    start: Optional[datetime] = Query(
        None, alias="from", description="Only bars that begin at this time or later"
    ),
    end: Optional[datetime] = Query(
        None, alias="to", description="Only bars that begin before this time"
    ),
    limit: int = Query(300, ge=1, le=MAX_BARS, description="How many to return at most"),
    service: DatafeedService = Depends(datafeed),
) -> BarSeries:
    """The newest bars of the span, the oldest of them first."""
    return service.bars(symbol, resolution, start, end, limit)


@router.get(
    "/quotes",
    summary="Latest prices of several symbols",
    response_model=List[Quote],
    responses=responses(NotFound),
)
async def get_quotes(
    symbols: List[str] = Query([], description="The symbols, one parameter each; none: all"),
    service: DatafeedService = Depends(datafeed),
) -> List[Quote]:
    return service.quotes(symbols)


@router.get(
    "/quotes/{symbol}",
    summary="Latest prices of one symbol",
    response_model=Quote,
    responses=responses(NotFound),
)
async def get_quote(
    symbol: str = Path(..., description="The symbol, such as `AAPL`"),
    service: DatafeedService = Depends(datafeed),
) -> Quote:
    return service.quote(symbol)
