"""The part of an account's state that is about its trading day: limits, anchors, locks, closed trades."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.event import (
    AnchorFixed,
    AnyBody,
    ClockJumped,
    EquityMarked,
    LimitBreached,
    LimitsChanged,
    Locked,
    SessionRolled,
    Unlocked,
)
from tradetui.domain.fill import Fill
from tradetui.domain.number import ZERO
from tradetui.domain.order import Order
from tradetui.domain.position import Position
from tradetui.domain.rule import Reset
from tradetui.trading.daybook import Anchors, DayBook, Mark
from tradetui.trading.episodes import Episode, closed
from tradetui.trading.limits import RiskLimits
from tradetui.trading.locks import key_of

KEPT_TRADES: Final = 1_000
WARNED: Final = "warned_at"
"""The number of a warning event that says which part of the limit was reached."""


class DayState(msgspec.Struct):
    """Folded from events like all else; `State` hands it those that concern it."""

    texts: dict[str, str] = {}
    """Limits beside the rules, zone and roll, as in the journal; empty before the account is open."""
    next_texts: dict[str, str] = {}
    limits: RiskLimits = RiskLimits()
    next_limits: RiskLimits | None = None
    session: SessionRolled | None = None
    locks: list[Locked] = []
    """Those that stand, oldest first; one for each rule and scope."""
    warned: dict[str, Decimal] = {}
    """By rule, which part of it was told since its reset."""
    breached: dict[str, int] = {}
    """By rule, when it was breached since its reset."""
    book: DayBook = DayBook()
    trades: list[Episode] = []
    """The newest closed trades, oldest first."""
    clock_ahead: int = 0
    """By how much the clock was set forward in this trading day, nanoseconds."""

    def copied(self) -> DayState:
        """An independent copy; its values are immutable, so only the containers are copied."""
        return msgspec.structs.replace(
            self,
            texts=dict(self.texts),
            next_texts=dict(self.next_texts),
            locks=list(self.locks),
            warned=dict(self.warned),
            breached=dict(self.breached),
            trades=list(self.trades),
        )

    def take_in(self, body: AnyBody, *, ts: int, flows: Decimal) -> bool:
        """Take in what an event says; False where it says nothing about the day."""
        match body:
            case LimitsChanged():
                self._limits_changed(body)
            case SessionRolled():
                self._rolled(body, flows)
                self.clock_ahead = 0
            case ClockJumped(was_set=True):
                self.clock_ahead += body.delta_ns
            case AnchorFixed() if self.session is not None:
                self.book = self.book.fixed(Anchors(equity=body.anchor, balance=body.balance, flows=flows))
                self.session = msgspec.structs.replace(self.session, anchor=body.anchor, estimated=False)
            case EquityMarked():
                self.book = self.book.marked(Mark(ts, body.equity))
            case LimitBreached(warning=True):
                self.warned[body.rule] = max(self.warned.get(body.rule, ZERO), body.numbers[WARNED])
            case LimitBreached():
                self.breached[body.rule] = ts
            case Locked() | Unlocked():
                self._locked(body)
            case _:
                return False
        return True

    def _limits_changed(self, body: LimitsChanged) -> None:
        self.texts, self.next_texts = dict(body.now), dict(body.next_session)
        self.limits = RiskLimits.from_texts(body.now, body.rules)
        later = RiskLimits.from_texts(body.next_session, body.next_rules) if body.next_session else None
        self.next_limits = later

    def _rolled(self, body: SessionRolled, flows: Decimal) -> None:
        balance = body.balance if body.balance is not None else body.anchor
        anchors = Anchors(equity=body.anchor, balance=balance, flows=flows)
        before = self.book
        self.book = before.rolled(body.session_id, anchors, is_first=self.session is None)
        self.session = body
        resets = {Reset.DAY, Reset.WEEK} if self.book.week_id != before.week_id else {Reset.DAY}
        kept = {rule.name for rule in self.limits.rules if rule.reset not in resets}
        self.warned = {name: part for name, part in self.warned.items() if name in kept}
        self.breached = {name: at for name, at in self.breached.items() if name in kept}

    def _locked(self, body: Locked | Unlocked) -> None:
        """A lock takes the place of the one of its rule and scope; an unlock without a rule takes all."""
        is_old = isinstance(body, Unlocked) and not body.rule
        self.locks = [] if is_old else [lock for lock in self.locks if key_of(lock) != key_of(body)]
        if isinstance(body, Locked):
            self.locks.append(body)

    def count_trade(self, before: Position, after: Position, fill: Fill, order: Order) -> None:
        """Keep a trade that a fill ended."""
        session = self.session
        session_id, start = (session.session_id, session.start_ts) if session is not None else ("", 0)
        net = after.realized_pnl - after.fees + after.funding - after.interest
        self.trades.append(closed(before, fill, order, net=net, session_id=session_id, day_start=start))
        if len(self.trades) > 2 * KEPT_TRADES:
            del self.trades[:KEPT_TRADES]
