"""Exponential averages and running sums over a history, without a loop over its values.

Both are the recursion y = keep * y + gain * x. Over a block of values it is a product with a
triangular matrix of powers, if what is kept from before the block is added to its first value. The
ends of the blocks follow the same recursion with the powers of a whole block, and the ends of
groups of blocks do with those of a group. Nothing is ever subtracted, so no error gathers.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from math import fsum, gcd, nan
from typing import Final, NamedTuple

import numpy as np

from tradetui.market.bars import Bars
from tradetui.market.ring import FloatArray
from tradetui.market.stretches import LONG_STRETCH, STRETCH, lines_of, previous, stretches

_BLOCK: Final = 16
_GROUP: Final = 64
_SPAN: Final = _GROUP * _BLOCK
"""Values in a group of blocks."""
_FEW: Final = 128
"""So few values are taken one after the other."""
_TOGETHER: Final = 16
"""Groups in one product: few enough that BLAS does not spread it over processors."""
_NOTHING: Final = 1e-200
"""A power below it counts for nothing; with the smallest numbers, processors take far longer."""
_LOST: Final = 1e-20
"""A share below it is less than a rounding error."""


class _Powers(NamedTuple):
    """What blocks of inputs, and groups of blocks, are multiplied with."""

    back: float
    """How much more a first input must be to bring in what was before it."""
    outputs: FloatArray
    """Each input's share in each output of its block."""
    end: FloatArray
    """Each input's share in the end of its block."""
    group_end: FloatArray
    """The share of each block's end in what the first block of the next group is given."""
    groups: FloatArray | None
    """The share of what one group gives in what later groups do; None where a group keeps nothing."""
    blocks: FloatArray
    """The share of each block's end in what the first input of later blocks must bring in."""


def _triangle(keep: float, size: int) -> FloatArray:
    """The share of each value, by rows, in what is kept of them where each of them stands."""
    powers = np.power(keep, np.arange(float(size)))
    powers[powers < _NOTHING] = 0.0
    lag = np.arange(size) - np.arange(size)[:, np.newaxis]
    return np.where(lag < 0, 0.0, powers[lag])


@lru_cache(maxsize=128)
def _powers(gain: float, keep: float) -> _Powers:
    outputs = gain * _triangle(keep, _BLOCK)
    blocks = _triangle(keep**_BLOCK, _GROUP)
    groups = None if keep**_SPAN < _LOST else _triangle(keep**_SPAN, LONG_STRETCH // _SPAN)
    end, group_end = outputs[:, -1].copy(), keep**_BLOCK * blocks[:, -1]
    return _Powers(keep / gain, outputs, end, group_end, groups, keep / gain * blocks)


class Recursion:
    """y = keep * y + gain * x, over one stretch after the other."""

    __slots__ = ("_gain", "_keep", "_powers", "y")

    def __init__(self, gain: float, keep: float, y: float = 0.0) -> None:
        self._gain = gain
        self._keep = keep
        self._powers = _powers(gain, keep)
        self.y = y

    def over(self, values: FloatArray, out: FloatArray) -> None:
        """Go on over a stretch, which is used up."""
        length = len(values)
        begin = length - length % _SPAN
        if begin:
            self._over_groups(values[:begin], out[:begin], _GROUP)
        if length - begin >= _FEW:
            begin, first = length - length % _BLOCK, begin
            self._over_groups(values[first:begin], out[first:begin], (begin - first) // _BLOCK)
        if length > begin:
            self._over_few(values[begin:], out[begin:])

    def _over_groups(self, values: FloatArray, out: FloatArray, size: int) -> None:
        """Go on over groups of so many blocks each; over a single one where that is less than usual."""
        values[0] += self._powers.back * self.y
        brought = self._brought(values.reshape(-1, size, _BLOCK))
        first_inputs = values[_BLOCK::_BLOCK]
        first_inputs += brought[:-1]
        shape = -1, size * gcd(len(brought) // size, _TOGETHER), _BLOCK
        np.matmul(values.reshape(shape), self._powers.outputs, out=out.reshape(shape))
        self.y = float(out[-1])

    def _brought(self, groups: FloatArray) -> FloatArray:
        """What the blocks of some groups, shape (groups, blocks, values), bring into those after them."""
        powers, (count, size, _) = self._powers, groups.shape
        ends = groups @ powers.end
        if count > 1:
            later, given = ends[1:, 0], (ends @ powers.group_end)[:-1]
            later += given if powers.groups is None else given @ powers.groups[: count - 1, : count - 1]
        blocks = powers.blocks if size == _GROUP else powers.blocks[:size, :size]
        return (ends @ blocks).reshape(-1)

    def _over_few(self, values: FloatArray, out: FloatArray) -> None:
        """Go on over values one after the other."""
        gain, keep = self._gain, self._keep
        _, *line = accumulate(values.tolist(), lambda y, x: keep * y + gain * x, initial=self.y)
        out[:] = line
        self.y = line[-1]


class Average(Recursion):
    """An exponential average that starts with the mean of its first values.

    The first stretch must hold them all, or be the whole history.
    """

    __slots__ = ("_begin", "_first")

    def __init__(self, period: int, weight: float, begin: int = 0) -> None:
        """Leaves out what is before the value at `begin`."""
        super().__init__(weight, 1.0 - weight)
        self._begin = begin
        self._first = begin + period

    def over(self, values: FloatArray, out: FloatArray) -> None:
        """Go on over a stretch, which is used up; NaN until the average is there."""
        first, self._first = self._first, 0
        if len(values) < first:
            out[:] = self.y = nan
            return
        if first:
            mean = fsum(values[self._begin : first].tolist()) / (first - self._begin)
            values[: first - 1], values[first - 1] = 0.0, mean / self._gain
        super().over(values, out)
        if first:
            out[: first - 1] = nan


def follow(line: Recursion, values: FloatArray, out: FloatArray) -> float:
    """Go over a whole history; where it ends."""
    for here in stretches(0, len(values), LONG_STRETCH):
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
