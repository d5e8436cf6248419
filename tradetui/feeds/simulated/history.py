"""Candles of the past from the price path: bars, finer towards now, summed up to each timeframe.

Every timeframe is made of the same bars, so they agree with one another where they overlap, and
their closes lie on the path that the live price continues.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from tradetui.domain.market_data import Candle, Timeframe
from tradetui.feeds.simulated.listing import Listing
from tradetui.feeds.simulated.path import STEPS_PER_S, Floats, Index, Path, hashed, normal

CANDLES: Final = 500
_POINTS: Final = 8
_BARS: Final = tuple(frame for frame in Timeframe if frame is not Timeframe.M3)
"""The lengths of bars: each divides the next; three minutes, which do not divide five, are summed up."""
_DAY: Final = 86_400.0
_SECOND_NS: Final = 1_000_000_000
_BEGAN_S: Final = 1_577_836_800
"""The simulated market has a past since 2020."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of rising time and falling length; all arrays of shape (n,), prices in whole ticks."""

    start_s: Index
    open: Index
    high: Index
    low: Index
    close: Index
    volume: Index
    trades: Index
    delta: Index


def bars_until(listing: Listing, path: Path, now_s: int, *, offset: float, seed: int) -> Bars:
    """The bars that 500 candles of every timeframe need, the newest ending at `now_s`."""
    parts: list[Bars] = []
    end = now_s
    for frame, longer in pairwise((*_BARS, Timeframe.D1)):
        span = Timeframe.M3 if frame is Timeframe.M1 else frame
        start = (now_s // span.seconds - CANDLES) * span.seconds // longer.seconds * longer.seconds
        parts.append(_segment(listing, path, start, end, length=frame.seconds, offset=offset, seed=seed))
        end = start
    parts.reverse()
    columns = ("start_s", "open", "high", "low", "close", "volume", "trades", "delta")
    return Bars(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def candles_before(
    listing: Listing, path: Path, end: int, *, timeframe: Timeframe, count: int, offset: float, seed: int
) -> list[Candle]:
    """Closed candles before a moment (seconds since 1970), oldest first, down to the market's beginning."""
    length = timeframe.seconds
    last = end // length * length
    first = max(last - count * length, -(-_BEGAN_S // length) * length)
    if first >= last:
        return []
    bars = _segment(listing, path, first, last, length=length, offset=offset, seed=seed)
    return _candles(bars, np.arange(len(bars.start_s)), timeframe, listing=listing)


def _segment(
    listing: Listing, path: Path, start: int, end: int, *, length: int, offset: float, seed: int
) -> Bars:
    """Bars of one length from `start` up to `end`, seconds since 1970, multiples of the length."""
    count = (end - start) // length
    inner = min(_POINTS, length * STEPS_PER_S)
    step = length * STEPS_PER_S // inner
    index = start * STEPS_PER_S + np.arange(count * inner + 1, dtype=np.int64) * step
    log_price = path.at(index) + offset
    ticks = np.rint(listing.start_price * np.exp(log_price) / listing.tick).astype(np.int64)
    grid = ticks[:-1].reshape(count, inner)
    opened, closed = ticks[:-1:inner], ticks[inner::inner]
    moved = np.diff(log_price[::inner]) / (listing.daily_sigma * np.sqrt(length / _DAY))
    start_s = start + np.arange(count, dtype=np.int64) * length
    volume, trades, delta = _activity(listing, start_s, moved, length, seed)
    return Bars(
        start_s=start_s,
        open=opened,
        high=np.maximum(grid.max(axis=1), closed),
        low=np.minimum(grid.min(axis=1), closed),
        close=closed,
        volume=volume,
        trades=trades,
        delta=delta,
    )


def _activity(
    listing: Listing, start_s: Index, moved: Floats, length: int, seed: int
) -> tuple[Index, Index, Index]:
    """Volume in lots, prints, and bought minus sold: busier and one-sided where the price moved."""
    bits = hashed(start_s.astype(np.uint64), seed + length)
    chance = (bits >> np.uint64(48)).astype(np.float64) / (1 << 16)
    busy = 0.25 + np.minimum(np.abs(moved), 6.0) * 0.6 + chance * 0.6
    trades = np.rint(np.maximum(1.0, listing.orders_per_s * 1.8 * length * busy)).astype(np.int64)
    volume = np.rint(trades * listing.order_lots * (0.7 + chance)).astype(np.int64)
    one_sided = np.clip(0.25 * moved + 0.15 * normal(bits), -0.9, 0.9)
    return volume, trades, np.rint(volume * one_sided).astype(np.int64)


def candles_of(bars: Bars, timeframe: Timeframe, *, listing: Listing) -> list[Candle]:
    """The last 500 closed candles of a timeframe, oldest first."""
    length = timeframe.seconds
    last = int(bars.start_s[-1]) + 1
    end = last // length * length
    first = end - CANDLES * length
    chosen = slice(*np.searchsorted(bars.start_s, (first, end)))
    columns = ("start_s", "open", "high", "low", "close", "volume", "trades", "delta")
    part = Bars(*(getattr(bars, name)[chosen] for name in columns))
    cuts = np.flatnonzero(np.diff(part.start_s // length, prepend=-1))
    return _candles(part, cuts, timeframe, listing=listing)


def _candles(bars: Bars, cuts: Index, timeframe: Timeframe, *, listing: Listing) -> list[Candle]:
    """The candles of bars; each begins at a cut."""
    length, start_s = timeframe.seconds, bars.start_s
    lasts = np.append(cuts[1:], len(start_s)) - 1
    per_price = round(1 / listing.tick)
    per_qty = int(1 / listing.instrument.lot_size)
    columns = (
        start_s[cuts] // length * length * _SECOND_NS,
        bars.open[cuts] / per_price,
        np.maximum.reduceat(bars.high, cuts) / per_price,
        np.minimum.reduceat(bars.low, cuts) / per_price,
        bars.close[lasts] / per_price,
        np.add.reduceat(bars.volume, cuts) / per_qty,
        np.add.reduceat(bars.trades, cuts),
        np.add.reduceat(bars.delta, cuts) / per_qty,
    )
    return [Candle(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
