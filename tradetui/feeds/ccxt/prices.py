"""What streams do not carry on every exchange and REST does: 24-hour figures and mark prices."""

from __future__ import annotations

from time import time_ns
from typing import Any

from tradetui.domain.market_data import MarkPrice, OpenInterest, Ticker
from tradetui.feeds.ccxt.book import exchange_ns


async def fetch_tickers(exchange: Any, symbols: list[str]) -> list[Ticker]:
    """The 24-hour figures of each symbol that the exchange gives; raises ccxt errors."""
    rows = await exchange.fetch_tickers(symbols)
    now = time_ns()
    known = [ticker_of(row, now) for row in rows.values() if row.get("symbol") in symbols]
    return [ticker for ticker in known if ticker is not None]


def ticker_of(row: dict[str, Any], ts_received: int) -> Ticker | None:
    """A ticker of ccxt; None without a last price."""
    last = row.get("last")
    if not last or not last > 0:
        return None
    volume = row.get("quoteVolume")
    if volume is None:
        volume = (row.get("baseVolume") or 0.0) * last
    return Ticker(row["symbol"], ts_received, float(last), float(row.get("percentage") or 0.0), float(volume))


async def fetch_marks(exchange: Any, symbols: list[str]) -> list[MarkPrice]:
    """The mark price of each perpetual where the exchange gives one; raises ccxt errors."""
    if not exchange.has.get("fetchMarkPrice"):
        rows = await exchange.fetch_tickers(symbols)
        known = [mark_of(row, time_ns()) for row in rows.values()]
    else:
        known = [mark_of(await exchange.fetch_mark_price(symbol), time_ns()) for symbol in symbols]
    return [mark for mark in known if mark is not None and mark.symbol in symbols]


def mark_of(row: dict[str, Any], ts_received: int) -> MarkPrice | None:
    """The mark price in a ticker of ccxt; None without one."""
    mark, index = row.get("markPrice"), row.get("indexPrice")
    if not mark or not mark > 0:
        return None
    stamp = exchange_ns(row.get("timestamp"), ts_received)
    return MarkPrice(row["symbol"], stamp, ts_received, float(mark), float(index) if index else None)


async def fetch_interest(exchange: Any, symbols: list[str]) -> list[OpenInterest]:
    """The open interest of each contract where the exchange tells it; raises ccxt errors."""
    if not exchange.has.get("fetchOpenInterest"):
        return []
    rows = [(symbol, await exchange.fetch_open_interest(symbol)) for symbol in symbols]
    known = [interest_of(symbol, row, time_ns()) for symbol, row in rows]
    return [interest for interest in known if interest is not None]


def interest_of(symbol: str, row: dict[str, Any], ts_received: int) -> OpenInterest | None:
    """An open interest of ccxt; None without an amount."""
    amount = row.get("openInterestAmount")
    if not isinstance(amount, int | float) or not 0 <= amount < float("inf"):
        return None
    return OpenInterest(symbol, exchange_ns(row.get("timestamp"), ts_received), ts_received, float(amount))
