"""Indicators on the range of candles: ATR, ADX, Supertrend."""

from __future__ import annotations

from math import nan
from typing import ClassVar

import numpy as np

from tradetui.domain.market_data import Candle
from tradetui.market import scan
from tradetui.market.bars import Bars
from tradetui.market.indicators.base import Indicator, Values, factor, period
from tradetui.market.ring import FloatArray
from tradetui.market.rolling import Smoother


class AverageTrueRange:
    """Wilder's average of the true range, as a kernel: candles in, one value out."""

    __slots__ = ("_period", "average", "close")

    def __init__(self, periods: int) -> None:
        self._period = periods
        self.average = Smoother.wilder(periods)
        self.close = nan
        """The close of the last candle."""

    def push(self, candle: Candle) -> float:
        """Commit a closed candle."""
        high, low, close = candle.high, candle.low, self.close
        self.close = candle.close
        if close != close:  # noqa: PLR0124  # the first candle has none before it
            return nan
        return self.average.push((max(close, high)) - (min(close, low)))

    def peek(self, candle: Candle) -> float:
        """The value on the open candle."""
        close = self.close
        if close != close:  # noqa: PLR0124
            return nan
        return self.average.peek(max(candle.high, close) - min(candle.low, close))

    def scan(self, bars: Bars, line: FloatArray) -> FloatArray:
        """The values over history."""
        scan.true_range(bars.high, bars.low, bars.close, line)
        scan.wilder(line, self._period, line)
        self.average.load(float(line[-1]))
        self.close = float(bars.close[-1])
        return line


class Atr(Indicator):
    """Average true range (Wilder)."""

    __slots__ = ("_period", "_range")

    def __init__(self, periods: float = 14) -> None:
        self._period = period(periods)
        super().__init__(f"atr{self._period}", self._period + 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._range = AverageTrueRange(self._period)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        state = self._range
        average, before = state.average, state.close
        held = average.value
        if held == held:  # noqa: PLR0124
            high, low = candle.high, candle.low
            if before > high:
                high = before
            elif before < low:
                low = before
            state.close = candle.close
            average.value = held = held + average.alpha * (high - low - held)
        else:
            held = state.push(candle)
        self.values = values = (held,)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        return (self._range.peek(candle),)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        self._range.scan(bars, lines[0])


class Adx(Indicator):
    """Average directional index with both directional lines (Wilder)."""

    __slots__ = ("_fall", "_index", "_last", "_period", "_range", "_rise")
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("adx", "line"), ("plus", "line"), ("minus", "line"))

    def __init__(self, periods: float = 14) -> None:
        self._period = period(periods, least=2)
        super().__init__(f"adx{self._period}", 2 * self._period)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._range = AverageTrueRange(self._period)
        self._rise = Smoother.wilder(self._period)
        self._fall = Smoother.wilder(self._period)
        self._index = Smoother.wilder(self._period)
        self._last: Candle | None = None

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        rise, fall = self._moves(candle)
        span = self._range.push(candle)
        if self._last is not None:
            plus, minus, index = _directions(self._rise.push(rise), self._fall.push(fall), span)
            self.values = (self._index.push(index) if index == index else nan, plus, minus)  # noqa: PLR0124
        self._last = candle
        return self.values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        if self._last is None:
            return self.values
        rise, fall = self._moves(candle)
        span = self._range.peek(candle)
        plus, minus, index = _directions(self._rise.peek(rise), self._fall.peek(fall), span)
        return (self._index.peek(index) if index == index else nan, plus, minus)  # noqa: PLR0124

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        up, down = np.diff(bars.high, prepend=np.nan), -np.diff(bars.low, prepend=np.nan)
        with np.errstate(invalid="ignore"):
            rise = np.where(up > down, np.maximum(up, 0.0), 0.0)
            fall = np.where(down > up, np.maximum(down, 0.0), 0.0)
        rise[0] = fall[0] = np.nan
        index, plus, minus = lines
        self._range.scan(bars, index)
        for average, moves, line in ((self._rise, rise, plus), (self._fall, fall, minus)):
            scan.wilder(moves, self._period, line)
            average.load(float(line[-1]))
        for share in (plus, minus):
            share *= 100.0  # noqa: PLW2901  # in place
            scan.divide(share, index, 0.0)
        apart = 100.0 * np.abs(plus - minus)
        scan.divide(apart, plus + minus, 0.0)
        scan.wilder(apart, self._period, index)
        self._index.load(float(index[-1]))
        self._last = bars.candles(len(bars) - 1)[0]

    def _moves(self, candle: Candle) -> tuple[float, float]:
        """How far the candle went beyond the last one, up or down: one of them is 0."""
        if self._last is None:
            return nan, nan
        up, down = candle.high - self._last.high, self._last.low - candle.low
        return (max(up, 0.0) if up > down else 0.0), (max(down, 0.0) if down > up else 0.0)


def _directions(rise: float, fall: float, span: float) -> tuple[float, float, float]:
    """The directional lines and their index; all 0 in a market that does not move."""
    if span != span:  # noqa: PLR0124
        return nan, nan, nan
    plus, minus = (100.0 * rise / span, 100.0 * fall / span) if span else (0.0, 0.0)
    both = plus + minus
    return plus, minus, 100.0 * abs(plus - minus) / both if both else 0.0


class Supertrend(Indicator):
    """A stop that follows the trend at a multiple of the average true range."""

    __slots__ = ("_lower", "_multiple", "_period", "_range", "_rising", "_upper")
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("", "dots"),)
    overlay: ClassVar[bool] = True

    def __init__(self, periods: float = 10, multiple: float = 3.0) -> None:
        self._period = period(periods, least=2)
        self._multiple = factor(multiple, "multiple of the range")
        super().__init__(f"supertrend{self._period}_{multiple:g}", self._period + 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._range = AverageTrueRange(self._period)
        self._upper = self._lower = nan
        self._rising = True

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        before = self._range.close
        span = self._range.push(candle)
        self._upper, self._lower, self._rising = self._next(candle, before, span)
        self.values = values = (self._lower if self._rising else self._upper,)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        upper, lower, rising = self._next(candle, self._range.close, self._range.peek(candle))
        return (lower if rising else upper,)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history: the ranges at once, the bands one after the other."""
        spans = self._range.scan(bars, lines[0]).tolist()
        line, before = [], nan
        for candle, span in zip(bars.candles(), spans, strict=True):
            self._upper, self._lower, self._rising = self._next(candle, before, span)
            line.append(self._lower if self._rising else self._upper)
            before = candle.close
        lines[0] = line

    def _next(self, candle: Candle, before: float, span: float) -> tuple[float, float, bool]:
        """Bands and direction; a band moves away from the price only after a close beyond it."""
        middle, close = (candle.high + candle.low) / 2.0, candle.close
        upper, lower = middle + self._multiple * span, middle - self._multiple * span
        if self._upper != self._upper:  # the first candle with a range
            rising = close >= middle
        else:
            rising = self._rising
            upper = upper if upper < self._upper or before > self._upper else self._upper
            lower = lower if lower > self._lower or before < self._lower else self._lower
        return upper, lower, close > (lower if rising else upper)
