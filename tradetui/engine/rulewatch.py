"""The rules that are watched while prices move: each is held against the account, and a breach acts (13.3).

A breach is written with its numbers, then the lock with its end, then entries are canceled and positions
closed or held with their stops: all in the transaction of the input that caused it. Between two events
equity may move within bounds that no rule cares about; inside them a price costs one comparison.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradetui.domain.event import EquityMarked, LimitBreached
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.order import OrderRole
from tradetui.domain.rule import (
    FOLLOWS_PEAK,
    GUARDS,
    LOSSES,
    PROFITS,
    Action,
    LockUntil,
    Rule,
    RuleKind,
)
from tradetui.engine.books import Books
from tradetui.engine.lockkeeper import LockKeeper
from tradetui.engine.readings import SIZES, read_size
from tradetui.engine.rulewords import breach_words, finding_words
from tradetui.trading import quiet, thresholds
from tradetui.trading.clocks import NEVER
from tradetui.trading.daystate import WARNED
from tradetui.trading.locks import find
from tradetui.trading.protections import Finding, Scene, findings
from tradetui.trading.settings import EngineSettings
from tradetui.trading.thresholds import SECOND, Reading, Standing

MARK_NS: Final = 60 * SECOND
"""How often equity is written down for a guard that looks back, while something is held."""
OPEN_RISK: Final = "max_open_risk"
_RESTLESS: Final = SIZES | {RuleKind.DRAWDOWN_GUARD, RuleKind.CONSISTENCY}
"""Rules that may have something to say while equity stays within its bounds, when an order is written."""
TOLD_DAYS: Final = 2
"""Finished days from which the best day's share of the profit says anything."""


class RuleWatch:
    """Holds every rule against the account after each transaction and each move of the market."""

    def __init__(self, settings: EngineSettings, books: Books, locks: LockKeeper) -> None:
        self.settings = settings
        self.books = books
        self.locks = locks
        self.scribe = locks.scribe
        self.state = locks.state
        self._seq = -1
        self._bounds = quiet.OPEN
        self._mark_ts = NEVER
        self._counted: object = None

    def evaluate(self) -> None:
        """Warn, or breach and lock, where a rule says so."""
        if self.state.session is None:
            return
        seq = self.state.seq
        if self.scribe.ts < self._mark_ts and self._is_at_rest():
            self._warn_of_open_risk()
            self._seq = seq
            return
        self._mark_equity()
        standing = self.books.standing()
        self._judge_all(standing)
        # what a breach closed has its costs: those are held against every rule again
        self._seq = seq
        self._bounds = quiet.bounds(
            self.books.limits.rules,
            standing if self.state.seq == seq else self.books.standing(),
            warned=self.state.day.warned,
            locked=frozenset(lock.rule for lock in self.state.day.locks),
            warn_at=self.settings.warn_at,
            ts=self.scribe.ts,
        )

    def _is_at_rest(self) -> bool:
        """Whether equity is within its bounds, and nothing was written that could have moved those.

        Orders move no money: they matter to rules that count them or look at the time again. What a lock
        closes is on its way until it is closed, whatever becomes of other orders.
        """
        if self.state.seq != self._seq:
            restless = any(r.kind in _RESTLESS for r in self.books.limits.rules)
            if restless or not self.scribe.wrote_only_orders(since=self._seq):
                return False
        low, high = self._bounds
        return low < self.books.equity() < high

    def _judge_all(self, standing: Standing) -> None:
        rules, trades = self.books.limits.rules, self.state.day.trades
        counted = (len(trades), trades[-1] if trades else None, self.state.session, rules)
        counts_anew, self._counted = counted != self._counted, counted
        for rule in rules:
            if rule.kind in LOSSES or rule.kind in PROFITS:
                self._watch(rule, standing)
            elif rule.kind in GUARDS and counts_anew:
                self._count(rule)
            elif rule.kind is RuleKind.DRAWDOWN_GUARD:
                self._look_back(rule, standing)
            elif rule.kind is RuleKind.CONSISTENCY and standing.book.days >= TOLD_DAYS:
                self._act_on(rule, thresholds.read_consistency(rule, standing))
            elif rule.kind in SIZES:
                self._warn(rule, read_size(rule, self.books, ts=self.scribe.ts))
        self._warn_of_open_risk()

    # --- equity in the journal

    def _mark_equity(self) -> None:
        """Write a new high that a rule follows, and once in a while what a guard looks back at."""
        rules, book = self.books.limits.rules, self.state.day.book
        guards = [rule for rule in rules if rule.kind is RuleKind.DRAWDOWN_GUARD]
        follows = [rule for rule in rules if rule.kind in FOLLOWS_PEAK]
        self._mark_ts = NEVER
        if not guards and not follows:
            return
        net, now = self.books.equity() - self.state.flows, self.scribe.ts
        is_high = any(
            net > (book.peak if r.kind is RuleKind.MAX_LOSS_PEAK else book.day_peak) for r in follows
        )
        since = [now - rule.lookback_s * SECOND for rule in guards]
        is_high = is_high or any(net > thresholds.window_peak(book, since=start) for start in since)
        last = book.marks[-1].ts if book.marks else 0
        if is_high or (guards and self.state.positions and now >= last + MARK_NS):
            self.scribe.write(EquityMarked(equity=net))
            last = now
        if guards and self.state.positions:
            self._mark_ts = last + MARK_NS

    # --- losses and profits

    def _watch(self, rule: Rule, standing: Standing) -> None:
        if rule.kind is RuleKind.PROFIT_GIVEBACK:
            reading = thresholds.read_giveback(rule, standing)
        elif rule.kind is RuleKind.PROFIT_STOP:
            reading = thresholds.read_profit(rule, standing)
        else:
            reading = thresholds.read_loss(rule, standing)
        if self.locks.stands(rule):
            self._force(rule, standing)
        else:
            self._act_on(rule, reading)

    def _act_on(self, rule: Rule, reading: Reading) -> None:
        if reading.is_open and reading.breached:
            self._breach(rule, reading)
        else:
            self._warn(rule, reading)

    def _force(self, rule: Rule, standing: Standing) -> None:
        """Positions that were held after the breach are closed when the loss goes on (R-LCK-5)."""
        floor = thresholds.forced_floor(rule, standing) if rule.kind in LOSSES else None
        if floor is not None and thresholds.value_of(rule, standing) <= floor:
            self.locks.exits.flatten_all()

    def _breach(self, rule: Rule, reading: Reading) -> None:
        """Write the breach and act; one that only tells is told once until its reset."""
        locks = Action.BLOCK in rule.actions
        if not locks and rule.name in self.state.day.breached:
            return
        over = max(ZERO, -reading.left)
        numbers = {"used": reading.used, "limit": reading.limit, "overshoot": over}
        if rule.kind is RuleKind.DAILY_LOSS:
            numbers["day_pnl"] = self.books.day_pnl()
        why = breach_words(rule, reading, self.state.currency)
        self.scribe.write(LimitBreached(rule=rule.name, numbers=numbers))
        if over and rule.kind in LOSSES:
            self.scribe.note("gap_overshoot", f"{why}, {over:,.2f} {self.state.currency} beyond it")
        if locks:
            self.locks.lock(rule, why)
        if Action.FLATTEN in rule.actions:
            self.locks.exits.flatten_all()

    def _warn(self, rule: Rule, reading: Reading) -> None:
        """Say once, until the reset, which part of a limit is used (R-LCK-4)."""
        if not reading.is_open or reading.limit <= 0 or self._is_inverse(rule):
            return
        self._tell_part(rule.name, reading.used, reading.limit)

    def _warn_of_open_risk(self) -> None:
        """The budget of open risk only stands in the way of entries: it is asked after each transaction.

        One entry of the usual size takes half of the default budget: it is told of from the second on, and
        when another one would not fit any more.
        """
        if self.state.seq == self._seq or self._risked() <= 1:
            return
        unit = self.books.r_value()
        limit = self.books.limits.max_open_risk * unit
        if limit <= 0:
            return
        used = self.books.open_risk()
        if used + unit > limit:
            self._tell_part(OPEN_RISK, used, limit)

    def _risked(self) -> int:
        """How many positions and entries there are."""
        entries = (order for order in self.state.live.values() if order.role is OrderRole.ENTRY)
        return len(self.state.positions) + sum(1 for _ in entries)

    def _tell_part(self, name: str, used: Decimal, limit: Decimal) -> None:
        """Write that a part of a limit is used, if no larger one was told since its reset."""
        part = MONEY.divide(used, limit)
        reached = max((step for step in self.settings.warn_at if step <= part), default=ZERO)
        if reached <= self.state.day.warned.get(name, ZERO):
            return
        numbers = {WARNED: reached, "used": used, "limit": limit}
        self.scribe.write(LimitBreached(rule=name, numbers=numbers, warning=True))

    @staticmethod
    def _is_inverse(rule: Rule) -> bool:
        """A minimum is used the other way round: half of it is long past."""
        return rule.kind is RuleKind.MIN_EQUITY

    # --- guards

    def _look_back(self, rule: Rule, standing: Standing) -> None:
        reading = thresholds.read_drawdown(rule, standing, ts=self.scribe.ts)
        if not self.locks.stands(rule):
            self._act_on(rule, reading)

    def _count(self, rule: Rule) -> None:
        """Hold a rule that counts closed trades against them."""
        session = self.state.session
        scene = Scene(
            trades=self.state.day.trades,
            ts=self.scribe.ts,
            session_id=session.session_id if session is not None else "",
            equity=self.books.equity(),
        )
        for finding in findings(rule, scene):
            if finding.reached:
                self._lock_by(finding)
            elif rule.scope is rule.scope.ALL:
                self._warn(rule, _as_reading(finding))

    def _lock_by(self, finding: Finding) -> None:
        """Lock what a guard has counted enough of, unless that lock is over, or stands already."""
        rule, until = finding.rule, finding.until_ts
        before = find(self.state.day.locks, rule.name, finding.symbol, finding.side)
        is_over = rule.lock_until is LockUntil.TIME and until <= self.scribe.ts
        if is_over or (before is not None and (not until or before.until_ts >= until)):
            return
        numbers = {"used": finding.used, "limit": finding.limit}
        self.scribe.write(LimitBreached(rule=rule.name, numbers=numbers), symbol=finding.symbol)
        why = finding_words(finding)
        self.locks.lock(rule, why, until_ts=until, symbol=finding.symbol, side=finding.side)


def _as_reading(finding: Finding) -> Reading:
    left = finding.limit - finding.used
    return Reading(rule=finding.rule, used=finding.used, limit=finding.limit, left=left)
