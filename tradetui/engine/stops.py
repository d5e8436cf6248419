"""Commands that move a position's stop (sections 8.1 and 12.2)."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.command import BreakEven, SetStop, Stop
from tradetui.domain.event import StopLoosened
from tradetui.domain.number import ZERO
from tradetui.domain.order import OrderRole, OrderState, StopPlan, Trail, TriggerBy
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason, Reply
from tradetui.engine import shape
from tradetui.engine.books import Books
from tradetui.engine.desk import Desk
from tradetui.engine.intake import Intake
from tradetui.engine.orders import OrderFlow
from tradetui.engine.protection import going_on
from tradetui.engine.refusals import money, number, refuse
from tradetui.engine.trails import prepared, price_now
from tradetui.trading import account, guard, trailing
from tradetui.trading.settings import EngineSettings
from tradetui.trading.triggers import is_through


class StopDesk:
    """Moves stops, or refuses to."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow, *, books: Books, intake: Intake) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.books = books
        self.intake = intake

    def set_stop(self, command: SetStop) -> Reply:
        """Move the stop to a price or to a distance from the market, or let it follow the price."""
        desk, position = self.intake.position_of(command.symbol)
        stop = command.stop
        for name, price in (("stop", stop.price), ("stop's limit", stop.limit)):
            shape.check_price(desk.instrument, name, price, side=position.side)
        desk.sources.check(stop.by)
        if stop.trail is not None:
            return self._move_stop(desk, position, self._trailing(desk, position, stop))
        reference = self.books.valuation(command.symbol) or position.entry_price
        trigger = self.intake.pricing.stop_price(desk, stop, reference, sign=position.side.sign)
        return self._move_stop(desk, position, StopPlan(trigger, stop.limit, by=self._source(desk, stop)))

    def _source(self, desk: Desk, stop: Stop) -> TriggerBy:
        """What fires a stop: as named, else as it was."""
        old = self.state.stop_of(desk.symbol)
        return stop.by or (old.trigger_by if old is not None else TriggerBy.LAST)

    def _trailing(self, desk: Desk, position: Position, stop: Stop) -> StopPlan:
        """A trail from now on, or one that begins later and keeps the stop as it is until then."""
        old = self.state.stop_of(desk.symbol)
        present = stop.price or (old.trigger if old is not None else None)
        by, side = self._source(desk, stop), position.side.opposite
        trail = prepared(desk, stop.trail or Trail(), by=by, side=side, present=present)
        if trail.activation is not None and present is None:
            raise refuse(Reason.STOP_REQUIRED, "there is no stop to keep until then", mend="add its price")
        if present is not None and (trail.activation is not None or stop.price is not None):
            return StopPlan(present, stop.limit, trail, by=by)
        trigger = trailing.trigger_of(trail, price_now(desk, by, side), side=side)
        return StopPlan(trigger, stop.limit, trail, by=by)

    def breakeven(self, command: BreakEven) -> Reply:
        """Move the stop to where closing costs nothing."""
        desk, position = self.intake.position_of(command.symbol)
        sign = position.side.sign
        price = guard.tick_for_stop(desk.instrument, account.breakeven(position, desk.instrument), sign=sign)
        by = self._source(desk, Stop())
        now = desk.trigger_price(by, position.side.opposite)
        if now is not None and is_through(position.side.opposite, trigger=price, price=now):
            raise refuse(
                Reason.STOP_WRONG_SIDE,
                f"break-even with fees is {number(price)}, the price is {now:g}: it would close at once",
                mend="wait, or flatten",
                limit=price,
            )
        old = self.state.stop_of(desk.symbol)
        plan = StopPlan(price, by=by)
        return self._move_stop(desk, position, plan if old is None else going_on(plan, old))

    def _move_stop(self, desk: Desk, position: Position, plan: StopPlan) -> Reply:
        old = self.state.stop_of(desk.symbol)
        before = old.trigger if old is not None else None
        if before is None or position.side.sign * (plan.trigger - before) < 0:
            self.intake.checks.stop_liquidation(desk, plan.trigger, position)
        grown = self.check_loosening(desk.symbol, position, plan.trigger)
        if old is not None and old.state is not OrderState.ARMED:
            raise refuse(
                Reason.CONFLICTING_FLAGS, f"the stop {old.order_id} has been triggered and is executing"
            )
        self.note_loosening(desk.symbol, plan.trigger, grown)
        order = self.flow.protection.new_stop(desk, plan, desk.exit_qty())
        if self.settings.amend_ns > 0:
            self._withdraw_pending(desk.symbol, OrderRole.PROTECTIVE)
            self.flow.send(order, latency_ns=self.settings.amend_ns)
        else:
            self.flow.protection.swap(order)
        return Reply(order_ids=(order.order_id,))

    def _withdraw_pending(self, symbol: str, role: OrderRole) -> None:
        for order in self.state.live_of(symbol):
            if order.role is role and order.state is OrderState.SUBMITTED:
                self.flow.cancel_now(order, Reason.REPLACED)

    def check_loosening(self, symbol: str, position: Position, price: Decimal | None) -> Decimal:
        """By how much the risk grows with a stop farther away, or with none (R-STP-4).

        Raises Refused where that is more than the budget has, and always while locked.
        """
        stop = self.state.stop_of(symbol)
        if stop is None or stop.trigger is None:
            return ZERO
        if price is not None and position.side.sign * (price - stop.trigger) >= 0:
            return ZERO
        lock = self.state.lock_on(symbol, position.side)
        if lock is not None:
            raise refuse(Reason.LOCKED, lock.text, mend="the stop may move toward the market only")
        budget = self.books.budget()
        risked = self.books.open_risk(moved=symbol, stop=price)
        by_open = budget.max_open_risk * budget.r_value
        what = f"with its stop at {number(price)}" if price is not None else "without its stop"
        for reason, limit in ((Reason.DAILY_BUDGET, budget.head_room), (Reason.OPEN_RISK, by_open)):
            if risked > limit:
                raise refuse(
                    reason,
                    f"{what} it risks {money(risked)}, {money(limit)} is the limit",
                    mend="set it nearer",
                    needed=risked,
                    limit=limit,
                )
        return risked - budget.open_risk

    def note_loosening(self, symbol: str, price: Decimal | None, grown: Decimal) -> None:
        """Write down that a stop was moved away, or taken away, and what that put at risk."""
        stop = self.state.stop_of(symbol)
        if grown > 0 and stop is not None and stop.trigger is not None:
            body = StopLoosened(before=stop.trigger, after=price, added_risk=grown)
            self.scribe.write(body, symbol=symbol, order_id=stop.order_id)
