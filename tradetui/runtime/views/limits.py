"""Every limit as a gauge: what is used of it and what is left, the nearest things to know first."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.rule import CLOCKS, LOSSES, PROFITS, Rule, RuleKind, Unit
from tradetui.domain.view import LimitGauge
from tradetui.engine.readings import read_all
from tradetui.engine.rulewords import value_words
from tradetui.runtime.views.books import PublishedBooks
from tradetui.runtime.views.words import cents
from tradetui.trading.thresholds import Reading

_SHORT: Final = {
    "max_losing_streak": "losing streak",
    "max_open_orders": "open orders",
    "max_orders_per_minute": "orders/min",
    "max_trades": "trades",
    "profit_giveback": "giveback",
    "drawdown_guard": "drawdown",
    "cooldown_after_loss": "after a loss",
    "day_trades": "day trades",
}
_SHARES: Final = (RuleKind.CONSISTENCY, RuleKind.DRAWDOWN_GUARD)
_SPELLED: Final = CLOCKS | {RuleKind.COOLDOWN, RuleKind.LOSS_COOLDOWN, RuleKind.MAX_ORDER_SIZE}
"""Kinds of which nothing is used up: they are told in words."""


def gauges(books: PublishedBooks, currency: str, *, ts: int) -> tuple[LimitGauge, ...]:
    """Losses, open risk, profits, counts, then what is told in words."""
    readings = read_all(books, ts=ts)
    losses = [_gauge(r, currency) for r in readings if r.rule.kind in LOSSES]
    profits = [_gauge(r, currency) for r in readings if r.rule.kind in PROFITS]
    others = [_gauge(r, currency) for r in readings if r.rule.kind not in LOSSES | PROFITS | _SPELLED]
    spelled = [_spelled(rule) for rule in books.limits.rules if rule.kind in _SPELLED]
    return (*losses, _open_risk(books), *profits, *others, *spelled)


def name_of(rule: Rule) -> str:
    """A short name, with the symbol where it concerns only one."""
    name, _, symbol = rule.name.partition("@")
    shown = _SHORT.get(name, name.replace("_", " "))
    return f"{shown} {symbol}" if symbol else shown


def _open_risk(books: PublishedBooks) -> LimitGauge:
    used, limit = cents(books.in_r(books.open_risk())), books.limits.max_open_risk
    return LimitGauge("open risk", used, limit, "R", left=limit - used)


def _gauge(reading: Reading, currency: str) -> LimitGauge:
    rule, name = reading.rule, name_of(reading.rule)
    if rule.kind is RuleKind.MIN_EQUITY:
        return _minimum(reading, name, currency)
    if not reading.is_open:
        waits = "from a profit on" if rule.kind is RuleKind.PROFIT_GIVEBACK else "no profit yet"
        return LimitGauge(name, ZERO, ZERO, "", waits)
    if rule.kind in _SHARES:
        used, limit, left = (cents(value * 100) for value in (reading.used, reading.limit, reading.left))
        return LimitGauge(name, used, limit, "%", left=left)
    if rule.kind in LOSSES | PROFITS or (rule.unit is Unit.MONEY and rule.kind is not RuleKind.DAY_TRADES):
        used, limit, left = (cents(value, currency) for value in (reading.used, reading.limit, reading.left))
        return LimitGauge(name, used, limit, currency, left=left)
    return LimitGauge(name, reading.used, reading.limit, "", left=reading.left)


def _minimum(reading: Reading, name: str, currency: str) -> LimitGauge:
    """A minimum is full when equity has come down to it."""
    limit, left = cents(reading.limit, currency), cents(reading.left, currency)
    share = MONEY.divide(reading.limit, reading.used) if reading.used > 0 else Decimal(1)
    return LimitGauge(name, cents(limit * share, currency), limit, currency, f"{left:,f} above", left)


def _spelled(rule: Rule) -> LimitGauge:
    return LimitGauge(name_of(rule), ZERO, ZERO, "", value_words(rule))
