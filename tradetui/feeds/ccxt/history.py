"""Candles of the past from an exchange's REST interface."""

from __future__ import annotations

import math
from time import time_ns
from typing import Any, Final

from tradetui.domain.market_data import Candle, CandleHistory, Timeframe

FIRST: Final = Timeframe.M1
OTHERS: Final = (
    *(Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.D1),
    *(Timeframe.M3, Timeframe.M30, Timeframe.H4),
)
_CANDLES: Final = 1000

Row = list[float | None]


async def fetch_history(exchange: Any, symbol: str, timeframe: Timeframe) -> CandleHistory | None:
    """The closed candles of a symbol, oldest first; None where the exchange has none. Raises ccxt errors."""
    if timeframe.value not in (exchange.timeframes or {}):
        return None
    rows = await exchange.fetch_ohlcv(symbol, timeframe.value, limit=_CANDLES)
    now = time_ns()
    candles = closed_candles(rows, timeframe, now)
    return CandleHistory(symbol, timeframe, candles, now) if candles else None


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
