"""Volume and its direction: VWAP, VWAP of the trading day, OBV, CVD."""

from __future__ import annotations

from math import nan, sqrt
from typing import ClassVar

import numpy as np

from tradetui.domain.calendar import TradingCalendar
from tradetui.domain.market_data import Candle
from tradetui.market import scan
from tradetui.market.bars import SECOND, Bars
from tradetui.market.indicators.base import Indicator, Values, factor
from tradetui.market.ring import FloatArray


class Vwap(Indicator):
    """Volume-weighted average of the typical price since the first candle known."""

    __slots__ = ("_traded", "_volume")
    overlay: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("vwap", 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._traded = 0.0
        self._volume = 0.0

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        volume = candle.volume
        self._volume = total = self._volume + volume
        self._traded += (candle.high + candle.low + candle.close) / 3.0 * volume
        self.values = values = (self._traded / total if total else nan,)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        total = self._volume + candle.volume
        traded = self._traded + (candle.high + candle.low + candle.close) / 3.0 * candle.volume
        return (traded / total if total else nan,)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        traded = lines[0]
        scan.products(bars.high, bars.low, bars.close, by=bars.volume, out=traded)
        scan.cumulative(traded, traded, factor=1.0 / 3.0)
        volume = scan.cumulative(bars.volume, np.empty(len(bars)))
        self._traded, self._volume = float(traded[-1]), float(volume[-1])
        with np.errstate(invalid="ignore"):
            traded /= volume


class SessionVwap(Indicator):
    """VWAP of the trading day, with bands at a multiple of its volume-weighted deviation."""

    __slots__ = ("_anchor", "_calendar", "_multiple", "_squares", "_traded", "_until", "_volume")
    parts: ClassVar[tuple[tuple[str, str], ...]] = (("vwap", "line"), ("upper", "band"), ("lower", "band"))
    overlay: ClassVar[bool] = True

    def __init__(self, multiple: float = 1.0, *, calendar: TradingCalendar | None = None) -> None:
        self._multiple = factor(multiple, "multiple of the deviation")
        self._calendar = calendar or TradingCalendar("UTC")
        super().__init__("vwapday" if multiple == 1.0 else f"vwapday{multiple:g}", 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._until = 0
        self._begin(0.0)

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        typical = (candle.high + candle.low + candle.close) / 3.0
        if candle.open_ts >= self._until:
            self._until = self._calendar.session_at(candle.open_ts).end_ts
            self._begin(typical)
        away = typical - self._anchor
        self._volume += candle.volume
        self._traded += away * candle.volume
        self._squares += away * away * candle.volume
        self.values = values = self._lines(self._anchor, self._volume, self._traded, self._squares)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        typical, volume = (candle.high + candle.low + candle.close) / 3.0, candle.volume
        if candle.open_ts >= self._until:
            return self._lines(typical, volume, 0.0, 0.0)
        away = typical - self._anchor
        traded, squares = self._traded + away * volume, self._squares + away * away * volume
        return self._lines(self._anchor, self._volume + volume, traded, squares)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history, a trading day at a time."""
        typical = (bars.high + bars.low + bars.close) / 3.0
        first = 0
        while first < len(bars):
            self._until = self._calendar.session_at(int(bars.open_s[first]) * SECOND).end_ts
            last = int(np.searchsorted(bars.open_s, self._until / SECOND))
            self._scan_session(typical[first:last], bars.volume[first:last], lines[:, first:last])
            first = last

    def _scan_session(self, typical: FloatArray, volume: FloatArray, lines: FloatArray) -> None:
        """Fill in the lines of one trading day and keep the sums at its end."""
        self._anchor = float(typical[0])
        away = typical - self._anchor
        sums = [np.cumsum(volume), np.cumsum(away * volume), np.cumsum(away * away * volume)]
        self._volume, self._traded, self._squares = (float(line[-1]) for line in sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = sums[1] / sums[0]
            width = self._multiple * np.sqrt(np.maximum(sums[2] / sums[0] - mean * mean, 0.0))
        lines[0] = self._anchor + mean
        lines[1], lines[2] = lines[0] + width, lines[0] - width

    def _begin(self, anchor: float) -> None:
        """Start a day; sums are taken from its first price, so that they keep their digits."""
        self._anchor = anchor
        self._volume = self._traded = self._squares = 0.0

    def _lines(self, anchor: float, volume: float, traded: float, squares: float) -> Values:
        if not volume:
            return nan, nan, nan
        mean = traded / volume
        width = self._multiple * sqrt(max(squares / volume - mean * mean, 0.0))
        return anchor + mean, anchor + mean + width, anchor + mean - width


class Obv(Indicator):
    """On-balance volume: added on a rise of the close, taken away on a fall; 0 at the first candle."""

    __slots__ = ("_close", "_total")

    def __init__(self) -> None:
        super().__init__("obv", 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._close = nan
        self._total = 0.0

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        self.values = values = self.peek(candle)
        self._total = values[0]
        self._close = candle.close
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        if candle.close > self._close:
            return (self._total + candle.volume,)
        if candle.close < self._close:
            return (self._total - candle.volume,)
        return (self._total,)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        signed = np.sign(np.diff(bars.close, prepend=bars.close[0])) * bars.volume
        line = scan.cumulative(signed, lines[0])
        self._total, self._close = float(line[-1]), float(bars.close[-1])


class Cvd(Indicator):
    """Cumulative volume delta: bought minus sold by aggressors since the first candle known."""

    __slots__ = ("_total",)

    def __init__(self) -> None:
        super().__init__("cvd", 1)

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._total = 0.0

    def update(self, candle: Candle) -> Values:
        """Commit a closed candle."""
        self._total += candle.delta
        self.values = values = (self._total,)
        return values

    def peek(self, candle: Candle) -> Values:
        """The outputs on the open candle."""
        return (self._total + candle.delta,)

    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """The outputs over history."""
        self._total = float(scan.cumulative(bars.delta, lines[0])[-1])
