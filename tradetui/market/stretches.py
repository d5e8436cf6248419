"""A long history in parts that stay in the processor's cache, and memory to work in.

What is written to begins at a cache line where it can: a store across two of them takes twice the
time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from tradetui.market.ring import FloatArray

LONG_STRETCH: Final = 65_536
"""Values at a time where there are up to four lines of them."""
STRETCH: Final = LONG_STRETCH // 2
"""Values at a time where there are more lines."""
_LINE: Final = 8
"""Numbers in a cache line."""


def stretches(begin: int, length: int, step: int = STRETCH) -> Iterator[slice]:
    """The parts, from a place on: all but the first and the last as long as a step."""
    while begin < length:
        end = min(begin // step * step + step, length)
        yield slice(begin, end)
        begin = end


def lines_of(count: int, length: int) -> FloatArray:
    """Lines to write to, shape (count, length), each beginning at a cache line."""
    width = -(-length // _LINE) * _LINE
    memory: FloatArray = np.empty(count * width + _LINE)
    begin = -(memory.__array_interface__["data"][0] // memory.itemsize) % _LINE
    return memory[begin : begin + count * width].reshape(count, width)[:, :length]


def previous(values: FloatArray, here: slice) -> FloatArray:
    """The value before each of a stretch; before the first of all, itself."""
    if here.start:
        return values[here.start - 1 : here.stop - 1]
    return np.concatenate((values[:1], values[: here.stop - 1]))


def divide(above: FloatArray, below: FloatArray, otherwise: float) -> None:
    """Divide in place by what is zero or more; another value where it is zero."""
    faults: list[str] = []
    with np.errstate(divide="call", invalid="call", call=lambda fault, _: faults.append(fault)):
        above /= below
    if faults:
        above[below == 0.0] = otherwise
