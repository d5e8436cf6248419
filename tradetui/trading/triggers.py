"""Conditional orders by trigger price, so that a price that fires none costs a few comparisons (section 8.1).

A lane holds the orders that look at the same price and fire in the same direction, the nearest one at
the tail. Comparisons are inclusive and made between floats as they come off the wire, against a bound
that decides exactly as the decimals would (R-NUM-7). A fired order leaves the index: it is latched and
never tested again (R-ORD-2).
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from dataclasses import dataclass
from decimal import Decimal

from tradetui.domain.market_data import Side
from tradetui.domain.order import TriggerBy


@dataclass(frozen=True, slots=True)
class _Armed:
    """A conditional order with what decides its turn."""

    order_id: str
    level: float
    seq: int
    protective: bool


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


class TriggerIndex:
    """The armed conditional orders of one symbol."""

    __slots__ = ("_lanes", "_orders", "_previous")

    def __init__(self) -> None:
        self._lanes: dict[TriggerBy, dict[Side, tuple[_Lane, _Lane]]] = {
            by: {side: (_Lane(+1), _Lane(-1)) for side in Side} for by in TriggerBy
        }
        self._orders: dict[str, tuple[_Lane, _Armed]] = {}
        self._previous: dict[tuple[TriggerBy, Side], float] = {}

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
        lane = self._lanes[by][side][0 if rises else 1]
        order = _Armed(order_id, exact_level(trigger, rises=rises), seq, protective)
        lane.add(order)
        self._orders[order_id] = (lane, order)

    def look_from(self, by: TriggerBy, price: float) -> None:
        """The price before the next one: while nothing is armed none is followed."""
        for side in Side:
            self._previous[by, side] = price

    def remove(self, order_id: str) -> bool:
        """Disarm an order; False when it is not armed."""
        found = self._orders.pop(order_id, None)
        if found is None:
            return False
        lane, order = found
        lane.remove(order)
        return True

    def on_price(self, by: TriggerBy, price: float) -> tuple[str, ...]:
        """The orders that a last, mark or index price fires, in the order of their execution (E-06)."""
        return self._fire(by, {Side.BUY: price, Side.SELL: price})

    def on_quote(self, bid: float, ask: float) -> tuple[str, ...]:
        """The orders that a quote fires: buys look at the ask, sells at the bid."""
        return self._fire(TriggerBy.BID_ASK, {Side.BUY: ask, Side.SELL: bid})

    def _fire(self, by: TriggerBy, prices: dict[Side, float]) -> tuple[str, ...]:
        """Take out what fires: protective first, then the nearest to the previous price, then by seq."""
        fired: list[tuple[bool, float, int, str]] = []
        for side, price in prices.items():
            previous = self._previous.get((by, side), price)
            self._previous[by, side] = price
            for lane in self._lanes[by][side]:
                for order in lane.pop_through(price):
                    distance = abs(order.level - previous)
                    fired.append((not order.protective, distance, order.seq, order.order_id))
        for *_, order_id in fired:
            del self._orders[order_id]
        return tuple(order_id for *_, order_id in sorted(fired))
