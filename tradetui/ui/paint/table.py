"""Columns of a small table: those that fit by rank, with fixed widths so that nothing jumps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from tradetui.ui.paint.rows import Row, Run, left, right

INDENT: Final = 1
MAX_GAP: Final = 3


class Column(msgspec.Struct, frozen=True):
    """A column; those of the highest rank are dropped first when the pane is narrow."""

    name: str
    width: int
    rank: int = 0
    at_left: bool = False
    head: str | None = None

    @property
    def heading(self) -> str:
        """What stands above the column."""
        return self.name if self.head is None else self.head


class Layout(msgspec.Struct, frozen=True):
    """The columns shown and the cells between two of them."""

    columns: tuple[Column, ...]
    gap: int


@lru_cache(maxsize=256)
def layout_for(columns: tuple[Column, ...], width: int) -> Layout:
    """The columns that fit in `width` cells, lowest ranks kept; at least one stays."""
    shown = list(columns)
    while len(shown) > 1 and _need(shown) > width:
        worst = max(column.rank for column in shown)
        shown.remove([column for column in shown if column.rank == worst][-1])
    room = width - _need(shown)
    gap = 1 + min(MAX_GAP - 1, max(0, room) // max(1, len(shown)))
    return Layout(tuple(shown), gap)


def _need(columns: list[Column]) -> int:
    return INDENT + sum(column.width for column in columns) + len(columns) - 1


def cells(layout: Layout, values: Mapping[str, Run]) -> Row:
    """One row of the table; a column without a value stays empty."""
    row: list[Run] = [(" " * INDENT, "text")]
    gap = " " * layout.gap
    for column in layout.columns:
        text, ink = values.get(column.name, ("", "text"))
        place = left if column.at_left else right
        row.append((place(text, column.width), ink))
        row.append((gap, "text"))
    return tuple(row)


def heading(layout: Layout) -> Row:
    """The names of the columns, dim."""
    return cells(layout, {column.name: (column.heading, "dim") for column in layout.columns})
