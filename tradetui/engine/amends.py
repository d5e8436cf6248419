"""Changes of working orders when they reach the venue (R-MAT-12).

Less quantity keeps the place in the queue; another price, or more, is a new arrival. A change that can
not be made leaves the order as it was and where it stood.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from tradetui.domain.number import MONEY, floor_to
from tradetui.domain.order import Amend, Order, OrderRole, OrderState, OrderType, TargetPlan, TimeInForce
from tradetui.domain.reply import Reason
from tradetui.engine.desk import Desk
from tradetui.engine.due import DueAction
from tradetui.engine.reserve import affordable_qty
from tradetui.trading.match_types import Outcome
from tradetui.trading.triggers import is_through

if TYPE_CHECKING:
    from tradetui.engine.orders import OrderFlow

_RESTING = (OrderState.WORKING, OrderState.PARTIALLY_FILLED)


class Amends:
    """Carries changes to the venue and makes them there."""

    def __init__(self, flow: OrderFlow) -> None:
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state

    def request(self, order: Order, amend: Amend, *, latency_ns: int) -> None:
        """Send a change; it acts when it has reached the venue, and not before the order has."""
        latency = max(latency_ns, order.due_ts - self.scribe.ts)
        if latency > 0:
            self.scribe.order(msgspec.structs.replace(order, amend=amend))
        else:
            order = msgspec.structs.replace(order, amend=amend)
            self.act(order)
            return
        self.flow.later(DueAction("amend", order.order_id), latency)

    def plan(self, order: Order) -> None:
        """After a restart: a change that was on its way acts at once."""
        if order.amend is not None:
            self.flow.due.push(self.scribe.steady_ts, DueAction("amend", order.order_id))

    def act(self, order: Order) -> None:
        """Make a change, or leave the order as it was and say why."""
        amend = order.amend
        if amend is None:
            return
        if amend.take:
            self._take(msgspec.structs.replace(order, amend=None))
            return
        order = msgspec.structs.replace(order, amend=None)
        changed = changed_by(order, amend, lot=self._desk(order).instrument.lot_size)
        why = self._obstacle(order, changed)
        if why:
            self._reject(order, why)
        elif order.state in _RESTING:
            self._change_resting(order, changed)
        elif order.state is OrderState.ARMED:
            self._change_armed(order, changed)
        else:
            self.scribe.order(changed)
        if order.reduce_only:
            self.flow.brackets.settle(order.symbol)

    def _take(self, order: Order) -> None:
        """The rest of a chase goes to market, unless its stop or the budget does not carry that any more."""
        desk = self._desk(order)
        market = msgspec.structs.replace(order, type=OrderType.MARKET, price=None, tif=TimeInForce.IOC)
        reason = self.flow.outdated(desk, market)
        if reason is not Reason.NONE or not self.flow.may_act(desk, order):
            self._reject(order, str(reason) or "its data is not fresh")
            return
        desk.matcher.cancel(order.order_id)
        self.flow.execute(self.scribe.order(market))

    def _desk(self, order: Order) -> Desk:
        return self.flow.desks[order.symbol]

    def _reject(self, order: Order, why: str) -> None:
        if self.state.orders[order.order_id] != order:
            self.scribe.order(order)
        self.scribe.note("amend_rejected", f"order {order.order_id} stays: {why}", symbol=order.symbol)

    def _obstacle(self, order: Order, changed: Order) -> str:
        """Why a change can not be made by now; empty where it can."""
        if changed.qty <= order.filled + order.prevented:
            return f"it has filled {order.filled} meanwhile"
        if order.state is OrderState.TRIGGERED or (
            order.state is not OrderState.ARMED and changed.trigger != order.trigger
        ):
            return "its trigger has fired meanwhile"
        if order.state is OrderState.ARMED and changed.trigger != order.trigger and self._is_through(changed):
            return "the price has reached its new trigger"
        if order.state in _RESTING and changed.price != order.price and self._would_take(changed):
            return str(Reason.POST_ONLY_WOULD_TAKE)
        return "" if self._is_paid(order, changed) else str(Reason.INSUFFICIENT_BALANCE)

    def _is_through(self, changed: Order) -> bool:
        price = self._desk(changed).trigger_price(changed.trigger_by, changed.side)
        if price is None or changed.trigger is None:
            return False
        takes_profit = changed.type.takes_profit
        return is_through(changed.side, trigger=changed.trigger, price=price, take_profit=takes_profit)

    def _would_take(self, changed: Order) -> bool:
        desk = self._desk(changed)
        if not changed.post_only or not desk.is_fresh:
            return False
        estimate = desk.matcher.estimate(desk.incoming(changed, desk.lots(changed.leaves)))
        return estimate.outcome is Outcome.REJECTED

    def _is_paid(self, order: Order, changed: Order) -> bool:
        grows = changed.reserved * changed.leaves > order.reserved * order.leaves
        if order.role is not OrderRole.ENTRY or not grows:
            return True
        desk = self._desk(order)
        free = self.flow.available(desk.instrument.settle) + order.reserved * order.leaves / order.qty
        bare = msgspec.structs.replace(changed, reserved=Decimal(0))
        return changed.leaves <= affordable_qty(self.state, desk, bare, free=free)

    # --- by where it stands

    def _change_armed(self, order: Order, changed: Order) -> None:
        desk = self._desk(order)
        if changed.trigger != order.trigger:
            changed = msgspec.structs.replace(changed, due_ts=self.scribe.ts)
            desk.disarm(order.order_id)
            desk.arm(changed)
        self.scribe.order(changed)

    def _change_resting(self, order: Order, changed: Order) -> None:
        desk = self._desk(order)
        if changed.price == order.price and changed.qty <= order.qty:
            desk.matcher.reduce(order.order_id, desk.lots(changed.leaves))
            self.scribe.order(changed)
            return
        desk.matcher.cancel(order.order_id)
        self.scribe.order(changed)
        if self.flow.may_act(desk, changed):
            self.flow.execute(changed)
        else:
            desk.waiting[order.order_id] = None


def changed_by(order: Order, amend: Amend, *, lot: Decimal) -> Order:
    """An order with a change made; what its fills will bring grows or shrinks with it."""
    qty = amend.qty if amend.qty is not None else order.qty
    return msgspec.structs.replace(
        order,
        qty=qty,
        price=amend.price if amend.price is not None else order.price,
        trigger=amend.trigger if amend.trigger is not None else order.trigger,
        planned_risk=amend.planned_risk if amend.planned_risk is not None else order.planned_risk,
        reserved=amend.reserved if amend.reserved is not None else order.reserved,
        planned_targets=scaled_targets(order, qty, lot=lot),
        chased=amend.chased if amend.chased is not None else order.chased,
        chase=order.chase if amend.chased is not None or amend.price is None else None,
        sized=order.sized or (order.role is OrderRole.TAKE_PROFIT and amend.qty is not None),
        target_r=None if amend.price is not None or amend.trigger is not None else order.target_r,
    )


def scaled_targets(order: Order, qty: Decimal, *, lot: Decimal) -> tuple[TargetPlan, ...]:
    """The targets of an order for another quantity of it."""
    return tuple(_scaled(plan, order.qty, qty, lot) for plan in order.planned_targets)


def _scaled(plan: TargetPlan, before: Decimal, after: Decimal, lot: Decimal) -> TargetPlan:
    if plan.qty is None or before == after:
        return plan
    qty = floor_to(MONEY.divide(plan.qty * after, before), lot)
    return msgspec.structs.replace(plan, qty=max(lot, qty))
