"""Vectorised kernels for seeding: the same results as the incremental ones, a million values at once.

Each writes to `out`, as long as its input and NaN until it is ready. Averages may write over their
input. They work in stretches that
stay in the processor's cache. Windows are built by doubling (a window of 20 from one of 16 and one
of 4), so that nothing is ever subtracted and no error gathers.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum
from typing import Final

import numpy as np
import numpy.typing as npt

from tradetui.market.ring import FloatArray

IntArray = npt.NDArray[np.intp]

_STRETCH: Final = 65_536
_BLOCK: Final = 16
_ROWS: Final = 960
"""Blocks that one matrix product takes: few enough that BLAS does not spread it over processors."""
_COLLAPSED: Final = 1e-6
"""A variance below this share of the squared distance from the anchor has lost digits."""


def _stretches(length: int, period: int) -> Iterator[tuple[int, int]]:
    """Where the windows of each stretch end: the first place, and the one after the last."""
    step = max(_STRETCH, 4 * period)
    for first in range(period - 1, length, step):
        yield first, min(first + step, length)


def _windows(values: FloatArray, period: int, combine: np.ufunc, out: FloatArray) -> None:
    """Combine each full window, every value once, by doubling."""
    total, covered = values[:0], 0
    block, width = values, 1
    while covered + width < period:
        if period & width:
            total = combine(total[: len(block) - covered], block[covered:]) if covered else block
            covered += width
        block = combine(block[:-width], block[width:])
        width *= 2
    if covered:
        combine(total[: len(block) - covered], block[covered:], out=out)
    else:
        out[:] = block


def rolling_mean(values: FloatArray, period: int, out: FloatArray) -> FloatArray:
    """Means of windows."""
    out[: period - 1] = np.nan
    for first, last in _stretches(len(values), period):
        _windows(values[first - period + 1 : last], period, np.add, out[first:last])
        out[first:last] /= period
    return out


def rolling_deviation(values: FloatArray, period: int, *, mean: FloatArray, deviation: FloatArray) -> None:
    """Means and population standard deviations of windows.

    Squares are taken of the distance from a value nearby. Where a window is so calm that this
    distance has eaten its digits, it is computed anew by itself.
    """
    mean[: period - 1] = deviation[: period - 1] = np.nan
    for first, last in _stretches(len(values), period):
        part = values[first - period + 1 : last]
        anchor = part[len(part) // 2]
        away = part - anchor
        middle, spread = mean[first:last], deviation[first:last]
        _windows(away, period, np.add, middle)
        middle *= 1.0 / period
        np.multiply(away, away, out=away)
        _windows(away, period, np.add, spread)
        spread *= 1.0 / period
        square = middle * middle
        spread -= square
        square *= _COLLAPSED
        _look_closer(part, period, np.flatnonzero(spread < square), spread)
        np.sqrt(spread, out=spread)
        middle += anchor


def _look_closer(values: FloatArray, period: int, places: IntArray, variance: FloatArray) -> None:
    """Compute the variances of some windows by themselves, as many at a time as memory allows."""
    windows = np.lib.stride_tricks.sliding_window_view(values, period)
    group = max(1, _STRETCH * _BLOCK // period)
    for first in range(0, len(places), group):
        some = places[first : first + group]
        variance[some] = windows[some].var(axis=1)


def rolling_max(values: FloatArray, period: int, out: FloatArray) -> FloatArray:
    """The largest of windows."""
    return _extremes(values, period, np.maximum, out)


def rolling_min(values: FloatArray, period: int, out: FloatArray) -> FloatArray:
    """The smallest of windows."""
    return _extremes(values, period, np.minimum, out)


def _extremes(values: FloatArray, period: int, pick: np.ufunc, out: FloatArray) -> FloatArray:
    """The extremes of windows: of two windows of a power of two that overlap."""
    out[: period - 1] = np.nan
    for first, last in _stretches(len(values), period):
        block, width = values[first - period + 1 : last], 1
        while width * 2 <= period:
            block = pick(block[:-width], block[width:])
            width *= 2
        rest = period - width
        pick(block[: len(block) - rest], block[rest:], out=out[first:last])
    return out


def recursion(values: FloatArray, gain: float, decay: float, *, start: float, out: FloatArray) -> FloatArray:
    """The recursion y = decay * y + gain * x from a start value; `out` may be `values`.

    A block is a product with a triangular matrix of powers. The ends of the blocks follow the same
    recursion with the decay of a whole block; each is carried into the next block as one more input.
    """
    rows, rest = divmod(len(values), _BLOCK)
    if rows < 2:
        return _step_by_step(values, gain, decay, start=start, out=out)
    body = rows * _BLOCK
    blocks, result = values[:body].reshape(rows, _BLOCK), out[:body].reshape(rows, _BLOCK)
    weights = _weights(gain, decay)
    carried = np.empty(rows + 1)
    carried[0] = start
    ends = _ends(blocks, weights[:_BLOCK, -1].copy())
    recursion(ends, 1.0, float(weights[_BLOCK, -1]), start=start, out=carried[1:])
    inputs = np.empty((_ROWS, _BLOCK + 1))
    for first in range(0, rows, _ROWS):
        last = min(first + _ROWS, rows)
        part = inputs[: last - first]
        part[:, :_BLOCK] = blocks[first:last]
        part[:, _BLOCK] = carried[first:last]
        np.matmul(part, weights, out=result[first:last])
    if rest:
        _step_by_step(values[body:], gain, decay, start=float(carried[-1]), out=out[body:])
    return out


def _weights(gain: float, decay: float) -> FloatArray:
    """What each input of a block, and the end of the block before, adds to each of its outputs."""
    lag = np.arange(_BLOCK) - np.arange(_BLOCK)[:, np.newaxis]
    weights = np.empty((_BLOCK + 1, _BLOCK))
    weights[:_BLOCK] = np.where(lag < 0, 0.0, gain * np.power(decay, np.maximum(lag, 0)))
    weights[_BLOCK] = np.power(decay, np.arange(1.0, _BLOCK + 1))
    return weights


def _ends(blocks: FloatArray, weights: FloatArray) -> FloatArray:
    """What each block by itself adds to its last output."""
    ends = np.empty(len(blocks))
    for first in range(0, len(blocks), _ROWS // 2):
        here = slice(first, first + _ROWS // 2)
        np.matmul(blocks[here], weights, out=ends[here])
    return ends


def _step_by_step(
    values: FloatArray, gain: float, decay: float, *, start: float, out: FloatArray
) -> FloatArray:
    """The recursion as it is written."""
    for place, value in enumerate(values.tolist()):
        out[place] = start = decay * start + gain * value
    return out


def cumulative(values: FloatArray, out: FloatArray, *, factor: float = 1.0) -> FloatArray:
    """Sums of everything so far, times a factor; `out` may be `values`."""
    return recursion(values, factor, 1.0, start=0.0, out=out)


def _averaged(values: FloatArray, period: int, alpha: float, out: FloatArray) -> FloatArray:
    """An exponential average seeded with the mean of its first values; NaN before them is skipped."""
    first = 0
    while np.isnan(values[first]):
        first += 1
    begin = first + period
    start = fsum(values[first:begin].tolist()) / period
    recursion(values[begin:], alpha, 1.0 - alpha, start=start, out=out[begin:])
    out[: begin - 1] = np.nan
    out[begin - 1] = start
    return out


def ema(values: FloatArray, period: int, out: FloatArray) -> FloatArray:
    """The usual exponential average."""
    return _averaged(values, period, 2.0 / (period + 1), out)


def wilder(values: FloatArray, period: int, out: FloatArray) -> FloatArray:
    """Wilder's average."""
    return _averaged(values, period, 1.0 / period, out)


def divide(above: FloatArray, below: FloatArray, otherwise: float) -> None:
    """Divide in place; another value where the divisor is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        above /= below
    if not below.all():
        above[below == 0.0] = otherwise


def products(
    high: FloatArray, low: FloatArray, close: FloatArray, *, by: FloatArray, out: FloatArray
) -> None:
    """Three times the typical price, times another column."""
    for first in range(0, len(close), _STRETCH):
        here = slice(first, first + _STRETCH)
        part = out[here]
        np.add(high[here], low[here], out=part)
        part += close[here]
        part *= by[here]


def true_range(high: FloatArray, low: FloatArray, close: FloatArray, out: FloatArray) -> FloatArray:
    """Wilder's true range; NaN for the first bar, which has no close before it."""
    out[:1] = np.nan
    for first in range(1, len(close), _STRETCH):
        here, before = slice(first, first + _STRETCH), slice(first - 1, min(first + _STRETCH, len(close)) - 1)
        np.maximum(high[here], close[before], out=out[here])
        out[here] -= np.minimum(low[here], close[before])
    return out
