"""Moving averages of the close."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tradetui.market.bars import Bars
from tradetui.market.indicators.base import Indicator, Steps, period
from tradetui.market.recursion import ema, ema_weight, follow
from tradetui.market.ring import FloatArray
from tradetui.market.rolling import FALLEN, mean_of, weighted_of, window_of
from tradetui.market.windows import rolling_mean


class Sma(Indicator):
    """Simple moving average."""

    __slots__ = ("_period",)
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20) -> None:
        self._period = period(periods)
        super().__init__(f"sma{self._period}", self._period)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        rolling_mean(bars.close, self._period, lines[0])
        window = window_of(bars.close, self._period)
        return _simple(window, self._period - 1, mean_of(window))


def _simple(window: list[float], at: int, mean: float) -> Steps:
    size, share, floor = len(window), 1.0 / len(window), FALLEN * mean
    while True:
        candle = yield (mean,)
        while candle is None:
            candle = yield _simple(window.copy(), at, mean)
        close = candle.close
        mean += (close - window[at]) * share
        window[at] = close
        if at and mean >= floor:
            at -= 1
        else:
            at = (at or size) - 1
            mean = mean_of(window)
            floor = FALLEN * mean


class Ema(Indicator):
    """Exponential moving average, seeded with a simple one."""

    __slots__ = ("_period",)
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20) -> None:
        self._period = period(periods)
        super().__init__(f"ema{self._period}", self._period)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        mean = follow(ema(self._period), bars.close, lines[0])
        return _exponential(mean, ema_weight(self._period))


def _exponential(mean: float, weight: float) -> Steps:
    while True:
        candle = yield (mean,)
        while candle is None:
            candle = yield _exponential(mean, weight)
        mean += weight * (candle.close - mean)


class Wma(Indicator):
    """Moving average with weights that rise linearly to the newest close."""

    __slots__ = ("_period",)
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20) -> None:
        self._period = period(periods)
        super().__init__(f"wma{self._period}", self._period)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        size = self._period
        weights = np.arange(size, 0, -1) / (size * (size + 1) / 2.0)
        lines[0, : size - 1] = np.nan
        if len(bars) >= size:
            lines[0, size - 1 :] = np.convolve(bars.close, weights, mode="valid")
        window = window_of(bars.close, size)
        return _weighted(window, size - 1, *weighted_of(window, len(window) - 1))


def _weighted(window: list[float], at: int, total: float, weighted: float) -> Steps:
    size, floor = len(window), FALLEN * total
    weights = size * (size + 1) / 2.0
    while True:
        candle = yield (weighted / weights,)
        while candle is None:
            candle = yield _weighted(window.copy(), at, total, weighted)
        close = candle.close
        weighted += size * close - total
        total += close - window[at]
        window[at] = close
        if at and total >= floor:
            at -= 1
        else:
            at = (at or size) - 1
            total, weighted = weighted_of(window, at)
            floor = FALLEN * total
