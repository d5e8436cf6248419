"""Candles of the past from an exchange's REST interface."""

from __future__ import annotations

import math
from time import time_ns
from typing import Any, Final

from tradetui.domain.market_data import Candle, CandleHistory, PriceKind, Timeframe
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
_MOST_PAGES: Final = 30
"""Of a lost time: two days of minutes where a page holds a hundred, three weeks where it holds a thousand."""
_MINUTE: Final = 60_000_000_000
_HAS: Final = {
    PriceKind.LAST: "fetchOHLCV",
    PriceKind.MARK: "fetchMarkOHLCV",
    PriceKind.INDEX: "fetchIndexOHLCV",
}
_FETCH: Final = {
    PriceKind.LAST: "fetch_ohlcv",
    PriceKind.MARK: "fetch_mark_ohlcv",
    PriceKind.INDEX: "fetch_index_ohlcv",
}

Row = list[float | None]
_ALIKE: Final[tuple[int, dict[str, Any]]] = (_CANDLES, {})
_APART: Final[dict[str, tuple[int, dict[str, Any]]]] = {"bitget": (200, {"useHistoryEndpoint": True})}
"""How an exchange is asked for mark and index: Bitget at addresses of their own, else a word in the question
that it does not understand might bring the last price.
"""


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


async def missed_candles(exchange: Any, symbol: str, kind: PriceKind, since: int) -> list[Candle]:
    """The minutes of a price since the one of a moment (nanoseconds UTC), oldest first, with the present one.

    None where the exchange tells none of that price. Raises ccxt errors.
    """
    if FIRST.value not in (exchange.timeframes or {}) or not exchange.has.get(_HAS[kind]):
        return []
    fetch = getattr(exchange, _FETCH[kind])
    size, more = _APART.get(exchange.id, _ALIKE) if kind is not PriceKind.LAST else _ALIKE
    now, found, start = time_ns(), dict[int, Candle](), since - since % _MINUTE
    for _ in range(_MOST_PAGES):
        rows = await fetch(symbol, FIRST.value, since=start // 1_000_000, limit=size, params=more)
        fresh = [each for each in closed_candles(rows, FIRST, now + _MINUTE) if each.open_ts >= start]
        found.update((each.open_ts, each) for each in fresh)
        start = fresh[-1].open_ts + _MINUTE if fresh else now
        if start >= now:
            break
    return [found[opened] for opened in sorted(found)]


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
