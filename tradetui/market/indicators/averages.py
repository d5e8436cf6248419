"""Moving averages of the close."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tradetui.domain.market_data import Candle
from tradetui.market import scan
from tradetui.market.bars import Bars
from tradetui.market.indicators.base import Indicator, Values, period
from tradetui.market.ring import FloatArray
from tradetui.market.rolling import LEFT_LARGE, RollingMean, RollingWeightedMean, Smoother


class Sma(Indicator):
    """Simple moving average."""

    __slots__ = ("_mean", "_period")
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20) -> None:
        self._period = period(periods)
        super().__init__(f"sma{self._period}", self._period)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._mean = RollingMean(self._period)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        mean, value = self._mean, candle.close
        at, window = mean.at, mean.window
        oldest = window[at]
        window[at] = value
        total = mean.total + value - oldest
        if at and oldest <= LEFT_LARGE * total:
            mean.at = at - 1
            mean.total = total
            self.values = values = (total / mean.period,)
        else:
            self.values = values = (mean.anchor(),)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        return (self._mean.peek(candle.close),)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        self._mean.load(bars.close[-self._period :].tolist())
        scan.rolling_mean(bars.close, self._period, lines[0])


class Ema(Indicator):
    """Exponential moving average, seeded with a simple one."""

    __slots__ = ("_average", "_period")
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20) -> None:
        self._period = period(periods)
        super().__init__(f"ema{self._period}", self._period)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._average = Smoother.ema(self._period)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        average = self._average
        held = average.value
        if held == held:  # noqa: PLR0124  # the fastest test for NaN
            average.value = held = held + average.alpha * (candle.close - held)
        else:
            held = average.push(candle.close)
        self.values = values = (held,)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        return (self._average.peek(candle.close),)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        line = scan.ema(bars.close, self._period, lines[0])
        self._average.load(float(line[-1]))


class Wma(Indicator):
    """Moving average with weights that rise linearly to the newest close."""

    __slots__ = ("_mean", "_period")
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 20) -> None:
        self._period = period(periods)
        super().__init__(f"wma{self._period}", self._period)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._mean = RollingWeightedMean(self._period)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        self.values = values = (self._mean.push(candle.close),)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        return (self._mean.peek(candle.close),)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        self._mean.load(bars.close[-self._period :].tolist())
        weights = np.arange(self._period, 0, -1) / (self._period * (self._period + 1) / 2.0)
        lines[0, : self._period - 1] = np.nan
        lines[0, self._period - 1 :] = np.convolve(bars.close, weights, mode="valid")
