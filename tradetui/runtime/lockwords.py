"""Locks and rules in a trader's words: until when, why, and which part of a limit is used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from tradetui.domain.event import LimitBreached, Locked
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, canonical
from tradetui.domain.rule import Action, LockUntil, Rule, RuleKind
from tradetui.engine.rulewords import breach_words
from tradetui.state import State
from tradetui.trading.daystate import WARNED
from tradetui.trading.thresholds import Reading

_SECOND: Final = 1_000_000_000
_DAY_NS: Final = 86_400 * _SECOND
_SIDES: Final = {None: "", Side.BUY: "longs", Side.SELL: "shorts"}
_PER_CENT: Final = 100


def until_words(lock: Locked, state: State) -> str:
    """Locked until 00:00 UTC, with the date where that is more than a day away."""
    if lock.ends is LockUntil.FOREVER:
        return "locked for good"
    zone = state.limits.get("zone", "UTC")
    moment = datetime.fromtimestamp(lock.until_ts // _SECOND, UTC).astimezone(ZoneInfo(zone))
    is_far = lock.until_ts - state.last_ts > _DAY_NS
    clock = moment.strftime("%Y-%m-%d %H:%M" if is_far else "%H:%M")
    by_hand = "you unlock it, from " if lock.ends is LockUntil.MANUAL else ""
    return f"locked until {by_hand}{clock} {zone}"


def cause_words(lock: Locked) -> str:
    """Why, without the moment and the scope that stand behind it."""
    return lock.text.rpartition(": ")[0]


def lock_words(lock: Locked, state: State) -> str:
    """Until when something is locked, what, and why: the end comes first, where it is never cut off."""
    what = " ".join(word for word in (lock.symbol, _SIDES[lock.side]) if word)
    return f"{until_words(lock, state)}: {what + ', ' if what else ''}{cause_words(lock)}"


def rule_name(name: str) -> str:
    """Daily loss for daily_loss."""
    return name.replace("_", " ")


def limit_words(body: LimitBreached, state: State) -> tuple[str, str] | None:
    """What a warning, or a breach that does not lock, means; None where the lock that follows says it."""
    rule = state.risk_limits.rule(body.rule)
    if body.warning:
        return "warning", _warning(body, rule)
    if rule is None or Action.BLOCK in rule.actions or "used" not in body.numbers:
        return None
    used, limit = body.numbers["used"], body.numbers["limit"]
    reading = Reading(rule=rule, used=used, limit=limit, left=MONEY.subtract(limit, used))
    return "warning", breach_words(rule, reading, state.currency)


def _warning(body: LimitBreached, rule: Rule | None) -> str:
    if rule is not None and rule.kind is RuleKind.FLATTEN_AT:
        return f"{rule.windows[0]}: everything is closed for the day" if body.numbers[WARNED] == 1 else ""
    used = MONEY.multiply(body.numbers[WARNED], _PER_CENT * MONEY.create_decimal(1))
    return f"{rule_name(body.rule)} {canonical(used)} % used"
