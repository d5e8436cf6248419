"""Bands around the price: Bollinger, Keltner, Donchian."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from tradetui.domain.market_data import Candle
from tradetui.market import scan
from tradetui.market.bars import Bars
from tradetui.market.indicators.base import Indicator, Values, factor, period
from tradetui.market.indicators.ranges import AverageTrueRange
from tradetui.market.ring import FloatArray
from tradetui.market.rolling import RollingDeviation, RollingMax, RollingMin, Smoother

_BANDS = (("upper", "band"), ("middle", "line"), ("lower", "band"))


class Bollinger(Indicator):
    """A simple average with bands at a multiple of the population standard deviation."""

    __slots__ = ("_deviation", "_multiple", "_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = _BANDS
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20, deviations: float = 2.0) -> None:
        self._period = period(periods, least=2)
        self._multiple = factor(deviations, "multiple of the deviation")
        super().__init__(f"bb{self._period}_{deviations:g}", self._period)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._deviation = RollingDeviation(self._period)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        state, value = self._deviation, candle.close
        at, window, held = state.at, state.window, state.mean
        oldest = window[at]
        window[at] = value
        step = value - oldest
        state.mean = mean = held + step / state.period
        state.spread = spread = state.spread + step * (value - mean + oldest - held)
        if at and spread >= state.floor:
            state.at = at - 1
            width = self._multiple * sqrt(spread / state.period)
        else:
            mean, deviation = state.anchor()
            width = self._multiple * deviation
        self.values = values = (mean + width, mean, mean - width)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        mean, deviation = self._deviation.peek(candle.close)
        width = self._multiple * deviation
        return mean + width, mean, mean - width

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        self._deviation.load(bars.close[-self._period :].tolist())
        upper, mean, width = lines
        scan.rolling_deviation(bars.close, self._period, mean=mean, deviation=width)
        width *= self._multiple
        np.add(mean, width, out=upper)
        np.subtract(mean, width, out=width)


class Keltner(Indicator):
    """An exponential average with bands at a multiple of the average true range."""

    __slots__ = ("_average", "_multiple", "_period", "_range", "_range_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = _BANDS
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20, multiple: float = 2.0, range_periods: float = 10) -> None:
        self._period = period(periods, least=2)
        self._multiple = factor(multiple, "multiple of the range")
        self._range_period = period(range_periods, "range period", least=2)
        name = f"keltner{self._period}_{multiple:g}_{self._range_period}"
        super().__init__(name, max(self._period, self._range_period + 1))

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._average = Smoother.ema(self._period)
        self._range = AverageTrueRange(self._range_period)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        mean = self._average.push(candle.close)
        width = self._multiple * self._range.push(candle)
        self.values = values = (mean + width, mean, mean - width)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        mean = self._average.peek(candle.close)
        width = self._multiple * self._range.peek(candle)
        return mean + width, mean, mean - width

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        upper, mean, width = lines
        scan.ema(bars.close, self._period, mean)
        self._average.load(float(mean[-1]))
        self._range.scan(bars, width)
        width *= self._multiple
        np.add(mean, width, out=upper)
        np.subtract(mean, width, out=width)


class Donchian(Indicator):
    """The highest high and the lowest low of the candles before this one."""

    __slots__ = ("_held", "_high", "_low", "_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = _BANDS
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20) -> None:
        self._period = period(periods)
        super().__init__(f"donchian{self._period}", self._period + 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._high = RollingMax(self._period)
        self._low = RollingMin(self._period)
        self._held = self.values

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        self.values = values = self._held
        high, low = self._high.push(candle.high), self._low.push(candle.low)
        self._held = (high, (high + low) / 2.0, low)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        del candle
        return self._held

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        upper, middle, lower = lines
        high = scan.rolling_max(bars.high, self._period, middle)
        low = scan.rolling_min(bars.low, self._period, lower)
        self._high.load(bars.high[-self._period :].tolist())
        self._low.load(bars.low[-self._period :].tolist())
        self._held = (float(high[-1]), float(high[-1] + low[-1]) / 2.0, float(low[-1]))
        upper[0] = np.nan
        upper[1:] = high[:-1]
        lower[1:] = lower[:-1].copy()
        lower[0] = np.nan
        np.add(upper, lower, out=middle)
        middle /= 2.0
