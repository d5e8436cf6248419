"""From rows to what Textual writes: strips whose escape sequences repeat no color."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tradetui.ui.paint.rows import Row, to_ascii
from tradetui.ui.palette import Palette


class LeanStrip(Strip):
    """A strip that changes only the part of the style that differs from the run before.

    Textual opens and closes the whole style around each segment; on a row of ten segments that
    share a background this writes about half the bytes. Uncut rows only: a divided strip is an
    ordinary one again. Textual would keep the parts, and where a strip is not cut at all itself, in a
    circle that only the garbage collector opens; and it would measure and remember every text.
    """

    __slots__ = ()

    def render(self, console: Console) -> str:
        """The row as terminal sequences, made once."""
        if self._render_cache is None:
            system = console._color_system or ColorSystem.TRUECOLOR  # noqa: SLF001 - as Strip.render does
            self._render_cache = _lean(self._segments, system)
        return self._render_cache

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """The strips that end at the cuts; a character is a cell here, as in all rows."""
        ends = [cut for cut in cuts if cut <= self.cell_length]
        if ends == [self.cell_length]:
            return (self,)
        return [_part(self._segments, start, end) for start, end in pairwise((0, *ends))]


def _part(segments: Iterable[Segment], start: int, end: int) -> Strip:
    """The cells from start to end as an ordinary strip."""
    parts: list[Segment] = []
    at = 0
    for text, style, _ in segments:
        part = text[max(0, start - at) : max(0, end - at)]
        if part:
            parts.append(Segment(part, style))
        at += len(text)
    return Strip(parts, end - start)


def to_strip(row: Row, palette: Palette, width: int, *, faded: bool = False) -> Strip:
    """The strip of a row that is `width` cells wide."""
    style = palette.style
    if palette.utf8:
        return LeanStrip([Segment(text, style(ink, faded=faded)) for text, ink in row], width)
    return LeanStrip([Segment(to_ascii(text), style(ink, faded=faded)) for text, ink in row], width)


def _lean(segments: list[Segment], system: ColorSystem) -> str:
    parts: list[str] = []
    before: Style | None = None
    for text, style, _ in segments:
        if style is not None and style is not before:
            parts.append(_change(before, style, system))
            before = style
        parts.append(text)
    parts.append("\x1b[0m")
    return "".join(parts)


@lru_cache(maxsize=1024)  # pairs of neighbors in the inks of a theme: about 150 are in use, faded ones more
def _change(before: Style | None, after: Style, system: ColorSystem) -> str:
    whole = Strip.render_ansi(after, system)
    if before is None or _attributes(before) != _attributes(after) or _loses_color(before, after):
        return f"\x1b[0;{whole}m" if whole else "\x1b[0m"
    codes: list[str] = []
    if after.color != before.color and after.color is not None:
        codes += after.color.downgrade(system).get_ansi_codes()
    if after.bgcolor != before.bgcolor and after.bgcolor is not None:
        codes += after.bgcolor.downgrade(system).get_ansi_codes(foreground=False)
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _attributes(style: Style) -> tuple[bool | None, ...]:
    return (style.bold, style.dim, style.underline, style.reverse)


def _loses_color(before: Style, after: Style) -> bool:
    return (after.color is None and before.color is not None) or (
        after.bgcolor is None and before.bgcolor is not None
    )
