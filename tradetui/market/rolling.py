"""Incremental kernels: running state in plain floats, one value in, one value out.

A kernel gives NaN until its period is full. Sums that lose what leaves the window are computed
anew once in a period, and at once when something far larger than the rest has left, so that
rounding never gathers: the cost stays constant on average and the drift bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from math import dist, fsum, nan, sqrt
from typing import Final

_LEFT_LARGE: Final = 1e3
"""A leaving value so many times the remaining sum takes its rounding error into it: sum anew."""
_COLLAPSED: Final = 1e-4
"""A spread below this share of its peak has lost digits: compute it anew."""


class Smoother:
    """An exponential average seeded with the mean of its first `period` values."""

    __slots__ = ("_alpha", "_first", "_period", "value")

    def __init__(self, period: int, alpha: float) -> None:
        self._period = period
        self._alpha = alpha
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

    @property
    def alpha(self) -> float:
        """The weight of a new value."""
        return self._alpha

    def push(self, value: float) -> float:
        """Commit a value; the average after it."""
        held = self.value
        if held == held:  # noqa: PLR0124  # the fastest test for NaN
            self.value = held = held + self._alpha * (value - held)
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
            return held + self._alpha * (value - held)
        if len(self._first) == self._period - 1:
            return fsum((*self._first, value)) / self._period
        return nan

    def load(self, value: float) -> None:
        """Continue from an average that was computed elsewhere."""
        self.value = value
        self._first = []


class RollingMean:
    """The mean of the last `period` values."""

    __slots__ = ("_left", "_period", "_total", "_window")

    def __init__(self, period: int) -> None:
        self._period = period
        self._window: deque[float] = deque([nan] * period, maxlen=period)
        self._total = nan
        self._left = period

    def push(self, value: float) -> float:
        """Commit a value; the mean after it."""
        window = self._window
        oldest = window[0]
        window.append(value)
        self._left -= 1
        self._total = total = self._total + value - oldest
        if not self._left or abs(oldest) > _LEFT_LARGE * abs(total):
            self._left = self._period
            self._total = total = fsum(window)
        return total / self._period

    def peek(self, value: float) -> float:
        """What `push` would give, without committing."""
        oldest = self._window[0]
        total = self._total + value - oldest
        if self._left == 1 or abs(oldest) > _LEFT_LARGE * abs(total):
            total = fsum((*islice(self._window, 1, None), value))
        return total / self._period

    def load(self, values: Iterable[float]) -> None:
        """Continue after the last `period` of the values."""
        self._window.extend(values)
        self._total = fsum(self._window)
        self._left = self._period


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
        if not self._left or abs(oldest) > _LEFT_LARGE * abs(self._total):
            self._anchor()
        return self._weighted / self._weight

    def peek(self, value: float) -> float:
        """What `push` would give, without committing."""
        if self._left == 1 or abs(self._window[0]) > _LEFT_LARGE * abs(self._total + value - self._window[0]):
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
    """Mean and population standard deviation of the last `period` values: Welford's, re-anchored."""

    __slots__ = ("_left", "_mean", "_peak", "_period", "_spread", "_window")

    def __init__(self, period: int) -> None:
        self._period = period
        self._window: deque[float] = deque([nan] * period, maxlen=period)
        self._mean = nan
        self._spread = nan
        self._peak = nan
        self._left = period

    def push(self, value: float) -> tuple[float, float]:
        """Commit a value; mean and deviation after it."""
        window = self._window
        oldest = window[0]
        window.append(value)
        held = self._mean
        self._mean = mean = held + (value - oldest) / self._period
        self._spread = spread = self._spread + (value - oldest) * (value - mean + oldest - held)
        self._left -= 1
        if spread > self._peak:
            self._peak = spread
        elif not self._left or spread < _COLLAPSED * self._peak:
            self._anchor()
            return self._mean, sqrt(self._spread / self._period)
        return mean, sqrt(spread / self._period)

    def peek(self, value: float) -> tuple[float, float]:
        """What `push` would give but for rounding, without committing."""
        oldest = self._window[0]
        mean = self._mean + (value - oldest) / self._period
        spread = self._spread + (value - oldest) * (value - mean + oldest - self._mean)
        if self._left <= 1 or spread < _COLLAPSED * self._peak:
            mean, spread = _two_pass((*islice(self._window, 1, None), value))
        return mean, sqrt(spread / self._period)

    def load(self, values: Iterable[float]) -> None:
        """Continue after the last `period` of the values."""
        self._window.extend(values)
        self._anchor()

    def _anchor(self) -> None:
        self._mean, self._spread = _two_pass(tuple(self._window))
        self._peak = self._spread
        self._left = self._period


def _two_pass(window: tuple[float, ...]) -> tuple[float, float]:
    """Mean and sum of squared distances from it, exactly rounded enough to start from."""
    mean = fsum(window) / len(window)
    root = dist(window, (mean,) * len(window))
    return mean, root * root


class RollingMax:
    """The largest of the last `period` values; looked for anew only when the largest one leaves."""

    __slots__ = ("_window", "value")

    def __init__(self, period: int) -> None:
        self._window: deque[float] = deque([nan] * period, maxlen=period)
        self.value = nan

    def push(self, value: float) -> float:
        """Commit a value; the largest after it."""
        window = self._window
        oldest = window[0]
        window.append(value)
        if value >= self.value:
            self.value = value
        elif oldest == self.value or self.value != self.value:
            self.value = max(window) if window[0] == window[0] else nan
        return self.value

    def peek(self, value: float) -> float:
        """What `push` would give, without committing."""
        oldest = self._window[0]
        if value >= self.value:
            return value
        if oldest == self.value or self.value != self.value:
            rest = (*islice(self._window, 1, None), value)
            return max(rest) if rest[0] == rest[0] else nan
        return self.value

    def load(self, values: Iterable[float]) -> None:
        """Continue after the last `period` of the values."""
        self._window.extend(values)
        self.value = max(self._window)


class RollingMin:
    """The smallest of the last `period` values."""

    __slots__ = ("_largest",)

    def __init__(self, period: int) -> None:
        self._largest = RollingMax(period)

    def push(self, value: float) -> float:
        """Commit a value; the smallest after it."""
        return -self._largest.push(-value)

    def peek(self, value: float) -> float:
        """What `push` would give, without committing."""
        return -self._largest.peek(-value)

    def load(self, values: Iterable[float]) -> None:
        """Continue after the last `period` of the values."""
        self._largest.load([-value for value in values])
