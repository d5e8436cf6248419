"""What streams do not carry on every exchange and REST does: 24-hour figures and mark prices."""

from __future__ import annotations

from time import time_ns
from typing import Any

from tradetui.domain.market_data import MarkPrice, OpenInterest, Ticker
from tradetui.feeds.ccxt.asking import of_each, ticker_rows
from tradetui.feeds.ccxt.book import exchange_ns


async def fetch_tickers(exchange: Any, symbols: list[str]) -> list[Ticker]:
    """The 24-hour figures of each symbol that the exchange gives; raises ccxt errors."""
    rows = await ticker_rows(exchange, symbols)
    known = [ticker_of(row, time_ns()) for row in rows]
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

    async def ask(symbol: str) -> list[dict[str, Any]]:
        return [await exchange.fetch_mark_price(symbol)]

    is_told = exchange.has.get("fetchMarkPrice")
    rows = await (of_each(symbols, ask) if is_told else ticker_rows(exchange, symbols))
    known = [mark_of(row, time_ns()) for row in rows]
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

    async def ask(symbol: str) -> list[OpenInterest]:
        known = interest_of(symbol, await exchange.fetch_open_interest(symbol), time_ns())
        return [known] if known is not None else []

    return await of_each(symbols, ask)


def interest_of(symbol: str, row: dict[str, Any], ts_received: int) -> OpenInterest | None:
    """An open interest of ccxt; None without an amount."""
    amount = row.get("openInterestAmount")
    if not isinstance(amount, int | float) or not 0 <= amount < float("inf"):
        return None
    return OpenInterest(symbol, exchange_ns(row.get("timestamp"), ts_received), ts_received, float(amount))
