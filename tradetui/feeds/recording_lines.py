"""A block of a recording's lines, read without cutting it up: their times and what they begin with.

The usual line is a time of 19 digits, a blank and a frame. Eight bytes at a time are compared for
all lines at once; whatever is unusual is left to a closer look at single lines.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

STAMP: Final = 19
"""Digits of a time in nanoseconds from 2001 to 2286."""
_HEADS: Final = (20, 28, 36, 44, 47)
"""Windows of eight bytes that together tell a line's stream: the bytes 20 to 55."""
_PAD: Final = b"\0" * 64
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Words = NDArray[np.uint64]
Positions = NDArray[np.intp]


class LineBlock:
    """Whole lines of text, the last line end left out."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._padded = text + _PAD
        ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n"))
        self._starts: Positions = np.concatenate([np.zeros(1, dtype=np.intp), ends + 1])
        self._words = np.ndarray((len(text) + 56,), dtype=">u8", buffer=self._padded, strides=(1,))

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def lines(self) -> list[bytes]:
        """The lines, empty ones included."""
        return self.text.split(b"\n")

    def line(self, number: int) -> bytes:
        """One line, counted from zero."""
        start = int(self._starts[number])
        end = self.text.find(b"\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]

    def span(self) -> tuple[int, int] | None:
        """First and last time where all lines have usual ones that never fall; None where not."""
        high, low, rest = (self._at(offset) for offset in (0, 8, 12))
        blank = (rest & np.uint64(0xFF)) == np.uint64(ord(" "))
        digits = _are_digits(high) & _are_digits(low) & _are_digits(rest | np.uint64(0x30))
        same = high[1:] == high[:-1]
        lower = low[1:] == low[:-1]
        rises = (high[1:] > high[:-1]) | (same & ((low[1:] > low[:-1]) | (lower & (rest[1:] >= rest[:-1]))))
        if not (blank.all() and digits.all() and rises.all()):
            return None
        return int(self.line(0)[:STAMP]), int(self.line(len(self) - 1)[:STAMP])

    def heads(self) -> Words:
        """A number for each line that is equal for lines that begin alike behind the time."""
        mixed = np.zeros(len(self), dtype=np.uint64)
        for offset in _HEADS:
            mixed = (mixed ^ self._at(offset)) * _MIX
            mixed ^= mixed >> np.uint64(29)
        return mixed

    def _at(self, offset: int) -> Words:
        """Eight bytes of every line as one number, first byte highest; short lines reach into the next."""
        places = np.minimum(self._starts + offset, len(self.text))
        return self._words[places].astype(np.uint64)


def _are_digits(words: Words) -> NDArray[np.bool_]:
    """Whether all eight bytes are decimal digits."""
    tens = np.uint64(0xF0F0F0F0F0F0F0F0)
    zeros = np.uint64(0x3030303030303030)
    carried = words + np.uint64(0x0606060606060606)
    found: NDArray[np.bool_] = ((words & tens) == zeros) & ((carried & tens) == zeros)
    return found
