"""A position, its stop and its target are one object: here they follow each other (8.3, 8.4, 12.2).

After every batch of fills `settle` makes it true again: one stop of the position's size, targets of
its size, no reduce-only order larger than it, and nothing left behind when it is flat.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradetui.domain.command import Reason
from tradetui.domain.instrument import Instrument
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType
from tradetui.domain.position import Position
from tradetui.engine.desk import Desk
from tradetui.trading import guard

if TYPE_CHECKING:
    from tradetui.engine.orders import OrderFlow

_EXIT_WITH_POSITION = (OrderRole.PROTECTIVE, OrderRole.TAKE_PROFIT, OrderRole.FLATTEN)


class Brackets:
    """Keeps stops, targets and reduce-only orders in step with the positions."""

    def __init__(self, flow: OrderFlow) -> None:
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self._offered: dict[str, tuple[int, Decimal]] = {}
        """The target last sent for a symbol: one that the venue did not take is not sent again."""

    def settle(self, symbol: str) -> None:
        """Make a symbol's exits fit its position."""
        position = self.state.holding(symbol)
        if position is None:
            self._clear(symbol)
            return
        desk = self.flow.desks[symbol]
        self.flow.protection.settle(desk, position, desk.exit_qty())
        self._drop_wrong_side(position)
        position = self.state.holding(symbol)
        if position is not None:
            self._settle_targets(desk, position, desk.exit_qty())
            self._shrink_others(desk, desk.exit_qty())

    def _clear(self, symbol: str) -> None:
        """Nothing is held: no exit may be left (I-34)."""
        for order in self.state.live_of(symbol):
            still = self.state.live.get(order.order_id)
            if still is None or not (order.reduce_only or order.role in _EXIT_WITH_POSITION):
                continue
            self.flow.cancel_now(still, Reason.POSITION_CLOSED)

    def _drop_wrong_side(self, position: Position) -> None:
        """A position that turned over leaves exits behind that would add to it: they go."""
        for order in self.state.live_of(position.symbol):
            if order.reduce_only and order.side is position.side and order.order_id in self.state.live:
                self.flow.cancel_now(order, Reason.POSITION_CLOSED)

    # --- targets and other exits

    def _settle_targets(self, desk: Desk, position: Position, qty: Decimal) -> None:
        target = self.state.target_of(position.symbol)
        price = self._wanted_target(desk.instrument, position)
        if target is not None and (price is None or target.price == price):
            self.flow.resize(desk, target, qty)
        elif price is not None and self._offered.get(position.symbol) != (self.scribe.ts, price):
            self._offered[position.symbol] = (self.scribe.ts, price)
            self.place_target(desk, price, qty)
        elif target is not None:
            self.flow.resize(desk, target, qty)

    def _wanted_target(self, instrument: Instrument, position: Position) -> Decimal | None:
        """Where the entry that just filled wants profit taken; None where none did."""
        order = self.flow.entry_now(position)
        if order is None or order.planned_target_r is None:
            return order.planned_target if order is not None else None
        return target_from_r(instrument, position, order.planned_target_r)

    def place_target(self, desk: Desk, price: Decimal, qty: Decimal) -> None:
        """Send a limit order that takes the position's profit."""
        position = self.state.positions[desk.symbol]
        order = Order(
            order_id=self.scribe.next_order_id(),
            ts=self.scribe.ts,
            symbol=desk.symbol,
            side=position.side.opposite,
            type=OrderType.LIMIT,
            qty=qty,
            price=price,
            reduce_only=True,
            role=OrderRole.TAKE_PROFIT,
            arrival_mid=desk.mid(),
        )
        self.flow.send(order, latency_ns=0)

    def retire_targets(self, order: Order) -> None:
        """Only one target stands for a position: a new one takes the place of the one before."""
        for other in self.state.live_of(order.symbol):
            older = other.role is OrderRole.TAKE_PROFIT and other.order_id != order.order_id
            if older and other.state is not OrderState.SUBMITTED:
                self.flow.cancel_now(other, Reason.REPLACED)

    def _shrink_others(self, desk: Desk, qty: Decimal) -> None:
        """No reduce-only order may be larger than the position (R-RED-2)."""
        for order in self.state.live_of(desk.symbol):
            if order.role in (OrderRole.PROTECTIVE, OrderRole.TAKE_PROFIT) or not order.reduce_only:
                continue
            if order.leaves > qty and order.side is not self.state.positions[desk.symbol].side:
                self.flow.resize(desk, order, qty)

    def release_children(self, parent: Order) -> None:
        """What waited for an order that was canceled is canceled with it."""
        for child in list(self.state.live.values()):
            if child.parent_id == parent.order_id and child.state is OrderState.HELD:
                self.flow.cancel_now(child, Reason.PARENT_CANCELED)


def target_from_r(instrument: Instrument, position: Position, multiple: Decimal) -> Decimal | None:
    """The price at which a position has made so many times the distance to its first stop."""
    if position.initial_stop is None:
        return None
    sign = position.side.sign
    distance = abs(position.entry_price - position.initial_stop)
    price = position.entry_price + sign * multiple * distance
    rounded = guard.tick_for_target(instrument, price, sign=sign)
    return rounded if rounded > 0 else None
