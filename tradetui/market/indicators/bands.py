"""Bands around the price: Bollinger, Keltner, Donchian."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from tradetui.market.bars import Bars
from tradetui.market.indicators.base import Indicator, Steps, Values, factor, period
from tradetui.market.recursion import average_range, ema, ema_weight, follow
from tradetui.market.ring import FloatArray
from tradetui.market.rolling import COLLAPSED, moments_of, window_of
from tradetui.market.windows import rolling_bands, rolling_range

_BANDS = (("upper", "band"), ("middle", "line"), ("lower", "band"))


class Bollinger(Indicator):
    """A simple average with bands at a multiple of the population standard deviation."""

    __slots__ = ("_multiple", "_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = _BANDS
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20, deviations: float = 2.0) -> None:
        self._period = period(periods, least=2)
        self._multiple = factor(deviations, "multiple of the deviation")
        super().__init__(f"bb{self._period}_{deviations:g}", self._period)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        upper, mean, lower = lines
        rolling_bands(bars.close, self._period, self._multiple, upper=upper, mean=mean, lower=lower)
        window = window_of(bars.close, self._period)
        middle, spread = moments_of(window)
        return _deviating(window, self._period - 1, middle, spread, self._multiple)


def _deviating(window: list[float], at: int, mean: float, spread: float, multiple: float) -> Steps:
    """Welford's way, taken back for the value that leaves."""
    size, share, floor = len(window), 1.0 / len(window), COLLAPSED * spread
    scale = multiple * multiple * share
    while True:
        width = sqrt(spread * scale)
        candle = yield mean + width, mean, mean - width
        while candle is None:
            candle = yield _deviating(window.copy(), at, mean, spread, multiple)
        close, oldest = candle.close, window[at]
        window[at] = close
        step = close - oldest
        oldest -= mean
        mean += step * share
        spread += step * (close - mean + oldest)
        if at and spread >= floor:
            at -= 1
        else:
            at = (at or size) - 1
            mean, spread = moments_of(window)
            floor = COLLAPSED * spread


class Keltner(Indicator):
    """An exponential average with bands at a multiple of the average true range."""

    __slots__ = ("_multiple", "_period", "_range_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = _BANDS
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20, multiple: float = 2.0, range_periods: float = 10) -> None:
        self._period = period(periods, least=2)
        self._multiple = factor(multiple, "multiple of the range")
        self._range_period = period(range_periods, "range period", least=2)
        name = f"keltner{self._period}_{multiple:g}_{self._range_period}"
        super().__init__(name, max(self._period, self._range_period + 1))

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        upper, mean, width = lines
        last = follow(ema(self._period), bars.close, mean)
        span = average_range(bars, self._range_period, width)
        width *= self._multiple
        np.add(mean, width, out=upper)
        np.subtract(mean, width, out=width)
        rates = ema_weight(self._period), 1.0 / self._range_period, self._multiple
        return _around(float(bars.close[-1]), last, span, rates)


def _around(before: float, mean: float, span: float, rates: tuple[float, float, float]) -> Steps:
    weight, fade, multiple = rates
    while True:
        width = multiple * span
        candle = yield mean + width, mean, mean - width
        while candle is None:
            candle = yield _around(before, mean, span, rates)
        close = candle.close
        mean += weight * (close - mean)
        span += fade * (max(candle.high, before) - min(candle.low, before) - span)
        before = close


class Donchian(Indicator):
    """The highest high and the lowest low of the candles before this one."""

    __slots__ = ("_period",)
    parts: ClassVar[tuple[tuple[str, str], ...]] = _BANDS
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20) -> None:
        self._period = period(periods)
        super().__init__(f"donchian{self._period}", self._period + 1)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        upper, middle, lower = lines
        upper[0] = lower[0] = np.nan
        rolling_range(bars.high[:-1], bars.low[:-1], self._period, upper=upper[1:], lower=lower[1:])
        np.add(upper, lower, out=middle)
        middle /= 2.0
        highs, lows = window_of(bars.high, self._period), window_of(bars.low, self._period)
        return _ranging(tuple(lines[:, -1].tolist()), highs, lows, self._period - 1)


def _ranging(values: Values, highs: list[float], lows: list[float], at: int) -> Steps:
    size, top, bottom = len(highs), max(highs), min(lows)
    while True:
        candle = yield values
        while candle is None:
            candle = yield _ranging(values, highs.copy(), lows.copy(), at)
        values = top, (top + bottom) / 2.0, bottom
        oldest, highs[at] = highs[at], candle.high
        top = max(highs) if oldest == top else max(top, candle.high)
        oldest, lows[at] = lows[at], candle.low
        bottom = min(lows) if oldest == bottom else min(bottom, candle.low)
        at = (at or size) - 1
