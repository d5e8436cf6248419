"""The command that sets a position's targets."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.command import SetTarget
from tradetui.domain.order import Order, OrderRole, OrderState, TargetPlan
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason, Reply
from tradetui.engine import shape
from tradetui.engine.books import Books
from tradetui.engine.desk import Desk
from tradetui.engine.intake import Intake
from tradetui.engine.orders import OrderFlow
from tradetui.engine.refusals import number, refuse
from tradetui.engine.targetplans import planned
from tradetui.engine.targets import price_of
from tradetui.trading.settings import EngineSettings


class TargetDesk:
    """Sets the targets of a position."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow, *, books: Books, intake: Intake) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.books = books
        self.intake = intake

    def set_target(self, command: SetTarget) -> Reply:
        """Send targets; they take the place of those before."""
        desk, position = self.intake.position_of(command.symbol)
        plans = planned(desk.instrument, (command.target, *command.more), desk.exit_qty())
        orders = [self._order(desk, position, plan) for plan in plans]
        for order in self.state.live_of(desk.symbol):
            if order.role is OrderRole.TAKE_PROFIT and order.state is OrderState.SUBMITTED:
                self.flow.cancel_now(order, Reason.REPLACED)
        group = orders[0].order_id if len(orders) > 1 else ""
        for order in orders:
            self.flow.send(msgspec.structs.replace(order, group=group), latency_ns=self.settings.amend_ns)
        return Reply(order_ids=tuple(order.order_id for order in orders))

    def _order(self, desk: Desk, position: Position, plan: TargetPlan) -> Order:
        price = price_of(plan, desk.instrument, position)
        if price is None or price <= 0:
            raise refuse(Reason.BAD_INPUT, "expected a target price above zero, or a multiple of R")
        desk.sources.check(plan.by)
        shape.check_price(desk.instrument, "target", price, side=position.side)
        shape.check_price(desk.instrument, "target's limit", plan.limit, side=position.side)
        self._check_side(desk, position, price)
        qty = plan.qty if plan.qty is not None else desk.exit_qty()
        return self.flow.brackets.targets.new(desk, plan, price=price, qty=qty)

    def _check_side(self, desk: Desk, position: Position, price: Decimal) -> None:
        now, sign = self.books.valuation(desk.symbol) or position.entry_price, position.side.sign
        if sign * (price - now) > 0:
            return
        side = "above" if sign > 0 else "below"
        raise refuse(
            Reason.TARGET_WRONG_SIDE,
            f"target {number(price)} is not {side} the price {number(now)}",
            mend=f"put it {side} {number(now)}, or flatten",
            limit=now,
        )
