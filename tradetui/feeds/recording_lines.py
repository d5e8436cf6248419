"""A block of a recording's lines: their times and what they begin with.

The usual line is a time of 19 digits, a blank and a frame. The same few bytes are compared for all
lines at once; whatever is unusual is left to a closer look at single lines.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

STAMP: Final = 19
"""Digits of a time in nanoseconds from 2001 to 2286."""
_HEAD: Final = slice(20, 55)
"""The bytes that tell a line's stream."""
_HEAD_WORDS: Final = 5
PAD: Final = b"\n" + b"\0" * 63
"""Ends the last line of a text, and lets what looks at many bytes at once look beyond it."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_POWERS: Final = 10 ** np.arange(STAMP - 1, -1, -1, dtype=np.uint64)

Words = NDArray[np.uint64]
Stamped = tuple[int, bytes]
"""A line, its line end included, with its receive time, 0 where it has none."""


def stamp_of(line: bytes) -> int | None:
    """The receive time of a line; None where it has none."""
    head, _, frame = line.partition(b" ")
    return int(head) if head.isdigit() and frame.startswith(b"{") else None


@dataclass(frozen=True, slots=True)
class StampedLines:
    """Lines with their times, in order."""

    lines: list[bytes]
    times: Words | None
    """None where some line is unusual."""

    def __iter__(self) -> Iterator[Stamped]:
        if self.times is not None:
            return zip(self.times.tolist(), self.lines, strict=True)
        return ((stamp_of(line) or 0, line) for line in self.lines if line != b"\n")


class LineBlock:
    """Whole lines of text, the last line end left out."""

    def __init__(self, text: bytes) -> None:
        self.padded = text + PAD
        self.lines = BytesIO(self.padded).readlines()[:-1]
        """The lines with their ends, empty ones included; it takes a third less than `split`."""
        lengths = np.fromiter(map(len, self.lines), dtype=np.intp, count=len(self.lines))
        self._starts = np.cumsum(lengths) - lengths

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def times(self) -> Words | None:
        """The times where all lines have usual ones that never fall; None where not."""
        heads = self._at(0, STAMP + 1)
        digits = heads[:, :STAMP] - np.uint8(ord("0"))
        if (digits > 9).any() or (heads[:, STAMP] != ord(" ")).any():
            return None
        times: Words = digits @ _POWERS
        return times if (times[1:] >= times[:-1]).all() else None

    def stamped(self) -> StampedLines:
        """The lines with their times, without the rest of what a block knows."""
        return StampedLines(self.lines, self.times)

    def heads(self) -> Words:
        """A number for each line that is equal for lines that begin alike behind the time."""
        heads = np.zeros((len(self), 8 * _HEAD_WORDS), dtype=np.uint8)
        heads[:, : _HEAD.stop - _HEAD.start] = self._at(_HEAD.start, _HEAD.stop - _HEAD.start)
        mixed = np.zeros(len(self), dtype=np.uint64)
        for words in heads.view(np.uint64).T:
            mixed = (mixed ^ words) * _MIX
            mixed ^= mixed >> np.uint64(29)
        return mixed

    def _at(self, offset: int, count: int) -> NDArray[np.uint8]:
        """So many bytes of every line, shape (lines, count); short lines reach into the next."""
        window = np.dtype((np.void, count))
        windows = np.ndarray((len(self.padded) - count + 1,), window, self.padded, strides=(1,))
        found: NDArray[np.uint8] = windows[self._starts + offset].view(np.uint8)
        return found.reshape(-1, count)


def merged(
    sources: Sequence[Iterable[Iterable[Stamped]]], spans: Sequence[tuple[int, int]]
) -> Iterator[Iterable[Stamped]]:
    """The blocks of several files by receive time; files that do not overlap come one after the other."""
    order = sorted(range(len(sources)), key=lambda number: (spans[number][0], number))
    if all(spans[early][1] <= spans[late][0] for early, late in pairwise(order)):
        for number in order:
            yield from sources[number]
        return
    streams = [_placed(sources[number]) for number in order]
    for _, stamped in heapq.merge(*streams, key=lambda placed: placed[0]):
        yield [stamped]


def _placed(blocks: Iterable[Iterable[Stamped]]) -> Iterator[tuple[int, Stamped]]:
    """Lines with the times that order them: one that has none stays behind the line before it."""
    last = 0
    for block in blocks:
        for stamped in block:
            last = stamped[0] or last
            yield last, stamped
