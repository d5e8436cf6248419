"""Locks: written with their end and their reason, and ended by nothing but what they name (R-LCK-1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tradetui.domain.calendar import Session, TradingCalendar
from tradetui.domain.event import Locked, Unlocked
from tradetui.domain.market_data import Side
from tradetui.domain.reply import Reason
from tradetui.domain.rule import Action, LockUntil, Rule
from tradetui.engine.exits import Exits
from tradetui.engine.refusals import refuse
from tradetui.trading.clocks import NEVER
from tradetui.trading.daybook import week_of
from tradetui.trading.locks import find, key_of
from tradetui.trading.thresholds import SECOND

_SIDES: Final = {None: "", Side.BUY: "longs", Side.SELL: "shorts"}


class LockKeeper:
    """Locks and unlocks, and does what a lock brings with it."""

    def __init__(self, exits: Exits) -> None:
        self.exits = exits
        self.scribe = exits.scribe
        self.state = exits.state
        self.now: Callable[[], int] = lambda: self.scribe.ts - self.state.day.clock_ahead
        """How late it is for the ends of locks; the engine knows who judges that."""

    @property
    def next_ts(self) -> int:
        """When the next lock ends that ends by itself within a trading day."""
        ends = (lock.until_ts for lock in self.state.day.locks if lock.ends is LockUntil.TIME)
        return min(ends, default=NEVER)

    @property
    def calendar(self) -> TradingCalendar:
        """The trading days of the account."""
        return TradingCalendar(self.state.limits["zone"], self.state.limits["roll"])

    def stands(self, rule: Rule, symbol: str = "", side: Side | None = None) -> bool:
        """Whether a rule has locked a scope."""
        return find(self.state.day.locks, rule.name, symbol, side) is not None

    def lock(
        self,
        rule: Rule,
        why: str,
        *,
        until_ts: int = 0,
        ends: LockUntil | None = None,
        symbol: str = "",
        side: Side | None = None,
    ) -> bool:
        """Refuse new risk until the rule's end, or a given one; False where it is refused that long."""
        ends = ends or rule.lock_until
        until = until_ts or self._end(rule)
        before = find(self.state.day.locks, rule.name, symbol, side)
        if before is not None and before.until_ts >= until:
            return False
        what = " ".join(word for word in (symbol, _SIDES[side]) if word)
        text = f"{why}: {what + ' ' if what else ''}locked {self._end_words(ends, until)}"
        self.scribe.write(
            Locked(rule=rule.name, until_ts=until, text=text, symbol=symbol, side=side, ends=ends),
            symbol=symbol,
        )
        if Action.CANCEL in rule.actions:
            self.exits.cancel_entries(symbol or None, side=side, reason=Reason.LOCKED)
        return True

    def _end(self, rule: Rule) -> int:
        session = self.state.session
        match rule.lock_until:
            case LockUntil.TIME | LockUntil.MANUAL:
                return self.scribe.ts + rule.lock_s * SECOND
            case LockUntil.FOREVER:
                return NEVER
            case LockUntil.NEXT_WEEK if session is not None:
                return self._next_week(Session(session.session_id, session.start_ts, session.end_ts))
            case _:
                return session.end_ts if session is not None else NEVER

    def _next_week(self, session: Session) -> int:
        """The start of the first trading day of another week."""
        week = week_of(session.session_id)
        calendar, following = self.calendar, session
        while week_of(following.session_id) == week:
            following = calendar.session_at(following.end_ts)
        return following.start_ts

    def _end_words(self, ends: LockUntil, until_ts: int) -> str:
        match ends:
            case LockUntil.FOREVER:
                return "for good"
            case LockUntil.MANUAL:
                return f"until it is unlocked by hand, from {self._clock(until_ts)} on"
            case LockUntil.ROLL if self.state.session is not None:
                return "until the next trading day"
            case _:
                return f"until {self._clock(until_ts)}"

    def _clock(self, ts: int) -> str:
        local = self.calendar.local(ts)
        today = self.calendar.local(self.scribe.ts).date()
        pattern = "%H:%M" if local.date() == today else "%Y-%m-%d %H:%M"
        return f"{local.strftime(pattern)} {self.state.limits['zone']}"

    # --- the end of locks

    def end_due(self, ts: int) -> None:
        """End the locks whose own moment has come."""
        for lock in list(self.state.day.locks):
            if lock.ends is LockUntil.TIME and lock.until_ts <= ts:
                self._unlock(lock)

    def end_at_roll(self, boundary: int) -> None:
        """End the locks that a trading day, or a week, has ended."""
        for lock in list(self.state.day.locks):
            if lock.ends in (LockUntil.ROLL, LockUntil.NEXT_WEEK) and lock.until_ts <= boundary:
                self._unlock(lock)

    def end_by_hand(self, name: str) -> int:
        """End the locks that wait for a hand; raises Refused where none may end yet."""
        waiting = [
            lock for lock in self.state.day.locks if lock.ends is LockUntil.MANUAL and name in ("", lock.rule)
        ]
        ripe = [lock for lock in waiting if lock.until_ts <= self.now()]
        if not ripe:
            text = waiting[0].text if waiting else "no lock waits to be unlocked by hand"
            raise refuse(Reason.LOCKED, text, mend="other locks end by themselves")
        for lock in ripe:
            self._unlock(lock)
        return len(ripe)

    def _unlock(self, lock: Locked) -> None:
        rule, symbol, side = key_of(lock)
        self.scribe.write(Unlocked(rule=rule, symbol=symbol, side=side), symbol=symbol)
