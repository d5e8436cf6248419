"""What is said before a margin is spent: calls at parts of it, stops that come too late, new rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradetui.domain.event import MarginCalled
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.position import Position
from tradetui.engine.books import Books
from tradetui.engine.refusals import number
from tradetui.engine.scribe import Scribe
from tradetui.trading import guard
from tradetui.trading.settings import EngineSettings

WALLET: Final = ""
"""The name under which a cross account is warned: all its positions stand or fall together."""
LOOK_NS: Final = 1_000_000_000
"""While the others of a cross account move, stops are held against the liquidation so often."""
_CALM: Final = Decimal("0.8")
"""A warning is over when the ratio is below this part of its lowest threshold."""


class MarginCalls:
    """Writes each warning once."""

    def __init__(self, settings: EngineSettings, scribe: Scribe, books: Books) -> None:
        self.settings = settings
        self.scribe = scribe
        self.state = scribe.state
        self.books = books
        self.margins = books.margins
        self._beyond: set[str] = set()
        """Stops that are known to lie beyond the liquidation price."""
        self._looked_ts = 0

    def look(self, position: Position) -> None:
        """A position's price moved: warn of its margin, and of stops in a cross account."""
        self._warn(position)
        if position.cross and self.scribe.ts - self._looked_ts >= LOOK_NS:
            self.look_at_stops()

    def look_at_stops(self) -> None:
        """A liquidation price that moved past a stop is told (R-TRG-4): the stop protects no more."""
        self._looked_ts = self.scribe.ts
        for symbol, position in self.state.positions.items():
            stop, instrument = self.state.stop_of(symbol), self.state.instruments[symbol]
            if stop is None or stop.trigger is None or not self.margins.is_leveraged(position):
                continue
            price = self.margins.liquidation_of(position)
            sign, buffer = position.side.sign, self.settings.stop_buffer
            if guard.is_inside_liquidation(instrument, stop.trigger, price, sign=sign, buffer=buffer):
                self._beyond.discard(stop.order_id)
            elif stop.order_id not in self._beyond:
                self._beyond.add(stop.order_id)
                where = f"liquidation at {number(_shown(price))}" if price is not None else "liquidation"
                text = f"{symbol}: {where} comes before the stop at {number(stop.trigger)}"
                self.scribe.note("alarm", text, symbol=symbol)

    def _warn(self, position: Position) -> None:
        """Say that a margin runs out, once for each threshold; and once that it is sound again."""
        name = WALLET if position.cross else position.symbol
        steps, ratio, level = self._scale(position)
        said = self.state.funds.margin_calls.get(name, ZERO)
        reached = max((step for step in steps if step <= ratio), default=ZERO)
        is_calm = bool(said) and ratio < min(steps) * _CALM
        if reached > said or is_calm:
            threshold = ZERO if is_calm else reached
            called = MarginCalled(name=name, ratio=_shown(ratio), threshold=threshold, level=_shown(level))
            self.scribe.write(called, symbol=position.symbol)

    def _scale(self, position: Position) -> tuple[tuple[Decimal, ...], Decimal, Decimal]:
        """The thresholds that hold, the margin ratio, and the level of a margin account on spot.

        Such an account is called at one level and liquidated at another; their quotient is its threshold.
        """
        ratio, level = self.margins.ratio(position), self.margins.level()
        if level is None or not position.cross:
            return self.settings.margin_call_at, ratio, ZERO
        borrowing = self.settings.borrowing
        return (MONEY.divide(borrowing.liquidation_level, borrowing.call_level),), ratio, level

    def relisted(self, symbol: str, before: Decimal | None) -> None:
        """New tiers hold at once; say where a position is liquidated now (E-20)."""
        after = self.books.liquidation_price(symbol)
        if before == after or after is None:
            return
        was = number(before.quantize(Decimal("0.00000001"))) if before is not None else "nowhere"
        text = f"{symbol}: its margin rules changed, liquidation at {number(_shown(after))}, was {was}"
        self.scribe.note("alarm", text, symbol=symbol)


def _shown(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.00000001"))
