"""Holds stops against what would make them useless: a liquidation price that moved past them (R-TRG-4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradetui.domain.position import Position
from tradetui.engine.books import Books
from tradetui.engine.refusals import money, number
from tradetui.engine.scribe import Scribe
from tradetui.trading import guard

OFTEN_NS: Final = 1_000_000_000
"""How often a cross position is looked at again while only prices move."""


class LiquidationWatch:
    """Tells once of each stop that would fire too late."""

    def __init__(self, scribe: Scribe, books: Books) -> None:
        self.scribe = scribe
        self.state = scribe.state
        self.books = books
        self._told: dict[str, str] = {}
        """By symbol, the stop of which an alarm has told."""
        self._seen: dict[str, tuple[object, ...]] = {}
        self._next_ts = 0

    def look(self) -> None:
        """Hold every stop against the liquidation price as it is now."""
        is_time = self.scribe.ts >= self._next_ts
        if is_time:
            self._next_ts = self.scribe.ts + OFTEN_NS
        for position in self.state.positions.values():
            stop = self.state.stop_of(position.symbol)
            trigger = stop.trigger if stop is not None else None
            key = (position, trigger, self.state.instruments[position.symbol])
            if stop is None or trigger is None or not self.books.margins.is_leveraged(position):
                continue
            if key != self._seen.get(position.symbol) or (position.cross and is_time):
                self._seen[position.symbol] = key
                self._hold(position, trigger, stop.order_id)

    def _hold(self, position: Position, trigger: Decimal, stop_id: str) -> None:
        symbol, sign = position.symbol, position.side.sign
        price = self.books.margins.liquidation_of(position)
        instrument = self.state.instruments[symbol]
        if price is None or guard.is_inside_liquidation(instrument, trigger, price, sign=sign):
            self._told.pop(symbol, None)
        elif self._told.get(symbol) != stop_id:
            self._told[symbol] = stop_id
            words = f"its stop at {number(trigger)} lies beyond the liquidation price {money(price)}"
            self.scribe.note("alarm", f"{symbol}: {words}: move it nearer, or add margin", symbol=symbol)
