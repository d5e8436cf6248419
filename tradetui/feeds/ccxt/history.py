"""Candles of the past from an exchange's REST interface."""

from __future__ import annotations

import math
from time import time_ns
from typing import Any, Final

from tradetui.domain.market_data import Candle, CandleHistory, Timeframe
from tradetui.errors import FeedError
from tradetui.feeds.ccxt.words import words_for

FIRST: Final = Timeframe.M1
OTHERS: Final = (
    *(Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.D1),
    *(Timeframe.M3, Timeframe.M30, Timeframe.H4),
)
_CANDLES: Final = 1000
_MOST_QUESTIONS: Final = 12
"""For one page of candles."""

Row = list[float | None]


async def fetch_history(exchange: Any, symbol: str, timeframe: Timeframe) -> CandleHistory | None:
    """The closed candles of a symbol, oldest first; None where the exchange has none. Raises ccxt errors."""
    if timeframe.value not in (exchange.timeframes or {}):
        return None
    rows = await exchange.fetch_ohlcv(symbol, timeframe.value, limit=_CANDLES)
    now = time_ns()
    candles = closed_candles(rows, timeframe, now)
    return CandleHistory(symbol, timeframe, candles, now) if candles else None


async def candles_before(
    exchange: Any, symbol: str, timeframe: Timeframe, ts: int, count: int
) -> list[Candle]:
    """At most so many closed candles before a moment, oldest first; none where the exchange has none.

    An exchange may answer with fewer than it was asked for: the rest is asked for until they reach the
    moment, so that no hole is left.

    Raises:
        FeedError: The exchange can not be asked, or refuses.
    """
    if exchange is None:
        raise FeedError("the exchange is not connected yet")
    if timeframe.value not in (exchange.timeframes or {}):
        return []
    length = timeframe.seconds * 1_000_000_000
    since, found = ts - count * length, list[Candle]()
    for _ in range(_MOST_QUESTIONS):
        try:
            rows = await exchange.fetch_ohlcv(symbol, timeframe.value, since=since // 1_000_000, limit=count)
        except Exception as error:  # noqa: BLE001 - the outside world becomes words
            raise FeedError(words_for(error)) from None
        fresh = [candle for candle in closed_candles(rows, timeframe, ts) if candle.open_ts >= since]
        found += fresh
        since = fresh[-1].open_ts + length if fresh else ts
        if since >= ts:
            break
    return found


def closed_candles(rows: list[Row], timeframe: Timeframe, now_ns: int) -> list[Candle]:
    """The rows of ccxt (milliseconds, open, high, low, close, volume) that are sound and closed by now."""
    length = timeframe.seconds * 1_000_000_000
    candles: dict[int, Candle] = {}
    for row in rows:
        opened = int(row[0] or 0) * 1_000_000
        prices = [value for value in row[1:5] if value is not None and math.isfinite(value) and value > 0]
        if len(prices) == 4 and opened + length <= now_ns:
            volume = float(row[5] or 0) if len(row) > 5 else 0.0
            candles[opened] = Candle(opened, prices[0], prices[1], prices[2], prices[3], volume)
    return [candles[opened] for opened in sorted(candles)]
