"""Rules of the clock: trading hours, news, and being flat by the end of the day (R-TIM-11)."""

from __future__ import annotations

from typing import Final

import msgspec

from tradetui.domain.calendar import Session, TradingCalendar
from tradetui.domain.hours import read_hours, read_moment, spans
from tradetui.domain.rule import Rule, RuleKind
from tradetui.trading.thresholds import SECOND

BEFORE_FLAT_NS: Final = 300 * SECOND
"""How long before the time to be flat entries are refused."""
ALARM_NS: Final = 60 * SECOND
"""How long after it an open position is an alarm."""
NEVER: Final = 2**63 - 1


class Closing(msgspec.Struct, frozen=True):
    """What a rule of the clock says at a moment."""

    until_ts: int = 0
    """Until when entries are refused; 0 where they are not."""
    next_ts: int = NEVER
    """When that may change."""


def closing(rule: Rule, ts: int, *, calendar: TradingCalendar, session: Session) -> Closing:
    """Whether a rule of the clock refuses entries at a moment, and until when."""
    match rule.kind:
        case RuleKind.TRADING_HOURS:
            return _outside(rule, ts, calendar)
        case RuleKind.NEWS:
            return _inside(rule, ts, calendar)
        case _:
            return _before_flat(rule, ts, calendar, session)


def _outside(rule: Rule, ts: int, calendar: TradingCalendar) -> Closing:
    found = spans([read_hours(text) for text in rule.windows], calendar, ts)
    if not found:
        return Closing(NEVER, NEVER)
    start, end = found[0]
    return Closing(0, end) if start <= ts else Closing(start, start)


def _inside(rule: Rule, ts: int, calendar: TradingCalendar) -> Closing:
    found = spans([read_moment(text) for text in rule.windows], calendar, ts)
    if not found:
        return Closing()
    start, end = found[0]
    return Closing(end, end) if start <= ts else Closing(0, start)


def _before_flat(rule: Rule, ts: int, calendar: TradingCalendar, session: Session) -> Closing:
    at = flat_ts(rule, calendar, session)
    if at is None:
        return Closing(0, session.end_ts)
    if ts < at - BEFORE_FLAT_NS:
        return Closing(0, at - BEFORE_FLAT_NS)
    steps = (at, at + ALARM_NS, session.end_ts)
    return Closing(session.end_ts, next((step for step in steps if step > ts), NEVER))


def flat_ts(rule: Rule, calendar: TradingCalendar, session: Session) -> int | None:
    """The moment of a trading day by which positions are closed; None where the day has no such time.

    The time of the roll is the end of the day, not its first moment: what it closes belongs to the day.
    """
    at = calendar.moment(session, rule.windows[0]) if rule.windows else None
    return session.end_ts - ALARM_NS if at == session.start_ts else at
