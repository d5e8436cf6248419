"""What we have already taken of the displayed book (engine rule R-MAT-1, section 7.2).

The venue's book is never altered. A level that shrinks is assumed to have lost first the part that we
pretended to take: somebody else has taken it. What we took of a level that does not shrink stays
taken, also across a resync, so reconnecting refills nothing.
"""

from __future__ import annotations

from tradetui.domain.market_data import Side
from tradetui.trading.match_types import Depth, LotGrid


class Overlay:
    """Our consumption by side and tick, in lots; empty until we take something."""

    __slots__ = ("_carry", "_consumed", "_displayed", "_grid", "_restored")

    def __init__(self, grid: LotGrid, *, carry: bool = True) -> None:
        self._grid = grid
        self._carry = carry
        self._consumed: dict[tuple[Side, int], int] = {}
        self._displayed: dict[tuple[Side, int], int] = {}
        self._restored: dict[tuple[Side, int], int] = {}
        """Until when what was taken before a restart counts, if no book came since."""

    def __len__(self) -> int:
        return len(self._consumed)

    def consumed(self, side: Side, tick: int) -> int:
        """Lots of a level that are ours already."""
        return self._consumed.get((side, tick), 0)

    def available(self, side: Side, tick: int, displayed: int) -> int:
        """Lots of a level that can still be taken."""
        return max(0, displayed - self._consumed.get((side, tick), 0))

    def take(self, side: Side, tick: int, *, lots: int, displayed: int) -> None:
        """Count lots of a level as taken."""
        key = (side, tick)
        self._consumed[key] = self._consumed.get(key, 0) + lots
        self._displayed[key] = displayed

    def restore(self, side: Side, tick: int, *, lots: int, displayed: int, until: int) -> None:
        """Count what was taken before a restart, unless the first book comes later than `until`."""
        key = (side, tick)
        self._consumed[key], self._displayed[key], self._restored[key] = lots, displayed, until

    def on_book_change(self, book: Depth, *, now: int = 0) -> None:
        """Follow the levels that we took from; costs one comparison while there are none."""
        if not self._consumed:
            return
        if self._restored:
            self._forget(now)
        for key, before in list(self._displayed.items()):
            now = self._grid.lots(book.qty_at(*key))
            if now != before:
                self._follow(key, before, now)

    def _forget(self, now: int) -> None:
        """At the first book after a restart: what was taken too long ago is not there any more."""
        for key, until in self._restored.items():
            if until < now:
                del self._consumed[key], self._displayed[key]
        self._restored.clear()

    def _follow(self, key: tuple[Side, int], before: int, now: int) -> None:
        """Apply the shrink rule to one level whose size went from before to now."""
        left = max(0, self._consumed[key] - max(0, before - now)) if self._carry else 0
        if now == 0 or left == 0:
            del self._consumed[key], self._displayed[key]
            return
        self._consumed[key] = left
        self._displayed[key] = now

    def seed(self, book: Depth, side: Side, *, to_tick: int, lots: int) -> None:
        """Count a print's size as gone from the levels of a side, best first, as far as its price."""
        for tick, qty in book.levels(side):
            if lots <= 0 or (tick - to_tick) * side.sign < 0:
                return
            displayed = self._grid.lots(qty)
            eaten = min(lots, self.available(side, tick, displayed))
            if eaten:
                self.take(side, tick, lots=eaten, displayed=displayed)
                lots -= eaten
