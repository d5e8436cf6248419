"""The pane all live panes are made from: rows in, strips cached, only changed rows painted again.

A pane paints rows (see `paint.rows`) and this class compares them with the rows on the screen. Rows
that are equal keep their strip; the others get a new one, and Textual is told about them in one
call, as full-row regions, because it does not compare cells itself.
"""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.events import Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tradetui.domain.market_data import FeedState
from tradetui.domain.view import Frame
from tradetui.ui.paint.numbers import age_text
from tradetui.ui.paint.rows import Row, blank, block, clip, fit, plain, whole_runs, words
from tradetui.ui.paint.strips import to_strip
from tradetui.ui.palette import ColorDepth, Palette, palette_of
from tradetui.ui.terminal import palette_for

Part = TypeVar("Part")

GUTTER = 1
"""Columns of the hairline at the left."""

NO_STRIP = Strip([], 0)

FEED_WORDS: dict[FeedState, str] = {
    FeedState.CONNECTING: "connecting",
    FeedState.STREAMING: "",
    FeedState.LAGGING: "lagging",
    FeedState.STALE: "stale",
    FeedState.GAP: "gap – resyncing",
    FeedState.CROSSED: "crossed",
    FeedState.DOWN: "down",
    FeedState.HALTED: "halted by the venue",
}


class LivePane(Widget, Generic[Part], can_focus=True, inherit_css=False):
    """A pane of one part of the frame; subclasses say which part, and paint its title and rows."""

    DEFAULT_CSS = "LivePane { width: 1fr; height: 1fr; }"
    TITLE: ClassVar[str] = ""
    IS_MARKET: ClassVar[bool] = False
    """Whether the feed's state dims this pane."""
    EXACT: ClassVar[bool] = False
    """Whether `paint` gives rows of exactly the asked width by itself."""

    class RequestChanged(Message):
        """The pane wants to look at something else: other columns, rows, or another center."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self.part: Part | None = None
        self.feed_state = FeedState.STREAMING
        self.age_ms = 0
        self._lacks = ""
        self._palette = palette_of((), ColorDepth.FULL, utf8=True)
        self._palette_is_known = False
        self._rows: list[Row] = []
        self._strips: list[Strip] = []
        self._look: tuple[object, ...] = ()
        self._box = Size(0, 0)
        self.rows_painted = 0
        """How many rows were built so far; benchmarks and tests read it."""

    # What a subclass gives.

    def part_of(self, frame: Frame) -> Part | None:
        """The part of the frame that this pane shows."""
        raise NotImplementedError

    def title_name(self) -> str:
        """The bold name at the head of the title row."""
        return self.TITLE

    def title_words(self, part: Part) -> Row:
        """What stands behind the name in the title row."""
        raise NotImplementedError

    def paint(self, part: Part, width: int, height: int) -> list[Row]:
        """The rows below the title; they are cut or filled to the given size."""
        raise NotImplementedError

    def empty_words(self) -> str:
        """What is said while there is nothing to show."""
        return "waiting for data"

    # What the shell calls.

    def show_frame(self, frame: Frame) -> None:
        """Take this pane's part of the frame and the feed's state, and paint what differs."""
        status = frame.status
        self.set_health(status.feed_state, status.age_ms)
        self.update_view(self.part_of(frame))

    def update_view(self, part: Part | None) -> None:
        """Show a part; the same object as before costs nothing."""
        if part is self.part:
            return
        self.part = part
        self.repaint()

    def set_health(self, state: FeedState, age_ms: int) -> None:
        """Say how far the market's data can be trusted; the age is shown in whole seconds."""
        if not self.IS_MARKET:
            return
        age_s = 0 if state.is_fresh else age_ms // 1000
        if (state, age_s) != (self.feed_state, self.age_ms // 1000):
            self.feed_state, self.age_ms = state, age_s * 1000
            self.repaint()

    def tell_lack(self, words: str) -> None:
        """Say why nothing will come, instead of waiting for it; empty words wait again."""
        if words != self._lacks:
            self._lacks = words
            self.repaint()

    @property
    def palette(self) -> Palette:
        """The styles in use."""
        return self._palette

    @property
    def inner_width(self) -> int:
        """Columns right of the hairline."""
        return max(0, self._box.width - GUTTER)

    @property
    def inner_height(self) -> int:
        """Rows below the title."""
        return max(0, self._box.height - 1)

    # How it is painted.

    def repaint(self) -> None:
        """Build the rows, and refresh those that differ from what is on the screen."""
        size = self._box = self.size
        if not size.width or not size.height or not self.is_mounted:
            return
        whole, changed = self._build_changed(size)
        if whole:
            self.refresh()
        elif changed:
            self.refresh(*spans(changed, size.width))

    def _build_changed(self, size: Size) -> tuple[bool, list[int]]:
        """Build what differs; whether that is everything, and which rows."""
        look = self._current_look()
        whole = look != self._look or len(self._strips) != size.height
        rows = [self._title(), *self._body(self.inner_width, self.inner_height)]
        old = self._rows
        changed = [y for y, row in enumerate(rows) if whole or y >= len(old) or row != old[y]]
        if whole:
            self._look = look
            self._strips = [NO_STRIP] * size.height
        self._rows = rows
        self._build(changed)
        return whole, changed

    def _build(self, changed: list[int]) -> None:
        palette, width, faded = self._palette, self._box.width, self.is_faded
        edge = ("▏", "accent" if self.has_focus else "hairline")
        row, strip = None, NO_STRIP
        for y in changed:
            if y < 2 or self._rows[y] is not row:  # empty rows are one object, and share what is made of it
                row = self._rows[y]
                strip = to_strip((edge, *row), palette, width, faded=faded and y > 0)
            self._strips[y] = strip
        self.rows_painted += len(changed)

    @property
    def is_faded(self) -> bool:
        """Whether what is shown is not live."""
        has_content = self.part is not None and self.has_content(self.part)
        return self.IS_MARKET and has_content and not self.feed_state.is_fresh

    def _current_look(self) -> tuple[object, ...]:
        return (self._box, self._palette, self.has_focus, self.is_faded)

    def _title(self) -> Row:
        width = self.inner_width
        focused = self.has_focus
        row: list[tuple[str, str]] = [(self.title_name(), "bright!" if focused else "text!")]
        state = FEED_WORDS[self.feed_state] if self.IS_MARKET else ""
        if state:
            age = f" {age_text(self.age_ms)}" if self.age_ms >= 1000 else ""
            row.append((f" {state}{age}", "warn!"))
        row += [(" ", "dim"), *self.title_words(self.part)] if self.part is not None else []
        row = whole_runs(row, width)
        used = sum(len(text) for text, _ in row)
        rule = width - used - 2
        row.append((f" {'─' * max(0, rule)} ", "accent" if focused else "hairline"))
        return fit(row, width)

    def _body(self, width: int, height: int) -> list[Row]:
        if height <= 0:
            return []
        if self.part is None or not self.has_content(self.part):
            return words(self._empty_lines(), width, height)
        rows = self.paint(self.part, width, height)
        return rows if self.EXACT else block(rows, width, height)

    def has_content(self, part: Part) -> bool:
        """Whether the part holds anything to paint."""
        return part is not None

    def _empty_lines(self) -> list[str]:
        if self._lacks and self.part is None:
            return [self._lacks]
        if self.IS_MARKET and not self.feed_state.is_fresh:
            return [FEED_WORDS[self.feed_state], self.empty_words()]
        return [self.empty_words()]

    def notify_style_update(self) -> None:
        """Resolve the colors again when the theme or the focus changed."""
        super().notify_style_update()
        self._resolve_palette()
        if self.is_mounted:
            self.repaint()

    def _resolve_palette(self) -> None:
        self._palette = palette_for(self.app)
        self._palette_is_known = True

    def on_mount(self) -> None:
        """Paint as soon as there is a size."""
        self._resolve_palette()
        self.repaint()

    def on_resize(self, _event: Resize) -> None:
        """Another size: every row is built again."""
        self.repaint()

    def compose(self) -> ComposeResult:
        """No children: the pane paints itself."""
        yield from ()

    def render_line(self, y: int) -> Strip:
        """The cached strip of a row, from 0 for the title; the first layout renders before a size is told."""
        size = self.size
        width = size.width
        if size != self._box and width and size.height and self.is_mounted:
            self._box = size
            self._build_changed(size)
        if y < len(self._strips) and self._strips[y].cell_length == width:
            return self._strips[y]
        return to_strip(blank(width), self._palette, width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The cached strips of a region, without Textual's style cache: a pane has no border or padding."""
        # Textual empties this set where it renders a widget's content itself, which never happens here
        self._dirty_regions.clear()
        lines = [self.render_line(y) for y in range(crop.y, crop.bottom)]
        if crop.x == 0 and crop.width == self.size.width:
            return lines
        return [line.crop(crop.x, crop.right) for line in lines]


def spans(rows: list[int], width: int) -> list[Region]:
    """Full-row regions of rising row numbers, neighbors joined."""
    regions: list[Region] = []
    start = before = rows[0]
    for y in rows[1:]:
        if y != before + 1:
            regions.append(Region(0, start, width, before - start + 1))
            start = y
        before = y
    regions.append(Region(0, start, width, before - start + 1))
    return regions


def label(text: str, width: int) -> str:
    """Words from outside in at most `width` cells."""
    return clip(plain(text), width)
