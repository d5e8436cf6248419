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

    __slots__ = ("least", "most", "newest", "until")

    def __init__(self) -> None:
        self.newest = 0
        """Of what was believed, nanoseconds UTC; 0 before."""
        self.least, self.most, self.until = 0, -1, 0
        """Nanoseconds between which a delay is usual, and until when."""

    def is_usual(self, stamp: int, ts_received: int) -> bool:
        """Whether nothing is to be said of a time: it can be, and took as long as those before it."""
        newest = self.newest
        if (
            newest - _BACK_NS <= stamp
            and self.least <= ts_received - stamp <= self.most
            and ts_received < self.until
        ):
            if stamp > newest:
                self.newest = stamp
            return True
        return False

    def expect(self, least: int, most: int, until: int) -> None:
        """Until a moment, delays in these bounds are usual; nanoseconds."""
        self.least, self.most, self.until = least, most, until

    def believes(self, stamp: int, ts_received: int) -> bool:
        """Whether a time can be, nanoseconds UTC; a time of none can while there never was one."""
        if stamp and self.newest - _BACK_NS <= stamp <= self.newest:
            return True
        if not stamp:
            return not self.newest
        if not _EARLIEST_NS < stamp < ts_received + _AHEAD_NS:
            return False
        if stamp < self.newest - _BACK_NS:
            return False
        if stamp > self.newest:
            self.newest = min(stamp, ts_received)
        return True
