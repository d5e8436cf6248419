"""What the terminal can not show: said once in a sentence, and told to the painters."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import msgspec
from rich.color import ColorSystem
from textual.geometry import Size

from tradetui.ui.palette import ColorDepth, Palette, known_variables, palette_of

if TYPE_CHECKING:
    from textual.app import App

SMALLEST: Final = Size(80, 24)
"""The smallest terminal that shows a whole pane with all its columns."""


class TerminalFacts(msgspec.Struct, frozen=True):
    """What a terminal can show."""

    depth: ColorDepth
    utf8: bool
    size: Size


def facts_of(app: App[None]) -> TerminalFacts:
    """What the terminal of a running app can show."""
    system = app.console._color_system  # noqa: SLF001 - what the driver writes with
    few = system not in (None, ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT)
    depth = ColorDepth.NONE if app.no_color else ColorDepth.ANSI if few else ColorDepth.FULL
    return TerminalFacts(depth, output_encoding().startswith("utf"), app.size)


def output_encoding() -> str:
    """The encoding of what Textual writes to, in lower case; its own console always claims UTF-8."""
    return (getattr(sys.__stderr__, "encoding", None) or "utf-8").lower()


def sentences(facts: TerminalFacts) -> list[str]:
    """What the trader should know about this terminal, each said once."""
    said: list[str] = []
    if facts.depth is ColorDepth.NONE:
        said.append("no colors (NO_COLOR is set): direction is told by signs and weight")
    if facts.depth is ColorDepth.ANSI:
        said.append("16 colors: themes need TERM=xterm-256color or COLORTERM=truecolor")
    if not facts.utf8:
        said.append("no UTF-8: lines are drawn in ASCII; LANG=C.UTF-8 draws them finer")
    if is_small(facts.size):
        said.append(small_sentence(facts.size))
    return said


def is_small(size: Size) -> bool:
    """Whether a terminal is below the smallest that shows a whole pane."""
    return size.width < SMALLEST.width or size.height < SMALLEST.height


def small_sentence(size: Size) -> str:
    """What is said once about a small terminal."""
    return (
        f"{size.width}×{size.height} is small: columns are left out; "
        f"{SMALLEST.width}×{SMALLEST.height} shows a whole pane"
    )


def palette_for(app: App[None]) -> Palette:
    """The styles of the theme in use on this terminal."""
    facts = facts_of(app)
    return palette_of(known_variables(app.theme_variables), facts.depth, utf8=facts.utf8)
