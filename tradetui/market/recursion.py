"""Exponential averages and running sums over a history, without a loop over its values.

Both are the recursion y = keep * y + gain * x. Over a block of values it is a product with a
triangular matrix of powers, if what is kept from before the block is added to its first value. The
ends of the blocks follow the same recursion with the powers of a whole block, and the ends of the
blocks of ends do. Nothing is ever subtracted, so no error gathers.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from math import fsum, nan
from typing import Final, NamedTuple

import numpy as np

from tradetui.market.bars import Bars
from tradetui.market.ring import FloatArray
from tradetui.market.stretches import STRETCH, lines_of, previous, stretches

_BLOCK: Final = 16
_BLOCK_OF_ENDS: Final = 64
"""Larger, because there are so few ends that each further level of them costs more than it spares."""
_FEW: Final = 128
"""So few values are taken one after the other."""
_ROWS: Final = 1_024
"""Blocks in one product: few enough that BLAS does not spread it over processors."""


class _Powers(NamedTuple):
    """What a block of inputs is multiplied with."""

    outputs: FloatArray
    """Each input's share in each output."""
    last: FloatArray
    """Each input's share in the last output, as the next block's first input gives it back, in column 0."""
    carry: float
    """How much more the first input must be to bring in what was before it."""
    keep: float
    """What a whole block keeps."""


@lru_cache(maxsize=128)
def _powers(gain: float, keep: float, size: int) -> _Powers:
    lasting = gain * np.power(keep, np.arange(float(size)))
    lag = np.arange(size) - np.arange(size)[:, np.newaxis]
    carry = keep / gain
    # a second column, which nobody reads: BLAS spreads a product with a single one over processors,
    # and takes thrice the time where the matrix lies the other way round
    last = np.zeros((size, 2))
    last[:, 0] = carry * lasting[::-1]
    return _Powers(np.where(lag < 0, 0.0, lasting[lag]), last, carry, keep**size)


class Recursion:
    """y = keep * y + gain * x, over one stretch after the other."""

    __slots__ = ("_gain", "_keep", "y")

    def __init__(self, gain: float, keep: float, y: float = 0.0) -> None:
        self._gain = gain
        self._keep = keep
        self.y = y

    def over(self, values: FloatArray, out: FloatArray) -> None:
        """Go on over a stretch, which is used up."""
        self.y = _follow(values, out, self._gain, self._keep, self.y)


def _follow(
    values: FloatArray, out: FloatArray, gain: float, keep: float, y: float, *, size: int = _BLOCK
) -> float:
    """Where the recursion ends; the values are used up."""
    body = len(values) // size * size if len(values) >= _FEW else 0
    if body:
        powers = _powers(gain, keep, size)
        blocks, result = values[:body].reshape(-1, size), out[:body].reshape(-1, size)
        carried = np.empty(len(blocks) + 1)
        carried[0] = start = powers.carry * y
        ends = (blocks @ powers.last)[:, 0]
        _follow(ends, carried[1:], 1.0, powers.keep, start, size=_BLOCK_OF_ENDS)
        first_inputs = blocks[:, 0]
        first_inputs += carried[:-1]
        for first in range(0, len(blocks), _ROWS):
            part = slice(first, first + _ROWS)
            np.matmul(blocks[part], powers.outputs, out=result[part])
        y = float(out[body - 1])
    if body < len(values):
        _, *line = accumulate(values[body:].tolist(), lambda y, x: keep * y + gain * x, initial=y)
        out[body:] = line
        y = line[-1]
    return y


class Average(Recursion):
    """An exponential average that starts with the mean of its first values.

    The first stretch must hold them all, or be the whole history.
    """

    __slots__ = ("_begin", "_first")

    def __init__(self, period: int, weight: float, begin: int = 0) -> None:
        """Leaves out what is before the value at `begin`."""
        super().__init__(weight, 1.0 - weight, nan)
        self._begin = begin
        self._first = begin + period

    def over(self, values: FloatArray, out: FloatArray) -> None:
        """Go on over a stretch, which is used up; NaN until the average is there."""
        first, self._first = self._first, 0
        if len(values) < first:
            out[:] = nan
            return
        if first:
            self.y = fsum(values[self._begin : first].tolist()) / (first - self._begin)
            out[: first - 1], out[first - 1] = nan, self.y
        super().over(values[first:], out[first:])


def follow(line: Recursion, values: FloatArray, out: FloatArray) -> float:
    """Go over a whole history; where it ends."""
    for here in stretches(0, len(values)):
        line.over(values[here].copy(), out[here])
    return line.y


def ema_weight(period: int) -> float:
    """The weight of a new value in the usual exponential average."""
    return 2.0 / (period + 1)


def ema(period: int, begin: int = 0) -> Average:
    """The usual exponential average."""
    return Average(period, ema_weight(period), begin)


def wilder(period: int, begin: int = 0) -> Average:
    """Wilder's average."""
    return Average(period, 1.0 / period, begin)


def average_range(bars: Bars, period: int, out: FloatArray) -> float:
    """Wilder's average of the true range, which the first bar does not have; where it ends."""
    average, (upper, lower) = wilder(period, begin=1), lines_of(2, min(STRETCH, len(bars)))
    for here in stretches(0, len(bars)):
        high, before = bars.high[here], previous(bars.close, here)
        span = np.maximum(high, before, out=upper[: len(high)])
        span -= np.minimum(bars.low[here], before, out=lower[: len(high)])
        average.over(span, out[here])
    return average.y
