"""What an order would do, told before it is sent: the same checks as the order itself."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.market_data import Side, Timeframe
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.view import Draft, SidePreview
from tradetui.engine.books import Books
from tradetui.engine.conditionals import has_fired
from tradetui.engine.desk import Desk
from tradetui.engine.intake import Intake, Plan
from tradetui.engine.refusals import Refused
from tradetui.trading import guard
from tradetui.trading.match_types import Outcome


def preview(intake: Intake, books: Books, *, symbol: str, side: Side, draft: Draft, ts: int) -> SidePreview:
    """Price a draft on one side; a refusal is told in words."""
    command = draft.order(symbol, side, limit=draft.limit)
    try:
        plan = intake.plan(command, ts=ts)
    except Refused as refused:
        refusal = refused.refusal
        text = f"{refusal.text}: {refusal.mend}" if refusal.mend else refusal.text
        return SidePreview(side=side, allowed=False, refusal=text)
    order, desk = plan.order, intake.desk_of(symbol)
    if order.is_conditional and has_fired(order, desk.trigger_price(order.trigger_by, side)):
        text = f"the {order.trigger_by.value} price has passed its trigger already: it would be rejected"
        return SidePreview(side=side, allowed=False, refusal=text)
    return _priced(intake, books, plan)


def _priced(intake: Intake, books: Books, plan: Plan) -> SidePreview:
    desk, order = intake.desk_of(plan.order.symbol), plan.order
    match = intake.match(order)
    instrument = desk.instrument
    filled = instrument.to_qty(match.filled) if match is not None else ZERO
    left = order.qty - filled
    rests = left if match is None or match.outcome is Outcome.RESTING else ZERO
    average = match.vwap_ticks if match is not None else None
    price = average * instrument.tick_size if average is not None else None
    r_value = books.r_value()
    shown = SidePreview(
        side=order.side,
        allowed=True,
        refusal=plan.text,
        qty=order.qty,
        notional=instrument.notional(order.qty, plan.entry),
        fills_now=filled,
        avg_price=price,
        rests=rests,
        expires=left - rests,
        fee=_fee(plan, filled, price or plan.entry, rests=rests, intake=intake),
        stop=order.planned_stop,
        stop_atr=_in_atr(plan, intake),
        target=_target(plan, intake),
        risk=plan.risk,
        risk_r=MONEY.divide(plan.risk, r_value) if r_value > 0 else ZERO,
        margin=plan.margin,
    )
    return _with_distances(shown, desk, plan, mark=desk.current_value())


def _with_distances(shown: SidePreview, desk: Desk, plan: Plan, *, mark: Decimal | None) -> SidePreview:
    """How far the stop is from what fires it, and the liquidation from the mark price (R-TRG-2)."""
    order, liquidation = plan.order, plan.liquidation
    seen = desk.trigger_price(order.planned_stop_by, order.side.opposite)
    if liquidation is not None:
        liquidation = guard.shown_liquidation(desk.instrument, liquidation, sign=order.side.sign)
    scale, stop = desk.instrument.price_scale, order.planned_stop
    near = round(stop - Decimal(repr(seen)), scale) if stop is not None and seen is not None else None
    far = round(liquidation - mark, scale) if liquidation is not None and mark is not None else None
    return msgspec.structs.replace(
        shown,
        stop_by=order.planned_stop_by.value,
        stop_away=near,
        liquidation=liquidation,
        liquidation_away=far,
        assumes=desk.instrument.lacks_tiers,
    )


def _fee(plan: Plan, filled: Decimal, price: Decimal, *, rests: Decimal, intake: Intake) -> Decimal:
    """Taker fee of what fills now, maker fee of what rests, in quote."""
    instrument = intake.desk_of(plan.order.symbol).instrument
    taken = instrument.notional(filled, price) * instrument.taker_fee
    return taken + instrument.notional(rests, plan.entry) * instrument.maker_fee


def _in_atr(plan: Plan, intake: Intake) -> float | None:
    """The stop's distance in ATR(14) of the default timeframe."""
    stop = plan.order.planned_stop
    atr = intake.desk_of(plan.order.symbol).market.atr(Timeframe.M1) if stop is not None else None
    return float(abs(plan.entry - stop)) / atr if stop is not None and atr else None


def _target(plan: Plan, intake: Intake) -> Decimal | None:
    order = plan.order
    if order.planned_target_r is None or order.planned_stop is None:
        return order.planned_target
    sign = order.side.sign
    price = plan.entry + sign * order.planned_target_r * abs(plan.entry - order.planned_stop)
    return guard.tick_for_target(intake.desk_of(order.symbol).instrument, price, sign=sign)
