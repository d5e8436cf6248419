"""Losses and profits against their limits (section 13.1): where the threshold lies, and what is left.

Everything is counted net of deposits and withdrawals, so a threshold is compared with equity or balance
less what was paid in after the first deposit; only the minimum equity is a plain amount of money.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.number import MONEY, ONE, ZERO
from tradetui.domain.rule import Anchor, Compare, Measure, Reset, Rule, RuleKind, Unit
from tradetui.trading.daybook import Anchors, DayBook

SECOND: Final = 1_000_000_000


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the account stands at a moment."""

    equity: Decimal
    balance: Decimal
    """Equity without open profit."""
    flows: Decimal
    """Paid in less paid out after the first deposit."""
    book: DayBook
    risk_per_trade: Decimal = ZERO
    """1 R of size as a fraction of equity."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One rule held against the account."""

    rule: Rule
    used: Decimal
    limit: Decimal
    left: Decimal
    """Until the breach; negative beyond it."""
    breached: bool = False
    is_open: bool = True
    """Whether it can be told at all: a share of no profit can not."""


def amount_of(rule: Rule, standing: Standing) -> Decimal:
    """The amount of a rule in the account's currency; a share or a count as it is."""
    book = standing.book
    match rule.unit:
        case Unit.ANCHOR:
            return rule.amount * anchor_of(rule, anchors_of(rule, book), book)
        case Unit.START:
            return rule.amount * book.start
        case Unit.R:
            return rule.amount * standing.risk_per_trade * book.day.equity
        case _:
            return rule.amount


def anchors_of(rule: Rule, book: DayBook) -> Anchors:
    """The anchors of the rule's reset."""
    return book.week if rule.reset is Reset.WEEK else book.day


def anchor_of(rule: Rule, anchors: Anchors, book: DayBook) -> Decimal:
    """The number that a fraction is taken of, and that a loss is counted from, deposits included."""
    match rule.anchor:
        case Anchor.EQUITY:
            return anchors.equity
        case Anchor.BALANCE:
            return anchors.balance
        case Anchor.HIGHER:
            return max(anchors.equity, anchors.balance)
        case _:
            return book.start


def reference(rule: Rule, standing: Standing) -> Decimal:
    """What a loss or profit is counted from, net of flows."""
    book = standing.book
    match rule.kind:
        case RuleKind.MAX_LOSS_STATIC:
            return book.start
        case RuleKind.MAX_LOSS_DAY_END:
            highs = {Anchor.EQUITY: book.high_equity, Anchor.BALANCE: book.high_balance}
            return highs.get(rule.anchor, max(highs.values()))
        case RuleKind.MAX_LOSS_PEAK:
            return max(book.peak, standing.equity - standing.flows)
        case _:
            anchors = anchors_of(rule, book)
            flows = ZERO if rule.anchor is Anchor.START else anchors.flows
            return anchor_of(rule, anchors, book) - flows


def floor_of(rule: Rule, standing: Standing) -> Decimal:
    """The threshold of a loss, net of flows; of a minimum equity the plain amount less the flows."""
    if rule.kind is RuleKind.MIN_EQUITY:
        return amount_of(rule, standing) - standing.flows
    floor = reference(rule, standing) - amount_of(rule, standing)
    return floor if rule.cap is None else min(floor, standing.book.start + rule.cap)


def value_of(rule: Rule, standing: Standing) -> Decimal:
    """What is held against the threshold, net of flows."""
    value = standing.balance if rule.measure is Measure.REALIZED else standing.equity
    return value - standing.flows


def is_below(rule: Rule, value: Decimal, floor: Decimal) -> bool:
    """Whether a value breaches its floor, by the rule's own comparison."""
    return value < floor if rule.compare is Compare.BEYOND else value <= floor


def read_loss(rule: Rule, standing: Standing) -> Reading:
    """A loss against its limit."""
    value, floor = value_of(rule, standing), floor_of(rule, standing)
    limit, left = amount_of(rule, standing), value - floor
    used = value + standing.flows if rule.kind is RuleKind.MIN_EQUITY else max(ZERO, limit - left)
    return Reading(rule=rule, used=used, limit=limit, left=left, breached=is_below(rule, value, floor))


def room_of(rule: Rule, standing: Standing) -> Decimal:
    """What may still be lost; on realized results an open loss is taken off, an open profit not added."""
    value = min(standing.balance, standing.equity) if rule.measure is Measure.REALIZED else standing.equity
    return value - standing.flows - floor_of(rule, standing)


def forced_floor(rule: Rule, standing: Standing) -> Decimal | None:
    """Where positions held after a breach are closed (R-LCK-5); None for a kind without an amount lost."""
    if rule.kind is RuleKind.MIN_EQUITY:
        return None
    return floor_of(rule, standing) - amount_of(rule, standing) * (rule.force_at - ONE)


def read_profit(rule: Rule, standing: Standing) -> Reading:
    """A profit against the target that ends the day or the week."""
    won, target = value_of(rule, standing) - reference(rule, standing), amount_of(rule, standing)
    reached = won > target if rule.compare is Compare.BEYOND else won >= target
    return Reading(rule=rule, used=max(ZERO, won), limit=target, left=target - won, breached=reached)


def read_giveback(rule: Rule, standing: Standing) -> Reading:
    """How much of the day's highest profit is given back; it counts from the profit `arm` on."""
    start = reference(rule, standing)
    value = value_of(rule, standing)
    peak = max(standing.book.day_peak, value) - start
    armed = peak > 0 and peak >= arm_of(rule, standing)
    allowed = max(ZERO, peak) * rule.amount
    given = start + peak - value
    return Reading(
        rule=rule,
        used=given if armed else ZERO,
        limit=allowed,
        left=allowed - given,
        breached=armed and is_below(rule, allowed - given, ZERO),
        is_open=armed,
    )


def arm_of(rule: Rule, standing: Standing) -> Decimal:
    """The profit of the day from which giving back counts."""
    return amount_of(msgspec.structs.replace(rule, amount=rule.arm), standing)


def read_consistency(rule: Rule, standing: Standing) -> Reading:
    """The best day's share of the whole profit (13.5); not to be told while there is no profit."""
    book = standing.book
    now = standing.equity - standing.flows
    today = now - (book.day.equity - book.day.flows)
    share = share_of_best_day(max(book.best_day, today), now - book.start)
    if share is None:
        return Reading(rule=rule, used=ZERO, limit=rule.amount, left=rule.amount, is_open=False)
    left = rule.amount - share
    return Reading(rule=rule, used=share, limit=rule.amount, left=left, breached=is_below(rule, left, ZERO))


def share_of_best_day(best_day: Decimal, total: Decimal) -> Decimal | None:
    """Best day's profit as a part of all profit; None without a profit."""
    return MONEY.divide(max(ZERO, best_day), total) if total > 0 else None


def read_drawdown(rule: Rule, standing: Standing, *, ts: int) -> Reading:
    """Equity against its highest of the last while, as a part of that; more than the amount is too much."""
    now = standing.equity - standing.flows
    peak = max(window_peak(standing.book, since=ts - rule.lookback_s * SECOND), now)
    whole = peak + standing.flows
    used = MONEY.divide(peak - now, whole) if whole > 0 else ZERO
    left = rule.amount - used
    return Reading(rule=rule, used=used, limit=rule.amount, left=left, breached=left < 0)


def window_peak(book: DayBook, *, since: int) -> Decimal:
    """The highest equity that was written since a moment, net of flows; zero where none was."""
    highest = ZERO
    for mark in reversed(book.marks):
        if mark.ts < since:
            break
        highest = max(highest, mark.equity)
    return highest
