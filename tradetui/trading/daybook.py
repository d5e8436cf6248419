"""The numbers that losses and profits are counted from, as the events of an account tell them.

Deposits and withdrawals are no profit: an anchor remembers what had been paid in before it, and highs
are kept net of it, so that money coming or going moves neither the day nor a trailing threshold.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.number import ZERO

KEPT_MARKS: Final = 2_000


class Anchors(msgspec.Struct, frozen=True, kw_only=True):
    """Equity and balance at a reset, and what had been paid in after the first deposit until then."""

    equity: Decimal = ZERO
    balance: Decimal = ZERO
    flows: Decimal = ZERO


class Mark(msgspec.Struct, frozen=True):
    """Equity at a moment, net of what was paid in."""

    ts: int
    equity: Decimal


class DayBook(msgspec.Struct, frozen=True, kw_only=True):
    """Anchors of the day and the week, and the highs of the account; a new value at each change."""

    start: Decimal = ZERO
    """The first deposit."""
    day: Anchors = Anchors()
    week: Anchors = Anchors()
    week_id: str = ""
    high_equity: Decimal = ZERO
    """Highest equity at the end of a day, net of flows; the first deposit before the first one."""
    high_balance: Decimal = ZERO
    peak: Decimal = ZERO
    """Highest equity at any moment that was written, net of flows."""
    day_peak: Decimal = ZERO
    """The same within the day."""
    best_day: Decimal = ZERO
    """Most that one finished day has earned."""
    days: int = 0
    """How many days were finished."""
    marks: tuple[Mark, ...] = ()
    """Equity over the last while, for drawdowns that look back."""

    def opened(self, deposit: Decimal) -> DayBook:
        """The book of an account with its first deposit."""
        first = Anchors(equity=deposit, balance=deposit)
        return DayBook(
            start=deposit,
            day=first,
            week=first,
            high_equity=deposit,
            high_balance=deposit,
            peak=deposit,
            day_peak=deposit,
        )

    def rolled(self, session_id: str, anchors: Anchors, *, is_first: bool) -> DayBook:
        """The book at the start of a day; the day before it is finished."""
        week_id = week_of(session_id)
        equity, balance = anchors.equity - anchors.flows, anchors.balance - anchors.flows
        earned = ZERO if is_first else equity - (self.day.equity - self.day.flows)
        return msgspec.structs.replace(
            self,
            day=anchors,
            week=self.week if week_id == self.week_id else anchors,
            week_id=week_id,
            high_equity=max(self.high_equity, equity),
            high_balance=max(self.high_balance, balance),
            peak=max(self.peak, equity),
            day_peak=equity,
            best_day=max(self.best_day, earned),
            days=self.days + (not is_first),
        )

    def fixed(self, anchors: Anchors) -> DayBook:
        """The book with an anchor that had only been estimated."""
        was = self.day
        equity = anchors.equity - anchors.flows
        return msgspec.structs.replace(
            self, day=anchors, week=anchors if self.week == was else self.week, day_peak=equity
        )

    def marked(self, mark: Mark) -> DayBook:
        """The book after equity was written down."""
        return msgspec.structs.replace(
            self,
            peak=max(self.peak, mark.equity),
            day_peak=max(self.day_peak, mark.equity),
            marks=(*self.marks[1 - KEPT_MARKS :], mark),
        )


def week_of(session_id: str) -> str:
    """The week that a trading day belongs to: 2026-W03; weeks begin on Monday."""
    year, week, _ = date.fromisoformat(session_id).isocalendar()
    return f"{year}-W{week:02}"
