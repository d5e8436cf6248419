"""Oscillators: MACD, RSI, stochastic, volume oscillator."""

from __future__ import annotations

from collections import deque
from itertools import islice
from math import fsum, nan
from typing import ClassVar

import numpy as np

from tradetui.domain.market_data import Candle
from tradetui.market import scan
from tradetui.market.bars import Bars
from tradetui.market.indicators.base import Indicator, Values, ascending, period
from tradetui.market.ring import FloatArray
from tradetui.market.rolling import RollingMax, RollingMin, Smoother


class Macd(Indicator):
    """The difference of two exponential averages of the close, and its own average."""

    __slots__ = ("_average", "_fast", "_fast_period", "_signal_period", "_slow", "_slow_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = (
        ("macd", "line"),
        ("signal", "line"),
        ("histogram", "histogram"),
    )

    def __init__(self, fast: float = 12, slow: float = 26, signal: float = 9) -> None:
        self._fast_period = period(fast, "fast period")
        self._slow_period = period(slow, "slow period")
        self._signal_period = period(signal, "signal period")
        ascending(self._fast_period, self._slow_period)
        name = f"macd{self._fast_period}_{self._slow_period}_{self._signal_period}"
        super().__init__(name, self._slow_period + self._signal_period - 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._fast = Smoother.ema(self._fast_period)
        self._slow = Smoother.ema(self._slow_period)
        self._average = Smoother.ema(self._signal_period)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        fast, slow, average, close = self._fast, self._slow, self._average, candle.close
        signal = average.value
        if signal == signal:  # noqa: PLR0124
            fast.value = line = fast.value + fast.alpha * (close - fast.value)
            slow.value = held = slow.value + slow.alpha * (close - slow.value)
            line -= held
            average.value = signal = signal + average.alpha * (line - signal)
        else:
            line = fast.push(close) - slow.push(close)
            signal = average.push(line) if line == line else nan  # noqa: PLR0124
        self.values = values = (line, signal, line - signal)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        line = self._fast.peek(candle.close) - self._slow.peek(candle.close)
        signal = self._average.peek(line) if line == line else nan  # noqa: PLR0124
        return line, signal, line - signal

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        line, signal, slow = lines
        scan.ema(bars.close, self._fast_period, line)
        scan.ema(bars.close, self._slow_period, slow)
        self._fast.load(float(line[-1]))
        self._slow.load(float(slow[-1]))
        line -= slow
        scan.ema(line, self._signal_period, signal)
        self._average.load(float(signal[-1]))
        np.subtract(line, signal, out=slow)


class Pvo(Indicator):
    """The volume oscillator: two exponential averages of the volume, their distance in percent.

    0 while nothing at all is traded.
    """

    __slots__ = ("_average", "_fast", "_fast_period", "_signal_period", "_slow", "_slow_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = (
        ("pvo", "line"),
        ("signal", "line"),
        ("histogram", "histogram"),
    )

    def __init__(self, fast: float = 12, slow: float = 26, signal: float = 9) -> None:
        self._fast_period = period(fast, "fast period")
        self._slow_period = period(slow, "slow period")
        self._signal_period = period(signal, "signal period")
        ascending(self._fast_period, self._slow_period)
        name = f"pvo{self._fast_period}_{self._slow_period}_{self._signal_period}"
        super().__init__(name, self._slow_period + self._signal_period - 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._fast = Smoother.ema(self._fast_period)
        self._slow = Smoother.ema(self._slow_period)
        self._average = Smoother.ema(self._signal_period)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        fast, slow, average, volume = self._fast, self._slow, self._average, candle.volume
        signal = average.value
        if signal == signal:  # noqa: PLR0124
            fast.value = line = fast.value + fast.alpha * (volume - fast.value)
            slow.value = held = slow.value + slow.alpha * (volume - slow.value)
            line = 100.0 * (line - held) / held if held else 0.0
            average.value = signal = signal + average.alpha * (line - signal)
        else:
            line, held = fast.push(volume), slow.push(volume)
            line = 100.0 * (line - held) / held if held else 0.0
            signal = average.push(line) if line == line else nan  # noqa: PLR0124
        self.values = values = (line, signal, line - signal)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        fast, slow = self._fast.peek(candle.volume), self._slow.peek(candle.volume)
        line = 100.0 * (fast - slow) / slow if slow else 0.0
        signal = self._average.peek(line) if line == line else nan  # noqa: PLR0124
        return line, signal, line - signal

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        line, signal, slow = lines
        scan.ema(bars.volume, self._fast_period, line)
        scan.ema(bars.volume, self._slow_period, slow)
        self._fast.load(float(line[-1]))
        self._slow.load(float(slow[-1]))
        line -= slow
        line *= 100.0
        scan.divide(line, slow, 0.0)
        scan.ema(line, self._signal_period, signal)
        self._average.load(float(signal[-1]))
        np.subtract(line, signal, out=slow)


class Rsi(Indicator):
    """Relative strength index (Wilder); 100 without a loss, 50 where the price never moved."""

    __slots__ = ("_close", "_gain", "_loss", "_period")

    def __init__(self, periods: float = 14) -> None:
        self._period = period(periods)
        super().__init__(f"rsi{self._period}", self._period + 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._gain = Smoother.wilder(self._period)
        self._loss = Smoother.wilder(self._period)
        self._close = nan

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        up, down, close = self._gain, self._loss, candle.close
        gain, loss, change = up.value, down.value, close - self._close
        self._close = close
        if gain != gain:  # noqa: PLR0124
            return self._warm_up(change)
        fade = up.alpha
        if change > 0.0:
            up.value = gain = gain + fade * (change - gain)
            down.value = loss = loss - fade * loss
        else:
            up.value = gain = gain - fade * gain
            down.value = loss = loss - fade * (change + loss)
        both = gain + loss
        self.values = values = (100.0 * gain / both if both else 50.0,)
        return values

    def _warm_up(self, change: float) -> Values:
        """Gather the first changes; the first candle has none."""
        if change == change:  # noqa: PLR0124
            gain, loss = self._gain.push(max(change, 0.0)), self._loss.push(max(-change, 0.0))
            both = gain + loss
            self.values = (100.0 * gain / both if both else 50.0,)
        return self.values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        change = candle.close - self._close
        if change != change:  # noqa: PLR0124
            return self.values
        gain, loss = self._gain.peek(max(change, 0.0)), self._loss.peek(max(-change, 0.0))
        both = gain + loss
        return (100.0 * gain / both if both else 50.0,)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        gain, loss = lines[0], np.empty(len(bars))
        loss[0] = np.nan
        np.subtract(bars.close[1:], bars.close[:-1], out=loss[1:])
        np.maximum(loss, 0.0, out=gain)
        np.subtract(gain, loss, out=loss)
        scan.wilder(gain, self._period, gain)
        scan.wilder(loss, self._period, loss)
        self._gain.load(float(gain[-1]))
        self._loss.load(float(loss[-1]))
        self._close = float(bars.close[-1])
        loss += gain
        gain *= 100.0
        scan.divide(gain, loss, 50.0)


class Stochastic(Indicator):
    """Where the close stands in the range of the last candles, smoothed; 0 in a range of nothing."""

    __slots__ = ("_high", "_lines", "_low", "_period", "_raws", "_signal_period", "_smooth_period")
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("k", "line"), ("d", "line"))

    def __init__(self, periods: float = 14, smooth: float = 3, signal: float = 3) -> None:
        self._period = period(periods)
        self._smooth_period = period(smooth, "smoothing period")
        self._signal_period = period(signal, "signal period")
        name = f"stoch{self._period}_{self._smooth_period}_{self._signal_period}"
        super().__init__(name, self._period + self._smooth_period + self._signal_period - 2)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._high = RollingMax(self._period)
        self._low = RollingMin(self._period)
        # both are smoothed over a handful of candles: a plain sum is as fast, and exact
        self._raws = deque([nan] * self._smooth_period, maxlen=self._smooth_period)
        self._lines = deque([nan] * self._signal_period, maxlen=self._signal_period)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        highs, lows, high, low = self._high, self._low, candle.high, candle.low
        at, window = highs.at, highs.window
        highs.at = lows.at = (at or self._period) - 1
        oldest = window[at]
        window[at] = high
        if high >= highs.value:
            highs.value = high
        elif oldest < highs.value:
            high = highs.value
        else:
            highs.value = high = highs.search()
        window = lows.window
        oldest = window[at]
        window[at] = low
        if low <= lows.value:
            lows.value = low
        elif oldest > lows.value:
            low = lows.value
        else:
            lows.value = low = lows.search()
        span = high - low
        self._raws.append(100.0 * (candle.close - low) / span if span else 0.0)
        line = fsum(self._raws) / self._smooth_period
        self._lines.append(line)
        self.values = values = (line, fsum(self._lines) / self._signal_period)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        low = self._low.peek(candle.low)
        span = self._high.peek(candle.high) - low
        raw = 100.0 * (candle.close - low) / span if span else 0.0
        line = fsum((*islice(self._raws, 1, None), raw)) / self._smooth_period
        return line, fsum((*islice(self._lines, 1, None), line)) / self._signal_period

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        line, signal = lines
        span = scan.rolling_max(bars.high, self._period, line)
        low = scan.rolling_min(bars.low, self._period, signal)
        self._high.load(bars.high[-self._period :].tolist())
        self._low.load(bars.low[-self._period :].tolist())
        span -= low
        raw = bars.close - low
        raw *= 100.0
        scan.divide(raw, span, 0.0)
        scan.rolling_mean(raw, self._smooth_period, line)
        self._raws.extend(raw[-self._smooth_period :].tolist())
        self._lines.extend(line[-self._signal_period :].tolist())
        scan.rolling_mean(line, self._signal_period, signal)
