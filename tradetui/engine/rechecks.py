"""What was accepted is held against the market again when it acts: its price may be anywhere by now.

An entry at market fills no more than the budget carries at the prices of that moment (R-RSK-3): a gap on
its trigger, or on its way, makes the position smaller and not the risk larger.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.order import Order, OrderRole, OrderState, TimeInForce
from tradetui.domain.reply import Reason
from tradetui.engine.checks import EntryChecks
from tradetui.engine.desk import Desk
from tradetui.engine.refusals import Refused
from tradetui.trading import risk
from tradetui.trading.match_types import Incoming
from tradetui.trading.risk import Budget

ROUNDS: Final = 8
LONGEST_WAIT_NS: Final = 30_000_000_000
"""A market entry that waited longer for data is not what was meant any more: it expires."""


class Rechecks:
    """Asks the checks of an entry again, without the order's own share of what is at risk."""

    def __init__(self, checks: EntryChecks) -> None:
        self.checks = checks
        self.books = checks.books

    def outdated(self, desk: Desk, order: Order, *, ts: int) -> Reason:
        """Why an entry that waited for data may not act any more; NONE where it may.

        Its price may be anywhere by now: what was accepted is held against stop and budget again.
        """
        if order.role is not OrderRole.ENTRY:
            return Reason.NONE
        if desk.instrument.status is not InstrumentStatus.TRADING:
            return Reason.INSTRUMENT_HALTED
        return self._overtaken(desk, order, ts=ts) if order.price is None else Reason.NONE

    def _overtaken(self, desk: Desk, order: Order, *, ts: int) -> Reason:
        """Why an entry at market is not what was meant any more."""
        if order.state in (OrderState.SUBMITTED, OrderState.HELD) and ts - order.due_ts > LONGEST_WAIT_NS:
            return Reason.STALE_DATA
        entry, stop, sign = desk.best(order.side), order.planned_stop, order.side.sign
        if entry is None:
            return Reason.NONE
        touch = desk.best(order.side.opposite) or entry
        if stop is not None and sign * (min(entry, touch, key=lambda price: sign * price) - stop) <= 0:
            return Reason.STOP_WRONG_SIDE
        if order.state is OrderState.TRIGGERED:
            return Reason.NONE
        return self._outgrown(desk, order, entry, stop)

    def _outgrown(self, desk: Desk, order: Order, entry: Decimal, stop: Decimal | None) -> Reason:
        """Whether what an order risks at today's price still fits beside everything else."""
        budget = self._without(order)
        unit = self.checks.pricing.unit_risk(desk.instrument, entry, stop, post_only=False)
        try:
            self.checks.budget(desk, order.leaves, unit, budget=budget, reversing=False)
        except Refused as refused:
            return refused.refusal.reason
        return Reason.NONE

    def fitting(self, desk: Desk, order: Order) -> tuple[Decimal, Reason]:
        """How much of an entry at market the budget carries at the book of this moment, and what binds it."""
        budget, qty, reason = self._without(order), order.leaves, Reason.NONE
        for _ in range(ROUNDS):
            unit = self._unit_risk(desk, order, qty)
            fits = risk.largest_qty(budget.allowed, unit, desk.instrument.lot_size) if unit else qty
            if qty <= fits:
                break
            qty, reason = fits, budget.binding
            if not qty:
                break
        return qty, reason

    def _without(self, order: Order) -> Budget:
        budget = self.books.budget()
        return msgspec.structs.replace(budget, open_risk=budget.open_risk - risk.left_at_risk(order))

    def _unit_risk(self, desk: Desk, order: Order, qty: Decimal) -> Decimal | None:
        """What a unit would lose that is bought now; None where nothing is offered, so that nothing fills."""
        incoming = Incoming(order_id="", side=order.side, lots=desk.lots(qty), tif=TimeInForce.IOC)
        average = desk.matcher.estimate(incoming).vwap_ticks
        if average is None:
            return None
        entry = average * desk.instrument.tick_size
        return self.checks.pricing.unit_risk(desk.instrument, entry, order.planned_stop, post_only=False)
