"""The order book of one instrument, by integer tick.

A side is a dict of sizes and a sorted list of the keys near the touch, which stands at the list's
tail. Live data changes levels all over the book but is read near its touch: a level far from it
costs its place in the dict and nothing else, and those near it move few elements. The rest is sorted
when somebody looks so far, or when the market has eaten through what was near. The key of a bid is
its tick and that of an ask is its negated tick: one code serves both sides.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import accumulate, chain
from operator import itemgetter
from typing import Final

import msgspec

from tradetui.domain.market_data import Side

Level = tuple[float, float]
_nearest: Final = float.__round__
"""What `round` calls; called by itself it takes half the time, at every change of every book."""
_NEAR: Final = 100
"""How many keys a sort leaves in order at least; four times as many may gather before some are let go."""
_BOTTOM: Final = -(1 << 62)
"""Below every key: nothing is far."""


class Depth(msgspec.Struct, frozen=True, gc=False):
    """The best levels of one side, best first, in columns: a row for each would double what reading costs."""

    ticks: list[int]
    sizes: tuple[float, ...]
    cumulative: list[float]
    """Each level's size with those of the better ones."""


class _Levels:
    """The levels of one side; `scale` turns a price into a key.

    `near` holds the keys from `_floor` upwards in order, and at least one where there is any level.
    """

    __slots__ = ("_floor", "_kept", "near", "scale", "sizes")

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.replace(())

    def replace(self, levels: Iterable[Level]) -> None:
        """Hold these levels and no others."""
        self.sizes = {_nearest(price * self.scale): qty for price, qty in levels if qty > 0.0}
        self._kept = _NEAR
        self._sort()

    def apply(self, changes: Iterable[Level]) -> None:
        """Set or remove levels."""
        sizes, near, floor = self.sizes, self.near, self._floor
        scale, nearest = self.scale, _nearest
        for price, qty in changes:
            key = nearest(price * scale)
            if qty > 0.0:
                if key >= floor and key not in sizes:
                    insort(near, key)
                sizes[key] = qty
            elif sizes.pop(key, 0.0) and key >= floor:
                del near[bisect_left(near, key)]
        if not near:
            self._sort()
        elif len(near) > 4 * self._kept:
            self._let_go()

    def top(self, count: int) -> Depth:
        """The best levels."""
        if count > len(self.near) and self._floor > _BOTTOM:
            self._kept = max(self._kept, 2 * count)  # some more, or the next level to go would mean a sort
            self._sort()
        keys = self.near[: -count - 1 : -1]
        # one C call for all of them; it needs two or more
        sizes = itemgetter(*keys)(self.sizes) if len(keys) > 1 else tuple(self.sizes[key] for key in keys)
        ticks = keys if self.scale > 0.0 else [-key for key in keys]
        return Depth(ticks, sizes, list(accumulate(sizes)))

    def outward(self) -> Iterator[int]:
        """All keys, best first; the far ones are sorted when they are reached."""
        return chain(reversed(self.near), self._below(self._floor))

    def _below(self, floor: int) -> Iterator[int]:
        yield from sorted((key for key in self.sizes if key < floor), reverse=True)

    def _sort(self) -> None:
        """Find the keys near the touch among all."""
        keys = sorted(self.sizes)
        self.near = keys[-self._kept :]
        self._floor = self.near[0] if len(keys) > self._kept else _BOTTOM

    def _let_go(self) -> None:
        """Keep fewer keys in order: the market has moved, or levels have come in front of the others."""
        del self.near[: -self._kept]
        self._floor = self.near[0]


class OrderBook:
    """Displayed sizes of both sides; `version` grows with every change that is applied."""

    __slots__ = ("_asks", "_bids", "tick_size", "version")

    def __init__(self, tick_size: Decimal) -> None:
        """Raises ValueError unless the tick is above zero."""
        if tick_size <= 0:
            raise ValueError(f"expected a tick above zero, was {tick_size}")
        self.tick_size = tick_size
        self.version = 0
        self._bids = _Levels(float(1 / tick_size))
        self._asks = _Levels(-self._bids.scale)

    def tick_of(self, price: float) -> int:
        """The tick nearest to a price off the wire."""
        return round(price * self._bids.scale)

    def apply_snapshot(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Replace the whole book by levels of (price, qty), in any order; a qty of zero is no level."""
        self._bids.replace(bids)
        self._asks.replace(asks)
        self.version += 1

    def apply_delta(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Set the levels of (price, qty) that changed; a qty of zero removes the level."""
        if bids:
            self._bids.apply(bids)
        if asks:
            self._asks.apply(asks)
        self.version += 1

    def clear(self) -> None:
        """Forget every level."""
        self.apply_snapshot((), ())

    @property
    def best_bid(self) -> int | None:
        """The highest bid's tick."""
        return self._bids.near[-1] if self._bids.near else None

    @property
    def best_ask(self) -> int | None:
        """The lowest ask's tick."""
        return -self._asks.near[-1] if self._asks.near else None

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is above the best ask: the book can not be true."""
        bids, asks = self._bids.near, self._asks.near
        return bool(bids and asks) and bids[-1] > -asks[-1]

    @property
    def is_locked(self) -> bool:
        """Whether the best bid equals the best ask, which venues allow for a moment."""
        bids, asks = self._bids.near, self._asks.near
        return bool(bids and asks) and bids[-1] == -asks[-1]

    def count(self, side: Side) -> int:
        """How many levels a side has."""
        return len(self._bids.sizes if side is Side.BUY else self._asks.sizes)

    def __len__(self) -> int:
        return len(self._bids.sizes) + len(self._asks.sizes)

    def qty_at(self, side: Side, tick: int) -> float:
        """The size displayed at a tick, 0.0 where there is none."""
        if side is Side.BUY:
            return self._bids.sizes.get(tick, 0.0)
        return self._asks.sizes.get(-tick, 0.0)

    def levels(self, side: Side) -> Iterator[tuple[int, float]]:
        """Levels as (tick, qty), best first; the book must not change while they are read."""
        if side is Side.BUY:
            sizes = self._bids.sizes
            return ((tick, sizes[tick]) for tick in self._bids.outward())
        sizes = self._asks.sizes
        return ((-key, sizes[key]) for key in self._asks.outward())

    def top(self, count: int) -> tuple[Depth, Depth]:
        """The best levels of bids and asks."""
        return self._bids.top(count), self._asks.top(count)
