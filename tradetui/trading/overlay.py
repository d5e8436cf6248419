"""What is displayed and yet not there for us: what we took, and what prints took (rule R-MAT-1, section 7.2).

The venue's book is never altered. A level that shrinks is assumed to have lost first what prints have
eaten of it that it did not show yet, then the part that we pretended to take: somebody else has taken
it. What we took of a level that does not shrink stays taken, also across a resync, so reconnecting
refills nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from tradetui.domain.market_data import Side
from tradetui.trading.match_types import Depth, LotGrid


class Overlay:
    """Our consumption by side and tick, in lots; empty until we take something."""

    __slots__ = ("_carry", "_consumed", "_displayed", "_eaten", "_grid", "_restored")

    def __init__(self, grid: LotGrid, *, carry: bool = True) -> None:
        self._grid = grid
        self._carry = carry
        self._consumed: dict[tuple[Side, int], int] = {}
        self._eaten: dict[tuple[Side, int], int] = {}
        """What prints took of levels that do not show it yet."""
        self._displayed: dict[tuple[Side, int], int] = {}
        """The size of each level in the two above when it was last looked at."""
        self._restored: dict[tuple[Side, int], int] = {}
        """Until when what was taken before a restart counts, if no book came since."""

    def __len__(self) -> int:
        return len(self._consumed)

    def consumed(self, side: Side, tick: int) -> int:
        """Lots of a level that are ours already."""
        return self._consumed.get((side, tick), 0)

    def eaten(self, side: Side, tick: int) -> int:
        """Lots of a level that prints took and the book still shows."""
        return self._eaten.get((side, tick), 0)

    def available(self, side: Side, tick: int, displayed: int) -> int:
        """Lots of a level that can still be taken."""
        key = (side, tick)
        return max(0, displayed - self._consumed.get(key, 0) - self._eaten.get(key, 0))

    def copy(self) -> Overlay:
        """Another one that goes its own way from here."""
        twin = Overlay(self._grid, carry=self._carry)
        twin._consumed, twin._displayed = dict(self._consumed), dict(self._displayed)
        twin._eaten, twin._restored = dict(self._eaten), dict(self._restored)
        return twin

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
        if not self._displayed:
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
                self._drop(key)
        self._restored.clear()

    def _follow(self, key: tuple[Side, int], before: int, now: int) -> None:
        """Apply the shrink rule to one level whose size went from before to now."""
        gone, eaten = max(0, before - now), self._eaten.pop(key, 0)
        consumed = self._consumed.pop(key, 0)
        left = max(0, consumed - max(0, gone - eaten)) if self._carry else 0
        unseen = max(0, eaten - gone)
        if now and left:
            self._consumed[key] = left
        if now and unseen:
            self._eaten[key] = unseen
        if now and (left or unseen):
            self._displayed[key] = now
        else:
            del self._displayed[key]

    def _drop(self, key: tuple[Side, int]) -> None:
        del self._displayed[key]
        self._consumed.pop(key, None)
        self._eaten.pop(key, None)

    def eat(self, book: Depth, side: Side, prints: Sequence[tuple[int, int]]) -> None:
        """Take off what prints (tick, lots) have eaten of a side: what was better, and there their size.

        The worst of them passed all that the others ate, so one walk does for all. Of a side whose every
        level is better than a print, only its size is taken off: something is to be known still.
        """
        worst = min((tick for tick, _ in prints), key=lambda tick: tick * side.sign)
        passed: list[tuple[int, int]] = []
        for tick, qty in book.levels(side):
            displayed = self._grid.lots(qty)
            if (tick - worst) * side.sign > 0:
                passed.append((tick, displayed))
                continue
            for each, known in passed:
                self._eat_up_to(side, each, known, known)
            if tick == worst:
                self._eat_up_to(side, tick, displayed, sum(lots for at, lots in prints if at == worst))
            return
        for at, lots in prints:
            self._eat_known(side, passed, to_tick=at, lots=lots)

    def _eat_known(self, side: Side, levels: Sequence[tuple[int, int]], *, to_tick: int, lots: int) -> None:
        """Take off what one print has eaten, where the worst of them lies behind all that is known."""
        is_behind = all((tick - to_tick) * side.sign > 0 for tick, _ in levels[-1:])
        for tick, displayed in levels:
            beyond = (tick - to_tick) * side.sign
            if is_behind:
                lots -= self._eat_up_to(side, tick, displayed, lots)
            elif beyond >= 0:
                self._eat_up_to(side, tick, displayed, displayed if beyond else lots)

    def _eat_up_to(self, side: Side, tick: int, displayed: int, lots: int) -> int:
        """Take at most so many lots off a level; returns how many."""
        key, eaten = (side, tick), min(lots, self.available(side, tick, displayed))
        if eaten:
            self._eaten[key] = self._eaten.get(key, 0) + eaten
            self._displayed[key] = displayed
        return eaten

    def show(self) -> None:
        """The book is newer than every print that was taken off: what it displays is there."""
        for key in self._eaten.keys() - self._consumed.keys():
            del self._displayed[key]
        self._eaten.clear()
