"""Time and sales: the newest prints, their rate and their balance."""

from __future__ import annotations

from typing import Final

from tradetui.domain.market_data import Side
from tradetui.domain.view import Frame
from tradetui.domain.view_market import TapeRow, TapeView
from tradetui.ui.paint.numbers import clock_text, compact, fixed
from tradetui.ui.paint.rows import Row, on
from tradetui.ui.paint.table import Column, cells, layout_for
from tradetui.ui.panes.base import LivePane

SIGNS: Final = {Side.BUY: ("▲", "up"), Side.SELL: ("▼", "down"), None: ("·", "dim")}
GROUNDS: Final = {Side.BUY: "bid-depth", Side.SELL: "ask-depth", None: "selected"}


class TapePane(LivePane[TapeView]):
    """The prints; a big one has its color behind the whole row."""

    TITLE = "Tape"
    IS_MARKET = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self.min_qty = 0.0
        self._zone = "UTC"
        self._painted: dict[TapeRow, Row] = {}
        self._painted_for: tuple[object, ...] = ()

    def part_of(self, frame: Frame) -> TapeView | None:
        """The part."""
        self._zone = frame.status.zone
        self.min_qty = frame.request.tape_min_qty
        return frame.tape

    def has_content(self, part: TapeView) -> bool:
        """Whether there was a print."""
        return bool(part.rows)

    def empty_words(self) -> str:
        """The tape is quiet."""
        return "no prints yet"

    def title_words(self, part: TapeView) -> Row:
        """Filter, rate, balance and delta."""
        least = f"≥ {compact(self.min_qty)}  " if self.min_qty else ""
        share = f"{part.buy_share * 100:.0f}%"
        return (
            (f"{least}{part.trades_per_s:.1f}/s  ", "dim"),
            (f"buy {share}", "up" if part.buy_share >= 0.5 else "down"),
            (f"  Δ {compact(part.delta)}", "dim"),
            *(((f"  OI {compact(part.open_interest)}", "dim"),) if part.open_interest is not None else ()),
        )

    def paint(self, part: TapeView, width: int, height: int) -> list[Row]:
        """One row a print, newest first; rows painted before are used again."""
        key = (width, part.price_scale, part.qty_scale, self._zone)
        if key != self._painted_for:
            self._painted_for, self._painted = key, {}
        known, fresh, rows = self._painted, {}, []
        for print_ in part.rows[:height]:
            row = known.get(print_) or print_row(print_, part, width, self._zone)
            fresh[print_] = row
            rows.append(row)
        self._painted = fresh
        return rows


def columns_of(price_scale: int, price: float) -> tuple[Column, ...]:
    """Time, side, price and size, as wide as the instrument needs."""
    digits = len(fixed(price, price_scale))
    return (
        Column("time", 8, rank=3),
        Column("side", 1, rank=2),
        Column("price", max(9, digits)),
        Column("qty", 9, rank=1),
    )


def print_row(print_: TapeRow, tape: TapeView, width: int, zone: str) -> Row:
    """One print as a row."""
    if print_.liquidation:
        return liquidation_row(print_, tape, width, zone)
    sign, ink = SIGNS[print_.side]
    layout = layout_for(columns_of(tape.price_scale, print_.price), width)
    bold = "!" if print_.big else ""
    row = cells(
        layout,
        {
            "time": (clock_text(print_.ts, zone), "dim"),
            "side": (sign, ink),
            "price": (fixed(print_.price, tape.price_scale), ink + bold),
            "qty": (qty_text(print_.qty, tape.qty_scale), "bright!" if print_.big else "text"),
        },
    )
    if not print_.big:
        return row
    used = sum(len(text) for text, _ in row)
    return on((*row, (" " * max(0, width - used), "text")), GROUNDS[print_.side])


def liquidation_row(print_: TapeRow, tape: TapeView, width: int, zone: str) -> Row:
    """A position that the venue closed: crossed, in the warning's ink, on the ground of its side."""
    layout = layout_for(columns_of(tape.price_scale, print_.price), width)
    row = cells(
        layout,
        {
            "time": (clock_text(print_.ts, zone), "warn"),
            "side": ("×", "warn!"),
            "price": (fixed(print_.price, tape.price_scale), "warn!"),
            "qty": (qty_text(print_.qty, tape.qty_scale), "warn!"),
        },
    )
    room = width - sum(len(text) for text, _ in row)
    word = "liquidated" if room >= 10 else "liq" if room >= 3 else ""
    return on((*row, (word.ljust(max(0, room)), "warn")), GROUNDS[print_.side])


QTY_PLACES: Final = 4


def qty_text(qty: float, scale: int) -> str:
    """A size with at most four digits after the point in at most nine characters."""
    if qty >= 1000:
        return compact(qty, 4)
    places = min(scale, QTY_PLACES)
    least = 10.0**-places
    return f"<{least:.{places}f}" if 0 < qty < least / 2 else fixed(qty, places)
