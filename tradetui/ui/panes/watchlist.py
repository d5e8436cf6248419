"""The watchlist: one line a symbol, a mover flashes once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from tradetui.domain.view import Frame
from tradetui.domain.view_market import WatchRow
from tradetui.ui.paint.bars import sparkline
from tradetui.ui.paint.numbers import NONE, compact, fixed, sign_ink, signed
from tradetui.ui.paint.rows import Row, fit, on, plain
from tradetui.ui.paint.table import Column, cells, heading, layout_for
from tradetui.ui.panes.base import LivePane

Watched = tuple[WatchRow, ...]

FLASH_FRAMES: Final = 8
"""How many frames a mover stays lit."""
MOVE_BP: Final = 10.0
MOVE_ATR: Final = 0.5
"""A last price that moves this far between two frames, by both measures, is a mover."""
ARROWS: Final = {1: ("▲", "up"), -1: ("▼", "down"), 0: ("·", "dim")}


class WatchlistPane(LivePane[Watched]):
    """Symbols with last price, change, spread, range, volume, direction and a sparkline."""

    TITLE = "Watchlist"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self.symbol = ""
        self._selected = ""
        """The symbol under the cursor; empty for the one that is shown."""
        self._last: dict[str, float] = {}
        self._flash: dict[str, int] = {}

    def part_of(self, frame: Frame) -> Watched:
        """The watchlist, and which symbol the screen shows."""
        if frame.status.symbol != self.symbol:
            self.symbol = frame.status.symbol
            self.part = None
        return frame.watchlist

    @property
    def selected_symbol(self) -> str | None:
        """The symbol under the pane's cursor; None while there is none."""
        part = self.part or ()
        return part[self._at(part)].symbol if part else None

    def _at(self, part: Watched) -> int:
        """The row of the cursor: that of the shown symbol, until it is moved."""
        symbols = [row.symbol for row in part]
        wanted = self._selected if self._selected in symbols else self.symbol
        return symbols.index(wanted) if wanted in symbols else 0

    def move_selected(self, rows: int) -> None:
        """Move the pane's cursor, staying on a symbol."""
        part = self.part or ()
        if part:
            self._selected = part[max(0, min(len(part) - 1, self._at(part) + rows))].symbol
            self.repaint()

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
            if before and is_mover(row, before):
                self._flash[row.symbol] = FLASH_FRAMES
            self._last[row.symbol] = row.last

    def has_content(self, part: Watched) -> bool:
        """Whether there are symbols."""
        return bool(part)

    def empty_words(self) -> str:
        """A profile has at least one symbol: it is not listed yet."""
        return "waiting for this profile's symbols"

    def title_words(self, part: Watched) -> Row:
        """How many symbols."""
        scanned = sum(row.is_scanned for row in part)
        count = len(part) - scanned
        movers = f", {scanned} movers" if scanned else ""
        return ((f"{count} symbol{'s' if count != 1 else ''}{movers}", "dim"),)

    def paint(self, part: Watched, width: int, height: int) -> list[Row]:
        """A heading, then a row a symbol: two rows and a gap where the pane is high but narrow."""
        layout = layout_for(columns_of(part), width - 1)
        head = [heading(layout)] if height > 2 else []
        names, room = {column.name for column in layout.columns}, height - len(head)
        has_two = "spark" not in names and room >= 2 * len(part)
        has_gap = room >= 3 * len(part) - 1
        painted: list[Row] = []
        marked = part[self._at(part)].symbol if self.has_focus else self.symbol
        for row in self._around(part, room):
            lit = self._light(row, marked)
            shown = cells(layout, values_of(row, current=row.symbol == self.symbol))
            painted.append(_lit(shown, lit, width))
            if has_two:
                below = second_line(row, width - 1, with_arrow="dir" not in names)
                painted += [_lit(below, lit, width), *[()] * has_gap]
        return head + painted

    def _around(self, part: Watched, room: int) -> Watched:
        """The rows that fit, the one under the cursor among them."""
        first = max(0, self._at(part) - room + 1) if self.has_focus else 0
        return part[first:]

    def _light(self, row: WatchRow, marked: str) -> str:
        if row.symbol in self._flash:
            return "bid-depth" if row.direction >= 0 else "ask-depth"
        return "selected" if row.symbol == marked else ""


def _lit(shown: Row, background: str, width: int) -> Row:
    shown = fit(shown, width)
    return on(shown, background) if background else shown


def second_line(row: WatchRow, width: int, *, with_arrow: bool) -> Row:
    """What a narrow pane has no columns for: range, volume, the way the price went, last aggressor."""
    arrow = values_of(row, current=False)["dir"] if with_arrow else (" ", "text")
    atr = f"{fixed(row.atr_pct, 2 if (row.atr_pct or 0) < 10 else 1)}%" if row.atr_pct is not None else NONE
    words = f"  atr {atr:<5} vol {compact(row.volume):<5} "
    room = min(12, width - len(words) - 3)
    return ((words, "dim"), (sparkline(row.spark, room), sign_ink(row.change_pct)), (" ", "text"), arrow)


def is_mover(row: WatchRow, before: float) -> bool:
    """Whether the last price has made a jump since the frame before, for this symbol."""
    moved_pct = abs((row.last or before) / before - 1) * 100
    return moved_pct >= max(MOVE_BP / 100, MOVE_ATR * (row.atr_pct or 0.0))


@lru_cache(maxsize=512)
def short_symbol(symbol: str) -> str:
    """A contract settled in its quote currency without naming it twice: BTC/USDT:P, BTC/USDT:250328."""
    pair, _, settle = symbol.partition(":")
    settle, _, expiry = settle.partition("-")
    if not settle or settle != pair.rpartition("/")[2]:
        return plain(symbol)
    return plain(f"{pair}:{expiry or 'P'}")


def change_text(change: float | None) -> str:
    """A percentage in at most five cells while it is below a thousand."""
    size = abs(change or 0.0)
    return signed(change, 2 if size < 9.995 else 1 if size < 99.95 else 0)


def spread_text(spread_bp: float | None) -> str:
    """A spread in basis points in at most four cells while it is below ten thousand."""
    size = spread_bp or 0.0
    return fixed(spread_bp, 2 if size < 9.995 else 1 if size < 99.95 else 0)


def columns_of(rows: Sequence[WatchRow]) -> tuple[Column, ...]:
    """Columns as wide as the longest symbol and price need."""
    names = max((len(short_symbol(row.symbol)) for row in rows), default=8)
    price = max((len(fixed(row.last, row.price_scale)) for row in rows), default=9)
    return (
        Column("symbol", min(18, max(8, names)), at_left=True),
        Column("last", max(8, price)),
        Column("24h%", 5, rank=1),
        Column("spr", 4, rank=2),
        Column("dir", 1, rank=3, head=""),
        Column("atr", 4, rank=5, head="atr%"),
        Column("vol", 5, rank=4),
        Column("spark", 12, rank=6, head=""),
    )


def values_of(row: WatchRow, *, current: bool) -> dict[str, tuple[str, str]]:
    """The cells of one symbol."""
    live = row.feed_state.is_fresh
    arrow, ink = ARROWS[row.direction] if live else ("!", "warn")
    return {
        "symbol": (short_symbol(row.symbol), "bright!" if current else "text"),
        "last": (fixed(row.last, row.price_scale), "text" if live else "dim"),
        "24h%": (change_text(row.change_pct), sign_ink(row.change_pct)),
        "spr": (spread_text(row.spread_bp), "dim"),
        "dir": (arrow, ink),
        "atr": (fixed(row.atr_pct, 2 if (row.atr_pct or 0) < 10 else 1), "dim"),
        "vol": (compact(row.volume), "dim"),
        "spark": (sparkline(row.spark, 12), sign_ink(row.change_pct)),
    }
