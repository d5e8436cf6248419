"""Rules in words: what was reached, for the lock and the notice."""

from __future__ import annotations

from typing import Final

from tradetui.domain.rule import Rule, RuleKind, Unit
from tradetui.engine.refusals import money, number
from tradetui.trading.protections import Finding
from tradetui.trading.thresholds import Reading

LOSS_WORDS: Final[dict[RuleKind, str]] = {
    RuleKind.DAILY_LOSS: "daily loss",
    RuleKind.WEEKLY_LOSS: "weekly loss",
    RuleKind.MAX_LOSS_STATIC: "maximum loss",
    RuleKind.MAX_LOSS_DAY_END: "trailing maximum loss",
    RuleKind.MAX_LOSS_PEAK: "trailing maximum loss",
}


def breach_words(rule: Rule, reading: Reading, currency: str) -> str:
    """What was reached, with its number."""
    limit = f"{money(reading.limit)} {currency}"
    match rule.kind:
        case RuleKind.PROFIT_STOP:
            return f"{'weekly' if rule.reset == 'week' else 'daily'} profit of {limit} reached"
        case RuleKind.PROFIT_GIVEBACK:
            return f"{number(rule.amount * 100)} % of the day's highest profit given back"
        case RuleKind.MIN_EQUITY:
            return f"equity below the minimum of {limit}"
        case RuleKind.CONSISTENCY:
            share, most = reading.used * 100, number(rule.amount * 100)
            return f"the best day is {share:.1f} % of all profit, {most} % is the most"
        case RuleKind.DRAWDOWN_GUARD:
            return f"drawdown of {reading.used * 100:.2f} % in {spell(rule.lookback_s)}"
        case _:
            return f"{LOSS_WORDS[rule.kind]} of {limit} reached"


def finding_words(finding: Finding) -> str:
    """What a guard has counted."""
    rule, count = finding.rule, number(finding.used)
    words = {
        RuleKind.STOP_GUARD: f"{count} {_many(finding, 'stop')} in {spell(rule.lookback_s)}",
        RuleKind.LOW_PROFIT: f"{count} trades in {spell(rule.lookback_s)} earned too little",
        RuleKind.COOLDOWN: f"{spell(rule.lock_s)} to cool down after a trade",
        RuleKind.LOSS_COOLDOWN: f"{spell(rule.lock_s)} to cool down after a loss",
        RuleKind.MAX_TRADES: f"{shown_name(rule)} of {count} reached",
        RuleKind.LOSING_STREAK: f"{count} losses in a row",
        RuleKind.DAY_TRADES: f"pattern day trader with equity below {money(rule.amount)}",
    }
    return words[rule.kind]


def _many(finding: Finding, word: str) -> str:
    return word if finding.used == 1 else f"{word}s"


def rule_words(rule: Rule) -> str:
    """A rule with its value, as a line of a list."""
    return f"{shown_name(rule)} {value_words(rule)}"


def shown_name(rule: Rule) -> str:
    """The name of a rule as it is read: daily loss, max position BTC/USDT."""
    name, _, symbol = rule.name.partition("@")
    return f"{name.replace('_', ' ')}{f' {symbol}' if symbol else ''}"


def value_words(rule: Rule) -> str:
    """What a rule is set to."""
    if rule.windows:
        return ", ".join(rule.windows)
    if rule.kind in (RuleKind.COOLDOWN, RuleKind.LOSS_COOLDOWN):
        return spell(rule.lock_s)
    amount = _amount_words(rule)
    if rule.lookback_s:
        return f"{amount} in {spell(rule.lookback_s)}, locks {spell(rule.lock_s)}"
    return amount


def _amount_words(rule: Rule) -> str:
    shares = (RuleKind.CONSISTENCY, RuleKind.DRAWDOWN_GUARD, RuleKind.PROFIT_GIVEBACK)
    if rule.kind in shares or rule.unit in (Unit.ANCHOR, Unit.START):
        of_start = rule.unit is Unit.START and rule.kind not in shares
        return f"{number(rule.amount * 100)} %{' of the first deposit' if of_start else ''}"
    if rule.unit is Unit.R:
        return f"{number(rule.amount)} R"
    return money(rule.amount) if rule.unit is Unit.MONEY else number(rule.amount)


def spell(seconds: int) -> str:
    """A length of time as people say it."""
    if seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
