"""The orders of a frame that work or wait."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradetui.domain.order import Order, OrderRole, OrderState
from tradetui.domain.view import OrderView
from tradetui.engine import Engine
from tradetui.runtime.views.account import zone_of
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.orderwords import looks_at, order_detail, wait_detail
from tradetui.runtime.views.words import SECOND
from tradetui.state import State

_RESTING: Final = frozenset({OrderState.SUBMITTED, OrderState.WORKING, OrderState.PARTIALLY_FILLED})
_WAITING: Final = frozenset({OrderState.ARMED, OrderState.TRIGGERED})
_LINKED: Final = {
    OrderRole.PROTECTIVE: "position",
    OrderRole.TAKE_PROFIT: "target",
    OrderRole.FLATTEN: "flatten",
    OrderRole.LIQUIDATION: "liquidation",
    OrderRole.DISCRETIONARY: "position",
}


class OrdersPart:
    """Published orders with their place in the queue."""

    def __init__(self, engine: Engine, published: State) -> None:
        """Orders come from the published state, their place in the queue from the engine."""
        self._engine = engine
        self._published = published
        self._rows: dict[str, Kept[OrderView]] = {}
        self._view: Kept[tuple[OrderView, ...]] = Kept(())

    def view(self, *, now: int) -> tuple[OrderView, ...]:
        """The orders in order of creation; the same object while no row changed."""
        live = self._published.live
        rows = tuple([self._row(order, now) for order in live.values()])
        if len(self._rows) > len(rows):
            self._rows = {name: self._rows[name] for name in live}
        return self._view.get(rows, lambda: rows)

    def _detail(self, order: Order) -> str:
        scale = self._published.instruments[order.symbol].price_scale
        now, zone = looks_at(self._published, order), zone_of(self._published)
        waits = wait_detail(self._engine, self._published, order, zone)
        return order_detail(order, scale=scale, zone=zone, looks_at=now, waits=waits)

    def _row(self, order: Order, now: int) -> OrderView:
        queue = self._engine.queue_ahead(order.order_id)
        row = OrderView(
            order=order,
            queue_ahead=float(queue) if queue is not None else None,
            age_s=max(0, now - order.ts) // SECOND,
            linked=linked(order),
            detail=self._detail(order),
        )
        kept = self._rows.get(order.order_id)
        if kept is None:
            kept = self._rows[order.order_id] = Kept(row)
        return kept.get(row, lambda: row)


def standing_price(order: Order) -> Decimal | None:
    """Where an order stands on the price axis: its trigger, then its limit; None where it does not."""
    if order.state in _WAITING:
        return order.trigger
    return order.price if order.state in _RESTING else None


def mark_kind(order: Order) -> str:
    """What an own order is on a price row: stop, target, buy or sell."""
    if order.role is OrderRole.PROTECTIVE:
        return "stop"
    return "target" if order.role is OrderRole.TAKE_PROFIT else order.side.value


def linked(order: Order) -> str:
    """What an order belongs to; nothing for an entry that only posts, which says so itself."""
    if order.state is OrderState.HELD:
        return "entry"
    if order.role is OrderRole.ENTRY:
        return "" if order.post_only else "entry"
    return _LINKED[order.role]
