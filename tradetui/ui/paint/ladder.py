"""The ladder's rows: own orders, sizes with bars behind them, prices, traded volume, change."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from tradetui.domain.view_market import LadderRow, OwnMark
from tradetui.ui.paint.bars import behind, round_up
from tradetui.ui.paint.numbers import compact, fixed
from tradetui.ui.paint.rows import Row, Run, clip, left, on, plain, right

MARKS: Final = {
    "buy": ("B", "accent"),
    "sell": ("S", "accent"),
    "stop": ("STOP", "down"),
    "target": ("T", "up"),
    "liquidation": ("LIQ", "warn"),
}
BID_MARKS: Final = frozenset({"buy", "stop"})
COLUMNS: Final = (
    (10, 8, 9, 6, 6, 1),
    (10, 6, 8, 5, 6, 0),
    (10, 6, 7, 5, 5, 0),
    (10, 6, 6, 5, 5, 0),
    (9, 5, 7, 5, 5, 0),
    (8, 5, 7, 5, 5, 0),
    (8, 6, 7, 5, 0, 0),
    (7, 6, 7, 5, 0, 0),
    (7, 6, 7, 0, 0, 0),
    (5, 5, 7, 0, 0, 0),
    (5, 5, 6, 0, 0, 0),
    (0, 0, 8, 0, 0, 0),
    (0, 0, 7, 0, 0, 0),
    (0, 0, 5, 0, 0, 0),
)
"""Cells of own orders left and right, a size, volume and change, and of the gaps; broadest first."""


class LadderLook(msgspec.Struct, frozen=True):
    """What all rows of one ladder share: cells a column, digits, and the size a full bar stands for."""

    own: int
    """Cells of own orders at the left: sign, quantity and queue."""
    own_right: int
    size: int
    price: int
    volume: int
    change: int
    price_scale: int
    places: int
    full: float
    pad: int

    @property
    def width(self) -> int:
        """Cells of a whole row."""
        return 1 + sum(self._cells) + 2 + 5 * self.pad

    @property
    def _cells(self) -> tuple[int, ...]:
        return (self.own, self.size, self.price, self.size, self.own_right, self.volume, self.change)


class RowFlags(msgspec.Struct, frozen=True):
    """What stands on one price row beside its numbers."""

    is_bid: bool = False
    is_ask: bool = False
    is_last: bool = False
    is_cursor: bool = False


@lru_cache(maxsize=64)
def look_for(width: int, *, price_cells: int, price_scale: int, qty_scale: int, largest: float) -> LadderLook:
    """The columns that fit with a free cell at the right; gaps go first, then digits, change, volume, own."""
    looks = [
        LadderLook(
            own=own,
            own_right=own_right,
            size=size,
            price=price_cells,
            volume=volume,
            change=change,
            price_scale=price_scale,
            places=qty_places(largest, qty_scale, size - 1),
            full=largest,
            pad=pad,
        )
        for own, own_right, size, volume, change, pad in COLUMNS
    ]
    return next((look for look in looks if look.width < width), looks[-1])


def qty_places(largest: float, scale: int, room: int) -> int:
    """Digits after the point that the largest size leaves room for."""
    return max(0, min(scale, room - len(f"{largest:.0f}") - 1))


def heading(look: LadderLook) -> Row:
    """The names of the columns."""
    pad = " " * look.pad
    names = [" ", left(" own", look.own), pad, right("bid", look.size), " ", right("price", look.price), " "]
    names += [pad, right("ask", look.size), pad, left(" own", look.own_right), pad]
    names += [right("vol", look.volume), pad, right("±1s", look.change)]
    return (("".join(names), "dim"),)


def ladder_row(row: LadderRow, look: LadderLook, flags: RowFlags) -> Row:
    """One price row, in as many cells as the look is wide."""
    pad = (" " * look.pad, "text")
    bid_marks = [mark for mark in row.own if _stands_left(mark, row)]
    ask_marks = [mark for mark in row.own if not _stands_left(mark, row)]
    runs: list[Run] = [(" ", "text"), own_run(bid_marks, look.own), pad]
    runs += size_runs(row.bid, look, side="bid")
    runs.append(("▸" if flags.is_last else " ", "accent!"))
    runs.append((right(fixed(row.price, look.price_scale), look.price), price_ink(row, flags)))
    runs += [(" ", "text"), pad]
    runs += size_runs(row.ask, look, side="ask")
    runs += [pad, own_run(ask_marks, look.own_right, indent=1), pad]
    if look.volume:
        runs.append((right(small(row.volume) if row.volume else "", look.volume), "dim"))
    if look.change:
        runs += [pad, change_run(row.change, look.change)]
    return tuple(run for run in runs if run[0])


def tinted(row: Row, marks: tuple[OwnMark, ...], *, is_cursor: bool) -> Row:
    """The row on the ground of the cursor, the stop or the target."""
    if is_cursor:
        return on(row, "selected")
    kinds = {mark.kind for mark in marks}
    ground = "ask-depth" if "stop" in kinds else "bid-depth" if "target" in kinds else ""
    return on(row, ground) if ground else row


def _stands_left(mark: OwnMark, row: LadderRow) -> bool:
    return mark.kind in BID_MARKS or (mark.kind == "target" and row.bid > 0)


def own_run(marks: list[OwnMark], width: int, *, indent: int = 0) -> Run:
    """Own orders at a price: sign, quantity, queue ahead; the first is named, more are counted."""
    if not marks or not width:
        return (" " * width, "text")
    mark = marks[0]
    sign, ink = MARKS.get(mark.kind, (mark.kind[:1].upper(), "accent"))
    more = f"+{len(marks) - 1}" if len(marks) > 1 else ""
    room = max(0, width - indent - len(more))
    words = own_words(sign, plain(mark.qty), room)
    queue = f" q{compact(mark.queue, 2)}" if mark.queue is not None else ""
    if len(words) + len(queue) <= room:
        words += queue
    return (left(f"{' ' * indent}{clip(words, room)}{more}", width), f"{ink}!")


def own_words(sign: str, qty: str, room: int) -> str:
    """A sign and a quantity in at most `room` cells: it loses the blank, then digits, then goes whole."""
    if not qty:
        return clip(sign, room)
    exact, short = short_qty(qty), _rounded(qty)
    tight = f"{sign}{exact}" if len(sign) == 1 else f"{sign} {short}"
    tries = (f"{sign} {exact}", tight, f"{sign} {short}", f"{sign}{short}")
    return next((words for words in tries if len(words) <= room), clip(sign, room))


def _rounded(qty: str) -> str:
    """A quantity of about two digits; words that are none stay."""
    try:
        size = float(qty)
    except ValueError:
        return qty
    return short_qty(compact(size, 3 if size < 1 else 2))


def short_qty(text: str) -> str:
    """A quantity without the zero before its point."""
    return text[1:] if text.startswith("0.") else text


def size_text(size: float, look: LadderLook) -> str:
    """A size on the ladder's digits, short where it is longer than the column."""
    if size <= 0:
        return ""
    text = f"{size:.{look.places}f}"
    return text if len(text) < look.size else compact(size, 3)


def size_runs(size: float, look: LadderLook, *, side: str) -> Row:
    """A size with its bar; bids grow from the price to the left, asks to the right."""
    is_bid = side == "bid"
    text = size_text(size, look)
    text = right(text, look.size)
    if size <= 0:
        return ((text, "text"),)
    return behind(text, min(1.0, size / look.full), ink=side, ground=f"{side}-depth", from_right=is_bid)


def price_ink(row: LadderRow, flags: RowFlags) -> str:
    """Best prices bright, prices with own stop or target in their color."""
    kinds = {mark.kind for mark in row.own}
    if "stop" in kinds:
        return "down!"
    if "target" in kinds:
        return "up!"
    return "bright!" if flags.is_bid or flags.is_ask or flags.is_last else "text"


def change_run(change: float, width: int) -> Run:
    """What was stacked or pulled since a second ago."""
    text = small(abs(change))
    if text == "·":
        return (text.rjust(width), "hairline")
    if len(text) > width - 2:
        text = compact(abs(change), 1)
    sign, ink = ("+", "up") if change > 0 else ("-", "down")
    return (f"{sign}{text}".rjust(width)[-width:], ink)


def small(amount: float) -> str:
    """About two digits; hundredths without a zero before their point, and a dot for less than that."""
    if amount < 0.005:
        return "·"
    return f"{amount:.2f}"[1:] if amount < 0.095 else compact(amount, 2)


def full_size(rows: tuple[LadderRow, ...]) -> float:
    """What a full bar stands for, rounded up so that it seldom changes: nine of ten sizes are below it.

    The largest size would make every other bar invisible while one wall stands in the book.
    """
    sizes = sorted(size for row in rows for size in (row.bid, row.ask) if size > 0)
    return round_up(sizes[len(sizes) * 9 // 10]) if sizes else 1.0
