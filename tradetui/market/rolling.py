"""Windows that a value enters and another leaves, and how their running sums are taken anew.

A window is a list used as a ring that is filled downwards: index `at` holds the oldest value, and
after index 0 comes the end. A running sum that loses what leaves gathers rounding errors. So it is
taken anew at index 0, once in a period, and at once when it has fallen far below what it was: then
what left was so large that its rounding error is all that remains. The cost stays constant on
average, and the error bounded.
"""

from __future__ import annotations

from math import dist, fsum
from typing import Final

from tradetui.market.ring import FloatArray

FALLEN: Final = 1e-3
"""A mean of values above zero below this share of itself has lost digits."""
COLLAPSED: Final = 1e-4
"""A spread below this share of itself has lost digits."""


def window_of(values: FloatArray, period: int) -> list[float]:
    """The window that the last `period` values leave, to go on with at index `period - 1`."""
    newest: list[float] = values[: -period - 1 : -1].tolist()
    return newest


def mean_of(window: list[float]) -> float:
    """The mean, rounded once."""
    return fsum(window) / len(window)


def moments_of(window: list[float]) -> tuple[float, float]:
    """Mean and sum of squared distances from it."""
    mean = fsum(window) / len(window)
    root = dist(window, (mean,) * len(window))
    return mean, root * root


def weighted_of(window: list[float], at: int) -> tuple[float, float]:
    """Sum, and sum weighted by age: once the oldest value, at an index, and most the newest."""
    by_age = (*window[at::-1], *window[:at:-1])
    return fsum(window), fsum(weight * value for weight, value in enumerate(by_age, 1))
