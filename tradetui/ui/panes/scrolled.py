"""A pane of one page: where the terminal is low, up and down scroll it."""

from __future__ import annotations

from typing import TypeVar

from tradetui.ui.paint.rows import Row
from tradetui.ui.panes.base import LivePane

Part = TypeVar("Part")


class ScrolledPane(LivePane[Part]):
    """Subclasses write the whole page; this one shows what there is room for, and says what lies below."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._above = 0

    def page(self, part: Part, width: int) -> list[Row]:
        """Every row."""
        raise NotImplementedError

    def move_selected(self, rows: int) -> None:
        """Scroll."""
        self._above = max(0, self._above + rows)
        self.repaint()

    def paint(self, part: Part, width: int, height: int) -> list[Row]:
        """The page, or the part of it that there is room for."""
        rows = self.page(part, width)
        self._above = max(0, min(self._above, len(rows) - height))
        shown = rows[self._above : self._above + height]
        left = len(rows) - self._above - len(shown)
        if left and shown:
            shown[-1] = ((f" ↓ {left + 1} more rows", "dim"),)
        return shown
