"""Oscillators: MACD, RSI, stochastic, volume oscillator."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tradetui.market.bars import Bars
from tradetui.market.indicators.base import Indicator, Steps, ascending, period
from tradetui.market.recursion import Average, ema, ema_weight, wilder
from tradetui.market.ring import FloatArray
from tradetui.market.rolling import mean_of, window_of
from tradetui.market.stretches import LONG_STRETCH, divide, lines_of, previous, stretches
from tradetui.market.windows import Extremes, Sums, most, windowed

_CROSSING = (("signal", "line"), ("histogram", "histogram"))


class _TwoAverages(Indicator):
    """Two exponential averages, the faster one measured by the slower, and an average of that."""

    __slots__ = ("_fast_period", "_signal_period", "_slow_period")

    def __init__(self, stem: str, fast: float, slow: float, signal: float) -> None:
        self._fast_period = period(fast, "fast period")
        self._slow_period = period(slow, "slow period")
        self._signal_period = period(signal, "signal period")
        ascending(self._fast_period, self._slow_period)
        name = f"{stem}{self._fast_period}_{self._slow_period}_{self._signal_period}"
        super().__init__(name, self._slow_period + self._signal_period - 1)

    @property
    def _averages(self) -> tuple[Average, Average, Average]:
        signal = ema(self._signal_period, begin=self._slow_period - 1)
        return ema(self._fast_period), ema(self._slow_period), signal

    @property
    def _weights(self) -> tuple[float, float, float]:
        return ema_weight(self._fast_period), ema_weight(self._slow_period), ema_weight(self._signal_period)


class Macd(_TwoAverages):
    """The difference of two exponential averages of the close, and its own average."""

    __slots__ = ()
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("macd", "line"), *_CROSSING)

    def __init__(self, fast: float = 12, slow: float = 26, signal: float = 9) -> None:
        super().__init__("macd", fast, slow, signal)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        fast, slow, average = self._averages
        for here in stretches(0, len(bars)):
            close, (line, signal, histogram) = bars.close[here], lines[:, here]
            signal[:] = close
            fast.over(signal, line)
            signal[:] = close
            slow.over(signal, histogram)
            line -= histogram
            histogram[:] = line
            average.over(histogram, signal)
            np.subtract(line, signal, out=histogram)
        return _converging(fast.y, slow.y, average.y, self._weights)


def _converging(fast: float, slow: float, signal: float, weights: tuple[float, float, float]) -> Steps:
    fast_weight, slow_weight, signal_weight = weights
    line = fast - slow
    while True:
        candle = yield line, signal, line - signal
        while candle is None:
            candle = yield _converging(fast, slow, signal, weights)
        close = candle.close
        fast += fast_weight * (close - fast)
        slow += slow_weight * (close - slow)
        line = fast - slow
        signal += signal_weight * (line - signal)


class Pvo(_TwoAverages):
    """The volume oscillator: two exponential averages of the volume, their distance in percent.

    0 while nothing at all is traded.
    """

    __slots__ = ()
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("pvo", "line"), *_CROSSING)

    def __init__(self, fast: float = 12, slow: float = 26, signal: float = 9) -> None:
        super().__init__("pvo", fast, slow, signal)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        fast, slow, average = self._averages
        for here in stretches(0, len(bars)):
            volume, (line, signal, histogram) = bars.volume[here], lines[:, here]
            signal[:] = volume
            fast.over(signal, line)
            signal[:] = volume
            slow.over(signal, histogram)
            line -= histogram
            line *= 100.0
            divide(line, histogram, 0.0)
            histogram[:] = line
            average.over(histogram, signal)
            np.subtract(line, signal, out=histogram)
        return _swelling(fast.y, slow.y, average.y, self._weights)


def _swelling(fast: float, slow: float, signal: float, weights: tuple[float, float, float]) -> Steps:
    fast_weight, slow_weight, signal_weight = weights
    line = 100.0 * (fast - slow) / slow if slow else 0.0
    while True:
        candle = yield line, signal, line - signal
        while candle is None:
            candle = yield _swelling(fast, slow, signal, weights)
        volume = candle.volume
        fast += fast_weight * (volume - fast)
        slow += slow_weight * (volume - slow)
        line = 100.0 * (fast - slow) / slow if slow else 0.0
        signal += signal_weight * (line - signal)


class Rsi(Indicator):
    """Relative strength index (Wilder); 100 without a loss, 50 where the price never moved."""

    __slots__ = ("_period",)

    def __init__(self, periods: float = 14) -> None:
        self._period = period(periods)
        super().__init__(f"rsi{self._period}", self._period + 1)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        up, moved = wilder(self._period, begin=1), wilder(self._period, begin=1)
        gain_line, change_line = lines_of(2, min(LONG_STRETCH, len(bars)))
        for here in stretches(0, len(bars), LONG_STRETCH):
            line, close = lines[0, here], bars.close[here]
            change = np.subtract(close, previous(bars.close, here), out=change_line[: len(close)])
            gain = np.maximum(change, 0.0, out=gain_line[: len(close)])
            np.abs(change, out=change)
            up.over(gain, line)
            moved.over(change, both := gain)
            line *= 100.0
            divide(line, both, 50.0)
        return _changing(float(bars.close[-1]), up.y, max(moved.y - up.y, 0.0), 1.0 / self._period)


def _changing(before: float, gain: float, loss: float, fade: float) -> Steps:
    keep = 1.0 - fade
    while True:
        both = gain + loss
        candle = yield (100.0 * gain / both if both else 50.0,)
        while candle is None:
            candle = yield _changing(before, gain, loss, fade)
        close = candle.close
        change = close - before
        before = close
        gain *= keep
        loss *= keep
        if change > 0.0:
            gain += fade * change
        else:
            loss -= fade * change


class Stochastic(Indicator):
    """Where the close stands in the range of the last candles, smoothed; 0 in a range of nothing."""

    __slots__ = ("_period", "_signal_period", "_smooth_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("k", "line"), ("d", "line"))

    def __init__(self, periods: float = 14, smooth: float = 3, signal: float = 3) -> None:
        self._period = period(periods)
        self._smooth_period = period(smooth, "smoothing period")
        self._signal_period = period(signal, "signal period")
        name = f"stoch{self._period}_{self._smooth_period}_{self._signal_period}"
        super().__init__(name, self._period + self._smooth_period + self._signal_period - 2)

    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """The outputs over history."""
        (line, signal), smooth, shown = lines, self._smooth_period, self._signal_period
        reach = self._period + smooth - 2
        length, first_signal = most(len(bars), reach), reach + shown - 1
        extremes, smoothing = Extremes(self._period, length), Sums(smooth, length, 100.0 / smooth)
        signaling = Sums(shown, most(len(bars), shown - 1), 1.0 / shown)
        low_line, span_line = lines_of(2, length)
        line[:reach], signal[:first_signal], raw = np.nan, np.nan, np.full(smooth, np.nan)
        for here, covered in windowed(len(bars), reach):
            first, begin = here.start - smooth + 1, max(here.start, first_signal)
            low, span = low_line[: here.stop - first], span_line[: here.stop - first]
            extremes.smallest(bars.low[covered], low)
            extremes.largest(bars.high[covered], span)
            span -= low
            raw = np.subtract(bars.close[first : here.stop], low, out=low)
            divide(raw, span, 0.0)
            smoothing.over(raw, line[here])
            if begin < here.stop:
                signaling.over(line[begin - shown + 1 : here.stop], signal[begin : here.stop])
        return _standing(
            window_of(bars.high, self._period),
            window_of(bars.low, self._period),
            self._period - 1,
            (100.0 * raw[-smooth:]).tolist(),
            line[-self._signal_period :].tolist(),
        )


def _standing(highs: list[float], lows: list[float], at: int, raws: list[float], lines: list[float]) -> Steps:
    size, top, bottom = len(highs), max(highs), min(lows)
    line, smooth_share = mean_of(raws), 1.0 / len(raws)
    signal, signal_share = mean_of(lines), 1.0 / len(lines)
    left = longest = max(size, len(raws), len(lines))
    while True:
        candle = yield line, signal
        while candle is None:
            candle = yield _standing(highs.copy(), lows.copy(), at, raws.copy(), lines.copy())
        oldest = highs[at]
        highs[at] = high = candle.high
        if high >= top:
            top = high
        elif oldest == top:
            top = max(highs)
        oldest = lows[at]
        lows[at] = low = candle.low
        if low <= bottom:
            bottom = low
        elif oldest == bottom:
            bottom = min(lows)
        at = (at or size) - 1
        span = top - bottom
        raw = 100.0 * (candle.close - bottom) / span if span else 0.0
        raws.append(raw)
        line += (raw - raws.pop(0)) * smooth_share
        lines.append(line)
        signal += (line - lines.pop(0)) * signal_share
        left -= 1
        if not left:
            left, line, signal = longest, mean_of(raws), mean_of(lines)
