"""The command that changes a working order: what may be changed, and the checks of what it becomes."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.command import AmendOrder, SetStop, Size, Stop, SubmitOrder, Target
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.order import Amend, Order, OrderRole, OrderState, OrderType, TimeInForce
from tradetui.domain.reply import Reason, Reply
from tradetui.engine import shape
from tradetui.engine.desk import Desk
from tradetui.engine.intake import Intake
from tradetui.engine.orders import OrderFlow
from tradetui.engine.refusals import number, refuse
from tradetui.engine.stops import StopDesk
from tradetui.engine.whatif import without
from tradetui.trading.settings import EngineSettings


class AmendDesk:
    """Takes changes of orders, or refuses them."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow, *, intake: Intake, stops: StopDesk) -> None:
        self.settings = settings
        self.flow = flow
        self.state = flow.state
        self.intake = intake
        self.stops = stops

    def amend(self, command: AmendOrder) -> Reply:
        """Change quantity, limit or trigger of an order."""
        order = self._order_of(command)
        if order.role is OrderRole.PROTECTIVE:
            return self._move_stop(command, order)
        desk = self.intake.desk_of(order.symbol)
        self._check_state(order)
        self._check_shape(command, order)
        text, command = self._fitted(desk, command, order)
        for name, price in (("limit", command.limit), ("trigger", command.trigger)):
            shape.check_price(desk.instrument, name, price, side=order.side)
        amend = self._planned(desk, command, order)
        self.flow.amends.request(order, amend, latency_ns=self.settings.amend_ns)
        return Reply(order_ids=(order.order_id,), text=text)

    def _order_of(self, command: AmendOrder) -> Order:
        order = self.state.find(command.order_id)
        if order is None:
            raise refuse(Reason.UNKNOWN_ORDER, f"there is no order {command.order_id}")
        if order.state.is_terminal:
            raise refuse(Reason.UNKNOWN_ORDER, f"order {order.order_id} is {order.state.value} already")
        if command.qty is None and command.limit is None and command.trigger is None:
            raise refuse(Reason.BAD_INPUT, "expected what to change", mend="qty Q, limit P or trigger P")
        return order

    def _move_stop(self, command: AmendOrder, order: Order) -> Reply:
        """The position's stop is replaced, new before old, with the checks of a stop that moves."""
        if command.qty is not None:
            raise refuse(Reason.CONFLICTING_FLAGS, "a stop is as large as its position", mend="leave out qty")
        if order.trail is not None:
            raise refuse(
                Reason.CONFLICTING_FLAGS, f"{order.order_id} follows the price", mend="stop P, or trail V"
            )
        limit = command.limit if command.limit is not None else order.price
        stop = Stop(price=command.trigger or order.trigger, limit=limit)
        return self.stops.set_stop(SetStop(symbol=order.symbol, stop=stop))

    # --- what may be changed

    def _check_state(self, order: Order) -> None:
        if order.pending_cancel or order.amend is not None:
            raise refuse(
                Reason.CONFLICTING_FLAGS,
                f"{order.order_id} is being {'canceled' if order.pending_cancel else 'changed'} already",
                mend="wait until that has arrived",
            )
        fired = order.state is OrderState.TRIGGERED or (order.price is None and order.trigger is None)
        at_market = order.trail is None and fired
        if at_market or order.role in (OrderRole.FLATTEN, OrderRole.LIQUIDATION):
            raise refuse(Reason.CONFLICTING_FLAGS, f"{order.order_id} is executing")

    def _check_shape(self, command: AmendOrder, order: Order) -> None:
        if command.limit is not None and order.price is None:
            raise refuse(Reason.CONFLICTING_FLAGS, f"{order.order_id} has no limit", mend="leave it out")
        waits = order.state in (OrderState.ARMED, OrderState.SUBMITTED, OrderState.HELD)
        if command.trigger is not None and (order.trail is not None or order.trigger is None or not waits):
            raise refuse(
                Reason.CONFLICTING_FLAGS, f"{order.order_id} has no trigger to move", mend="leave it out"
            )
        if command.qty is not None and order.close_position:
            raise refuse(Reason.CONFLICTING_FLAGS, "it closes whatever is held", mend="leave out qty")

    def _fitted(self, desk: Desk, command: AmendOrder, order: Order) -> tuple[str, AmendOrder]:
        """A quantity on the lot, above what has filled, and within the position for exits."""
        qty = command.qty
        if qty is None:
            return "", command
        shape.check_lot(desk.instrument, qty)
        done = order.filled + order.prevented
        if qty <= done:
            raise refuse(
                Reason.BAD_INPUT,
                f"{number(done)} of {order.order_id} is done, {number(qty)} would leave nothing",
                mend=f"cancel {order.order_id}",
                limit=done,
            )
        most = done + desk.exit_qty()
        if not order.reduce_only or qty <= most:
            return "", command
        return f"clamped to the position: {number(most)}", msgspec.structs.replace(command, qty=most)

    # --- what it becomes

    def _planned(self, desk: Desk, command: AmendOrder, order: Order) -> Amend:
        qty = command.qty if command.qty is not None else order.qty
        amend = Amend(qty=command.qty, price=command.limit, trigger=command.trigger)
        if order.role is not OrderRole.ENTRY:
            self._check_target(desk, command, order)
            return amend
        part = MONEY.divide(qty, order.qty)
        risk, held = order.planned_risk * part, order.reserved * part
        if command.limit is not None or command.trigger is not None or qty > order.qty:
            leaves = qty - order.filled - order.prevented
            with without(self.state, order):
                plan = self.intake.plan(_as_command(order, command, leaves), ts=self.flow.scribe.ts)
            if plan.order.role is OrderRole.ENTRY:
                whole = MONEY.divide(qty, leaves)
                risk, held = plan.risk * whole, plan.margin * whole
        return msgspec.structs.replace(amend, planned_risk=risk, reserved=held)

    def _check_target(self, desk: Desk, command: AmendOrder, order: Order) -> None:
        price = command.trigger if order.trigger is not None else command.limit
        position = self.state.positions.get(desk.symbol)
        if order.role is not OrderRole.TAKE_PROFIT or price is None or position is None:
            return
        now = self.intake.books.valuation(desk.symbol) or position.entry_price
        shape.check_target_side(Target(price=price), sign=position.side.sign, entry=now)


def _as_command(order: Order, command: AmendOrder, leaves: Decimal) -> SubmitOrder:
    """The order that a change makes, as if it were typed now."""
    stop = order.stop_plan
    targets = tuple(Target(price=plan.price, r=plan.r) for plan in order.targets)
    rests = order.tif is TimeInForce.GTD
    return SubmitOrder(
        symbol=order.symbol,
        side=order.side,
        size=Size(max(leaves, ZERO)),
        limit=command.limit if command.limit is not None else order.price,
        trigger=None if order.trail is not None else command.trigger or order.trigger,
        trail=order.trail,
        take_profit=order.type in (OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT),
        trigger_by=order.trigger_by,
        stop=Stop(stop.trigger, limit=stop.limit, trail=stop.trail, by=stop.by) if stop is not None else None,
        target=targets[0] if targets else None,
        more_targets=targets[1:],
        tif=TimeInForce.GTC if rests else order.tif,
        post_only=order.post_only,
    )
