"""Prints that came before the change of the book that they caused (engine rule 7.2, trade seeding).

A venue tells a print at once and its book some moments later: what is displayed in between is partly
gone. A print proves that nothing better than its price was left on the side that it ate, and that its
size was taken at its price. A book that is not older shows it; without times the order of arrival
counts. Where rule 7.2 takes off the size alone, best levels first, and for one walk alone, more is taken
off here: on captures the size alone let stops fill better than the market went on to trade.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from tradetui.domain.market_data import BookDelta, BookSnapshot, Side, Trade
from tradetui.trading.match_types import Depth, LotGrid
from tradetui.trading.overlay import Overlay

UNSEEN: Final = 500
"""How many prints that the book does not show yet are remembered."""


class UnseenPrints:
    """The prints that the book may not show yet; each of them is taken off the overlay once."""

    __slots__ = ("_counted", "_grid", "_guard_ns", "_twin", "_waiting")

    def __init__(self, grid: LotGrid, *, guard_ns: int) -> None:
        """After `guard_ns` a book shows a print whatever its times say: no clock takes liquidity away."""
        self._grid = grid
        self._guard_ns = guard_ns
        self._waiting: deque[Trade] = deque(maxlen=UNSEEN)
        """Those that no walk had to count so far."""
        self._counted: Trade | None = None
        """The newest that the overlay has taken off."""
        self._twin: Overlay | None = None
        """The answer to the last look: one order is priced many times in a row."""

    def note(self, trade: Trade, *, book_ts: int) -> None:
        """Remember a print, unless the book (exchange time, 0 for unknown) is newer."""
        if trade.ts_exchange >= book_ts or trade.ts_exchange == 0:
            self._waiting.append(trade)
            self._twin = None

    def forget(self, overlay: Overlay) -> None:
        """Know of no print any more."""
        self._waiting.clear()
        self._counted = self._twin = None
        overlay.show()

    def on_book(self, message: BookDelta | BookSnapshot, overlay: Overlay) -> None:
        """Forget what a book shows; costs two comparisons while there is nothing."""
        self._twin = None
        if self._waiting:
            hidden = [trade for trade in self._waiting if self._is_hidden(trade, message)]
            self._waiting = deque(hidden, maxlen=UNSEEN)
        if self._counted is not None and not self._is_hidden(self._counted, message):
            self._counted = None
            overlay.show()

    def _is_hidden(self, trade: Trade, message: BookDelta | BookSnapshot) -> bool:
        """Whether a book that came after a print is of a moment before it."""
        if not 0 < message.ts_exchange < trade.ts_exchange:
            return False
        return message.ts_received - trade.ts_received < self._guard_ns

    def count(self, book: Depth, overlay: Overlay) -> None:
        """Take what the prints have eaten off the overlay, for good."""
        if self._waiting:
            self._eat(book, overlay)
            counted = self._waiting if self._counted is None else (self._counted, *self._waiting)
            self._counted = max(counted, key=lambda trade: trade.ts_exchange)
            self._waiting.clear()
            self._twin = None

    def counted(self, book: Depth, overlay: Overlay) -> Overlay:
        """The overlay as it would be, with no effect."""
        if not self._waiting:
            return overlay
        if self._twin is None:
            self._twin = overlay.copy()
            self._eat(book, self._twin)
        return self._twin

    def _eat(self, book: Depth, overlay: Overlay) -> None:
        prints = [(book.tick_of(t.price), self._grid.lots(t.qty), t.aggressor) for t in self._waiting]
        for side in Side:
            own = [(tick, lots) for tick, lots, by in prints if by in (None, side.opposite)]
            if own:
                overlay.eat(book, side, own)
