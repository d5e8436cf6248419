"""Triggers that follow the price (section 8.2): extremes, and which orders a price moves.

A sell follows the highest price since it became active, a buy the lowest, so a trigger only ever comes
nearer (R-TRL-2). Triggers are exact products of the extreme and are never rounded (R-NUM-7). The extreme
moves in steps of at least one tick: prices on the tick are followed exactly, and a price of more digits
writes no event for less than a tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, ONE
from tradetui.domain.order import Order, Trail, TriggerBy
from tradetui.trading.triggers import exact_level


def trigger_of(trail: Trail, extreme: Decimal, *, side: Side) -> Decimal:
    """The exact trigger of an order of a side behind an extreme."""
    if trail.distance is not None:
        return MONEY.add(extreme, MONEY.multiply(trail.distance, Decimal(side.sign)))
    rate = MONEY.multiply(trail.rate or Decimal(0), Decimal(side.sign))
    return MONEY.multiply(extreme, MONEY.add(ONE, rate))


def is_reached(trail: Trail, price: Decimal) -> bool:
    """Whether a price activates a trail that was not active before."""
    if trail.activation is None:
        return True
    return price >= trail.activation if trail.rises else price <= trail.activation


def followed(
    trail: Trail, extreme: Decimal | None, price: Decimal, *, side: Side, step: Decimal
) -> Decimal | None:
    """The extreme after a price, None where it stays; it starts at the activating price (R-TRL-1)."""
    if extreme is None:
        return price if is_reached(trail, price) else None
    return price if -side.sign * (price - extreme) >= step else None


@dataclass(frozen=True, slots=True)
class _Watched:
    """A price that moves an order: one at or above it (rises), or at or below it."""

    side: Side
    bound: float
    rises: bool


def _next(trail: Trail, extreme: Decimal | None, side: Side, step: Decimal) -> tuple[Decimal, bool]:
    """The price that moves an order next, and whether it is reached from below."""
    if extreme is not None:
        return MONEY.subtract(extreme, MONEY.multiply(step, Decimal(side.sign))), side is Side.SELL
    return trail.activation or Decimal(0), trail.activation is None or trail.rises


class TrailIndex:
    """The trailing orders of one symbol, with the next price that moves each."""

    __slots__ = ("_orders",)

    def __init__(self) -> None:
        self._orders: dict[TriggerBy, dict[str, _Watched]] = {by: {} for by in TriggerBy}

    def __len__(self) -> int:
        return sum(len(orders) for orders in self._orders.values())

    def add(self, order: Order, *, step: Decimal) -> None:
        """Watch for the price that activates or moves an order; takes the place of what was known of it."""
        if order.trail is None:
            raise ValueError(f"order {order.order_id}: expected a trail")
        bound, rises = _next(order.trail, order.extreme, order.side, step)
        watched = _Watched(order.side, exact_level(bound, rises=rises), rises)
        self._orders[order.trigger_by][order.order_id] = watched

    def remove(self, order_id: str) -> None:
        """Forget an order."""
        for orders in self._orders.values():
            orders.pop(order_id, None)

    def reached(self, by: TriggerBy, price: float, side: Side | None = None) -> list[str]:
        """The orders that a price may move, oldest first; of one side where quotes differ by side."""
        return [
            order_id
            for order_id, watched in self._orders[by].items()
            if side in (None, watched.side)
            and (price >= watched.bound if watched.rises else price <= watched.bound)
        ]
