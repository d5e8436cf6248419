"""Commands on limits: change one, see them all, unlock by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tradetui.domain.command import AdoptLock, SetLimit, SetRiskLimits, ShowLimits, Unlock
from tradetui.domain.limit_words import BUDGETS, OFF, read_budget, read_rule
from tradetui.domain.reply import Reason, Reply
from tradetui.domain.rule import HOLD, STANDARD, LockUntil, Unit
from tradetui.engine.daywatch import DayWatch
from tradetui.engine.refusals import number, refuse
from tradetui.engine.rulewords import rule_words
from tradetui.trading.limits import DAILY_LOSS, RiskLimits

_LATER = "looser limits act from the next trading day"


class LimitDesk:
    """Carries out what is asked of the limits; tighter ones act at once, looser ones at the roll."""

    def __init__(self, watch: DayWatch) -> None:
        self.watch = watch
        self.state = watch.state
        self.handlers: Mapping[type, Callable[[Any], Reply]] = {
            SetRiskLimits: self._set_several,
            SetLimit: self._set_one,
            ShowLimits: self._show,
            Unlock: self._unlock,
            AdoptLock: self._adopt,
        }

    def _set_several(self, command: SetRiskLimits) -> Reply:
        wish = _merged(self._wished(), command)
        for name, value in _numbers(wish):
            if value <= 0:
                raise refuse(Reason.BAD_INPUT, f"expected {name} above zero, was {number(value)}")
        return self._wish(wish)

    def _set_one(self, command: SetLimit) -> Reply:
        limits, name = self._wished(), command.name
        stored = f"{name}@{command.symbol}" if command.symbol else name
        try:
            if name in BUDGETS:
                wish = msgspec.structs.replace(limits, **{name: read_budget(name, command.value)})
            elif command.value.lower() in OFF:
                wish = self._without(limits, stored)
            else:
                base = limits.rule(stored) or STANDARD.get(name)
                rule = read_rule(name, command.value, base=base)
                rule = msgspec.structs.replace(rule, name=stored, symbol=command.symbol)
                wish = limits.with_rule(rule)
        except ValueError as error:
            raise refuse(Reason.BAD_INPUT, f"{name}: {error}") from None
        return self._wish(wish)

    def _without(self, limits: RiskLimits, name: str) -> RiskLimits:
        if name == DAILY_LOSS:
            raise refuse(
                Reason.BAD_INPUT,
                "the daily loss can be made larger, not be taken away",
                mend=f"limit {DAILY_LOSS} 100%",
            )
        if limits.rule(name) is None:
            raise refuse(Reason.BAD_INPUT, f"{name} is off already")
        return limits.without_rule(name)

    def _show(self, _: ShowLimits) -> Reply:
        limits = self.state.risk_limits
        words = [
            f"risk per trade {number(limits.risk_per_trade * 100)} %",
            f"at most {number(limits.max_risk_per_trade)} R a trade, {number(limits.max_open_risk)} R open",
            f"stop {'required' if limits.require_stop else 'not required'}",
            *(rule_words(rule) for rule in limits.rules),
        ]
        return Reply(text="; ".join(words))

    def _unlock(self, command: Unlock) -> Reply:
        count = self.watch.locks.end_by_hand(command.rule)
        return Reply(text=f"{count} lock{'' if count == 1 else 's'} ended")

    def _adopt(self, command: AdoptLock) -> Reply:
        """Take over a lock of another account, until the same moment."""
        if not self.state.risk_limits.all_accounts or command.until_ts <= self.watch.scribe.ts:
            return Reply()
        rule = msgspec.structs.replace(STANDARD[DAILY_LOSS], name=command.rule, actions=HOLD)
        self.watch.locks.lock(rule, command.text, until_ts=command.until_ts, ends=LockUntil.TIME)
        return Reply()

    def _wished(self) -> RiskLimits:
        """The limits as they will be at the latest: what a change is made to."""
        return self.state.day.next_limits or self.state.risk_limits

    def _wish(self, wish: RiskLimits) -> Reply:
        later = self.state.day.next_texts or self.state.limits
        changed = self.watch.wish(wish, later["zone"], later["roll"])
        if not changed:
            return Reply(text="these limits hold already")
        return Reply(text=_LATER if self.state.day.next_texts else "")


def _merged(limits: RiskLimits, command: SetRiskLimits) -> RiskLimits:
    """Limits with those of a command in their place; the daily loss is a fraction or an amount."""
    names = ("risk_per_trade", "max_risk_per_trade", "max_open_risk", "require_stop")
    changes: dict[str, object] = {
        name: value for name in names if (value := getattr(command, name)) is not None
    }
    if command.daily_loss_amount is not None:
        limits = limits.with_daily_loss(command.daily_loss_amount)
    elif command.daily_loss is not None:
        limits = limits.with_daily_loss(command.daily_loss, Unit.ANCHOR)
    return msgspec.structs.replace(limits, **changes)


def _numbers(limits: RiskLimits) -> list[tuple[str, Decimal]]:
    daily = limits.rule(DAILY_LOSS)
    named = [
        ("risk_per_trade", limits.risk_per_trade),
        ("max_risk_per_trade", limits.max_risk_per_trade),
        ("max_open_risk", limits.max_open_risk),
    ]
    return named if daily is None else [*named, (DAILY_LOSS, daily.amount)]
