"""The order book of one instrument, by integer tick.

A side is a dict of sizes and a sorted list of keys with the touch at its tail, so that the inserts
and removals of live data, which happen near the touch, move few elements. The key of a bid is its
tick and that of an ask is its negated tick: one code serves both sides.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from operator import itemgetter
from typing import Final

from tradetui.domain.market_data import Side

Level = tuple[float, float]
DepthRow = tuple[int, float, float]
_nearest: Final = float.__round__
"""What `round` calls; called by itself it takes half the time, at every change of every book."""


class _Levels:
    """The levels of one side; `scale` turns a price into a key."""

    __slots__ = ("keys", "scale", "sizes")

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.sizes: dict[int, float] = {}
        self.keys: list[int] = []

    def replace(self, levels: Iterable[Level]) -> None:
        """Hold these levels and no others."""
        self.sizes = {_nearest(price * self.scale): qty for price, qty in levels if qty > 0.0}
        self.keys = sorted(self.sizes)

    def apply(self, changes: Iterable[Level]) -> None:
        """Set or remove levels."""
        sizes, keys, scale, nearest = self.sizes, self.keys, self.scale, _nearest
        for price, qty in changes:
            key = nearest(price * scale)
            if qty > 0.0:
                if key not in sizes:
                    insort(keys, key)
                sizes[key] = qty
            elif key in sizes:
                del sizes[key]
                del keys[bisect_left(keys, key)]


def _sizes_at(levels: _Levels, keys: list[int]) -> Sequence[float]:
    """The sizes at several keys: one C call for all of them where there are two or more."""
    return itemgetter(*keys)(levels.sizes) if len(keys) > 1 else [levels.sizes[key] for key in keys]


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
        return self._bids.keys[-1] if self._bids.keys else None

    @property
    def best_ask(self) -> int | None:
        """The lowest ask's tick."""
        return -self._asks.keys[-1] if self._asks.keys else None

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is above the best ask: the book can not be true."""
        return bool(self._bids.keys and self._asks.keys and self._bids.keys[-1] > -self._asks.keys[-1])

    @property
    def is_locked(self) -> bool:
        """Whether the best bid equals the best ask, which venues allow for a moment."""
        return bool(self._bids.keys and self._asks.keys and self._bids.keys[-1] == -self._asks.keys[-1])

    def count(self, side: Side) -> int:
        """How many levels a side has."""
        return len(self._bids.keys if side is Side.BUY else self._asks.keys)

    def __len__(self) -> int:
        return len(self._bids.keys) + len(self._asks.keys)

    def qty_at(self, side: Side, tick: int) -> float:
        """The size displayed at a tick, 0.0 where there is none."""
        if side is Side.BUY:
            return self._bids.sizes.get(tick, 0.0)
        return self._asks.sizes.get(-tick, 0.0)

    def qty_in(self, side: Side, ticks: range) -> float:
        """The size displayed at a range of ticks together: a ladder row of several ticks."""
        if len(ticks) == 1:
            return self.qty_at(side, ticks[0])
        sizes = self._bids.sizes if side is Side.BUY else self._asks.sizes
        sign = side.sign
        if len(ticks) <= len(sizes):
            return sum(sizes.get(sign * tick, 0.0) for tick in ticks)
        return sum(qty for key, qty in sizes.items() if sign * key in ticks)

    def levels(self, side: Side) -> Iterator[tuple[int, float]]:
        """Levels as (tick, qty), best first; the book must not change while they are read."""
        if side is Side.BUY:
            sizes = self._bids.sizes
            return ((tick, sizes[tick]) for tick in reversed(self._bids.keys))
        sizes = self._asks.sizes
        return ((-key, sizes[key]) for key in reversed(self._asks.keys))

    def top(self, count: int) -> tuple[list[DepthRow], list[DepthRow]]:
        """The best levels of bids and asks as (tick, qty, cumulative qty), best first."""
        keys = self._bids.keys[-count:] if count else []
        keys.reverse()
        sizes = _sizes_at(self._bids, keys)
        bids = [*zip(keys, sizes, accumulate(sizes))]  # noqa: B905  # the check costs, and can not fail
        keys = self._asks.keys[-count:] if count else []
        keys.reverse()
        sizes = _sizes_at(self._asks, keys)
        return bids, [*zip([-key for key in keys], sizes, accumulate(sizes))]  # noqa: B905
