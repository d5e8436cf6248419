"""Own executions, each with the receipt that justifies it."""

from __future__ import annotations

from typing import Final

from tradetui.domain.market_data import Side
from tradetui.domain.number import canonical
from tradetui.domain.realism import is_marked
from tradetui.domain.view import FillView, Frame
from tradetui.ui.paint.numbers import clock_text
from tradetui.ui.paint.rows import Row, clip, plain, whole_runs, wrapped
from tradetui.ui.panes.base import LivePane

Fills = tuple[FillView, ...]
PART: Final = " · "
"""What stands between two parts of a receipt's line."""


class FillsPane(LivePane[Fills]):
    """Newest first; the receipt below in dim lines, an own line between two where there is room."""

    TITLE = "Fills"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._zone = "UTC"

    def part_of(self, frame: Frame) -> Fills:
        """The latest fills."""
        self._zone = frame.status.zone
        return frame.fills

    def has_content(self, part: Fills) -> bool:
        """Whether there was one."""
        return bool(part)

    def empty_words(self) -> str:
        """None so far."""
        return "no fills yet"

    def title_words(self, part: Fills) -> Row:
        """How many are listed."""
        return ((f"last {len(part)} · receipts" if part else "none", "dim"),)

    def paint(self, part: Fills, width: int, height: int) -> list[Row]:
        """As many fills as fit."""
        rows: list[Row] = []
        for fill in part:
            if len(rows) >= height:
                break
            rows += [fill_line(fill, width, self._zone), *receipt_lines(fill, width)]
            if height >= 8:
                rows.append(())
        return rows


def fill_line(view: FillView, width: int, zone: str) -> Row:
    """Time, side, quantity, price and who waited."""
    fill = view.fill
    buys = fill.side is Side.BUY
    row = [
        (f" {clock_text(fill.ts, zone)} ", "text"),
        (f"{'▲' if buys else '▼'} {fill.side.value:<4}", "up" if buys else "down"),
        (f" {canonical(fill.qty)} @ {fill.price:,f}", "bright"),
        (f" {fill.liquidity.value}", "dim"),
    ]
    if width > 60:
        row.append((f"  {plain(fill.symbol)}", "dim"))
    return tuple(whole_runs(row, width - 1))


def receipt_lines(view: FillView, width: int) -> list[Row]:
    """The words of the receipt; what was not filled against a live book or print is a warning."""
    ink = "warn" if view.fill.receipt.synthetic else "dim"
    room = max(1, width - 4)
    marked = is_marked(view.realism)
    lines = view.lines if marked or not view.realism else with_part(view.lines, view.realism)
    rows: list[Row] = [((f"   {clip(part, room)}", ink),) for line in lines for part in joined(line, room)]
    return [*rows, ((f"   {clip(f'matched {view.realism}', room)}", "warn"),)] if marked else rows


def with_part(lines: tuple[str, ...], part: str) -> tuple[str, ...]:
    """The lines of a receipt with one more part at their end."""
    return (*lines[:-1], f"{lines[-1]}{PART}{part}") if lines else (part,)


def joined(line: str, room: int) -> list[str]:
    """A line of the receipt, broken between its parts where it is too long, and only then between words."""
    lines: list[str] = []
    for part in plain(line).split(PART):
        if lines and len(lines[-1]) + len(PART) + len(part) <= room:
            lines[-1] += PART + part
        else:
            lines += wrapped(part, room)
    return lines
