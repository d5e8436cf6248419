"""Sums and extremes of the windows of a history.

The sums of narrow windows are one product with a matrix that has a band of ones. A wide window is
made of two of half its size. Nothing is ever subtracted, so no error gathers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from tradetui.market.ring import FloatArray
from tradetui.market.stretches import LONG_STRETCH, STRETCH, lines_of, stretches

IntArray = npt.NDArray[np.intp]

_BLOCK: Final = 16
"""Sums in one row of a product."""
_ROWS: Final = 64
"""Rows in one product: few enough that BLAS does not spread it over processors."""
_NARROW_BITS: Final = 5
"""A window is narrow where its width has no more binary digits: then a product is the cheapest way."""
_COLLAPSED: Final = 1e-6
"""A variance below this share of the squared distance from the anchor has lost digits."""


class _NarrowSums:
    """The sums of windows of a width, each a share of what it would be, by products.

    A row of inputs reaches into the rows after it. BLAS takes no rows that overlap, so a product
    takes every second or fourth one.
    """

    __slots__ = ("_apart", "_band", "_inputs", "_row")

    def __init__(self, width: int, share: float) -> None:
        self._row = np.full(width, share)
        self._inputs = _BLOCK + width - 1
        self._apart = 2 if self._inputs <= 2 * _BLOCK else 4
        self._band = np.zeros((self._inputs, _BLOCK))
        for column in range(_BLOCK):
            self._band[column : column + width, column] = share

    def over(self, values: FloatArray, out: FloatArray) -> None:
        """Sum windows of finite values, of which the first `len(out)` are full."""
        count = len(out)
        rows = min(_ROWS, count // (self._apart * _BLOCK))
        if not rows:
            out[:] = np.convolve(values, self._row, mode="valid")
            return
        size = rows * self._apart * _BLOCK
        self._products(values, out[: count - count % size], rows)
        if count % size:
            self._products(values[count - size :], out[count - size :], rows)

    def _products(self, values: FloatArray, out: FloatArray, rows: int) -> None:
        """Sum as many windows as are whole products."""
        apart, item = self._apart, out.itemsize
        results = out.reshape(-1, rows, apart, _BLOCK).swapaxes(1, 2)
        steps = rows * apart * _BLOCK * item, _BLOCK * item, apart * _BLOCK * item, item
        shape = len(results), apart, rows, self._inputs
        inputs = np.ndarray(shape, np.float64, np.ascontiguousarray(values), strides=steps)
        np.matmul(inputs, self._band, out=results)


class Sums:
    """The sums of the windows of a period, each a share of what it would be, a stretch at a time."""

    __slots__ = ("_doublings", "_narrow", "_share", "_spare", "_width")

    def __init__(self, period: int, length: int, share: float = 1.0) -> None:
        """`length` is the most values that it will be given at a time."""
        spared = max(0, period.bit_length() - _NARROW_BITS)
        self._width = period >> spared
        self._doublings = f"{period:b}"[-spared:] if spared else ""
        self._share = share
        self._narrow = _NarrowSums(self._width, 1.0 if spared else share)
        self._spare = lines_of(2, length if spared else 0)

    def over(self, values: FloatArray, out: FloatArray) -> None:
        """Each sum goes to the place where its window ends; the values are finite."""
        if not self._doublings:
            self._narrow.over(values, out)
            return
        width, target = self._width, 1
        block = self._spare[0, : len(values) - width + 1]
        self._narrow.over(values, block)
        for bit in self._doublings:
            block = np.add(block[:-width], block[width:], out=self._spare[target, : len(block) - width])
            width, target = 2 * width, 1 - target
            if bit == "1":
                block = np.add(block[:-1], values[width:], out=block[:-1])
                width += 1
        np.multiply(block, self._share, out=out)


class Extremes:
    """The extremes of the windows of a period, a stretch at a time, where each window ends."""

    __slots__ = ("_period", "_spare")

    def __init__(self, period: int, length: int) -> None:
        """`length` is the most values that it will be given at a time."""
        self._period = period
        self._spare = lines_of(2, length)

    def largest(self, values: FloatArray, out: FloatArray) -> None:
        """The largest of each window."""
        self._pick(values, np.maximum, out)

    def smallest(self, values: FloatArray, out: FloatArray) -> None:
        """The smallest of each window."""
        self._pick(values, np.minimum, out)

    def _pick(self, values: FloatArray, pick: np.ufunc, out: FloatArray) -> None:
        """Of two windows of a power of two, which overlap."""
        block, width, target = values, 1, 0
        while 2 * width < self._period:
            block = pick(block[:-width], block[width:], out=self._spare[target, : len(block) - width])
            width, target = 2 * width, 1 - target
        rest = self._period - width
        pick(block[: len(block) - rest], block[rest:], out=out)


def windowed(length: int, reach: int, step: int = STRETCH) -> Iterator[tuple[slice, slice]]:
    """Where the full windows of each stretch end, and the values that they reach, so many before."""
    for here in stretches(reach, length, step):
        yield here, slice(here.start - reach, here.stop)


def most(length: int, reach: int, step: int = STRETCH) -> int:
    """How many values the windows of a stretch cover at most."""
    return min(step + reach, length)


def rolling_mean(values: FloatArray, period: int, out: FloatArray) -> None:
    """Means of windows, NaN before the first full one; a sum is divided: a third of 3 is 1."""
    sums = Sums(period, most(len(values), period - 1, LONG_STRETCH))
    out[: period - 1] = np.nan
    for here, covered in windowed(len(values), period - 1, LONG_STRETCH):
        sums.over(values[covered], out[here])
        out[here] /= period


def rolling_range(
    high: FloatArray, low: FloatArray, period: int, *, upper: FloatArray, lower: FloatArray
) -> None:
    """The largest high and the smallest low of windows, NaN before the first full one."""
    extremes = Extremes(period, most(len(high), period - 1))
    upper[: period - 1] = lower[: period - 1] = np.nan
    for here, covered in windowed(len(high), period - 1):
        extremes.largest(high[covered], upper[here])
        extremes.smallest(low[covered], lower[here])


def rolling_bands(
    values: FloatArray,
    period: int,
    multiple: float,
    *,
    upper: FloatArray,
    mean: FloatArray,
    lower: FloatArray,
) -> None:
    """Means of windows with bands at a multiple of their population standard deviation.

    Squares are taken of the distance from a value nearby. Where a window is so calm that this
    distance has eaten its digits, its variance is computed anew by itself.
    """
    length = most(len(values), period - 1)
    means, away_line = Sums(period, length, 1.0 / period), lines_of(1, length)[0]
    upper[: period - 1] = mean[: period - 1] = lower[: period - 1] = np.nan
    for here, covered in windowed(len(values), period - 1):
        part, middle, width, square = values[covered], mean[here], upper[here], lower[here]
        anchor = part[len(part) // 2]
        away = np.subtract(part, anchor, out=away_line[: len(part)])
        means.over(away, middle)
        np.multiply(middle, middle, out=square)
        np.multiply(away, away, out=away)
        means.over(away, width)
        width -= square
        if width.min() < _COLLAPSED * square.max():
            _look_closer(part, period, np.flatnonzero(width < _COLLAPSED * square), width)
        width *= multiple * multiple
        np.sqrt(width, out=width)
        middle += anchor
        np.subtract(middle, width, out=square)
        width += middle


def _look_closer(values: FloatArray, period: int, places: IntArray, variance: FloatArray) -> None:
    """Compute the variance of some windows by themselves, as many at a time as memory allows."""
    windows = np.lib.stride_tricks.sliding_window_view(values, period)
    group = max(1, 2**20 // period)
    for first in range(0, len(places), group):
        some = places[first : first + group]
        variance[some] = windows[some].var(axis=1)
