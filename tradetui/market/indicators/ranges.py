"""Indicators on the range of candles: ATR, ADX, Supertrend."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tradetui.market.bars import Bars
from tradetui.market.indicators.base import Indicator, Steps, factor, period
from tradetui.market.recursion import average_range, follow, wilder
from tradetui.market.ring import FloatArray
from tradetui.market.stretches import divide


class Atr(Indicator):
    """Average true range (Wilder)."""

    __slots__ = ("_period",)

    def __init__(self, periods: float = 14) -> None:
        self._period = period(periods)
        super().__init__(f"atr{self._period}", self._period + 1)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        span = average_range(bars, self._period, lines[0])
        return _spanning(float(bars.close[-1]), span, 1.0 / self._period)


def _spanning(before: float, span: float, fade: float) -> Steps:
    while True:
        candle = yield (span,)
        while candle is None:
            candle = yield _spanning(before, span, fade)
        high, low = candle.high, candle.low
        if before > high:
            high = before
        elif before < low:
            low = before
        span += fade * (high - low - span)
        before = candle.close


class Adx(Indicator):
    """Average directional index with both directional lines (Wilder)."""

    __slots__ = ("_period",)
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("adx", "line"), ("plus", "line"), ("minus", "line"))

    def __init__(self, periods: float = 14) -> None:
        self._period = period(periods, least=2)
        super().__init__(f"adx{self._period}", 2 * self._period)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        up, down = np.diff(bars.high, prepend=np.nan), -np.diff(bars.low, prepend=np.nan)
        with np.errstate(invalid="ignore"):
            rise = np.where(up > down, np.maximum(up, 0.0), 0.0)
            fall = np.where(down > up, np.maximum(down, 0.0), 0.0)
        index, plus, minus = lines
        averages = (
            average_range(bars, self._period, index),
            follow(wilder(self._period, begin=1), rise, plus),
            follow(wilder(self._period, begin=1), fall, minus),
        )
        for share in (plus, minus):
            share *= 100.0  # noqa: PLW2901  # in place
            divide(share, index, 0.0)
        apart = 100.0 * np.abs(plus - minus)
        divide(apart, plus + minus, 0.0)
        average = follow(wilder(self._period, begin=self._period), apart, index)
        last = float(bars.high[-1]), float(bars.low[-1]), float(bars.close[-1])
        return _directing(last, averages, average, 1.0 / self._period)


_Three = tuple[float, float, float]


def _directing(last: _Three, averages: _Three, index: float, fade: float) -> Steps:
    """The last candle's high, low and close; the averages of range, rise and fall; and the index."""
    last_high, last_low, before = last
    span, rise, fall = averages
    while True:
        plus, minus = (100.0 * rise / span, 100.0 * fall / span) if span else (0.0, 0.0)
        candle = yield index, plus, minus
        while candle is None:
            twin = _directing((last_high, last_low, before), (span, rise, fall), index, fade)
            candle = yield twin
        high, low = candle.high, candle.low
        up, down = high - last_high, last_low - low
        rise += fade * ((up if up > down and up > 0.0 else 0.0) - rise)
        fall += fade * ((down if down > up and down > 0.0 else 0.0) - fall)
        span += fade * (max(high, before) - min(low, before) - span)
        index += fade * (_apart(rise, fall) - index)
        last_high, last_low, before = high, low, candle.close


def _apart(rise: float, fall: float) -> float:
    """How far the directions are apart, in percent of both; 0 in a market that does not move."""
    both = rise + fall
    return 100.0 * abs(rise - fall) / both if both else 0.0


class Supertrend(Indicator):
    """A stop that follows the trend at a multiple of the average true range."""

    __slots__ = ("_multiple", "_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("", "dots"),)
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 10, multiple: float = 3.0) -> None:
        self._period = period(periods, least=2)
        self._multiple = factor(multiple, "multiple of the range")
        super().__init__(f"supertrend{self._period}_{multiple:g}", self._period + 1)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history: from the first range on, one candle after the other."""
        line = lines[0]
        average_range(bars, self._period, line)
        begin = min(self._period, len(bars) - 1)
        span, (first, *rest) = float(line[begin]), bars.candles(begin)
        middle, width = (first.high + first.low) / 2.0, self._multiple * span
        rising = first.close > (middle - width if first.close >= middle else middle + width)
        rates = 1.0 / self._period, self._multiple
        steps = _trending(first.close, span, middle + width, middle - width, rates, rising=rising)
        line[begin:] = [next(steps)[0], *(steps.send(candle)[0] for candle in rest)]
        return steps


def _trending(
    before: float, span: float, upper: float, lower: float, rates: tuple[float, float], *, rising: bool
) -> Steps:
    """A band moves away from the price only after a close beyond it."""
    fade, multiple = rates
    while True:
        candle = yield (lower if rising else upper,)
        while candle is None:
            candle = yield _trending(before, span, upper, lower, rates, rising=rising)
        high, low, close = candle.high, candle.low, candle.close
        span += fade * (max(high, before) - min(low, before) - span)
        above, below = (high + low) / 2.0 + multiple * span, (high + low) / 2.0 - multiple * span
        if above < upper or before > upper:
            upper = above
        if below > lower or before < lower:
            lower = below
        rising = close > (lower if rising else upper)
        before = close
