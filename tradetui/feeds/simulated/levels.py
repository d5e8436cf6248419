"""A synthetic order book that follows a fair price: levels come, change, are taken and go.

Both sides use one code: a level's key is its tick for bids and the negated tick for asks, so that
the best key is always the greatest. Sizes are whole lots. Every change is noted until `changes` is
called, which is what a delta tells.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from random import Random
from typing import Final

from tradetui.feeds.simulated.listing import Listing

_LEVELS: Final = 60
_SPARE_LEVELS: Final = 20
_ROUND_TICKS: Final = 100
_WIDENING: Final = 12.0
"""After so many levels the gaps between them have doubled."""


class BookSide:
    """The levels of one side; never empty once it was filled."""

    def __init__(self, listing: Listing, chance: Random) -> None:
        self._listing = listing
        self._chance = chance
        self._keys: list[int] = []
        self._lots: dict[int, int] = {}
        self._changed: dict[int, int] = {}
        self.depth = 1.0
        """Multiplies the size of new levels."""

    @property
    def best(self) -> int:
        """The best key."""
        return self._keys[-1]

    @property
    def best_lots(self) -> int:
        """The lots at the best level."""
        return self._lots[self._keys[-1]]

    @property
    def levels(self) -> list[tuple[int, int]]:
        """Keys and lots, best first."""
        return [(key, self._lots[key]) for key in reversed(self._keys)]

    def changes(self) -> list[tuple[int, int]]:
        """Keys with their new lots since the last call, zero where a level went."""
        changed, self._changed = self._changed, {}
        return list(changed.items())

    def fill(self, best: int) -> None:
        """Start anew with the best level at this key."""
        self._changed.update(dict.fromkeys(self._keys, 0))
        self._keys, self._lots = [], {}
        self._set(best, self._size(best, 0))
        self._extend()

    def take(self, lots: int, limit: int) -> list[tuple[int, int]]:
        """Remove up to so many lots from levels at `limit` or better; returns what was taken of each."""
        taken: list[tuple[int, int]] = []
        while lots > 0 and len(self._keys) > 1 and self.best >= limit:
            key = self.best
            part = min(lots, self._lots[key])
            self._set(key, self._lots[key] - part)
            taken.append((key, part))
            lots -= part
        return taken

    def retreat(self, limit: int) -> None:
        """Cancel every level better than `limit`."""
        while self._keys and self.best > limit:
            self._set(self.best, 0)
        if not self._keys:
            self._set(limit, self._size(limit, 0))

    def advance(self, best: int) -> None:
        """Quote up to a better best level, with some levels on the way."""
        step = self._gap(0)
        key = max(self.best + step, best - 6 * step)
        while key < best:
            if self._chance.random() < 0.6:
                self._set(key, self._size(key, 1))
            key += self._gap(0)
        self._set(best, self._size(best, 0))

    def refresh(self, count: int) -> None:
        """Change some levels, most of them near the touch: added to, pulled from, gone, or new between."""
        for _ in range(count):
            place = min(int(self._chance.expovariate(0.22)), len(self._keys) - 1)
            key = self._keys[-1 - place]
            move = self._chance.random()
            if move < 0.18 and place:
                self._set(key, 0)
            elif move < 0.36:
                between = key - self._gap(place)
                if between not in self._lots:
                    self._set(between, self._size(between, place))
            else:
                goal = self._size(key, place)
                self._set(key, max(1, (2 * self._lots[key] + goal) // 3))
        self._extend()

    def _extend(self) -> None:
        """Keep the number of levels: new ones at the far end, surplus ones dropped there."""
        while len(self._keys) < _LEVELS:
            place = len(self._keys)
            key = self._keys[0] - self._gap(place)
            self._set(key, self._size(key, place))
        if len(self._keys) > _LEVELS + _SPARE_LEVELS:
            for key in self._keys[:_SPARE_LEVELS]:
                self._set(key, 0)

    def _gap(self, place: int) -> int:
        mean = (self._listing.level_gap - 1.0) * (1.0 + place / _WIDENING)
        return 1 + (int(self._chance.expovariate(1.0 / mean)) if mean > 0.05 else 0)

    def _size(self, key: int, place: int) -> int:
        """The lots of a new level: more away from the touch and at round prices, now and then a wall."""
        median = self._listing.level_lots * self.depth * min(0.35 + place * 0.12, 2.5)
        size = median * self._chance.lognormvariate(0.0, 0.9)
        if key % _ROUND_TICKS == 0:
            size *= 3.0
        if self._chance.random() < 0.01:
            size *= 8.0
        return max(1, int(size))

    def _set(self, key: int, lots: int) -> None:
        if lots > 0:
            if key not in self._lots:
                insort(self._keys, key)
            self._lots[key] = lots
        elif key in self._lots:
            del self._lots[key]
            del self._keys[bisect_left(self._keys, key)]
        self._changed[key] = lots
