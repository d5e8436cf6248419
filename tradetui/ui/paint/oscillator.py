"""Lower panes: one indicator group each, lines in braille over histogram bars and guides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from tradetui.domain.view_market import IndicatorLine
from tradetui.ui.paint.braille import guide_bits, line_cells, sign
from tradetui.ui.paint.chart import value_at
from tradetui.ui.paint.grid import Column, Grid, empty_column
from tradetui.ui.paint.names import group_title, guides_of, line_ink, part_name
from tradetui.ui.paint.numbers import fixed, sign_ink, signed
from tradetui.ui.paint.rows import Row, Run, fit, right
from tradetui.ui.paint.scale import Scale, scale_for

BLANK: Final[Run] = (" ", "text")
MOST_DIGITS: Final = 12
Values = tuple[float | None, float | None]


class OscillatorPainter:
    """Paints one group's pane, keeping its closed columns."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._scale: Scale | None = None
        self._grid = Grid((), 0)

    def paint(
        self,
        lines: Sequence[IndicatorLine],
        version: tuple[object, ...],
        *,
        columns: int,
        rows: int,
        axis: int,
    ) -> list[Row]:
        """The rows below the title: pad, plot and axis."""
        group = lines[0].group
        scale = self._scaled(lines, group, columns)
        key = (version, group, tuple(line.name for line in lines), columns, rows, scale)
        if key != self._key:
            self._key, self._scale = key, scale
            built = [osc_column(lines, back, scale, rows) for back in range(columns - 1, 0, -1)]
            self._grid = Grid(built, rows)
        last = column_now(lines, scale, rows)
        labels = {scale.step(value, rows): f"{value:g}" for value in guides_of(group) if scale.holds(value)}
        guides = dict(guide_bits(value, scale, rows) for value in guides_of(group) if scale.holds(value))
        painted: list[Row] = []
        for y in range(rows):
            line: Run = (sign(guides[y]), "grid") if y in guides else BLANK
            text = labels.get(y, "")
            painted.append(
                (BLANK, *self._grid.row(y, line, last[y]), (right(f"{text} " if text else "", axis), "dim"))
            )
        return painted

    def _scaled(self, lines: Sequence[IndicatorLine], group: str, columns: int) -> Scale:
        values = [value for line in lines for value in line.values[-columns:] if value is not None]
        values += [line.last for line in lines if line.last is not None]
        if values:
            values += guides_of(group)
        return scale_for(values, self._scale if self._key[1:2] == (group,) else None)


def osc_column(lines: Sequence[IndicatorLine], back: int, scale: Scale, rows: int) -> Column:
    """A closed column."""
    pairs: list[Values] = [(value_at(line, back + 1), value_at(line, back)) for line in lines]
    return _column(lines, pairs, scale, rows)


def column_now(lines: Sequence[IndicatorLine], scale: Scale, rows: int) -> Column:
    """The open column."""
    return _column(lines, [(value_at(line, 1), line.last) for line in lines], scale, rows)


def _column(lines: Sequence[IndicatorLine], pairs: Sequence[Values], scale: Scale, rows: int) -> Column:
    cells: dict[int, Run] = {}
    dots: dict[int, tuple[int, str]] = {}
    for line, (before, now) in zip(lines, pairs, strict=True):
        if now is None or not math.isfinite(now):
            continue
        if line.style == "histogram":
            cells.update(histogram_cells(now, scale, rows))
            continue
        ink = line_ink(line.name, line.style)
        for row, bits in line_cells(before, now, scale, rows).items():
            dots[row] = (dots.get(row, (0, ""))[0] | bits, ink)
    for row, (bits, ink) in dots.items():
        under = cells.get(row)
        ground = f"@{under[1]}" if under is not None and under[0] == "█" else ""
        cells[row] = (sign(bits), ink + ground)
    if not cells:
        return empty_column(rows)
    return tuple([cells.get(row) for row in range(rows)])


def histogram_cells(value: float, scale: Scale, rows: int) -> dict[int, Run]:
    """A bar from zero to the value in half cells."""
    ink = "up-volume" if value >= 0 else "down-volume"
    zero, end = scale.step(0.0, rows * 2), scale.step(value, rows * 2)
    first, last = (end, zero - 1) if value >= 0 else (zero, end - 1)
    cells: dict[int, Run] = {}
    for half in range(first, last + 1):
        row = half // 2
        cells[row] = ("█" if row in cells else ("▄" if half % 2 else "▀"), ink)
    return cells


def pane_title(lines: Sequence[IndicatorLine], width: int) -> Row:
    """Name, values and a rule: `MACD 12,26,9 +14.2 sig +9.8 hist +4.4`."""
    row: list[Run] = [(group_title(lines[0].group), "text!")]
    scale = digits_for(max((abs(newest(line) or 0.0) for line in lines), default=0.0))
    for line in sorted(lines, key=lambda line: line.style == "histogram"):
        name = part_name(line.name)
        if name == lines[0].group.rstrip("0123456789_"):
            name = ""
        row.append((f" {name}" if name else "", "dim"))
        row.append((f" {value_text(line, scale)}", value_ink(line)))
    used = sum(len(text) for text, _ in row)
    return fit((*row, (f" {'─' * max(0, width - used - 2)} ", "hairline")), width)


def newest(line: IndicatorLine) -> float | None:
    """The value of the forming candle, else of the last one that has any."""
    if line.last is not None:
        return line.last
    return next((value for value in reversed(line.values) if value is not None), None)


def digits_for(size: float) -> int:
    """Digits after the point for values of one pane, by the largest: three that say something."""
    if not 0 < size < 1:
        return 0 if size >= 10_000 else 1 if size >= 10 else 2
    return min(MOST_DIGITS, 2 - math.floor(math.log10(size)))


def value_text(line: IndicatorLine, scale: int) -> str:
    """The newest value; a sign where zero has a meaning."""
    value = newest(line)
    if value is None:
        return "–"
    return signed(value, scale) if guides_of(line.group) == (0.0,) else fixed(value, scale)


def value_ink(line: IndicatorLine) -> str:
    """A histogram's value in its color, a line's in the line's."""
    return sign_ink(line.last) if line.style == "histogram" else line_ink(line.name, line.style)
