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
        self._written: tuple[Part, int, list[Row]] | None = None

    def page(self, part: Part, width: int) -> list[Row]:
        """Every row."""
        raise NotImplementedError

    def move_selected(self, rows: int) -> None:
        """Scroll."""
        self._above = max(0, self._above + rows)
        self.repaint()

    def paint(self, part: Part, width: int, height: int) -> list[Row]:
        """The page, or the part of it that there is room for."""
        rows = self._page_of(part, width)
        self._above = max(0, min(self._above, len(rows) - height))
        shown = rows[self._above : self._above + height]
        left = len(rows) - self._above - len(shown)
        if left and shown:
            shown[-1] = ((f" ↓ {left + 1} more rows", "dim"),)
        return shown

    def _page_of(self, part: Part, width: int) -> list[Row]:
        """The page, written once for a part and a width: a long one takes longer than a frame."""
        written = self._written
        if written is None or written[0] is not part or written[1] != width:
            written = self._written = (part, width, self.page(part, width))
        return written[2]
