"""Rows of words outside the desk: painted from inks, and only when they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tradetui.ui.paint.rows import Row, blank, fit, on
from tradetui.ui.paint.strips import to_strip
from tradetui.ui.terminal import palette_for


class Bar(Widget, inherit_css=False):
    """A few rows on the ground of bars; a subclass says what they hold at a width.

    It inherits no styles: those of scrollbars and links cost more at the start than all of its own.
    """

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; background: $bar; }"
    GROUND: ClassVar[str] = "bar"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.rows: tuple[Row, ...] = ()
        self._width = 0
        self.times_painted = 0
        """How often the rows differed; tests read it."""

    def rows_at(self, width: int) -> Sequence[Row]:
        """The rows at a width in cells."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Build the rows; nothing is written where they are the same."""
        if self._build(self.size.width):
            self.refresh()

    def _build(self, width: int) -> bool:
        """Build the rows; whether they differ."""
        rows = tuple(on(fit(row, width), self.GROUND) for row in self.rows_at(width)) if width else ()
        self._width = width
        if rows == self.rows:
            return False
        self.rows = rows
        self.times_painted += 1
        return True

    def on_resize(self, _event: Resize) -> None:
        """Another width may have room for more words."""
        self.repaint()

    def render_line(self, y: int) -> Strip:
        """One row; the first layout renders before it tells the size."""
        width = self.size.width
        if width != self._width:
            self._build(width)
        row = self.rows[y] if y < len(self.rows) else on(blank(width), self.GROUND)
        return to_strip(on(fit(row, width), self.GROUND), palette_for(self.app), width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of a region, without Textual's style cache: a bar has no border or padding."""
        return [self.render_line(y).crop(crop.x, crop.right) for y in range(crop.y, crop.bottom)]
