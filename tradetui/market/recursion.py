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
_GROUP: Final = 64
"""Blocks that are taken together; as many groups of them make the longest stretch."""
_FEW: Final = 128
"""So few values are taken one after the other."""
_ROWS: Final = 1_024
"""Blocks in one product: few enough that BLAS does not spread it over processors."""
_NOTHING: Final = 1e-200
"""Below it a power counts for nothing; the smallest numbers take a hundred times as long as others."""


class _Powers(NamedTuple):
    """What blocks of inputs, and groups of blocks, are multiplied with."""

    outputs: FloatArray
    """Each input's share in each output of its block."""
    end: FloatArray
    """Each input's share in its block's last output, in column 0."""
    starts: FloatArray
    """The share of each block's end in what comes before each block after it in its group, as the first
    input there must bring it in."""
    group_end: FloatArray
    """The share of each block's end in what its group hands on, in column 0."""
    groups: FloatArray
    """The share of what each group hands on in what each later group is given."""


def _triangle(keep: float, size: int) -> FloatArray:
    """Each value's share, by rows, in the sum that keeps so much from one value to the next."""
    powers = np.power(keep, np.arange(float(size)))
    powers[powers < _NOTHING] = 0.0
    lag = np.arange(size) - np.arange(size)[:, np.newaxis]
    return np.where(lag < 0, 0.0, powers[lag])


def _beside_nothing(column: FloatArray) -> FloatArray:
    """With a second column, which nobody reads.

    BLAS spreads a product with a single one over processors, and takes thrice the time where the
    matrix lies the other way round.
    """
    return np.column_stack((column, np.zeros(len(column))))


@lru_cache(maxsize=128)
def _powers(gain: float, keep: float) -> _Powers:
    outputs, starts = gain * _triangle(keep, _BLOCK), _triangle(keep**_BLOCK, _GROUP)
    end, group_end = outputs[:, -1], keep**_BLOCK * starts[:, -1]
    groups = _triangle(keep ** (_BLOCK * _GROUP), _GROUP)
    return _Powers(outputs, _beside_nothing(end), keep / gain * starts, _beside_nothing(group_end), groups)


def _starts(ends: FloatArray, y: float, powers: _Powers) -> FloatArray:
    """What each block's first input must bring in, of y and of the ends of the blocks before."""
    count = len(ends)
    groups = np.zeros((-(-count // _GROUP), _GROUP))
    line = groups.reshape(-1)
    line[0], line[1:count] = y, ends[:-1]
    handed = (groups @ powers.group_end)[:-1, 0]
    groups[1:, 0] += handed @ powers.groups[: len(handed), : len(handed)]
    return (groups @ powers.starts).reshape(-1)[:count]


class Recursion:
    """y = keep * y + gain * x, over one stretch after the other."""

    __slots__ = ("_gain", "_keep", "y")

    def __init__(self, gain: float, keep: float, y: float = 0.0) -> None:
        self._gain = gain
        self._keep = keep
        self.y = y

    def over(self, values: FloatArray, out: FloatArray) -> None:
        """Go on over a stretch, which is used up."""
        body = len(values) // _BLOCK * _BLOCK if len(values) >= _FEW else 0
        if body:
            self._over_blocks(values[:body].reshape(-1, _BLOCK), out[:body].reshape(-1, _BLOCK))
        if body < len(values):
            self._over_few(values[body:], out[body:])

    def _over_blocks(self, blocks: FloatArray, out: FloatArray) -> None:
        powers = _powers(self._gain, self._keep)
        first_inputs = blocks[:, 0]
        first_inputs += _starts((blocks @ powers.end)[:, 0], self.y, powers)
        for first in range(0, len(blocks), _ROWS):
            part = slice(first, first + _ROWS)
            np.matmul(blocks[part], powers.outputs, out=out[part])
        self.y = float(out[-1, -1])

    def _over_few(self, values: FloatArray, out: FloatArray) -> None:
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
