"""Margins, liquidations and funding, in sentences that a trader reads once."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.event import (
    AnyBody,
    FeeShortfall,
    FundingPaid,
    Liquidated,
    LiquidationStarted,
    MarginCalled,
)
from tradetui.domain.number import canonical, money_scale
from tradetui.state import State

Words = tuple[str, str]
"""Severity and text."""


def money_words(body: AnyBody, state: State) -> Words | None:
    """What an event about margins means; None for what is told by another one."""
    match body:
        case MarginCalled():
            return _call_words(body)
        case LiquidationStarted():
            there, needed = _money(body.there, state), _money(body.needed, state)
            text = f"{body.symbol} is liquidated: {there} is left, {needed} {state.currency} is needed"
            return "error", text
        case Liquidated():
            return "error", _liquidated_words(body, state)
        case FundingPaid():
            word = "received" if body.amount > 0 else "paid"
            text = f"funding of {body.symbol}: {_money(abs(body.amount), state)} {word}"
            return "info", f"{text} at {body.rate * 100:.4f} %"
        case FeeShortfall():
            short = _money(body.due - body.paid, state)
            return "warning", f"{body.symbol}: the insurance paid {short} {body.asset} of a fee"
        case _:
            return None


def _call_words(body: MarginCalled) -> Words:
    whose = body.name or "the cross account"
    if not body.threshold:
        return "success", f"{whose}: the margin is sound again"
    if body.level:
        return "warning", f"margin call: the margin level is {body.level * 100:.1f} %"
    used = f"{body.ratio * 100:.0f} %"
    return "warning", f"margin call: {whose} needs {used} of its margin, liquidation comes at 100 %"


def _liquidated_words(body: Liquidated, state: State) -> str:
    text = f"{body.symbol} was liquidated: {canonical(body.qty)} closed"
    if body.taken_over:
        price = f"{body.bankruptcy_price:,.{state.instruments[body.symbol].price_scale}f}"
        text += f", {canonical(body.taken_over)} of it by the insurance at {price}"
    text += f", result {_money(body.result, state)}, fee {_money(body.fee, state)}"
    return f"{text}, insurance {_money(body.insurance, state)}" if body.insurance else text


def _money(amount: Decimal, state: State) -> str:
    return f"{amount:,.{money_scale(state.currency)}f}"
