"""The watchlist: one line a symbol, a mover flashes once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tradetui.domain.view import Frame, WatchRow
from tradetui.ui.paint.bars import sparkline
from tradetui.ui.paint.numbers import compact, fixed, sign_ink, signed
from tradetui.ui.paint.rows import Row, on, plain
from tradetui.ui.paint.table import Column, cells, heading, layout_for
from tradetui.ui.panes.base import LivePane

Watched = tuple[WatchRow, ...]

FLASH_FRAMES: Final = 8
"""How many frames a mover stays lit."""
MOVE_BP: Final = 8.0
"""A last price that moves this far between two frames is a mover."""
ARROWS: Final = {1: ("▲", "up"), -1: ("▼", "down"), 0: ("·", "dim")}


class WatchlistPane(LivePane[Watched]):
    """Symbols with last price, change, spread, range, volume, direction and a sparkline."""

    TITLE = "Watchlist"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self.symbol = ""
        self._last: dict[str, float] = {}
        self._flash: dict[str, int] = {}

    def part_of(self, frame: Frame) -> Watched:
        """The watchlist, and which symbol the screen shows."""
        if frame.status.symbol != self.symbol:
            self.symbol = frame.status.symbol
            self.part = None
        return frame.watchlist

    def show_frame(self, frame: Frame) -> None:
        """As every pane, and let what is lit go out after its frames."""
        super().show_frame(frame)
        if self._flash:
            self._flash = {symbol: left - 1 for symbol, left in self._flash.items() if left > 1}
            if not self._flash:
                self.repaint()

    def update_view(self, part: Watched | None) -> None:
        """Find the movers, then paint."""
        if part is not None and part is not self.part:
            self._find_movers(part)
        super().update_view(part)

    def _find_movers(self, rows: Sequence[WatchRow]) -> None:
        for row in rows:
            before = self._last.get(row.symbol)
            if row.last is None:
                continue
            if before and abs(row.last / before - 1) * 1e4 >= MOVE_BP:
                self._flash[row.symbol] = FLASH_FRAMES
            self._last[row.symbol] = row.last

    def has_content(self, part: Watched) -> bool:
        """Whether there are symbols."""
        return bool(part)

    def empty_words(self) -> str:
        """Nothing is watched."""
        return "no symbols in this profile's watchlist"

    def title_words(self, part: Watched) -> Row:
        """How many symbols."""
        count = len(part)
        return ((f"{count} symbol{'s' if count != 1 else ''}", "dim"),)

    def paint(self, part: Watched, width: int, height: int) -> list[Row]:
        """A heading where there is room, then one row a symbol."""
        rows = part
        layout = layout_for(columns_of(rows), width)
        head = [heading(layout)] if height > 2 else []
        return head + [self._row(row, width, layout_for(columns_of(rows), width).columns) for row in rows]

    def _row(self, row: WatchRow, width: int, columns: tuple[Column, ...]) -> Row:
        shown = cells(layout_for(columns, width), values_of(row, current=row.symbol == self.symbol))
        shown = (*shown, (" " * max(0, width - sum(len(text) for text, _ in shown)), "text"))
        if row.symbol in self._flash:
            return on(shown, "bid-depth" if row.direction >= 0 else "ask-depth")
        return on(shown, "selected") if row.symbol == self.symbol else shown


def columns_of(rows: Sequence[WatchRow]) -> tuple[Column, ...]:
    """Columns as wide as the longest symbol and price need."""
    names = max((len(row.symbol) for row in rows), default=8)
    price = max((len(fixed(row.last, row.price_scale)) for row in rows), default=9)
    return (
        Column("symbol", min(18, max(8, names)), at_left=True),
        Column("last", max(8, price)),
        Column("24h%", 6, rank=1),
        Column("spr", 4, rank=3),
        Column("dir", 1, rank=2, head=""),
        Column("atr", 4, rank=5, head="atr%"),
        Column("vol", 5, rank=4),
        Column("spark", 12, rank=6, head=""),
    )


def values_of(row: WatchRow, *, current: bool) -> dict[str, tuple[str, str]]:
    """The cells of one symbol."""
    live = row.feed_state.is_fresh
    arrow, ink = ARROWS[row.direction] if live else ("!", "warn")
    return {
        "symbol": (plain(row.symbol), "bright!" if current else "text"),
        "last": (fixed(row.last, row.price_scale), "text" if live else "dim"),
        "24h%": (signed(row.change_pct, 2 if abs(row.change_pct or 0) < 10 else 1), sign_ink(row.change_pct)),
        "spr": (fixed(row.spread_bp, 1 if (row.spread_bp or 0) < 100 else 0), "dim"),
        "dir": (arrow, ink),
        "atr": (fixed(row.atr_pct, 2 if (row.atr_pct or 0) < 10 else 1), "dim"),
        "vol": (compact(row.volume), "dim"),
        "spark": (sparkline(row.spark, 12), sign_ink(row.change_pct)),
    }
