"""What was traded at each tick near the market, in memory that is taken at once and stays as it is."""

from __future__ import annotations

from array import array
from typing import Final

SPAN: Final = 1 << 14
"""Ticks that are kept; the market starts in their middle, and they move when it leaves them."""
_BYTES: Final = 8


class Volumes:
    """Volumes by tick, at most `SPAN` ticks wide; what is farther away is forgotten."""

    __slots__ = ("_first", "_volumes")

    def __init__(self) -> None:
        self._first: int | None = None
        self._volumes = array("d", bytes(SPAN * _BYTES))

    def add(self, tick: int, qty: float) -> None:
        """Count a print at a tick."""
        first = self._first
        if first is None or not 0 <= tick - first < SPAN:
            first = self._move_to(tick)
        self._volumes[tick - first] += qty

    def within(self, ticks: range) -> float:
        """What was traded at a range of ticks, which goes up by one, together."""
        if self._first is None:
            return 0.0
        low, high = (max(0, end - self._first) for end in (ticks.start, ticks.stop))
        return sum(self._volumes[low:high])

    def _move_to(self, tick: int) -> int:
        """Bring a tick into the middle; returns the first one kept."""
        before, first = self._first, tick - SPAN // 2
        kept, self._volumes = self._volumes, array("d", bytes(SPAN * _BYTES))
        if before is not None:
            begin, end = max(before, first), min(before, first) + SPAN
            if begin < end:
                self._volumes[begin - first : end - first] = kept[begin - before : end - before]
        self._first = first
        return first
