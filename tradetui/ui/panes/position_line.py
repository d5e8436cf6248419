"""One row for the position in the symbol shown, where its pane is not on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from tradetui.domain.market_data import Side
from tradetui.domain.number import canonical, money_scale
from tradetui.domain.view import Frame, PositionView
from tradetui.ui.paint.numbers import fixed, sign_ink, signed
from tradetui.ui.paint.rows import Row, Run, plain, width_of
from tradetui.ui.panes.bar import Bar

RANKS: Final = {2: 3, 3: 2}
"""Parts whose importance is not their place: the third is R, the fourth the stop."""


class PositionLine(Bar):
    """Side, quantity, entry, profit, R, stop and its distance."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._positions: tuple[PositionView, ...] | None = None
        self._symbol = self._lacks = ""

    def show_frame(self, frame: Frame) -> None:
        """Show the position of a frame's symbol."""
        if frame.positions is not self._positions or frame.status.symbol != self._symbol:
            self._positions, self._symbol = frame.positions, frame.status.symbol
            self.repaint()

    def tell_lack(self, words: str) -> None:
        """Say why nothing is known; empty words wait for it."""
        if words != self._lacks:
            self._lacks = words
            self.repaint()

    def rows_at(self, width: int) -> Sequence[Row]:
        """The line."""
        if self._positions is None:  # before the journal is read nobody knows whether anything is open
            return (((f" {self._lacks or 'waiting for the journal'}", "dim"),),)
        return (position_row(self._positions, self._symbol, width),)


def position_row(positions: Sequence[PositionView], symbol: str, width: int) -> Row:
    """The position in a symbol, or that there is none, with what is open elsewhere."""
    here = next((row for row in positions if row.symbol == symbol), None)
    others = [row for row in positions if row is not here]
    parts: list[Row] = [(("flat", "dim"),)] if here is None else _parts(here)
    if others:
        total = sum((row.unrealized_pnl for row in others), Decimal(0))
        parts.append(
            (
                (f"+{len(others)} elsewhere ", "dim"),
                (signed(total, money_scale(others[0].currency)), sign_ink(total)),
            )
        )
    row: list[Run] = [(" ", "text")]
    for part in _fitting(parts, width):
        row += [*part, ("  ", "text")]
    return tuple(row)


def _fitting(parts: list[Row], width: int) -> list[Row]:
    """What there is room for, the most important first: the stop goes before R."""
    ranks = [RANKS.get(at, at) for at in range(len(parts))]
    kept, room = {0}, width - 1 - width_of(parts[0]) - 2
    for at in sorted(range(1, len(parts)), key=lambda at: ranks[at]):
        room -= width_of(parts[at]) + 2
        if room < 0:
            break
        kept.add(at)
    return [part for at, part in enumerate(parts) if at in kept]


def _parts(row: PositionView) -> list[Row]:
    """From side to target."""
    scale = row.price_scale
    side = ("long ", "up!") if row.side is Side.BUY else ("short ", "down!")
    stop: Row = (("no stop", "warn!"),)
    if row.stop is not None:
        stop = (("stop ", "dim"), (fixed(row.stop, scale), "down"))
    if row.stop is not None and row.stop_state != "armed":
        stop = (*stop, (f" {plain(row.stop_state)}", "warn!"))
    ink = sign_ink(row.unrealized_pnl)
    parts: list[Row] = [
        (side, (canonical(row.qty), "bright!"), (" @ ", "dim"), (fixed(row.entry_price, scale), "text")),
        ((signed(row.unrealized_pnl, money_scale(row.currency)), f"{ink}!"),),
        ((f"{signed(row.r, 2)} R", ink),),
        stop,
    ]
    if row.stop is not None and row.stop_distance is not None:
        parts.append(((f"{fixed(row.stop_distance, scale)} away", "dim"),))
    if row.target is not None:
        parts.append((("target ", "dim"), (fixed(row.target, scale), "up")))
    return parts
