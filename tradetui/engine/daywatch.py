"""The trading day: its roll, its limits and their locks (sections 3 and 13).

One door to the parts: sessions roll, locks end and rules of the clock act in the order of time; rules on
the account's numbers are held against it after each transaction and each move of a price.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tradetui.domain.event import LimitBreached, LimitsChanged
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order
from tradetui.domain.reply import Reason
from tradetui.domain.rule import Rule, RuleKind
from tradetui.engine import shape
from tradetui.engine.books import Books
from tradetui.engine.clockwatch import ClockWatch
from tradetui.engine.exits import Exits
from tradetui.engine.lockkeeper import LockKeeper
from tradetui.engine.orders import OrderFlow
from tradetui.engine.refusals import money
from tradetui.engine.rulewatch import RuleWatch
from tradetui.engine.sessions import Sessions
from tradetui.trading import risk
from tradetui.trading.limits import RiskLimits
from tradetui.trading.settings import EngineSettings
from tradetui.trading.thresholds import amount_of


class DayWatch:
    """Opens the account, rolls sessions, and locks when a limit is reached."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow, books: Books) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.books = books
        self.exits = Exits(settings, flow)
        self.locks = LockKeeper(self.exits)
        self.rules = RuleWatch(settings, books, self.locks)
        self.clocks = ClockWatch(self.locks)
        self.sessions = Sessions(settings, self.scribe, books)
        self.ahead: Callable[[], int] = lambda: self.state.day.clock_ahead
        """By how much a day ends later, as the clock was set forward; the engine knows who judges that."""
        self.is_open = False
        """Whether the first input has come."""
        self._passed = self.state.last_ts
        """Up to when time was looked at."""

    @property
    def next_ts(self) -> int:
        """When time alone next has something to do here; 0 asks at once."""
        if self.state.session is None:
            return 0
        # a clock that was set forward ends no day and no lock before its time (R-LCK-1)
        ends = min(self.state.session.end_ts, self.locks.next_ts) + self.ahead()
        return min(ends, self.clocks.next_ts)

    # --- the day

    def begin(self, ts: int) -> None:
        """Open the account at the first input, or see to it that changed settings act when they may."""
        self.is_open = True
        if not self.state.account:
            self.sessions.open_account()
            limits, settings = self.settings.limits, self.settings
            texts = self._texts(limits, settings.zone, settings.roll)
            self.scribe.write(LimitsChanged(now=texts, next_session={}, rules=limits.rules))
            self.sessions.begin_first(ts)
            self._passed = ts
        else:
            self.wish(self.settings.limits, self.settings.zone, self.settings.roll)
        if not self.state.positions:
            self.evaluate()

    def roll_through(self, ts: int) -> None:
        """Do what time asks for up to a moment, in order: locks end, days roll, the clock's rules act."""
        while (moment := max(self.next_ts, self._passed)) <= ts and self.next_ts <= ts:
            self._passed = moment
            self.scribe.ts = max(self.scribe.ts, moment)
            self.scribe.received_ts = moment
            ahead = self.ahead()
            self.locks.end_due(moment - ahead)
            self.clocks.apply(moment)
            if self.state.session is not None and self.state.session.end_ts + ahead <= moment:
                self._roll(self.state.session.end_ts)
        self._passed = max(self._passed, ts)

    def _roll(self, boundary: int) -> None:
        """Begin the next trading day: looser limits now hold, and locks of the day are over."""
        if self.state.day.next_texts:
            later = self.state.day.next_limits or self.state.risk_limits
            self.scribe.write(
                LimitsChanged(now=self.state.day.next_texts, next_session={}, rules=later.rules)
            )
        self.sessions.begin_next(boundary)
        self.locks.end_at_roll(boundary)
        self._follow_limits()

    # --- limits

    def _texts(self, limits: RiskLimits, zone: str, roll: str) -> dict[str, str]:
        return {**limits.texts(), "zone": zone, "roll": roll}

    def wish(self, limits: RiskLimits, zone: str, roll: str) -> bool:
        """Take limits: tighter ones now, looser ones at the next roll (R-LCK-2); True if any changed."""
        state = self.state
        now = state.risk_limits.tightened(limits, self._worth)
        texts = self._texts(now, state.limits["zone"], state.limits["roll"])
        wished = self._texts(limits, zone, roll)
        is_later = (wished, limits.rules) != (texts, now.rules)
        change = LimitsChanged(
            now=texts,
            next_session=wished if is_later else {},
            rules=now.rules,
            next_rules=limits.rules if is_later else None,
        )
        later = state.day.next_limits
        held = LimitsChanged(
            now=state.limits,
            next_session=state.day.next_texts,
            rules=state.risk_limits.rules,
            next_rules=later.rules if later is not None else None,
        )
        if change == held:
            return False
        self.scribe.write(change)
        self._follow_limits()
        return True

    def _worth(self, rule: Rule) -> Decimal:
        """A rule's amount in money now; of a time to be flat, the minutes after the roll."""
        if rule.kind is not RuleKind.FLATTEN_AT:
            return amount_of(rule, self.books.standing())
        roll, at = (_minute(text) for text in (self.state.limits["roll"], *rule.windows[:1]))
        return Decimal((at - roll) % 1440 or 1440)

    def _follow_limits(self) -> None:
        """Limits or the day changed: the clock's rules are asked again, and no position stays naked."""
        self.clocks.next_ts = 0
        if self.state.risk_limits.require_stop:
            for symbol in list(self.state.positions):
                if self.state.stop_of(symbol) is None and symbol in self.flow.desks:
                    self.flow.brackets.settle(symbol)

    # --- the loss

    def evaluate(self) -> None:
        """Hold the account against every rule: warn, or breach and lock (13.3)."""
        self.sessions.fix_anchor()
        if not self.clocks.next_ts:
            self.clocks.apply(self.scribe.ts)
        self.rules.evaluate()

    def lock_if_spent(self) -> None:
        """Lock the day when its head-room carries no order any more (R-RSK-5); asked when flat."""
        if self.state.lock is not None or self.state.session is None or self._is_at_risk():
            return
        smallest = [
            amount for symbol in self.flow.desks if (amount := self._smallest_risk(symbol)) is not None
        ]
        rule, head_room = self.books.tightest()
        if rule is not None and smallest and head_room < min(smallest):
            limit = amount_of(rule, self.books.standing())
            numbers = {"head_room": head_room, "needed": min(smallest), "limit": limit}
            self.scribe.write(LimitBreached(rule=rule.name, numbers=numbers))
            left = f"{money(head_room)} {self.state.currency} of the {rule.name.replace('_', ' ')} is left"
            self.locks.lock(rule, f"{left}, too little for any order")

    def _is_at_risk(self) -> bool:
        return any(self.state.holding(symbol) is not None for symbol in self.state.positions)

    def _smallest_risk(self, symbol: str) -> Decimal | None:
        """What the smallest order of an instrument risks with a stop one tick away."""
        desk = self.flow.desks[symbol]
        price = desk.best(Side.BUY)
        instrument = desk.instrument
        if price is None or instrument.settle != self.state.currency or price <= instrument.tick_size:
            return None
        stop = price - instrument.tick_size
        unit = risk.unit_risk(instrument, price, stop, fee_in=instrument.taker_fee, slip=self.settings.slip)
        return shape.smallest_qty(instrument, price) * unit

    # --- exits by force

    def ask_entries_out(self, symbol: str | None = None, reason: Reason = Reason.USER) -> None:
        """Cancel every entry, with the latency of a cancel."""
        self.exits.ask_entries_out(symbol, reason)

    def flatten_all(self) -> None:
        """Close every position."""
        self.exits.flatten_all()

    def flatten(self, symbol: str) -> Order | None:
        """Send one closing order for a position; None where nothing is left to close."""
        return self.exits.flatten(symbol)


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
