"""Checks 2, 10 and 11 of an entry: locks, the rules of the day, and the caps on positions and orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradetui.domain.event import Locked
from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO, floor_to
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Reason
from tradetui.domain.rule import LockUntil, Rule, RuleKind, Unit
from tradetui.engine import readings
from tradetui.engine.books import Books
from tradetui.engine.refusals import Refused, money, number, refuse
from tradetui.trading.protections import Scene, since_reset

_OF_THE_DAY: Final = frozenset({LockUntil.TIME})
"""Locks that are rules of the clock or guards: check 10. All others halt the account: check 2."""


class RuleChecks:
    """Each raises Refused with the numbers that decided."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.state = books.state

    def halted(self, symbol: str, side: Side) -> None:
        """Check 2: a limit has locked the account."""
        self._refuse_by(symbol, side, of_the_day=False)

    def of_the_day(self, symbol: str, side: Side, *, ts: int) -> None:
        """Check 10: hours, news, cool-downs, guards, and how many trades a day may have."""
        self._refuse_by(symbol, side, of_the_day=True)
        for rule in self.books.limits.rules:
            if rule.kind is RuleKind.MAX_TRADES and rule.symbol in ("", symbol):
                self._trades(rule, symbol, ts)

    def _refuse_by(self, symbol: str, side: Side, *, of_the_day: bool) -> None:
        lock = self.state.lock_on(symbol, side)
        if lock is not None and (lock.ends in _OF_THE_DAY) is of_the_day:
            raise _locked(lock)

    def _trades(self, rule: Rule, symbol: str, ts: int) -> None:
        """A new trade must not be one too many; adding to one that is open, or on its way, is none."""
        entries = {o.symbol for o in self.state.live.values() if o.role is OrderRole.ENTRY}
        open_now = {held for held in self.state.positions if self.state.holding(held) is not None}
        if symbol in entries | open_now or self.state.session is None:
            return
        scene = Scene(trades=self.state.day.trades, ts=ts, session_id=self.state.session.session_id)
        closed = since_reset(rule, [t for t in scene.trades if rule.symbol in ("", t.symbol)], scene)
        begun = [held for held in entries | open_now if rule.symbol in ("", held)]
        count = Decimal(len(closed) + len(begun))
        if count >= rule.amount:
            raise refuse(
                Reason.MAX_TRADES,
                f"{number(count)} trades are made or begun, {number(rule.amount)} are the most",
                mend="the count begins anew with the next trading day",
                limit=rule.amount,
                available=ZERO,
            )

    # --- check 11

    def sizes(self, symbol: str, qty: Decimal, price: Decimal, *, ts: int, reversing: bool) -> None:
        """Order size, position size, open orders, orders a minute."""
        for rule in self.books.limits.rules:
            if rule.symbol not in ("", symbol):
                continue
            match rule.kind:
                case RuleKind.MAX_ORDER_SIZE:
                    self._cap(rule, symbol, qty, price, held=ZERO, what="an order")
                case RuleKind.MAX_POSITION:
                    held = ZERO if reversing else readings.exposure(rule, self.books, symbol)
                    self._cap(rule, symbol, qty, price, held=held, what="a position")
                case RuleKind.MAX_OPEN_ORDERS:
                    count = Decimal(len(readings.working_entries(rule, self.books)))
                    self._count(rule, Reason.MAX_ORDERS, count, "entries are open", "cancel one first")
                case RuleKind.ORDER_RATE:
                    count = Decimal(readings.recent_entries(rule, self.books, ts=ts))
                    words = "entries were sent within a minute"
                    self._count(rule, Reason.ORDER_RATE, count, words, "wait a little")

    def _cap(
        self, rule: Rule, symbol: str, qty: Decimal, price: Decimal, *, held: Decimal, what: str
    ) -> None:
        wanted = readings.in_unit(rule, self.books, symbol, qty, price)
        if held + wanted <= rule.amount:
            return
        instrument = self.state.instruments[symbol]
        in_money = rule.unit is Unit.MONEY
        unit = instrument.notional(Decimal(1), price) if in_money else Decimal(1)
        fitting = floor_to(max(ZERO, rule.amount - held) / unit, instrument.lot_size)
        shown = money if in_money else number
        beside = f" beside {shown(held)}" if held else ""
        raise refuse(
            Reason.MAX_POSITION if rule.kind is RuleKind.MAX_POSITION else Reason.MAX_QTY,
            f"{shown(wanted)}{beside}: {what} may have {shown(rule.amount)}",
            mend=f"{number(fitting)} would pass" if fitting > 0 else "nothing would pass",
            needed=held + wanted,
            limit=rule.amount,
            nearest=fitting,
        )

    @staticmethod
    def _count(rule: Rule, reason: Reason, count: Decimal, words: str, mend: str) -> None:
        if count >= rule.amount:
            text = f"{number(count)} {words}, {number(rule.amount)} are the most"
            raise refuse(reason, text, mend=mend, needed=count + 1, limit=rule.amount)


def _locked(lock: Locked) -> Refused:
    return refuse(Reason.LOCKED, lock.text, mend="exits are allowed")
