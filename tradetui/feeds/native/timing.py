"""Which of a venue's times can be: the others are left out, so that no candle or delay is judged by them.

Assumptions. Nothing was printed before 2000 or is from tomorrow, and a symbol's times go back by less than
a minute: more is a venue's clock gone wrong. A clock of ours that is off by hours is none of it.
"""

from __future__ import annotations

from typing import Final

_EARLIEST_NS: Final = 946_684_800_000_000_000
_AHEAD_NS: Final = 86_400_000_000_000
_BACK_NS: Final = 60_000_000_000


class VenueTime:
    """The times of one symbol."""

    __slots__ = ("_least", "_most", "_newest", "_until")

    def __init__(self) -> None:
        self._newest = 0
        self._least, self._most, self._until = 0, -1, 0

    def is_usual(self, stamp: int, ts_received: int) -> bool:
        """Whether nothing is to be said of a time: none before was later, and it took as long as they."""
        delay = ts_received - stamp
        if stamp >= self._newest and self._least <= delay <= self._most and ts_received < self._until:
            self._newest = stamp
            return True
        return False

    def expect(self, least: int, most: int, until: int) -> None:
        """Until a moment, delays in these bounds are usual; nanoseconds."""
        self._least, self._most, self._until = least, most, until

    def believes(self, stamp: int, ts_received: int) -> bool:
        """Whether a time can be, nanoseconds UTC; a time of none can while there never was one."""
        if stamp and self._newest - _BACK_NS <= stamp <= self._newest:
            return True
        if not stamp:
            return not self._newest
        if not _EARLIEST_NS < stamp < ts_received + _AHEAD_NS:
            return False
        if stamp < self._newest - _BACK_NS:
            return False
        if stamp > self._newest:
            self._newest = min(stamp, ts_received)
        return True
