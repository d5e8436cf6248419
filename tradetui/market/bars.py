"""Candles as columns: what the vectorised code computes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from tradetui.domain.market_data import Candle
from tradetui.market.ring import FloatArray

SECOND: Final = 1_000_000_000
COLUMNS: Final = 8


def row_of(candle: Candle) -> tuple[float, ...]:
    """A candle as a row of floats; the time in seconds, which a float holds exactly."""
    return (
        candle.open_ts // SECOND,
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.volume,
        candle.trades,
        candle.delta,
    )


def candle_of(row: Iterable[float]) -> Candle:
    """The candle of a row."""
    second, first, high, low, close, volume, trades, delta = row
    return Candle(int(second) * SECOND, first, high, low, close, volume, int(trades), delta)


@dataclass(frozen=True, slots=True)
class Bars:
    """Closed candles, oldest first: arrays of shape (n,); `open_s` in seconds since 1970, UTC."""

    open_s: FloatArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    trades: FloatArray
    delta: FloatArray

    @classmethod
    def from_rows(cls, rows: FloatArray) -> Bars:
        """Columns from an array of shape (8, n); no copy."""
        return cls(*rows)

    @classmethod
    def from_candles(cls, candles: Iterable[Candle]) -> Bars:
        """Columns from candles."""
        rows = np.array([row_of(candle) for candle in candles], dtype=np.float64)
        return cls.from_rows(np.ascontiguousarray(rows.reshape(-1, COLUMNS).T))

    def __len__(self) -> int:
        return len(self.close)

    @property
    def columns(self) -> tuple[FloatArray, ...]:
        """All columns, in the order of a row."""
        prices = (self.open_s, self.open, self.high, self.low, self.close)
        return (*prices, self.volume, self.trades, self.delta)

    def rows(self) -> FloatArray:
        """All columns in one array of their own, shape (8, n)."""
        return np.array(self.columns)

    def candles(self, first: int = 0, last: int | None = None) -> list[Candle]:
        """A stretch of them as candles."""
        rows = zip(*(column[first:last].tolist() for column in self.columns), strict=True)
        return [candle_of(row) for row in rows]
