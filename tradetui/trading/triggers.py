"""Conditional orders by trigger price, so that a price that fires none costs a few comparisons (section 8.1).

A lane holds the orders that look at the same price and fire in the same direction, the nearest one at
the tail. Comparisons are inclusive and made between floats as they come off the wire, against a bound
that decides exactly as the decimals would (R-NUM-7). A fired order leaves the index: it is latched and
never tested again (R-ORD-2).
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from tradetui.domain.market_data import Side
from tradetui.domain.order import TriggerBy

_SIDES: Final = (Side.BUY, Side.SELL)


@dataclass(frozen=True, slots=True)
class _Armed:
    """A conditional order with what decides its turn."""

    order_id: str
    level: float
    seq: int
    protective: bool


class Look(NamedTuple):
    """What the orders by a source look at: sells and buys look at two prices only where it is a quote."""

    by: TriggerBy
    sells: float
    buys: float


class _Lane:
    """Orders that fire when one price rises (sign +1) or falls (-1) to their trigger."""

    __slots__ = ("armed", "keys", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[tuple[float, int]] = []
        self.armed: dict[int, _Armed] = {}

    def add(self, order: _Armed) -> None:
        insort(self.keys, self._key(order))
        self.armed[order.seq] = order

    def remove(self, order: _Armed) -> None:
        del self.armed[order.seq]
        del self.keys[bisect_left(self.keys, self._key(order))]

    def pop_through(self, price: float) -> list[_Armed]:
        """Take out what a price fires."""
        fired: list[_Armed] = []
        bound = -self.sign * price
        while self.keys and self.keys[-1][0] >= bound:
            fired.append(self.armed.pop(self.keys.pop()[1]))
        return fired

    def _key(self, order: _Armed) -> tuple[float, int]:
        """The nearest trigger sorts last: the lowest of a rising lane, the highest of a falling one."""
        return -self.sign * order.level, order.seq


def _rises(side: Side, take_profit: bool) -> bool:
    """Whether the order waits for a higher price: buy stops and sell take-profits do."""
    return (side is Side.BUY) is not take_profit


def exact_level(trigger: Decimal, *, rises: bool) -> float:
    """The float bound that a price off the wire reaches exactly when its decimal reaches the trigger."""
    level = float(trigger)
    nearest = Decimal(repr(level))
    if rises:
        return level if nearest >= trigger else math.nextafter(level, math.inf)
    return level if nearest <= trigger else math.nextafter(level, -math.inf)


def is_through(side: Side, *, trigger: Decimal, price: float, take_profit: bool = False) -> bool:
    """Whether a price fires a trigger at once, inclusive (R-TRG-1, R-TRG-3)."""
    rises = _rises(side, take_profit)
    level = exact_level(trigger, rises=rises)
    return price >= level if rises else price <= level


class _Sight:
    """What is armed by one source: for buys and for sells the price before, and a lane each way."""

    __slots__ = ("lanes", "previous")

    def __init__(self) -> None:
        self.previous: list[float | None] = [None, None]
        self.lanes = tuple((_Lane(+1), _Lane(-1)) for _ in _SIDES)

    def pop_through(self, at: int, price: float) -> list[tuple[bool, float, int, str]]:
        """Take out what a price fires on one side, each with what decides its turn."""
        previous, self.previous[at] = self.previous[at], price
        start = price if previous is None else previous
        return [
            (not order.protective, abs(order.level - start), order.seq, order.order_id)
            for lane in self.lanes[at]
            if lane.keys
            for order in lane.pop_through(price)
        ]


class TriggerIndex:
    """The armed conditional orders of one symbol."""

    __slots__ = ("_orders", "_sights")

    def __init__(self) -> None:
        self._sights = {by: _Sight() for by in TriggerBy}
        self._orders: dict[str, tuple[_Lane, _Armed]] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, order_id: object) -> bool:
        return order_id in self._orders

    def add(
        self,
        order_id: str,
        *,
        side: Side,
        trigger: Decimal,
        by: TriggerBy,
        seq: int,
        protective: bool,
        take_profit: bool = False,
    ) -> None:
        """Arm an order; `seq` is unique and orders equals. Raises ValueError if it is armed already."""
        if order_id in self._orders:
            raise ValueError(f"order {order_id} is armed already")
        rises = _rises(side, take_profit)
        lane = self._sights[by].lanes[_SIDES.index(side)][0 if rises else 1]
        order = _Armed(order_id, exact_level(trigger, rises=rises), seq, protective)
        lane.add(order)
        self._orders[order_id] = (lane, order)

    def look_from(self, by: TriggerBy, side: Side, price: float) -> None:
        """The price before the next one: while nothing is armed none is followed."""
        self._sights[by].previous[_SIDES.index(side)] = price

    def remove(self, order_id: str) -> bool:
        """Disarm an order; False when it is not armed."""
        found = self._orders.pop(order_id, None)
        if found is None:
            return False
        lane, order = found
        lane.remove(order)
        return True

    def on_looks(self, looks: Sequence[Look]) -> tuple[str, ...]:
        """What one input fires: protective first, then the nearest to the previous price, then by seq."""
        fired: list[tuple[bool, float, int, str]] = []
        for by, sells, buys in looks:
            sight = self._sights[by]
            fired += sight.pop_through(0, buys)
            fired += sight.pop_through(1, sells)
        if not fired:
            return ()
        for *_, order_id in fired:
            del self._orders[order_id]
        return tuple([order_id for *_, order_id in sorted(fired)])
