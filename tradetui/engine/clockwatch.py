"""Rules of the clock in motion: entries are closed out of hours and around news, and the day ends flat."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.calendar import Session
from tradetui.domain.event import LimitBreached
from tradetui.domain.number import ONE, ZERO
from tradetui.domain.reply import Reason
from tradetui.domain.rule import CLOCKS, LockUntil, Rule, RuleKind
from tradetui.engine.lockkeeper import LockKeeper
from tradetui.trading.clocks import ALARM_NS, NEVER, closing, flat_ts
from tradetui.trading.daystate import WARNED

FLATTENED = ONE
"""The step of a day at which positions were closed, in the place of a warning's part."""
ALARMED = ONE + ONE
_WORDS = {RuleKind.TRADING_HOURS: "outside the trading hours", RuleKind.NEWS: "news"}


class ClockWatch:
    """Locks and flattens by the time of day; what it did is in the journal, so a restart repeats nothing."""

    def __init__(self, locks: LockKeeper) -> None:
        self.locks = locks
        self.scribe = locks.scribe
        self.state = locks.state
        self.next_ts = 0
        """When a rule of the clock may next have something to do; 0 asks at once."""

    def apply(self, ts: int) -> None:
        """Do what the time of day asks for, where it is due."""
        session = self.state.session
        if ts < self.next_ts or session is None:
            return
        self.next_ts = NEVER
        day = Session(session.session_id, session.start_ts, session.end_ts)
        for rule in self.state.risk_limits.rules:
            if rule.kind in CLOCKS and rule.windows:
                found = closing(rule, ts, calendar=self.locks.calendar, session=day)
                self.next_ts = min(self.next_ts, found.next_ts)
                if found.until_ts > ts:
                    self._close(rule, found.until_ts)
                if rule.kind is RuleKind.FLATTEN_AT:
                    self._end_flat(rule, ts, day)

    def _close(self, rule: Rule, until_ts: int) -> None:
        """Refuse entries until the moment given."""
        if rule.kind is RuleKind.FLATTEN_AT:
            why, ends = f"flat by {rule.windows[0]}", LockUntil.ROLL
        else:
            why, ends = _WORDS[rule.kind], LockUntil.TIME
        self.locks.lock(rule, why, until_ts=until_ts, ends=ends)

    def _end_flat(self, rule: Rule, ts: int, day: Session) -> None:
        """At the time close everything, a minute later say what is still open (R-TIM-11)."""
        at, done = flat_ts(rule, self.locks.calendar, day), self.state.day.warned.get(rule.name, ZERO)
        if at is None or ts < at:
            return
        if done < FLATTENED:
            self._note_step(rule, FLATTENED)
            self.locks.exits.cancel_all_but_stops(Reason.LOCKED)
            self.locks.exits.flatten_all()
        if ts >= at + ALARM_NS and done < ALARMED:
            self._note_step(rule, ALARMED)
            still = [symbol for symbol in self.state.positions if self.state.holding(symbol) is not None]
            if still:
                text = f"{', '.join(still)} still open a minute after {rule.windows[0]}"
                self.scribe.note("alarm", text)

    def _note_step(self, rule: Rule, step: Decimal) -> None:
        self.scribe.write(LimitBreached(rule=rule.name, numbers={WARNED: step}, warning=True))
