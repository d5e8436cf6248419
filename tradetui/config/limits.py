"""From [risk] to the limits of an account: preset, written keys over it, rules in full over both."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import msgspec

from tradetui.config.nearest import nearest
from tradetui.config.presets import PRESETS
from tradetui.config.risk import Risk, RuleTable
from tradetui.config.settings import Day, Settings
from tradetui.domain.limit_words import (
    FOLLOWS,
    OFF,
    SETTABLE,
    read_amount,
    read_rule,
    read_seconds,
)
from tradetui.domain.number import parse_decimal
from tradetui.domain.rule import (
    FLAT,
    HOLD,
    LOSSES,
    PROFITS,
    STANDARD,
    Action,
    Anchor,
    Compare,
    LockUntil,
    Measure,
    Reset,
    Rule,
    RuleKind,
    Scope,
    Unit,
)
from tradetui.errors import Fault
from tradetui.trading.limits import RiskLimits

_FIELDS: Final[dict[str, tuple[str, type]]] = {
    "anchor": ("anchor", Anchor),
    "measure": ("measure", Measure),
    "reset": ("reset", Reset),
    "compare": ("compare", Compare),
    "scope": ("scope", Scope),
    "lock_until": ("lock_until", LockUntil),
}
"""Keys of a rule in full that are words of the model."""


def effective_risk(settings: Settings, written: Collection[str]) -> Risk:
    """The section with the preset's values where the file writes none."""
    preset = PRESETS[settings.risk.preset].risk
    changes = {key: value for key, value in preset.items() if f"risk.{key}" not in written}
    return msgspec.structs.replace(settings.risk, **changes)


def effective_day(settings: Settings, written: Collection[str]) -> Day:
    """The trading day with the preset's values where the file writes none."""
    preset = PRESETS[settings.risk.preset].day
    changes = {key: value for key, value in preset.items() if f"day.{key}" not in written}
    return msgspec.structs.replace(settings.day, **changes)


def limits_of(settings: Settings, written: Collection[str]) -> tuple[RiskLimits, list[Fault]]:
    """The limits that a config makes, and every fault in them."""
    risk = effective_risk(settings, written)
    faults: list[Fault] = []
    rules = {rule.name: rule for name in SETTABLE if (rule := _named(name, risk, faults)) is not None}
    if risk.us_rules == "pdt_2001":
        rules["day_trades"] = STANDARD["day_trades"]
    for name, table in risk.rules.items():
        if (rule := _in_full(name, table, faults)) is not None:
            rules[name] = rule
    faults += _warnings(risk)
    limits = RiskLimits(
        risk_per_trade=risk.risk_per_trade,
        max_risk_per_trade=risk.max_risk_per_trade,
        max_open_risk=risk.max_open_risk,
        require_stop=risk.require_stop,
        all_accounts=risk.all_accounts,
        rules=tuple(sorted(rules.values(), key=lambda rule: rule.name)),
    )
    return limits, faults


def _warnings(risk: Risk) -> list[Fault]:
    wrong = [part for part in risk.warn_at if not 0 < part < 1]
    message = "expected parts between 0 and 1, such as 0.75"
    return [Fault("risk.warn_at", str(part), message) for part in wrong]


def _named(name: str, risk: Risk, faults: list[Fault]) -> Rule | None:
    """The rule under a key of [risk]; None where it is off."""
    value = getattr(risk, name)
    text = ", ".join(value) if isinstance(value, tuple) else value.strip()
    if not text or (text.lower() in OFF and name != "daily_loss"):
        return None
    try:
        rule = read_rule(name, text, bare=Unit.ANCHOR)
        return msgspec.structs.replace(rule, **_beside(rule, risk))
    except ValueError as error:
        faults.append(Fault(f"risk.{name}", f'"{text}"', str(error)))
        return None


def _beside(rule: Rule, risk: Risk) -> dict[str, Any]:
    """What other keys of the section say of a rule."""
    changes: dict[str, Any] = {}
    if rule.kind in LOSSES | PROFITS and rule.kind is not RuleKind.MIN_EQUITY:
        changes["actions"] = FLAT if risk.on_breach == "flatten" else HOLD
        changes["force_at"] = risk.forced_flatten
    if rule.kind in LOSSES and rule.kind is not RuleKind.MIN_EQUITY:
        changes["compare"] = Compare(risk.breach_at)
    if rule.name == "daily_loss":
        changes["anchor"] = Anchor(risk.daily_loss_from)
    if rule.name == "max_loss":
        changes["kind"] = FOLLOWS[risk.max_loss_follows]
        changes["cap"] = _cap(risk.max_loss_cap)
    if rule.name == "stop_guard":
        changes["scope"] = Scope(risk.stop_guard_scope)
    return changes


def _cap(text: str) -> Decimal | None:
    if text.lower() in OFF:
        return None
    try:
        return parse_decimal(text)
    except ValueError:
        raise ValueError(f"expected max_loss_cap as a number, such as 0 or 100, was {text!r}") from None


# --- rules in full


def _in_full(name: str, table: RuleTable, faults: list[Fault]) -> Rule | None:
    """A rule of [risk.rules]; every field that is wrong is a fault of its own."""
    base = STANDARD.get(table.kind or name)
    if base is None or base.name not in SETTABLE:
        message = f"expected one of {', '.join(SETTABLE)}{nearest(table.kind or name, SETTABLE)}"
        faults.append(Fault(f"risk.rules.{name}.kind", f'"{table.kind}"', message))
        return None
    reader = _TableReader(name, table, faults)
    return reader.read(msgspec.structs.replace(base, name=name))


class _TableReader:
    """Reads one table key by key."""

    def __init__(self, name: str, table: RuleTable, faults: list[Fault]) -> None:
        self._where = f"risk.rules.{name}"
        self._table = table
        self._faults = faults

    def read(self, rule: Rule) -> Rule:
        """The rule with what the table says in place of what is usual."""
        table = self._table
        if table.follows:
            rule = msgspec.structs.replace(rule, kind=FOLLOWS[table.follows])
        if table.amount:
            rule = self._amount(rule)
        changes: dict[str, Any] = {
            field: kind(text) for key, (field, kind) in _FIELDS.items() if (text := getattr(table, key))
        }
        for key, field in (("lock_for", "lock_s"), ("lookback", "lookback_s")):
            if text := getattr(table, key):
                changes |= self._try(key, text, lambda text=text, field=field: {field: read_seconds(text)})
        if table.after:
            changes |= self._try("after", table.after, self._after)
        if table.actions is not None:
            changes |= self._actions(table.actions)
        plain = {"cap": table.cap, "required": table.required, "force_at": table.forced_flatten}
        changes |= {field: value for field, value in plain.items() if value is not None}
        return msgspec.structs.replace(rule, symbol=table.symbol.upper(), **changes)

    def _amount(self, rule: Rule) -> Rule:
        usual = next(each.name for each in STANDARD.values() if each.kind is rule.kind or _is_kin(each, rule))
        text = self._table.amount
        found = self._try(
            "amount", text, lambda: {"rule": read_rule(usual, text, base=rule, bare=Unit.ANCHOR)}
        )
        kept: Rule = found.get("rule", rule)
        return msgspec.structs.replace(kept, kind=rule.kind)

    def _after(self) -> dict[str, Any]:
        amount, unit = read_amount(self._table.after, Unit.ANCHOR)
        return {"arm": amount, "unit": unit}

    def _actions(self, words: tuple[str, ...]) -> dict[str, Any]:
        known = [action.value for action in Action]
        wrong = [word for word in words if word not in known]
        for word in wrong:
            message = f"expected some of {', '.join(known)}"
            self._faults.append(Fault(f"{self._where}.actions", f'"{word}"', message))
        return {} if wrong else {"actions": tuple(Action(word) for word in words)}

    def _try(self, key: str, text: str, read: Any) -> dict[str, Any]:
        try:
            found: dict[str, Any] = read()
        except ValueError as error:
            self._faults.append(Fault(f"{self._where}.{key}", f'"{text}"', str(error)))
            return {}
        return found


def _is_kin(usual: Rule, rule: Rule) -> bool:
    """Whether both are the maximum loss, whatever it follows."""
    return usual.name == "max_loss" and rule.kind in FOLLOWS.values()
