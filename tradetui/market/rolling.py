"""Incremental kernels: running state in plain floats, one value in, one value out.

A kernel gives NaN until its period is full. Sums that lose what leaves the window are computed
anew once in a period, and at once when something far larger than the rest has left, so that
rounding never gathers: the cost stays constant on average and the drift bounded. The state is open:
the indicators that run at every candle repeat the short way of `push` in their own body, because a
call costs as much as the arithmetic.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from math import dist, fsum, nan, sqrt
from typing import Final

LEFT_LARGE: Final = 1e3
"""A leaving value so many times the remaining sum takes its rounding error into it: sum anew."""
_COLLAPSED: Final = 1e-4
"""A spread below this share of its peak has lost digits: compute it anew."""


class Smoother:
    """An exponential average seeded with the mean of its first `period` values."""

    __slots__ = ("_first", "_period", "alpha", "value")

    def __init__(self, period: int, alpha: float) -> None:
        self._period = period
        self.alpha = alpha
        """The weight of a new value."""
        self._first: list[float] = []
        self.value = nan

    @classmethod
    def ema(cls, period: int) -> Smoother:
        """The usual exponential average, weight 2 / (period + 1)."""
        return cls(period, 2.0 / (period + 1))

    @classmethod
    def wilder(cls, period: int) -> Smoother:
        """Wilder's average, weight 1 / period."""
        return cls(period, 1.0 / period)

    def push(self, value: float) -> float:
        """Commit a value; the average after it."""
        held = self.value
        if held == held:  # noqa: PLR0124  # the fastest test for NaN
            self.value = held = held + self.alpha * (value - held)
            return held
        self._first.append(value)
        if len(self._first) == self._period:
            self.value = fsum(self._first) / self._period
            self._first = []
        return self.value

    def peek(self, value: float) -> float:
        """What `push` would give, without committing."""
        held = self.value
        if held == held:  # noqa: PLR0124  # the fastest test for NaN
            return held + self.alpha * (value - held)
        if len(self._first) == self._period - 1:
            return fsum((*self._first, value)) / self._period
        return nan

    def load(self, value: float) -> None:
        """Continue from an average that was computed elsewhere."""
        self.value = value
        self._first = []


class RollingMean:
    """The mean of the last `period` values, which are at least zero.

    `window` is a ring that is filled downwards from its end: at place 0 the sum is taken anew.
    """

    __slots__ = ("at", "period", "total", "window")

    def __init__(self, period: int) -> None:
        self.period = period
        self.window = [nan] * period
        self.at = period - 1
        self.total = nan

    def push(self, value: float) -> float:
        """Commit a value; the mean after it."""
        at, window = self.at, self.window
        oldest = window[at]
        window[at] = value
        total = self.total + value - oldest
        if at and oldest <= LEFT_LARGE * total:
            self.at = at - 1
            self.total = total
            return total / self.period
        return self.anchor()

    def anchor(self) -> float:
        """Take the sum anew after a value was put into the window; the mean."""
        self.at = (self.at or self.period) - 1
        self.total = total = fsum(self.window)
        return total / self.period

    def peek(self, value: float) -> float:
        """What `push` would give, without committing."""
        oldest = self.window[self.at]
        total = self.total + value - oldest
        if not self.at or not oldest <= LEFT_LARGE * total:
            total = fsum(_replaced(self.window, self.at, value))
        return total / self.period

    def load(self, values: Sequence[float]) -> None:
        """Continue after the last `period` of the values."""
        self.window = _ring(values, self.period)
        self.at = self.period - 1
        self.total = fsum(self.window)


class RollingWeightedMean:
    """The mean of the last `period` values, weighted 1 (oldest) to `period` (newest)."""

    __slots__ = ("_left", "_period", "_total", "_weight", "_weighted", "_window")

    def __init__(self, period: int) -> None:
        self._period = period
        self._weight = period * (period + 1) / 2.0
        self._window: deque[float] = deque([nan] * period, maxlen=period)
        self._total = nan
        self._weighted = nan
        self._left = period

    def push(self, value: float) -> float:
        """Commit a value; the mean after it."""
        window = self._window
        oldest = window[0]
        window.append(value)
        self._left -= 1
        self._weighted += self._period * value - self._total
        self._total += value - oldest
        if not self._left or abs(oldest) > LEFT_LARGE * abs(self._total):
            self._anchor()
        return self._weighted / self._weight

    def peek(self, value: float) -> float:
        """What `push` would give, without committing."""
        if self._left == 1 or abs(self._window[0]) > LEFT_LARGE * abs(self._total + value - self._window[0]):
            window = (*islice(self._window, 1, None), value)
            return fsum(weight * held for weight, held in enumerate(window, 1)) / self._weight
        return (self._weighted + self._period * value - self._total) / self._weight

    def load(self, values: Iterable[float]) -> None:
        """Continue after the last `period` of the values."""
        self._window.extend(values)
        self._anchor()

    def _anchor(self) -> None:
        self._left = self._period
        self._total = fsum(self._window)
        self._weighted = fsum(weight * held for weight, held in enumerate(self._window, 1))


class RollingDeviation:
    """Mean and population standard deviation of the last `period` values: Welford's, re-anchored.

    `window` is a ring like that of the mean. A spread below `floor` has lost digits: both are
    computed anew, as they are once in a period.
    """

    __slots__ = ("at", "floor", "mean", "period", "spread", "window")

    def __init__(self, period: int) -> None:
        self.period = period
        self.window = [nan] * period
        self.at = period - 1
        self.mean = nan
        self.spread = nan
        self.floor = nan

    def push(self, value: float) -> tuple[float, float]:
        """Commit a value; mean and deviation after it."""
        at, window, held = self.at, self.window, self.mean
        oldest = window[at]
        window[at] = value
        step = value - oldest
        self.mean = mean = held + step / self.period
        self.spread = spread = self.spread + step * (value - mean + oldest - held)
        if at and spread >= self.floor:
            self.at = at - 1
            return mean, sqrt(spread / self.period)
        return self.anchor()

    def anchor(self) -> tuple[float, float]:
        """Compute both anew after a value was put into the window."""
        self.at = (self.at or self.period) - 1
        self.mean, self.spread = _two_pass(self.window)
        self.floor = _COLLAPSED * self.spread
        return self.mean, sqrt(self.spread / self.period)

    def peek(self, value: float) -> tuple[float, float]:
        """What `push` would give but for rounding, without committing."""
        oldest = self.window[self.at]
        step = value - oldest
        mean = self.mean + step / self.period
        spread = self.spread + step * (value - mean + oldest - self.mean)
        if not self.at or not spread >= self.floor:
            mean, spread = _two_pass(_replaced(self.window, self.at, value))
        return mean, sqrt(spread / self.period)

    def load(self, values: Sequence[float]) -> None:
        """Continue after the last `period` of the values."""
        self.window = _ring(values, self.period)
        self.at = 0
        self.anchor()


def _two_pass(window: list[float]) -> tuple[float, float]:
    """Mean and sum of squared distances from it, exactly rounded enough to start from."""
    mean = fsum(window) / len(window)
    root = dist(window, (mean,) * len(window))
    return mean, root * root


class RollingMax:
    """The largest of the last `period` values; looked for anew only when the largest one leaves."""

    __slots__ = ("at", "value", "window")

    def __init__(self, period: int) -> None:
        self.window = [nan] * period
        self.at = period - 1
        self.value = nan

    def push(self, value: float) -> float:
        """Commit a value; the largest after it."""
        at, window = self.at, self.window
        oldest = window[at]
        window[at] = value
        self.at = (at or len(window)) - 1
        if value >= self.value:
            self.value = value
        elif not oldest < self.value:
            self.value = self.search()
        return self.value

    def search(self) -> float:
        """The largest in the window; NaN until it is full."""
        return max(self.window) if self.window[0] == self.window[0] else nan

    def peek(self, value: float) -> float:
        """What `push` would give, without committing."""
        if value >= self.value:
            return value
        if self.window[self.at] < self.value:
            return self.value
        rest = _replaced(self.window, self.at, value)
        return max(rest) if rest[0] == rest[0] else nan

    def load(self, values: Sequence[float]) -> None:
        """Continue after the last `period` of the values."""
        self.window = _ring(values, len(self.window))
        self.at = len(self.window) - 1
        self.value = max(self.window)


class RollingMin:
    """The smallest of the last `period` values."""

    __slots__ = ("at", "value", "window")

    def __init__(self, period: int) -> None:
        self.window = [nan] * period
        self.at = period - 1
        self.value = nan

    def push(self, value: float) -> float:
        """Commit a value; the smallest after it."""
        at, window = self.at, self.window
        oldest = window[at]
        window[at] = value
        self.at = (at or len(window)) - 1
        if value <= self.value:
            self.value = value
        elif not oldest > self.value:
            self.value = self.search()
        return self.value

    def search(self) -> float:
        """The smallest in the window; NaN until it is full."""
        return min(self.window) if self.window[0] == self.window[0] else nan

    def peek(self, value: float) -> float:
        """What `push` would give, without committing."""
        if value <= self.value:
            return value
        if self.window[self.at] > self.value:
            return self.value
        rest = _replaced(self.window, self.at, value)
        return min(rest) if rest[0] == rest[0] else nan

    def load(self, values: Sequence[float]) -> None:
        """Continue after the last `period` of the values."""
        self.window = _ring(values, len(self.window))
        self.at = len(self.window) - 1
        self.value = min(self.window)


def _ring(values: Sequence[float], period: int) -> list[float]:
    """The window that the last `period` values leave, the oldest at its end."""
    return list(values[-period:])[::-1]


def _replaced(window: list[float], at: int, value: float) -> list[float]:
    """A window with another value at a place."""
    window = window.copy()
    window[at] = value
    return window
