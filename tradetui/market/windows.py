"""Sums and extremes of the windows of a history.

A window is made of two of half its size, so that nothing is ever subtracted and no error gathers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from tradetui.market.ring import FloatArray
from tradetui.market.stretches import STRETCH, lines_of, stretches

IntArray = npt.NDArray[np.intp]

_STEP: Final = STRETCH
_COLLAPSED: Final = 1e-6
"""A spread below this share of the squared distance from the anchor has lost digits."""


class Windows:
    """The windows of a period, a stretch at a time; each gives its value to the place where it ends."""

    __slots__ = ("_period", "_spare")

    def __init__(self, period: int, length: int) -> None:
        """`length` is the most values that it will be given at a time."""
        self._period = period
        self._spare = lines_of(2, length)

    def sums(self, values: FloatArray, out: FloatArray) -> None:
        """Of two windows of half the size, and of one more value where that is odd."""
        block, width, target = values, 1, 0
        if self._period == 1:
            out[:] = values
        for bit in bin(self._period)[3:]:
            into = out if 2 * width == self._period else self._spare[target, : len(block) - width]
            block = np.add(block[:-width], block[width:], out=into)
            width, target = 2 * width, 1 - target
            if bit == "1":
                into = out if width + 1 == self._period else block[:-1]
                block = np.add(block[:-1], values[width:], out=into)
                width += 1

    def means(self, values: FloatArray, out: FloatArray) -> None:
        """The means of full windows."""
        self.sums(values, out)
        out *= 1.0 / self._period

    def largest(self, values: FloatArray, out: FloatArray) -> None:
        """The largest of each window."""
        self._extremes(values, np.maximum, out)

    def smallest(self, values: FloatArray, out: FloatArray) -> None:
        """The smallest of each window."""
        self._extremes(values, np.minimum, out)

    def _extremes(self, values: FloatArray, pick: np.ufunc, out: FloatArray) -> None:
        """Of two windows of a power of two, which overlap."""
        block, width, target = values, 1, 0
        while 2 * width < self._period:
            block = pick(block[:-width], block[width:], out=self._spare[target, : len(block) - width])
            width, target = 2 * width, 1 - target
        rest = self._period - width
        pick(block[: len(block) - rest], block[rest:], out=out)


def windowed(length: int, reach: int) -> Iterator[tuple[slice, slice]]:
    """Where the full windows of each stretch end, and the values that they reach, so many before."""
    for here in stretches(reach, length, _STEP):
        yield here, slice(here.start - reach, here.stop)


def most(length: int, reach: int) -> int:
    """How many values the windows of a stretch cover at most."""
    return min(_STEP + reach, length)


def rolling_mean(values: FloatArray, period: int, out: FloatArray) -> None:
    """Means of windows, NaN before the first full one."""
    windows = Windows(period, most(len(values), period - 1))
    out[: period - 1] = np.nan
    for here, covered in windowed(len(values), period - 1):
        windows.means(values[covered], out[here])


def rolling_range(
    high: FloatArray, low: FloatArray, period: int, *, upper: FloatArray, lower: FloatArray
) -> None:
    """The largest high and the smallest low of windows, NaN before the first full one."""
    windows = Windows(period, most(len(high), period - 1))
    upper[: period - 1] = lower[: period - 1] = np.nan
    for here, covered in windowed(len(high), period - 1):
        windows.largest(high[covered], upper[here])
        windows.smallest(low[covered], lower[here])


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
    length, share = most(len(values), period - 1), 1.0 / period
    windows, away_line = Windows(period, length), lines_of(1, length)[0]
    upper[: period - 1] = mean[: period - 1] = lower[: period - 1] = np.nan
    for here, covered in windowed(len(values), period - 1):
        part, middle, width, square = values[covered], mean[here], upper[here], lower[here]
        anchor = part[len(part) // 2]
        away = np.subtract(part, anchor, out=away_line[: len(part)])
        windows.sums(away, square)
        np.multiply(square, share, out=middle)
        square *= middle
        np.multiply(away, away, out=away)
        windows.sums(away, width)
        width -= square
        if width.min() < _COLLAPSED * square.max():
            _look_closer(part, period, np.flatnonzero(width < _COLLAPSED * square), width)
        width *= multiple * multiple * share
        np.sqrt(width, out=width)
        middle += anchor
        np.subtract(middle, width, out=square)
        width += middle


def _look_closer(values: FloatArray, period: int, places: IntArray, spread: FloatArray) -> None:
    """Compute the spread of some windows by themselves, as many at a time as memory allows."""
    windows = np.lib.stride_tricks.sliding_window_view(values, period)
    group = max(1, 2**20 // period)
    for first in range(0, len(places), group):
        some = places[first : first + group]
        spread[some] = windows[some].var(axis=1) * period
