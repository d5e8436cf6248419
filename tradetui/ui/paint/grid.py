"""A plot made of cached columns: closed ones are joined to rows once, the open one is put behind them."""

from __future__ import annotations

from collections.abc import Sequence

from tradetui.ui.paint.rows import Row, Run

Cell = Run | None
Column = tuple[Cell, ...]


class Grid:
    """Closed columns of equal height, and their rows as runs under a background line."""

    __slots__ = ("_columns", "_known", "height")

    def __init__(self, columns: Sequence[Column], height: int) -> None:
        self._columns = columns
        self._known: dict[tuple[int, Run], Row] = {}
        self.height = height

    def row(self, y: int, line: Run, last: Cell) -> Row:
        """Row `y` with the open column at its end; empty cells show the line's sign."""
        closed = self._known.get((y, line))
        if closed is None:
            closed = self._known[(y, line)] = joined([column[y] for column in self._columns], line)
        return (*closed, last if last is not None else line)


def joined(cells: Sequence[Cell], line: Run) -> Row:
    """Cells as runs: neighbors of one ink together, empty cells filled with the line."""
    runs: list[Run] = []
    text, ink = "", ""
    for cell in cells:
        char, cell_ink = cell if cell is not None else line
        if cell_ink == ink or (char == " " and text):
            text += char
        else:
            if text:
                runs.append((text, ink))
            text, ink = char, cell_ink
    if text:
        runs.append((text, ink))
    return tuple(runs)


def empty_column(height: int) -> Column:
    """A column with nothing in it."""
    return (None,) * height
