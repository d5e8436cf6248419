"""The fair price as a function of time: the past and the future come from one and the same curve.

A Brownian bridge by midpoint displacement on a fixed tree of time intervals, whose noise is a hash
of seed, level and interval: any moment can be computed at any time, in any order, in any process, so
history and the live price agree and a restart needs nothing but the clock. Volatility is multiplied
down the tree (a cascade), which gives quiet and busy stretches at every scale; some intervals of
about two hours are drawn straight (trends), and the shortest ones have heavy tails (jumps).
Over more than three weeks the price no longer spreads, so that it stays in a believable range.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

STEPS_PER_S: Final = 8
"""The finest grid: an index counts eighths of a second since 1970."""
STEP_NS: Final = 1_000_000_000 // STEPS_PER_S

_LEVELS: Final = 30
_DAY: Final = 86_400.0
_WIDEST_S: Final = 21 * _DAY
_CASCADE_S: Final = (30.0, 4 * _DAY)
_CASCADE: Final = 0.16
_TREND_S: Final = (1_500.0, 9_000.0)
_SMOOTH_S: Final = 16.0
_JUMP_S: Final = 3.0
_UNIT: Final = 1.0 / (1 << 16)

Index = NDArray[np.int64]
Words = NDArray[np.uint64]
Floats = NDArray[np.float64]


class Path(Protocol):
    """A logarithm of a price as a function of time."""

    def at(self, index: Index) -> Floats:
        """The value at each index, eighths of a second since 1970."""
        ...


def hashed(words: Words, seed: int) -> Words:
    """Sixty-four well mixed bits of each word (the finalizer of splitmix64)."""
    z = words + np.uint64((seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & 0xFFFFFFFFFFFFFFFF)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def normal(bits: Words) -> Floats:
    """A bell-shaped number of variance 1 from each word: the sum of its four 16-bit parts, exact anywhere."""
    low = np.uint64(0xFFFF)
    total = (bits & low) + ((bits >> np.uint64(16)) & low)
    total = total + ((bits >> np.uint64(32)) & low) + (bits >> np.uint64(48))
    scaled: Floats = (total.astype(np.float64) * _UNIT - 2.0) * 1.7320508075688772
    return scaled


class PricePath:
    """The logarithm of a price relative to its middle."""

    def __init__(self, seed: int, daily_sigma: float) -> None:
        self._seed = seed
        self._sigma = daily_sigma

    def at(self, index: Index) -> Floats:
        """The displacement at each index (eighths of a second since 1970), shape like `index`."""
        root = index >> _LEVELS
        low, high = self._root(root), self._root(root + 1)
        volatility = np.ones(len(index))
        for level in range(_LEVELS):
            span_s = (1 << (_LEVELS - level)) / STEPS_PER_S
            node = (index >> (_LEVELS - level)).astype(np.uint64)
            bits = hashed(node, self._seed * 64 + level)
            if _CASCADE_S[0] <= span_s <= _CASCADE_S[1]:
                other = normal(hashed(bits, self._seed + 1))
                volatility = volatility * np.exp(_CASCADE * other - _CASCADE * _CASCADE)
            middle = (low + high) * 0.5 + self._displacement(bits, span_s) * volatility
            right = ((index >> (_LEVELS - level - 1)) & 1).astype(bool)
            low, high = np.where(right, middle, low), np.where(right, high, middle)
        return low

    def _root(self, root: Index) -> Floats:
        """The ends of the longest intervals, far apart and independent."""
        spread = self._sigma * float(np.sqrt(_WIDEST_S / _DAY)) / 2
        return normal(hashed(root.astype(np.uint64), self._seed)) * spread

    def _displacement(self, bits: Words, span_s: float) -> Floats:
        """How far the middle of an interval lies off the line between its ends."""
        scale = self._sigma * float(np.sqrt(min(span_s, _WIDEST_S) / _DAY)) / 2
        if span_s < _SMOOTH_S:
            scale *= (span_s / _SMOOTH_S) ** 0.3
        noise = normal(bits) * scale
        if _TREND_S[0] <= span_s <= _TREND_S[1]:
            straight = (bits >> np.uint64(7)) & np.uint64(3) == 0
            noise = np.where(straight, noise * 0.35, noise * 1.1)
        if span_s < _JUMP_S:
            rare = (bits >> np.uint64(9)) & np.uint64(127) == 0
            noise = np.where(rare, noise * 5.0, noise)
        return noise
