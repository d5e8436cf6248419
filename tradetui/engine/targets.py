"""Targets: where a position takes profit, one or several, never more together than is held (8.3).

An entry's targets are placed and grow with each of its fills (R-BRK-1). A target with a size keeps its
own quantity; one without takes what the others leave, and follows the position. Whatever else shrinks
the position takes the quantity from the farthest target first.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.number import ZERO
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType, TargetPlan
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine.desk import Desk
from tradetui.trading import guard

if TYPE_CHECKING:
    from tradetui.engine.orders import OrderFlow


class Targets:
    """Places the targets of entries and keeps them within the position."""

    def __init__(self, flow: OrderFlow) -> None:
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state

    def settle(self, desk: Desk, position: Position) -> None:
        """Follow the entries that just filled, then fit all targets into what is held."""
        for entry in self.flow.entries_now(position):
            for leg, plan in enumerate(entry.targets):
                if self.state.holding(desk.symbol) is not None:
                    self._follow_entry(desk, entry, leg, plan)
        self._fit(desk)

    # --- the targets of an entry

    def _follow_entry(self, desk: Desk, entry: Order, leg: int, plan: TargetPlan) -> None:
        """Make one target of an entry what its fills so far ask for."""
        made = [order for order in self.state.orders.values() if _is_leg(order, entry, leg)]
        newest = made[-1] if made else None
        price = price_of(plan, desk.instrument, self.state.positions[desk.symbol])
        wanted = self._wanted(desk, entry, plan, made)
        if newest is None or newest.state is OrderState.FILLED:
            if price is not None and wanted > 0:
                self._place(desk, entry, leg, plan, price=price, qty=wanted)
        elif newest.order_id in self.state.live:
            if wanted <= 0:
                self.flow.cancel_now(newest, Reason.POSITION_CLOSED)
            elif newest.target_r is not None and price is not None and price != price_at(newest):
                self._place(desk, entry, leg, plan, price=price, qty=wanted)
                self._retire(newest)
            elif plan.qty is not None:
                self.flow.resize(desk, newest, wanted)

    def _wanted(self, desk: Desk, entry: Order, plan: TargetPlan, made: Sequence[Order]) -> Decimal:
        """What a target still has to take: all that is held, or its share of what its entry filled."""
        if plan.qty is None:
            return desk.exit_qty()
        lots, of_entry = desk.lots(plan.qty), desk.lots(entry.qty)
        share = desk.instrument.to_qty(desk.lots(entry.filled) * lots // of_entry)
        return share - sum((order.filled for order in made), ZERO)

    def _place(
        self, desk: Desk, entry: Order, leg: int, plan: TargetPlan, *, price: Decimal, qty: Decimal
    ) -> None:
        made = self.new(desk, plan, price=price, qty=qty)
        made = msgspec.structs.replace(made, entry_id=entry.order_id, leg=leg, target_r=plan.r)
        self.flow.send(made, latency_ns=0)

    def _retire(self, order: Order) -> None:
        if order.order_id in self.state.live:
            self.flow.cancel_now(order, Reason.REPLACED)

    # --- one target

    def new(self, desk: Desk, plan: TargetPlan, *, price: Decimal, qty: Decimal) -> Order:
        """A target at a price, not yet sent: a limit that rests, or one that waits for its trigger."""
        position = self.state.positions[desk.symbol]
        waits = plan.market or plan.limit is not None
        return Order(
            order_id=self.scribe.next_order_id(),
            ts=self.scribe.ts,
            symbol=desk.symbol,
            side=position.side.opposite,
            type=_type_of(plan),
            qty=qty,
            price=plan.limit if waits else price,
            trigger=price if waits else None,
            trigger_by=plan.by,
            reduce_only=True,
            role=OrderRole.TAKE_PROFIT,
            arrival_mid=desk.mid(),
            sized=plan.qty is not None,
        )

    def make_room(self, order: Order) -> None:
        """A new target takes the place of those before it: of all, or of the one for the rest.

        What was set on the position replaces everything; an entry's target without a size replaces
        only another one without; a sized one stands beside the others.
        """
        for other in self.state.live_of(order.symbol):
            is_older = other.role is OrderRole.TAKE_PROFIT and other.state is not OrderState.SUBMITTED
            if not is_older or other.order_id == order.order_id or _together(order, other):
                continue
            if not order.entry_id or not (order.sized or other.sized):
                self.flow.cancel_now(other, Reason.REPLACED)

    # --- all targets of a position

    def _fit(self, desk: Desk) -> None:
        """Give each target its quantity, the nearest first, none more than is left of the position."""
        room = desk.exit_qty()
        standing = self.state.targets_of(desk.symbol)
        for_rest = room - sum((order.leaves for order in standing if order.sized), ZERO)
        for order in standing:
            if order.order_id not in self.state.live:
                continue
            qty = min(room, order.leaves if order.sized else max(ZERO, for_rest))
            room -= qty
            if qty > 0:
                self.flow.resize(desk, order, qty)
            else:
                self.flow.cancel_now(order, Reason.POSITION_CLOSED)


def _is_leg(order: Order, entry: Order, leg: int) -> bool:
    return order.entry_id == entry.order_id and order.leg == leg


def _together(order: Order, other: Order) -> bool:
    """Whether two targets were named in one line."""
    if order.entry_id:
        return order.entry_id == other.entry_id and order.leg != other.leg
    return bool(order.group) and order.group == other.group


def _type_of(plan: TargetPlan) -> OrderType:
    if plan.limit is not None:
        return OrderType.TAKE_PROFIT_LIMIT
    return OrderType.TAKE_PROFIT_MARKET if plan.market else OrderType.LIMIT


def price_at(target: Order) -> Decimal | None:
    """Where a target stands: its trigger, else its limit."""
    return target.trigger if target.trigger is not None else target.price


def price_of(plan: TargetPlan, instrument: Instrument, position: Position) -> Decimal | None:
    """Where a plan's target stands for a position; None where it has no R to count in."""
    return plan.price if plan.r is None else target_from_r(instrument, position, plan.r)


def target_from_r(instrument: Instrument, position: Position, multiple: Decimal) -> Decimal | None:
    """The price at which a position has made so many times the distance to its first stop."""
    if position.initial_stop is None:
        return None
    sign = position.side.sign
    distance = abs(position.entry_price - position.initial_stop)
    price = position.entry_price + sign * multiple * distance
    rounded = guard.tick_for_target(instrument, price, sign=sign)
    return rounded if rounded > 0 else None
