"""From values to rows: scales that stay while they fit, and round labels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import msgspec

PADDING: Final = 0.04
"""Share of the range left free above and below when a scale is made."""
KEEP_FILLED: Final = 0.62
"""A scale is kept while what is shown fills at least this share of it."""


class Scale(msgspec.Struct, frozen=True):
    """Values between `low` and `high`, from the bottom to the top of a plot."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """How far from the top a value lies: 0 at `high`, 1 at `low`, beyond them outside."""
        if self.log and self.low > 0 and value > 0:
            span = math.log(self.high / self.low)
            return math.log(self.high / value) / span if span > 0 else 0.5
        span = self.high - self.low
        return (self.high - value) / span if span > 0 else 0.5

    def step(self, value: float, steps: int) -> int:
        """Which of `steps` equal steps, counted from the top, holds the value; clamped to the plot."""
        share = self.share(value)
        if math.isnan(share):
            return 0
        inside = max(0.0, min(1.0, share))  # far outside of a tiny range, the product would be infinite
        return min(steps - 1, int(inside * steps))

    def holds(self, value: float) -> bool:
        """Whether a value lies inside."""
        return self.low <= value <= self.high


def scale_for(values: Iterable[float], before: Scale | None = None, *, log: bool = False) -> Scale:
    """A scale that holds the values: the one before where it still fits well."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return before or Scale(0.0, 1.0, log=log)
    low, high = min(finite), max(finite)
    if before is not None and before.log == log and _still_fits(before, low, high):
        return before
    pad = (high - low) * PADDING or abs(high) * 1e-4 or 1.0
    bottom = low / (1 + pad / high) if log and low > 0 else low - pad
    return Scale(bottom, high + pad, log=log and low > 0)


def _still_fits(scale: Scale, low: float, high: float) -> bool:
    return scale.holds(low) and scale.holds(high) and high - low >= (scale.high - scale.low) * KEEP_FILLED


def round_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that cuts a span into at most `most` parts."""
    if span <= 0 or not math.isfinite(span) or most < 1:
        return 1.0
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if power * factor >= raw * (1 - 1e-9):
            return power * factor
    return power * 10


def round_values(scale: Scale, most: int) -> list[float]:
    """At most about `most` round values inside a scale, lowest first."""
    if scale.high <= scale.low or most < 1:
        return []
    step = round_step(scale.high - scale.low, most)
    first = math.ceil(scale.low / step)
    last = math.floor(scale.high / step)
    return [number * step for number in range(first, min(last, first + 50) + 1)]
