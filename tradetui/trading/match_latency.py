"""What is on its way to the simulated venue, in the order in which it gets there (section 7.6).

What is due at d acts after all messages with receive time up to d and before the next (R-LAT-2):
before a message received at t is applied, everything due before t has acted.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Due(Generic[T]):
    due: int
    seq: int
    item: T
    is_last: bool

    def turn(self) -> tuple[int, bool, int]:
        """Earlier first, then in the order of arrival."""
        return self.due, self.is_last, self.seq


class DueQueue(Generic[T]):
    """Delayed items, ordered by due time and then by arrival; times in nanoseconds."""

    __slots__ = ("_items", "_seq")

    def __init__(self) -> None:
        self._items: list[_Due[T]] = []
        self._seq = 0

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return (entry.item for entry in self._items)

    @property
    def next_due(self) -> int | None:
        """When the first item is due; None when nothing waits."""
        return self._items[0].due if self._items else None

    def push(self, due: int, item: T, *, is_last: bool = False) -> None:
        """Add an item behind all that are due no later; `is_last` keeps it behind those still to come."""
        self._seq += 1
        insort(self._items, _Due(due, self._seq, item, is_last), key=_Due.turn)

    def pop_before(self, ts: int) -> T | None:
        """The first item due before a moment; None when there is none (any more)."""
        return self._items.pop(0).item if self._items and self._items[0].due < ts else None

    def pop_through(self, ts: int) -> T | None:
        """The first item due at or before a moment: for the end of a recording and for latency zero."""
        return self.pop_before(ts + 1)

    def discard(self, matches: Callable[[T], bool]) -> list[T]:
        """Take out the items that match, in order."""
        taken = [entry.item for entry in self._items if matches(entry.item)]
        self._items = [entry for entry in self._items if not matches(entry.item)]
        return taken
