"""A position, its stop and its target are one object: here they follow each other (8.3, 8.4, 12.2).

After every batch of fills `settle` makes it true again: one stop of the position's size, targets of
its size, no reduce-only order larger than it, and nothing left behind when it is flat.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from tradetui.domain.command import Reason
from tradetui.domain.instrument import Instrument
from tradetui.domain.number import ONE
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType, StopPlan
from tradetui.domain.position import Position
from tradetui.engine.desk import Desk
from tradetui.trading import guard
from tradetui.trading.settings import EngineSettings
from tradetui.trading.triggers import is_through

if TYPE_CHECKING:
    from tradetui.engine.orders import OrderFlow

_EXIT_WITH_POSITION = (OrderRole.PROTECTIVE, OrderRole.TAKE_PROFIT, OrderRole.FLATTEN)


class Brackets:
    """Keeps stops, targets and reduce-only orders in step with the positions."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow) -> None:
        self.settings = settings
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
        self._settle_stop(desk, position, desk.exit_qty())
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

    # --- the stop

    def _settle_stop(self, desk: Desk, position: Position, qty: Decimal) -> None:
        """One stop of the position's size; a new entry's tighter stop replaces a looser one (R-BRK-6)."""
        stop = self.state.stop_of(position.symbol)
        planned = self._planned_stop(position)
        if stop is not None and stop.side is position.side.opposite:
            is_tighter = planned is not None and guard.is_tighter(
                planned.trigger, stop.trigger, sign=position.side.sign
            )
            if not is_tighter or stop.state is not OrderState.ARMED:
                self._resize(desk, stop, qty)
                return
        elif planned is None and position.initial_stop is not None:
            planned = StopPlan(position.initial_stop)
        if planned is None and not self.state.risk_limits.require_stop:
            return
        self.swap_stop(self.new_stop(desk, planned or self._disaster(desk, position), qty))

    def _planned_stop(self, position: Position) -> StopPlan | None:
        """The stop of the entry that just filled."""
        entry = self._entry_now(position)
        return entry.stop_plan if entry is not None else None

    def _entry_now(self, position: Position) -> Order | None:
        """The entry that filled at this moment, if one did."""
        for fill in reversed(self.state.fills):
            if fill.ts != self.scribe.ts:
                return None
            if fill.symbol == position.symbol and fill.side is position.side:
                return self.state.orders[fill.order_id]
        return None

    def _disaster(self, desk: Desk, position: Position) -> StopPlan:
        """A stop for a position that would stand without one (12.3)."""
        sign = position.side.sign
        price = position.entry_price * (ONE - sign * self.settings.disaster_stop)
        self.scribe.note(
            "alarm", f"{position.symbol} stood without a stop: one was set", symbol=position.symbol
        )
        return StopPlan(guard.tick_for_stop(desk.instrument, price, sign=sign))

    def new_stop(self, desk: Desk, plan: StopPlan, qty: Decimal) -> Order:
        """A protective stop for the position, not yet written."""
        position = self.state.positions[desk.symbol]
        return Order(
            order_id=self.scribe.next_order_id(),
            ts=self.scribe.ts,
            due_ts=self.scribe.ts,
            symbol=desk.symbol,
            side=position.side.opposite,
            type=OrderType.STOP_MARKET if plan.limit is None else OrderType.STOP_LIMIT,
            qty=qty,
            price=plan.limit,
            trigger=plan.trigger,
            reduce_only=True,
            close_position=True,
            role=OrderRole.PROTECTIVE,
        )

    def swap_stop(self, order: Order) -> None:
        """Arm a new stop, then take the old one away (R-STP-3); one that is through executes at once."""
        desk = self.flow.desks[order.symbol]
        position = self.state.holding(order.symbol)
        old = self.state.stop_of(order.symbol)
        if position is None or position.side is order.side:
            if order.state is OrderState.SUBMITTED:
                self.flow.cancel_now(order, Reason.POSITION_CLOSED)
            return
        if order.state is OrderState.NEW:
            order = order.to(OrderState.SUBMITTED)
        order = msgspec.structs.replace(order, qty=desk.exit_qty())
        order = self.scribe.move(order, OrderState.ARMED)
        desk.arm(order)
        self._retire_stops(order, old)
        self._fire_if_through(desk, order)

    def _retire_stops(self, order: Order, old: Order | None) -> None:
        for other in self.state.live_of(order.symbol):
            standing = other.state is not OrderState.SUBMITTED or other is old
            if other.role is OrderRole.PROTECTIVE and other.order_id != order.order_id and standing:
                self.flow.cancel_now(other, Reason.REPLACED)

    def _fire_if_through(self, desk: Desk, order: Order) -> None:
        """A protective stop that the price has passed executes at once (R-TRG-3)."""
        price = desk.trigger_price() if desk.is_fresh and not desk.recovering else None
        if price is None or order.trigger is None:
            return
        if is_through(order.side, trigger=order.trigger, price=price):
            desk.triggers.remove(order.order_id)
            self.flow.trigger(order.order_id)

    def _resize(self, desk: Desk, order: Order, leaves: Decimal) -> None:
        """Give an exit a new size; one that rests keeps its place when it shrinks."""
        if order.leaves == leaves or order.state.is_terminal:
            return
        resized = msgspec.structs.replace(order, qty=order.filled + order.prevented + leaves)
        resting = desk.matcher.leaves(order.order_id)
        if resting is not None and leaves < order.leaves:
            desk.matcher.reduce(order.order_id, desk.lots(leaves))
        elif resting is not None:
            desk.matcher.cancel(order.order_id)
            desk.matcher.restore(desk.incoming(resized, desk.lots(resized.qty)), lots=desk.lots(leaves))
        self.scribe.order(resized)

    # --- targets and other exits

    def _settle_targets(self, desk: Desk, position: Position, qty: Decimal) -> None:
        target = self.state.target_of(position.symbol)
        price = self._wanted_target(desk.instrument, position)
        if target is not None and (price is None or target.price == price):
            self._resize(desk, target, qty)
        elif price is not None and self._offered.get(position.symbol) != (self.scribe.ts, price):
            self._offered[position.symbol] = (self.scribe.ts, price)
            self.place_target(desk, price, qty)
        elif target is not None:
            self._resize(desk, target, qty)

    def _wanted_target(self, instrument: Instrument, position: Position) -> Decimal | None:
        """Where the entry that just filled wants profit taken; None where none did."""
        order = self._entry_now(position)
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
                self._resize(desk, order, qty)

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
