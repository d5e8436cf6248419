"""The stop of a position: one, of its size, replaced new before old, never without (section 12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from tradetui.domain.number import ONE, ZERO, canonical
from tradetui.domain.order import Order, OrderRole, OrderState, StopPlan
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine.conditionals import stop_type
from tradetui.engine.desk import Desk
from tradetui.engine.leftout import left_out
from tradetui.trading import guard
from tradetui.trading.settings import EngineSettings
from tradetui.trading.triggers import is_through

if TYPE_CHECKING:
    from tradetui.engine.orders import OrderFlow


class Protection:
    """Places, replaces and resizes protective stops."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.liquidation_of: Callable[[Position], Decimal | None] = lambda _position: None
        """Where a position would be liquidated; the engine knows."""

    def settle(self, desk: Desk, position: Position, qty: Decimal) -> None:
        """One stop of the position's size: of the present one and those of new entries the nearest (R-BRK-6).

        One that stands still takes the trail of a farther one along, and follows by it once that is nearer.
        """
        stop = self.state.stop_of(position.symbol)
        entries = self.flow.entries_now(position)
        plans = _plans_of(entries, position)
        planned = _following(plans[0], plans) if plans else None
        if stop is not None and stop.side is position.side.opposite:
            planned = self._beside(desk, position, stop, plans) if entries else None
            if entries and stop.state is OrderState.ARMED:
                self._tell_left_out([*entries, stop], planned or _plan_of(stop))
            if stop.state is not OrderState.ARMED or planned is None:
                self.flow.resize(desk, stop, qty)
                return
        elif planned is None and position.initial_stop is not None:
            planned = StopPlan(position.initial_stop)
        if planned is None and not self.state.risk_limits.require_stop:
            return
        plan = self._made_safe(desk, position, planned) if planned is not None else None
        self._tell_left_out(entries, plan)
        self.swap(self.new_stop(desk, plan or self._disaster(desk, position), qty))

    def _beside(
        self, desk: Desk, position: Position, stop: Order, plans: Sequence[StopPlan]
    ) -> StopPlan | None:
        """What takes the place of a stop when entries fill; None where it stands as it should."""
        present = _plan_of(stop)
        if present is None:
            return None
        if plans and _is_better(plans[0], stop, position):
            return going_on(_following(plans[0], plans), stop)
        following = _following(present, plans)
        changes = following != present or not self._is_safe(desk, position, present)
        return following if changes else None

    def _tell_left_out(self, orders: Sequence[Order], standing: StopPlan | None) -> None:
        """Say of each stop what the one that stands does not do in its place, once an order (R-BRK-6)."""
        if standing is None:
            return
        for order in orders:
            plan = _plan_of(order) if order.role is OrderRole.PROTECTIVE else order.stop_plan
            words = left_out(plan, standing) if plan is not None else ""
            if words and self._is_new(order):
                text = f"{order.symbol}: of {order.order_id} {words}"
                self.scribe.note_once("left_out", text, symbol=order.symbol, order_id=order.order_id)

    def _is_new(self, order: Order) -> bool:
        """Whether nothing of an order filled before this transaction: later fills bring the same stop."""
        new = islice(reversed(self.state.fills), self.state.fill_count - self.scribe.fills_before)
        filled = sum((fill.qty for fill in new if fill.order_id == order.order_id), ZERO)
        return filled == order.filled

    def _is_safe(self, desk: Desk, position: Position, plan: StopPlan) -> bool:
        """Whether a stop would fire before the liquidation that the position has now (R-TRG-4)."""
        liquidation, sign = self.liquidation_of(position), position.side.sign
        return guard.is_inside_liquidation(
            desk.instrument, plan.trigger, liquidation, sign=sign, buffer=self.settings.stop_buffer
        )

    def _made_safe(self, desk: Desk, position: Position, plan: StopPlan) -> StopPlan:
        """An entry that filled far from its plan can be liquidated before its stop: that moves nearer.

        Where the market has passed the nearer one already, it executes at once, as every stop does.
        """
        if self._is_safe(desk, position, plan):
            return plan
        trigger = self._nearest_safe(desk, position)
        was, now = canonical(plan.trigger), canonical(trigger)
        text = f"{position.symbol}: liquidation came before the stop at {was}: it was moved to {now}"
        self.scribe.note("alarm", text, symbol=position.symbol)
        return msgspec.structs.replace(plan, trigger=trigger)

    def _nearest_safe(self, desk: Desk, position: Position) -> Decimal:
        """The farthest price on the tick that a stop may stand at."""
        sign, instrument = position.side.sign, desk.instrument
        liquidation = self.liquidation_of(position) or position.entry_price
        safe = guard.safe_stop(instrument, liquidation, sign=sign, buffer=self.settings.stop_buffer)
        return guard.tick_for_stop(instrument, safe + sign * instrument.tick_size, sign=sign)

    def _disaster(self, desk: Desk, position: Position) -> StopPlan:
        """A stop for a position that would stand without one, inside its liquidation (12.3).

        One that the price has passed executes at once, like every protective stop: that closes the position.
        """
        sign = position.side.sign
        price = position.entry_price * (ONE - sign * self.settings.disaster_stop)
        if not self._is_safe(desk, position, StopPlan(price)):
            price = self._nearest_safe(desk, position)
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
            type=stop_type(plan),
            qty=qty,
            price=plan.limit,
            trigger=plan.trigger,
            trigger_by=plan.by,
            trail=plan.trail,
            extreme=plan.extreme,
            reduce_only=True,
            close_position=True,
            role=OrderRole.PROTECTIVE,
        )

    def swap(self, order: Order) -> None:
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
        order = msgspec.structs.replace(_gone_on(order, old), qty=desk.exit_qty())
        order = self.scribe.move(order, OrderState.ARMED)
        desk.arm(order)
        self._retire(order, old)
        is_known = desk.is_fresh and not desk.recovering
        price = desk.trigger_price(order.trigger_by, order.side) if is_known else None
        if price is not None:
            self.flow.conditionals.follow(order.order_id, Decimal(repr(price)))
            self._fire_if_through(self.state.live[order.order_id], price)

    def _retire(self, order: Order, old: Order | None) -> None:
        for other in self.state.live_of(order.symbol):
            standing = other.state is not OrderState.SUBMITTED or other is old
            if other.role is OrderRole.PROTECTIVE and other.order_id != order.order_id and standing:
                self.flow.cancel_now(other, Reason.REPLACED)

    def _fire_if_through(self, order: Order, price: float) -> None:
        """A protective stop that the price has passed executes at once (R-TRG-3)."""
        if order.trigger is not None and is_through(order.side, trigger=order.trigger, price=price):
            self.flow.conditionals.trigger(order.order_id)


def _gone_on(order: Order, old: Order | None) -> Order:
    """A stop that took over a trail has followed it while it was on its way (R-TRL-2)."""
    if old is None or old.extreme is None or order.extreme is None or order.trail != old.trail:
        return order
    is_tighter = guard.is_tighter(old.trigger or ZERO, order.trigger, sign=old.side.opposite.sign)
    trigger = old.trigger if is_tighter else order.trigger
    return msgspec.structs.replace(order, extreme=old.extreme, trigger=trigger)


def _plans_of(entries: Sequence[Order], position: Position) -> list[StopPlan]:
    """The stops of entries that one event filled, the nearest to the market first; of equals the newest."""
    plans = [entry.stop_plan for entry in reversed(entries) if entry.stop_plan is not None]
    return sorted(plans, key=lambda plan: -position.side.sign * plan.trigger)


def _following(plan: StopPlan, others: Sequence[StopPlan]) -> StopPlan:
    """A stop with the nearest trail of others that look at the same price, where it has none."""
    trails = (each.trail for each in others if each.trail is not None and each.by is plan.by)
    trail = plan.trail or next(trails, None)
    return msgspec.structs.replace(plan, trail=trail)


def _is_better(planned: StopPlan, stop: Order, position: Position) -> bool:
    return guard.is_tighter(planned.trigger, stop.trigger, sign=position.side.sign)


def _plan_of(stop: Order) -> StopPlan | None:
    """A stop as it stands, to be set anew."""
    if stop.trigger is None:
        return None
    return StopPlan(stop.trigger, stop.price, stop.trail, stop.extreme, stop.trigger_by)


def going_on(plan: StopPlan, stop: Order) -> StopPlan:
    """A plan that keeps the trail of the stop before it and what that follows, unless it brings its own."""
    if plan.trail is not None or stop.trail is None:
        return plan
    return StopPlan(plan.trigger, plan.limit, stop.trail, stop.extreme, stop.trigger_by)
