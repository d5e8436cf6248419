"""An exit that has to act and can not is never silent (R-STP-6, R-MD-7).

It waits for a book that can be filled against, or for somebody in it. Why it waits is always to be asked;
a stop that has fired and a flatten say it themselves, once each, when they have waited for a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from tradetui.domain.market_data import FeedState
from tradetui.domain.number import canonical
from tradetui.domain.order import Order, OrderRole
from tradetui.engine.desk import Desk
from tradetui.engine.scribe import Scribe

UNFILLED: Final = "is not filled after"
"""What an alarm says of an exit that can not execute."""
NO_LIQUIDITY: Final = "no liquidity"
_TOLD: Final = frozenset({OrderRole.PROTECTIVE, OrderRole.FLATTEN})

_WORDS: Final = {FeedState.HALTED: "trading is halted", FeedState.GAP: "data has a gap"}


def hindrance(desk: Desk, order: Order) -> str:
    """Why an exit at market can not fill now, as far as the book shows; empty where it can."""
    market = desk.market
    if not market.feed_state.is_fresh and market.feed_state is not FeedState.CROSSED:
        return _WORDS.get(market.feed_state) or f"data is {market.feed_state.value}"
    if market.book.is_crossed:
        return "the book is crossed"
    if desk.recovering:
        return "no fresh book yet"
    return NO_LIQUIDITY if desk.best(order.side) is None else ""


def waits_for(desk: Desk, order: Order) -> str:
    """What an order that has to act waits for; empty for one that does not wait."""
    if order.order_id not in desk.waiting:
        return ""
    return hindrance(desk, order) or NO_LIQUIDITY


def seconds(ns: int) -> str:
    """A length of time in words."""
    return f"{canonical(Decimal(ns) / 1_000_000_000)} s"


class StuckWatch:
    """Knows since when each exit waits, in steady time, and tells of it once."""

    def __init__(self, scribe: Scribe, desks: dict[str, Desk], *, alarm_ns: int) -> None:
        self._scribe = scribe
        self._state = scribe.state
        self._desks = desks
        self._alarm_ns = alarm_ns
        self._began: dict[str, int] = {}
        self._told: set[str] = set()

    def deadline(self) -> int | None:
        """When to look again, in steady time; None while no exit waits."""
        waiting = {order.order_id for order in self._waiting()}
        self._began = {each: self._began.get(each, self._scribe.steady_ts) for each in sorted(waiting)}
        self._told &= self._state.live.keys()
        return min((self._due(each) for each in waiting - self._told), default=None)

    def look(self) -> None:
        """Tell of every exit whose time has come."""
        for order in list(self._waiting()) if self._began else ():
            is_new = order.order_id in self._began and order.order_id not in self._told
            if is_new and self._due(order.order_id) <= self._scribe.steady_ts:
                self._told.add(order.order_id)
                self._scribe.note("alarm", self._words(order), symbol=order.symbol)

    def _due(self, order_id: str) -> int:
        return self._began[order_id] + self._alarm_ns

    def _waiting(self) -> Iterator[Order]:
        for symbol in self._state.positions:
            desk = self._desks.get(symbol)
            for order_id in desk.waiting if desk is not None else ():
                order = self._state.live.get(order_id)
                if order is not None and order.role in _TOLD:
                    yield order

    def _words(self, order: Order) -> str:
        what = "flatten"
        if order.role is OrderRole.PROTECTIVE:
            what = "stop" if order.trigger is None else f"stop at {canonical(order.trigger)} fired and"
        why = waits_for(self._desks[order.symbol], order)
        text = f"{order.symbol}: its {what} {UNFILLED} {seconds(self._alarm_ns)}: {why}"
        return f"{text}, {canonical(order.leaves)} to go" if order.filled else text
