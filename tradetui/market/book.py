"""The order book of one instrument, by integer tick.

A side is a dict of sizes and a sorted list of keys with the touch at its tail, so that the inserts
and removals of live data, which happen near the touch, move few elements. The key of a bid is its
tick and that of an ask is its negated tick: one code serves both sides. Live prices come back again
and again, so their keys are remembered: a lookup costs a third of a rounding.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from operator import itemgetter, neg
from typing import Final

from tradetui.domain.market_data import Side

Level = tuple[float, float]
DepthRow = tuple[int, float, float]
_PRICES_KNOWN: Final = 50_000
"""How many prices of a side keep their key; beyond it they are forgotten and looked up afresh."""


class OrderBook:
    """Displayed sizes of both sides; `version` grows with every change that is applied."""

    __slots__ = (
        "_ask_key_of",
        "_ask_keys",
        "_ask_sizes",
        "_bid_key_of",
        "_bid_keys",
        "_bid_sizes",
        "_inverse",
        "tick_size",
        "version",
    )

    def __init__(self, tick_size: Decimal) -> None:
        """Raises ValueError unless the tick is above zero."""
        if tick_size <= 0:
            raise ValueError(f"expected a tick above zero, was {tick_size}")
        self.tick_size = tick_size
        self.version = 0
        self._inverse = float(1 / tick_size)
        self._bid_sizes: dict[int, float] = {}
        self._ask_sizes: dict[int, float] = {}
        self._bid_keys: list[int] = []
        self._ask_keys: list[int] = []
        self._bid_key_of: dict[float, int] = {}
        self._ask_key_of: dict[float, int] = {}

    def tick_of(self, price: float) -> int:
        """The tick nearest to a price off the wire."""
        return round(price * self._inverse)

    def apply_snapshot(self, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Replace the whole book by levels of (price, qty), in any order; a qty of zero is no level."""
        self._bid_sizes = _levels(bids, self._bid_key_of, self._inverse)
        self._ask_sizes = _levels(asks, self._ask_key_of, -self._inverse)
        self._bid_keys = sorted(self._bid_sizes)
        self._ask_keys = sorted(self._ask_sizes)
        self.version += 1

    def apply_delta(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Set the levels of (price, qty) that changed; a qty of zero removes the level."""
        if bids:
            _apply(self._bid_sizes, self._bid_keys, bids, key_of=self._bid_key_of, scale=self._inverse)
        if asks:
            _apply(self._ask_sizes, self._ask_keys, asks, key_of=self._ask_key_of, scale=-self._inverse)
        self.version += 1

    def clear(self) -> None:
        """Forget every level."""
        self.apply_snapshot((), ())

    @property
    def best_bid(self) -> int | None:
        """The highest bid's tick."""
        return self._bid_keys[-1] if self._bid_keys else None

    @property
    def best_ask(self) -> int | None:
        """The lowest ask's tick."""
        return -self._ask_keys[-1] if self._ask_keys else None

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is above the best ask: the book can not be true."""
        return bool(self._bid_keys and self._ask_keys and self._bid_keys[-1] > -self._ask_keys[-1])

    @property
    def is_locked(self) -> bool:
        """Whether the best bid equals the best ask, which venues allow for a moment."""
        return bool(self._bid_keys and self._ask_keys and self._bid_keys[-1] == -self._ask_keys[-1])

    def count(self, side: Side) -> int:
        """How many levels a side has."""
        return len(self._bid_keys if side is Side.BUY else self._ask_keys)

    def __len__(self) -> int:
        return len(self._bid_keys) + len(self._ask_keys)

    def qty_at(self, side: Side, tick: int) -> float:
        """The size displayed at a tick, 0.0 where there is none."""
        if side is Side.BUY:
            return self._bid_sizes.get(tick, 0.0)
        return self._ask_sizes.get(-tick, 0.0)

    def qty_in(self, side: Side, ticks: range) -> float:
        """The size displayed at a range of ticks together: a ladder row of several ticks."""
        if len(ticks) == 1:
            return self.qty_at(side, ticks[0])
        sizes = self._bid_sizes if side is Side.BUY else self._ask_sizes
        sign = side.sign
        if len(ticks) <= len(sizes):
            return sum(sizes.get(sign * tick, 0.0) for tick in ticks)
        return sum(qty for key, qty in sizes.items() if sign * key in ticks)

    def levels(self, side: Side) -> Iterator[tuple[int, float]]:
        """Levels as (tick, qty), best first; the book must not change while they are read."""
        if side is Side.BUY:
            sizes = self._bid_sizes
            return ((tick, sizes[tick]) for tick in reversed(self._bid_keys))
        sizes = self._ask_sizes
        return ((-key, sizes[key]) for key in reversed(self._ask_keys))

    def top(self, count: int) -> tuple[list[DepthRow], list[DepthRow]]:
        """The best levels of bids and asks as (tick, qty, cumulative qty), best first."""
        bid_keys = self._bid_keys[: -count - 1 : -1]
        ask_keys = self._ask_keys[: -count - 1 : -1]
        bid_sizes = _sizes_at(self._bid_sizes, bid_keys)
        ask_sizes = _sizes_at(self._ask_sizes, ask_keys)
        bids = list(zip(bid_keys, bid_sizes, accumulate(bid_sizes), strict=True))
        return bids, list(zip(map(neg, ask_keys), ask_sizes, accumulate(ask_sizes), strict=True))


def _sizes_at(sizes: dict[int, float], keys: list[int]) -> tuple[float, ...]:
    """The sizes at several keys; one C call for all of them where there are at least two."""
    if len(keys) < 2:
        return tuple(sizes[key] for key in keys)
    found: tuple[float, ...] = itemgetter(*keys)(sizes)
    return found


def _levels(levels: Sequence[Level], key_of: dict[float, int], scale: float) -> dict[int, float]:
    """The sizes of one side by key; their prices are known from here on."""
    key_of.clear()
    key_of.update((price, round(price * scale)) for price, _ in levels)
    return {key_of[price]: qty for price, qty in levels if qty > 0.0}


def _apply(
    sizes: dict[int, float],
    keys: list[int],
    changes: Iterable[Level],
    *,
    key_of: dict[float, int],
    scale: float,
) -> None:
    """Set or remove the levels of one side; `scale` turns a price into the side's key."""
    for price, qty in changes:
        try:
            key = key_of[price]
        except KeyError:
            if len(key_of) >= _PRICES_KNOWN:
                key_of.clear()
            key = key_of[price] = round(price * scale)
        if qty > 0.0:
            if key not in sizes:
                insort(keys, key)
            sizes[key] = qty
        elif key in sizes:
            del sizes[key]
            del keys[bisect_left(keys, key)]
