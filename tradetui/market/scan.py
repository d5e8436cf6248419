"""Vectorised kernels for seeding: the same results as the incremental ones, a million values at once.

Windows are built by doubling (a window of 20 from one of 16 and one of 4), so that nothing is ever
subtracted and no error gathers. Every result has the length of its input, NaN until it is ready.
"""

from __future__ import annotations

from math import fsum, log
from typing import Final

import numpy as np

from tradetui.market.ring import FloatArray

_SPAN: Final = 60.0
"""Rows of the exponential scan are as long as it takes the weight to fall to exp(-60)."""


def _padded(values: FloatArray, length: int) -> FloatArray:
    """Values at the end of an array of the given length, NaN before them."""
    result = np.empty(length)
    result[: length - len(values)] = np.nan
    result[length - len(values) :] = values
    return result


def rolling_sum(values: FloatArray, period: int) -> FloatArray:
    """Sums of windows."""
    total, covered = None, 0
    block, width = values, 1
    while True:
        if period & width:
            total = block if total is None else total[: len(block) - covered] + block[covered:]
            covered += width
        if total is not None and covered == period:
            return _padded(total, len(values))
        block = block[:-width] + block[width:]
        width *= 2


def rolling_mean(values: FloatArray, period: int) -> FloatArray:
    """Means of windows."""
    result = rolling_sum(values, period)
    result /= period
    return result


def rolling_deviation(values: FloatArray, period: int) -> tuple[FloatArray, FloatArray]:
    """Means and population standard deviations of windows, by merging the spreads of their parts (Chan)."""
    total, spread, covered = values[:0], values[:0], 0
    block, block_spread, width = values, np.zeros_like(values), 1
    while True:
        if period & width:
            if covered:
                older, newer = total[: len(block) - covered], block[covered:]
                apart = older / covered - newer / width
                merged = apart * apart * (covered * width / (covered + width))
                merged += spread[: len(newer)]
                merged += block_spread[covered:]
                total, spread = older + newer, merged
            else:
                total, spread = block, block_spread
            covered += width
        if covered == period:
            return _padded(total / period, len(values)), _padded(np.sqrt(spread / period), len(values))
        block, block_spread = _doubled(block, block_spread, width)
        width *= 2


def _doubled(block: FloatArray, spread: FloatArray, width: int) -> tuple[FloatArray, FloatArray]:
    """Sums and spreads of windows twice as long."""
    apart = block[:-width] - block[width:]
    apart *= apart
    apart *= 0.5 / width
    if width > 1:
        apart += spread[:-width]
        apart += spread[width:]
    return block[:-width] + block[width:], apart


def rolling_max(values: FloatArray, period: int) -> FloatArray:
    """The largest of windows."""
    block, width = values, 1
    while width * 2 <= period:
        block = np.maximum(block[:-width], block[width:])
        width *= 2
    rest = period - width
    return _padded(np.maximum(block[: len(block) - rest], block[rest:]), len(values))


def rolling_min(values: FloatArray, period: int) -> FloatArray:
    """The smallest of windows."""
    block, width = values, 1
    while width * 2 <= period:
        block = np.minimum(block[:-width], block[width:])
        width *= 2
    rest = period - width
    return _padded(np.minimum(block[: len(block) - rest], block[rest:]), len(values))


def smoothed(values: FloatArray, alpha: float, start: float) -> FloatArray:
    """The recursion y = y + alpha * (x - y) from a start value.

    Within a row the sum of x / beta^j is cumulative; the row is short enough that the powers stay
    far from overflow, and what the row before hands on is added at the row's start.
    """
    beta = 1.0 - alpha
    if beta <= 0.0 or not len(values):
        return values.copy()
    width = max(1, min(len(values), int(_SPAN / -log(beta))))
    powers = np.power(beta, np.arange(1, width + 1, dtype=np.float64))
    weights, decay = alpha / powers, float(powers[-1])
    rows, rest = divmod(len(values), width)
    result = np.empty(len(values))
    block = result[: rows * width].reshape(rows, width)
    np.multiply(values[: rows * width].reshape(rows, width), weights, out=block)
    np.cumsum(block, axis=1, out=block)
    carries = []
    for end in block[:, -1].tolist():
        carries.append(start)
        start = (start + end) * decay
    block += np.array(carries)[:, np.newaxis]
    block *= powers
    if rest:
        tail = np.cumsum(values[rows * width :] * weights[:rest])
        result[rows * width :] = (tail + start) * powers[:rest]
    return result


def seeded(values: FloatArray, period: int, alpha: float) -> FloatArray:
    """An exponential average seeded with the mean of the first `period` values.

    NaN at the beginning of the input is skipped.
    """
    first = int(np.isnan(values).argmin()) if len(values) and np.isnan(values[0]) else 0
    result = np.empty(len(values))
    begin = first + period
    result[: begin - 1] = np.nan
    result[begin - 1] = mean = fsum(values[first:begin].tolist()) / period
    result[begin:] = smoothed(values[begin:], alpha, mean)
    return result


def ema(values: FloatArray, period: int) -> FloatArray:
    """The usual exponential average."""
    return seeded(values, period, 2.0 / (period + 1))


def wilder(values: FloatArray, period: int) -> FloatArray:
    """Wilder's average."""
    return seeded(values, period, 1.0 / period)


def true_range(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Wilder's true range; NaN for the first bar, which has no close before it."""
    result = np.empty(len(close))
    result[:1] = np.nan
    np.maximum(high[1:], close[:-1], out=result[1:])
    result[1:] -= np.minimum(low[1:], close[:-1])
    return result
