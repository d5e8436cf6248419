"""Lines in braille: eight dots a cell, two columns and four rows of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from tradetui.ui.paint.scale import Scale

LEFT: Final = (0x01, 0x02, 0x04, 0x40)
RIGHT: Final = (0x08, 0x10, 0x20, 0x80)
BRAILLE: Final = 0x2800

Value = float | None


def line_cells(before: Value, now: Value, scale: Scale, rows: int, *, joined: bool = True) -> dict[int, int]:
    """The dots of one column by row: the line comes from the column before and ends at `now`.

    Joined lines fill the way between two points; the others show the points alone, which is calmer
    behind candles.
    """
    if now is None or not math.isfinite(now):
        return {}
    dots = rows * 4
    end = scale.step(now, dots)
    start = end if before is None or not math.isfinite(before) else scale.step(before, dots)
    middle = (start + end) // 2
    cells: dict[int, int] = {}
    if joined:
        _fill(cells, _after(start, middle), middle, LEFT)
        _fill(cells, _after(middle, end), end, RIGHT)
    elif scale.holds(now):
        _fill(cells, middle, middle, LEFT)
        _fill(cells, end, end, RIGHT)
    return cells


def _after(start: int, end: int) -> int:
    return start if start == end else start + (1 if end > start else -1)


def _fill(cells: dict[int, int], start: int, end: int, bits: Sequence[int]) -> None:
    for dot in range(min(start, end), max(start, end) + 1):
        row = dot // 4
        cells[row] = cells.get(row, 0) | bits[dot % 4]


def sign(bits: int) -> str:
    """The character of a pattern of dots."""
    return chr(BRAILLE + bits)


def guide_bits(value: float, scale: Scale, rows: int) -> tuple[int, int]:
    """Row and dots of a faint level line: every second dot of a dot row."""
    dot = scale.step(value, rows * 4)
    return dot // 4, LEFT[dot % 4]
