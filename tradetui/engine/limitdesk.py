"""Commands on limits: change one, see them all, unlock by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tradetui.domain.command import Reason, Reply, SetRiskLimits
from tradetui.domain.rule import Unit
from tradetui.engine.daywatch import DayWatch
from tradetui.engine.refusals import number, refuse
from tradetui.trading.limits import DAILY_LOSS, RiskLimits


class LimitDesk:
    """Carries out what is asked of the limits; tighter ones act at once, looser ones at the roll."""

    def __init__(self, watch: DayWatch) -> None:
        self.watch = watch
        self.state = watch.state
        self.handlers: Mapping[type, Callable[[Any], Reply]] = {SetRiskLimits: self._set_several}

    def _set_several(self, command: SetRiskLimits) -> Reply:
        wish = _merged(self._wished(), command)
        for name, value in _numbers(wish):
            if value <= 0:
                raise refuse(Reason.BAD_INPUT, f"expected {name} above zero, was {number(value)}")
        return self._wish(wish)

    def _wished(self) -> RiskLimits:
        """The limits as they will be at the latest: what a change is made to."""
        return self.state.day.next_limits or self.state.risk_limits

    def _wish(self, wish: RiskLimits) -> Reply:
        later = self.state.day.next_texts or self.state.limits
        self.watch.wish(wish, later["zone"], later["roll"])
        looser = bool(self.state.day.next_texts)
        return Reply(text="looser limits act from the next trading day" if looser else "")


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
