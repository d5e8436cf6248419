"""Watches over the stops: one that is not held against a price any more is told (R-STP-5, R-STP-8).

A stop counts as held against a price by each price of its source, whatever the feed says of itself, and
one that looks at prints also by a sound book whose touch has not reached it. A book beyond the stop
without a print, or silence, is an alarm. One that has fired is told where it can not execute (R-STP-6).
"""

from __future__ import annotations

from typing import Final

from tradetui.domain.event import PricesSeen
from tradetui.domain.market_data import Side
from tradetui.domain.number import canonical
from tradetui.domain.order import Order, OrderState
from tradetui.engine.desk import Desk
from tradetui.engine.scribe import Scribe
from tradetui.engine.stuck import StuckWatch, seconds
from tradetui.trading.triggers import is_through

SILENT: Final = "has seen no price for"
"""What an alarm says of a stop that is not held against a price any more."""
NOTED_NS: Final = 300_000_000_000
_OFTEN_NS: Final = 1_000_000_000
"""A book counts as a look no more often than this, or than each quarter of the time to an alarm."""


class StopVigil:
    """Knows for each position since when its stop has seen no price, in steady time."""

    def __init__(self, scribe: Scribe, desks: dict[str, Desk], *, alarm_ns: int) -> None:
        """`alarm_ns` is how long a stop may go without a price, or a fired one without its fill."""
        self._alarm_ns = alarm_ns
        self._quiet_ns = min(_OFTEN_NS, alarm_ns // 4)
        self._stuck = StuckWatch(scribe, desks, alarm_ns=alarm_ns)
        self._scribe = scribe
        self._state = scribe.state
        self._desks = desks
        self._began: dict[str, int] = {}
        self._told: dict[str, int] = {}
        """Of which silence an alarm has told already: when it began."""

    def seen(self, desk: Desk) -> None:
        """A price came that stops look at."""
        ts = self._scribe.ts
        desk.evaluated_ts, desk.evaluated_steady_ts = ts, self._scribe.steady_ts
        if ts - self._state.seen.get(desk.symbol, 0) >= NOTED_NS and not desk.recovering:
            self._note(desk)

    def _note(self, desk: Desk) -> None:
        """Write now and then that a position is watched: after a crash that is where its gap begins."""
        if self._state.holding(desk.symbol) is not None:
            self._scribe.write(PricesSeen(symbol=desk.symbol), symbol=desk.symbol)

    def is_quiet(self, desk: Desk) -> bool:
        """Whether stops have seen no price for a while."""
        return self._scribe.steady_ts - desk.evaluated_steady_ts >= self._quiet_ns

    def look_at_book(self, desk: Desk) -> None:
        """A sound book came: it counts where it has not reached the stop."""
        stop = self._state.stop_of(desk.symbol)
        touch = desk.best(Side.BUY if stop is not None and stop.side is Side.BUY else Side.SELL)
        if stop is None or stop.trigger is None or touch is None or desk.sources.is_computed(stop.trigger_by):
            return
        if not is_through(stop.side, trigger=stop.trigger, price=float(touch)):
            self.seen(desk)

    def deadline(self) -> int | None:
        """When to look again, in steady time; None while nothing is held."""
        for symbol in [each for each in self._began if self._state.holding(each) is None]:
            del self._began[symbol]  # dust of it may still be there
        later = self._scribe.steady_ts + self._alarm_ns
        dues = [self._due(symbol) or later for symbol in self._state.positions]
        stuck = self._stuck.deadline()
        return min((*dues, stuck) if stuck is not None else dues, default=None)

    def look(self) -> None:
        """Tell of every stop whose time has come."""
        self._stuck.look()
        for symbol in sorted(self._state.positions):
            due = self._due(symbol)
            if due is not None and due <= self._scribe.steady_ts:
                self._told[symbol] = self._silent_since(symbol)
                self._scribe.note("alarm", self._words(symbol), symbol=symbol)

    def _due(self, symbol: str) -> int | None:
        if self._state.holding(symbol) is None:
            return None
        since = self._silent_since(symbol)
        stop = self._state.stop_of(symbol)
        if self._told.get(symbol) == since or (stop is not None and stop.state is not OrderState.ARMED):
            return None
        return since + (self._alarm_ns if stop is not None else 0)

    def _silent_since(self, symbol: str) -> int:
        began = self._began.setdefault(symbol, self._scribe.steady_ts)
        desk = self._desks.get(symbol)
        return max(began, desk.evaluated_steady_ts) if desk is not None else began

    def _words(self, symbol: str) -> str:
        stop = self._state.stop_of(symbol)
        if stop is None or stop.trigger is None:
            return f"{symbol} stands without a stop"
        text = f"{symbol}: its stop at {canonical(stop.trigger)} {SILENT} {seconds(self._alarm_ns)}"
        return f"{text}: {self._reason(self._desks[symbol], stop)}"

    def _reason(self, desk: Desk, stop: Order) -> str:
        market, touch = desk.market, desk.best(stop.side)
        if not market.feed_state.is_fresh:
            return f"the data is {market.feed_state.value}"
        if desk.sources.is_computed(stop.trigger_by):
            return f"no {stop.trigger_by.value} price comes"
        if market.book.is_crossed:
            return "the book is crossed"
        if touch is None or stop.trigger is None:
            return "the book is empty"
        beyond = is_through(stop.side, trigger=stop.trigger, price=float(touch))
        return "the book is beyond it and nothing prints" if beyond else "nothing comes"
