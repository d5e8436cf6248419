"""Volume and its direction: VWAP, VWAP of the trading day, OBV, CVD."""

from __future__ import annotations

from math import nan, sqrt
from typing import ClassVar

import numpy as np

from tradetui.domain.calendar import TradingCalendar
from tradetui.market.bars import SECOND, Bars
from tradetui.market.indicators.base import Indicator, Steps, Values, factor
from tradetui.market.recursion import Recursion, follow
from tradetui.market.ring import FloatArray
from tradetui.market.stretches import LONG_STRETCH, divide, lines_of, stretches


class Vwap(Indicator):
    """Volume-weighted average of the typical price since the first candle known."""

    __slots__ = ()
    overlay: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("vwap", 1)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        traded, volume = Recursion(1.0, 1.0), Recursion(3.0, 1.0)
        inputs, below_line = lines_of(2, min(LONG_STRETCH, len(bars)))
        for here in stretches(0, len(bars), LONG_STRETCH):
            line, length = lines[0, here], here.stop - here.start
            some, below = inputs[:length], below_line[:length]
            np.add(bars.high[here], bars.low[here], out=some)
            some += bars.close[here]
            some *= bars.volume[here]
            traded.over(some, line)
            some[:] = bars.volume[here]
            volume.over(some, below)
            divide(line, below, nan)
        return _weighing(traded.y, volume.y)


def _weighing(traded: float, volume: float) -> Steps:
    """Both are three times what they are called: the typical price is a third of a sum."""
    while True:
        candle = yield (traded / volume if volume else nan,)
        while candle is None:
            candle = yield _weighing(traded, volume)
        size = candle.volume
        volume += 3.0 * size
        traded += (candle.high + candle.low + candle.close) * size


class SessionVwap(Indicator):
    """VWAP of the trading day, with bands at a multiple of its volume-weighted deviation."""

    __slots__ = ("_calendar", "_multiple")
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("vwap", "line"), ("upper", "band"), ("lower", "band"))
    overlay: ClassVar[bool] = True

    def __init__(self, multiple: float = 1.0, *, calendar: TradingCalendar | None = None) -> None:
        self._multiple = factor(multiple, "multiple of the deviation")
        self._calendar = calendar or TradingCalendar("UTC")
        super().__init__("vwapday" if multiple == 1.0 else f"vwapday{multiple:g}", 1)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history, a trading day at a time."""
        typical = (bars.high + bars.low + bars.close) / 3.0
        first, until, day = 0, 0, (nan, nan, nan, nan)
        while first < len(bars):
            until = self._calendar.session_at(int(bars.open_s[first]) * SECOND).end_ts
            last = int(np.searchsorted(bars.open_s, until / SECOND))
            day = _scan_session(
                typical[first:last], bars.volume[first:last], self._multiple, lines[:, first:last]
            )
            first = last
        return _weighing_days(until, day, self._multiple, self._calendar)


_Day = tuple[float, float, float, float]
"""The day's first price; volume; and traded and squares, sums taken from there to keep their digits."""


def _scan_session(typical: FloatArray, volume: FloatArray, multiple: float, lines: FloatArray) -> _Day:
    """Fill in the lines of one trading day; where it stands at its end."""
    anchor = float(typical[0])
    away = typical - anchor
    sums = [np.cumsum(volume), np.cumsum(away * volume), np.cumsum(away * away * volume)]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums[1] / sums[0]
        width = multiple * np.sqrt(np.maximum(sums[2] / sums[0] - mean * mean, 0.0))
    lines[0] = anchor + mean
    lines[1], lines[2] = lines[0] + width, lines[0] - width
    size, traded, squares = (float(line[-1]) for line in sums)
    return anchor, size, traded, squares


def _weighing_days(until: int, day: _Day, multiple: float, calendar: TradingCalendar) -> Steps:
    anchor, volume, traded, squares = day
    while True:
        candle = yield _day_lines((anchor, volume, traded, squares), multiple)
        while candle is None:
            candle = yield _weighing_days(until, (anchor, volume, traded, squares), multiple, calendar)
        typical, size = (candle.high + candle.low + candle.close) / 3.0, candle.volume
        if candle.open_ts >= until:
            until = calendar.session_at(candle.open_ts).end_ts
            anchor, volume, traded, squares = typical, 0.0, 0.0, 0.0
        away = typical - anchor
        volume += size
        traded += away * size
        squares += away * away * size


def _day_lines(day: _Day, multiple: float) -> Values:
    anchor, volume, traded, squares = day
    if not volume:
        return nan, nan, nan
    mean = traded / volume
    width = multiple * sqrt(max(squares / volume - mean * mean, 0.0))
    return anchor + mean, anchor + mean + width, anchor + mean - width


class Obv(Indicator):
    """On-balance volume: added on a rise of the close, taken away on a fall; 0 at the first candle."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("obv", 1)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        signed = np.sign(np.diff(bars.close, prepend=bars.close[0])) * bars.volume
        total = follow(Recursion(1.0, 1.0), signed, lines[0])
        return _balancing(total, float(bars.close[-1]))


def _balancing(total: float, before: float) -> Steps:
    while True:
        candle = yield (total,)
        while candle is None:
            candle = yield _balancing(total, before)
        close = candle.close
        if close > before:
            total += candle.volume
        elif close < before:
            total -= candle.volume
        before = close


class Cvd(Indicator):
    """Cumulative volume delta: bought minus sold by aggressors since the first candle known."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("cvd", 1)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        return _adding(follow(Recursion(1.0, 1.0), bars.delta, lines[0]))


def _adding(total: float) -> Steps:
    while True:
        candle = yield (total,)
        while candle is None:
            candle = yield _adding(total)
        total += candle.delta
