"""Which part of changed limits may act at once (R-LCK-2): what is tighter; all else waits for the roll.

Rules are compared by name, and each field by itself. A field whose values have no order (what is
measured, from which anchor) keeps its old value until the roll, and the amount with it, because an amount
means nothing without them. A new rule acts at once; one that was taken away goes at the roll.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.hours import read_hours
from tradetui.domain.rule import (
    CLOCKS,
    LOSSES,
    PROFITS,
    Action,
    Compare,
    LockUntil,
    Rule,
    RuleKind,
    Scope,
)

Worth = Callable[[Rule], Decimal]
"""What a rule's amount is in money now; of a time to be flat, the minutes after the roll."""
_LARGER_IS_TIGHTER: Final = frozenset({RuleKind.MIN_EQUITY, RuleKind.DAY_TRADES})
_ENDS: Final = (
    LockUntil.TIME,
    LockUntil.ROLL,
    LockUntil.NEXT_WEEK,
    LockUntil.MANUAL,
    LockUntil.FOREVER,
)
_UNORDERED: Final = ("kind", "anchor", "measure", "reset")


def tightened(old: tuple[Rule, ...], wish: tuple[Rule, ...], worth: Worth) -> tuple[Rule, ...]:
    """The rules that hold now when others are wished for, in the order of their names."""
    wished = {rule.name: rule for rule in wish}
    now = {rule.name: tighter(rule, wished.get(rule.name, rule), worth) for rule in old}
    return tuple(sorted((wished | now).values(), key=lambda rule: rule.name))


def tighter(old: Rule, new: Rule, worth: Worth) -> Rule:
    """The tighter of two rules of one name, field by field."""
    if old == new:
        return old
    changes: dict[str, object] = {
        "compare": Compare.AT if Compare.AT in (old.compare, new.compare) else Compare.BEYOND,
        "scope": _scope(old.scope, new.scope),
        "symbol": "" if "" in (old.symbol, new.symbol) else old.symbol,
        "actions": tuple(action for action in Action if action in (*old.actions, *new.actions)),
        "lock_until": max(old.lock_until, new.lock_until, key=_ENDS.index),
        "force_at": min(old.force_at, new.force_at),
        "lookback_s": max(old.lookback_s, new.lookback_s),
        "lock_s": max(old.lock_s, new.lock_s),
        "required": max(old.required, new.required),
        "cap": None if None in (old.cap, new.cap) else max(_known(old.cap), _known(new.cap)),
    }
    if all(getattr(old, field) == getattr(new, field) for field in _UNORDERED):
        changes |= _amount(old, new, worth) | _windows(old, new, worth)
    return msgspec.structs.replace(old, **changes)


def _known(value: Decimal | None) -> Decimal:
    return value if value is not None else Decimal(0)


def _scope(old: Scope, new: Scope) -> Scope:
    """Everything together is tighter than apart; symbol and side have no order."""
    return Scope.ALL if Scope.ALL in (old, new) else old


def _amount(old: Rule, new: Rule, worth: Worth) -> dict[str, object]:
    """The tighter amount with its unit, and the lower profit from which giving back counts."""
    in_money = old.kind in LOSSES | PROFITS and old.kind is not RuleKind.PROFIT_GIVEBACK
    if old.unit is not new.unit and not in_money:
        return {}
    before, after = (worth(old), worth(new)) if in_money else (old.amount, new.amount)
    larger = old.kind in _LARGER_IS_TIGHTER
    taken = new if (after > before if larger else after < before) else old
    lower = new if new.unit is old.unit and new.arm < old.arm else old
    return {"amount": taken.amount, "unit": taken.unit, "arm": lower.arm}


def _windows(old: Rule, new: Rule, worth: Worth) -> dict[str, object]:
    """News of both; new hours only where they lie within the old, a time to be flat only where earlier."""
    if old.kind not in CLOCKS or old.windows == new.windows or not new.windows:
        return {}
    if not old.windows:
        return {"windows": new.windows}
    if old.kind is RuleKind.NEWS:
        return {"windows": tuple(dict.fromkeys((*old.windows, *new.windows)))}
    if old.kind is RuleKind.TRADING_HOURS:
        is_tighter = minutes(new.windows) <= minutes(old.windows)
    else:
        is_tighter = worth(new) < worth(old)
    return {"windows": new.windows} if is_tighter else {}


def minutes(windows: tuple[str, ...]) -> frozenset[int]:
    """The minutes of the week that hours cover."""
    found: set[int] = set()
    for hours in map(read_hours, windows):
        start = hours.start.hour * 60 + hours.start.minute
        length = (hours.end.hour * 60 + hours.end.minute - start - 1) % 1440 + 1
        for day in hours.days:
            found |= {(day * 1440 + start + step) % 10080 for step in range(length)}
    return frozenset(found)
