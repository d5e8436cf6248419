"""Displayed sizes and traded volume by price row, where a row may hold many ticks."""

from __future__ import annotations

from typing import Final

from tradetui.domain.market_data import Side
from tradetui.market.book import OrderBook
from tradetui.market.market import Market

Sizes = dict[int, float]
DIGITS: Final = 9
"""Sums of floats are shown rounded, so that the order of adding shows nowhere."""

_ROWS_KEPT: Final = 2_000
"""Rows whose volume is kept up to date: those of a tall ladder that has moved a few times its height."""


class RowVolumes:
    """What was traded in each row since the start; asked of the tape once a row, then kept up to date."""

    __slots__ = ("_book", "_group", "_market", "_rows", "_trades")

    def __init__(self, market: Market, group: int) -> None:
        """Count by rows of so many ticks."""
        self._market = market
        self._book = market.book
        self._group = group
        self._rows: Sizes = {}
        self._trades = market.tape.trades

    def is_of(self, market: Market, group: int) -> bool:
        """Whether these are the rows of a market in a grouping; another tick size comes with another book."""
        return self._book is market.book and self._group == group

    def catch_up(self) -> None:
        """Take in the prints since the last look; begin again where they are no longer known."""
        tape, group, rows = self._market.tape, self._group, self._rows
        missing = tape.trades - self._trades
        self._trades = tape.trades
        if missing > len(tape) or len(rows) > _ROWS_KEPT:
            rows.clear()
            return
        tick_of = self._market.book.tick_of
        for print_ in tape.newest(missing):
            row = tick_of(print_.price) // group * group
            if row in rows:
                rows[row] += print_.qty

    def at(self, row: int) -> float:
        """The volume of the row that begins at a tick."""
        known = self._rows.get(row)
        if known is None:
            known = self._rows[row] = self._market.tape.volume_in(range(row, row + self._group))
        return round(known, DIGITS)


def side_sizes(book: OrderBook, side: Side, rows: range) -> Sizes:
    """The displayed size of a side in each row of a range that has any, by the row's lowest tick."""
    if rows.step == 1:
        return {tick: qty for tick in rows if (qty := book.qty_at(side, tick))}
    sizes: Sizes = {}
    if not rows:
        return sizes
    group, low, high = rows.step, rows[0], rows[-1] + rows.step
    for tick, qty in book.levels(side):
        if low <= tick < high:
            row = tick // group * group
            sizes[row] = round(sizes.get(row, 0.0) + qty, DIGITS)
        elif (tick < low) is (side is Side.BUY):
            break
    return sizes
