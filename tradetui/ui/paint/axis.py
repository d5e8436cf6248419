"""The chart's axes: round prices and times, and tags for prices that have a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tradetui.domain.view_market import ChartCandle, PriceMark
from tradetui.ui.paint.numbers import clock_text, fixed
from tradetui.ui.paint.rows import Run, clip, plain
from tradetui.ui.paint.scale import Scale, round_values

ROWS_A_LABEL: Final = 4
CELLS_A_TIME: Final = 14
TIME_STEPS: Final = (
    *(5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200),
    *(86400, 2 * 86400, 7 * 86400, 14 * 86400, 28 * 86400, 91 * 86400),
)

MARK_LINES: Final = {
    "last": ("accent", "accent"),
    "entry": ("text", "bright"),
    "stop": ("down", "down"),
    "target": ("up", "up"),
    "buy": ("accent", "selected"),
    "sell": ("accent", "selected"),
    "liquidation": ("warn", "warn"),
    "breakeven": ("dim", "selected"),
    "level": ("dim", "bar"),
}
"""Ink of the line and ground of the tag, most important last in a row where several meet."""

RANK: Final = ("level", "breakeven", "buy", "sell", "entry", "target", "liquidation", "stop", "last")


def price_labels(scale: Scale, rows: int, price_scale: int) -> dict[int, str]:
    """Round prices by row."""
    values = round_values(scale, max(1, rows // ROWS_A_LABEL))
    return {scale.step(value, rows): fixed(value, price_scale) for value in values}


def rank_of(mark: PriceMark) -> int:
    """How important a mark is."""
    return RANK.index(mark.kind) if mark.kind in RANK else -1


def tag_rows(marks: Sequence[PriceMark], scale: Scale, rows: int) -> dict[int, tuple[PriceMark, str]]:
    """Each mark on its row or near it, never on the wrong side of another; an arrow tells of one outside."""
    placed: list[tuple[int, PriceMark]] = []
    for mark in sorted(marks, key=rank_of, reverse=True):
        if len(placed) == rows:
            break
        row = scale.step(mark.price, rows)
        near = (row, row + 1, row - 1, row + 2, row - 2)
        free = next((at for at in near if 0 <= at < rows and _fits(at, mark, placed)), None)
        placed.append((row if free is None else free, mark))
        if free is None:
            placed = _pushed(placed, rows)
    return {row: (mark, _arrow(mark, scale)) for row, mark in placed}


def _arrow(mark: PriceMark, scale: Scale) -> str:
    if scale.holds(mark.price):
        return ""
    return "▲" if mark.price > scale.high else "▼"


def _fits(row: int, mark: PriceMark, placed: Sequence[tuple[int, PriceMark]]) -> bool:
    """Whether a row is free and lies to all other tags as the prices lie to each other."""
    return all(
        at != row and (mark.price == other.price or (at < row) == (other.price > mark.price))
        for at, other in placed
    )


def _pushed(placed: list[tuple[int, PriceMark]], rows: int) -> list[tuple[int, PriceMark]]:
    """Tags in the order of their prices, moved apart where they meet."""
    placed = sorted(placed, key=lambda each: (-each[1].price, each[0]))
    below = rows
    for number in reversed(range(len(placed))):
        below = min(placed[number][0], below - 1)
        placed[number] = below, placed[number][1]
    above = -1
    for number, (row, mark) in enumerate(placed):
        above = max(row, above + 1)
        placed[number] = above, mark
    return placed


def tag_run(mark: PriceMark, arrow: str, width: int, price_scale: int) -> Run:
    """The tag at the right edge: the mark's words behind an arrow or a blank, else its price."""
    is_price = mark.kind == "last" or not mark.label
    words = fixed(mark.price, price_scale) if is_price else plain(mark.label)
    ground = MARK_LINES.get(mark.kind, MARK_LINES["level"])[1]
    words = f"{arrow}{shortened(words, width - (len(arrow) or not is_price))}"
    return (f" {words}".ljust(width) if len(words) < width else words[:width], f"bright!@{ground}")


def axis_label(text: str, width: int) -> str:
    """A price or word at the right of the axis, with a blank behind it where there is room."""
    text = shortened(text, width)
    return f"{text} ".rjust(width) if len(text) < width else text


def shortened(words: str, width: int) -> str:
    """Words in at most `width` cells: a quantity loses its zero or goes whole, a price its last digits."""
    words = words if len(words) <= width else words.replace(" 0.", " .")
    name, _, qty = words.rpartition(" ")
    if name and len(words) > width >= len(name) and qty.replace(".", "").isdigit():
        return name
    whole, point, digits = words.rpartition(".")
    if len(words) > width > len(whole) + 1 and point and digits.isdigit():
        return words[:width]
    return clip(words, width)


def axis_cells(width: int) -> int:
    """Columns of the price axis of a chart so wide."""
    return 12 if width >= 60 else 9 if width >= 32 else 0


def time_row(candles: Sequence[ChartCandle], step_s: int, columns: int, zone: str) -> str:
    """Round times under their columns, the newest candle at the right."""
    cells = [" "] * columns
    chosen = next((step for step in TIME_STEPS if step >= step_s * CELLS_A_TIME), TIME_STEPS[-1])
    pattern = "%d %b" if chosen >= 86400 else "%H:%M:%S" if chosen < 60 else "%H:%M"
    start, free = columns - len(candles), 0
    for at, candle in enumerate(candles, start):
        if candle.open_ts // 1_000_000_000 % chosen >= step_s:
            continue
        text = clock_text(candle.open_ts, zone, pattern=pattern)
        if at >= free and 0 <= at <= columns - len(text):
            cells[at : at + len(text)] = text
            free = at + len(text) + 2
    return "".join(cells)
