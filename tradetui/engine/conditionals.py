"""Orders that wait for a price: armed, followed, triggered once, carried to their execution (8.1, 8.2)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from tradetui.domain.event import TrailMoved
from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO, canonical
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType, StopPlan
from tradetui.domain.reply import Reason
from tradetui.engine.desk import Desk
from tradetui.engine.due import DueAction
from tradetui.trading import guard, trailing
from tradetui.trading.settings import EngineSettings
from tradetui.trading.triggers import is_through

if TYPE_CHECKING:
    from tradetui.engine.orders import OrderFlow


class Conditionals:
    """Arms, moves and fires conditional orders."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state

    def arm(self, desk: Desk, order: Order) -> None:
        """Let an order watch its trigger; one that is through already is rejected (R-TRG-3)."""
        price = desk.trigger_price(order.trigger_by, order.side)
        if has_fired(order, price):
            if order.state is OrderState.HELD:
                self.flow.cancel_now(order, Reason.WOULD_TRIGGER)
            else:
                self.scribe.move(order, OrderState.REJECTED, Reason.WOULD_TRIGGER)
            return
        if order.role is OrderRole.TAKE_PROFIT:
            self.flow.brackets.targets.make_room(order)
        order = self.scribe.move(order, OrderState.ARMED)
        desk.arm(order)
        if order.trail is not None and price is not None:
            self.follow(order.order_id, Decimal(repr(price)))
        if order.reduce_only:
            self.flow.brackets.settle(order.symbol)

    def follow(self, order_id: str, price: Decimal) -> None:
        """A price that a trailing order looks at: it may activate it, or move its trigger nearer."""
        order = self.state.live.get(order_id)
        if order is None or order.trail is None or order.state is not OrderState.ARMED:
            return
        desk = self.flow.desks[order.symbol]
        step = desk.instrument.tick_size
        extreme = trailing.followed(order.trail, order.extreme, price, side=order.side, step=step)
        if extreme is None:
            return
        trigger = trailing.trigger_of(order.trail, extreme, side=order.side)
        sign = -order.side.sign
        if order.trigger is not None and not guard.is_tighter(trigger, order.trigger, sign=sign):
            trigger = order.trigger
        moved = TrailMoved(
            order_id=order_id,
            extreme=extreme,
            trigger=trigger,
            planned_stop=self._moved_stop(desk, order, trigger),
        )
        self.scribe.write(moved, symbol=order.symbol, order_id=order_id)
        desk.rearm(self.state.live[order_id])

    def _moved_stop(self, desk: Desk, order: Order, trigger: Decimal) -> Decimal | None:
        """An entry that trails takes a stop that trails along: its distance from the entry stays."""
        if order.planned_trail is None or order.planned_trail.activation is not None:
            return None
        behind = trailing.trigger_of(order.planned_trail, trigger, side=order.side.opposite)
        return guard.tick_for_stop(desk.instrument, behind, sign=order.side.sign)

    def look_at_sound_touch(self, desk: Desk) -> None:
        """A book stays crossed: the stop looks at the worse side of its last sound touch (6.2).

        One that looks at a live mark or index price has not lost its source.
        """
        stop = self.state.stop_of(desk.symbol)
        if stop is None or stop.state is not OrderState.ARMED or desk.sources.is_computed(stop.trigger_by):
            return
        tick = desk.sound_touch[0 if stop.side is Side.SELL else 1]
        if tick is not None and has_fired(stop, float(desk.instrument.to_price(tick))):
            self.trigger(stop.order_id)

    def trigger(self, order_id: str) -> None:
        """A stop's price was reached: latched, it executes after its latency."""
        order = self.state.live.get(order_id)
        if order is None or order.state is not OrderState.ARMED:
            return
        self.flow.desks[order.symbol].disarm(order_id)
        order = self.scribe.move(order, OrderState.TRIGGERED, triggered_ts=self.scribe.ts)
        self.flow.later(DueAction("walk", order_id), self.settings.stop_ns)
        self.plan_escalation(order)

    def trigger_in_gap(self, order: Order) -> None:
        """A stop's price was reached while nobody watched, and its limit passed: it acts on the next book.

        Its latency is over long since: nothing else may let it act once more.
        """
        desk = self.flow.desks[order.symbol]
        desk.disarm(order.order_id)
        order = self.scribe.move(
            order, OrderState.TRIGGERED, Reason.GAP_EVALUATION, triggered_ts=self.scribe.ts
        )
        desk.waiting[order.order_id] = None
        self.plan_escalation(order)

    def walk(self, order: Order) -> None:
        """Let a triggered order act now, or on the first fresh book."""
        desk = self.flow.desks[order.symbol]
        if not self.flow.may_act(desk, order):
            desk.waiting[order.order_id] = None
            return
        reason = self.flow.outdated(desk, order)
        if reason is not Reason.NONE:
            self.flow.end(order, OrderState.EXPIRED, reason)
            return
        self.flow.execute(order)

    # --- protective stops with a limit

    def plan_escalation(self, order: Order) -> None:
        """A protective stop that rests at a limit after its trigger gets a time to fill (R-TRG-5)."""
        if order.role is OrderRole.PROTECTIVE and order.price is not None and order.triggered_ts:
            left = order.triggered_ts + self.settings.escalate_ns - self.scribe.ts
            self.flow.due.push(self.scribe.steady_ts + max(0, left), DueAction("escalate", order.order_id))

    def escalate(self, order: Order) -> None:
        """A protective stop_limit did not fill in its time: it goes on as a working market exit."""
        desk = self.flow.desks[order.symbol]
        desk.matcher.cancel(order.order_id)
        unfilled = f"the stop of {order.symbol} rested unfilled at {canonical(order.price or ZERO)}"
        self.scribe.note("alarm", f"{unfilled}: it goes to market", symbol=order.symbol)
        reason = str(Reason.ESCALATED)
        order = self.scribe.order(
            msgspec.structs.replace(order, type=OrderType.STOP_MARKET, price=None, reason=reason)
        )
        is_on_its_way = order.state is OrderState.TRIGGERED and order.order_id not in desk.waiting
        if not is_on_its_way:
            self.walk(order)


def has_fired(order: Order, price: float | None) -> bool:
    """Whether a price has passed an order's trigger."""
    if price is None or order.trigger is None:
        return False
    return is_through(order.side, trigger=order.trigger, price=price, take_profit=order.type.takes_profit)


def stop_type(plan: StopPlan) -> OrderType:
    """The type of a protective stop with this plan."""
    if plan.trail is not None:
        return OrderType.TRAILING_STOP
    return OrderType.STOP_MARKET if plan.limit is None else OrderType.STOP_LIMIT
