"""Colors by meaning: theme variables become the styles of inks, once a theme and not once a cell.

An *ink* is a short word that painters write beside their text: a foreground name, optionally `!`
for bold, optionally `@` and a background name: `text`, `bright!`, `bid@bid-depth`. Painters know
inks only, so their rows do not depend on the theme and two rows are compared as plain tuples.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color, ColorParseError

MIDNIGHT: Final[dict[str, str]] = {
    "ground": "#0b0f14",
    "pane": "#0f151c",
    "bar": "#131b24",
    "hairline": "#233040",
    "text": "#c9d4e0",
    "dim": "#66758a",
    "bright": "#eef4fb",
    "accent": "#4ea1ff",
    "bid": "#2bb8a3",
    "bid-depth": "#123832",
    "ask": "#f0616d",
    "ask-depth": "#43202a",
    "up": "#2bb8a3",
    "down": "#f0616d",
    "warn": "#f5b041",
    "ema": "#b794f6",
    "vwap": "#e6c15a",
    "band": "#4a5a6e",
    "grid": "#1a2430",
    "up-volume": "#1f6f64",
    "down-volume": "#84404a",
    "selected": "#1c3350",
    "selected-dim": "#8996a7",
}
"""Every color a painter may name; what a theme leaves out is derived or taken from here."""

DERIVED: Final[dict[str, tuple[str, str, float]]] = {
    "band": ("hairline", "dim", 0.55),
    "grid": ("pane", "hairline", 0.55),
    "up-volume": ("pane", "up", 0.55),
    "down-volume": ("pane", "down", 0.52),
    "selected-dim": ("dim", "text", 0.5),
}
"""Blends for names a theme does not give: from, to, and how far."""

ANSI: Final[dict[str, str]] = {
    "hairline": "bright_black",
    "dim": "bright_black",
    "bright": "bright_white",
    "accent": "bright_blue",
    "bid": "green",
    "ask": "red",
    "up": "green",
    "down": "red",
    "up-volume": "green",
    "down-volume": "red",
    "warn": "yellow",
    "ema": "magenta",
    "vwap": "yellow",
    "band": "bright_black",
    "grid": "bright_black",
}
"""For terminals of 16 colors; what is not here has the terminal's own color."""

ON_SELECTED: Final = {"dim": "selected-dim"}
"""Inks that would be too weak on the selected row, and what stands for them there."""

LOUD: Final = frozenset({"bid", "ask", "up", "down", "accent", "warn", "bright"})
"""Backgrounds that are signs by themselves: text on them is dark, and reversed where colors are few."""


class ColorDepth(StrEnum):
    """What the terminal can show."""

    FULL = "full"
    ANSI = "ansi"
    NONE = "none"


WITHOUT_COLOR_DIM: Final = frozenset({"dim", "hairline", "band", "grid", "down", "down-volume"})
"""Where there is no color, weight says what it would: what falls is drawn fainter than what rises."""


class Palette:
    """The styles of all inks under one theme; two of the same theme are the same object."""

    __slots__ = ("_colors", "_faded", "_styles", "depth", "utf8")

    def __init__(self, variables: Mapping[str, str], depth: ColorDepth, *, utf8: bool = True) -> None:
        self._colors = _resolve(variables)
        self._styles: dict[str, Style] = {}
        self._faded: dict[str, Style] = {}
        self.depth = depth
        self.utf8 = utf8

    def style(self, ink: str, *, faded: bool = False) -> Style:
        """The style of an ink; faded halves its distance from the pane, for data that is not live."""
        styles = self._faded if faded else self._styles
        style = styles.get(ink)
        if style is None:
            style = styles[ink] = self._build(ink, faded=faded)
        return style

    def color(self, name: str) -> str:
        """A color as #rrggbb; raises KeyError for a name that no theme knows."""
        return self._colors[name].hex6

    def _build(self, ink: str, *, faded: bool) -> Style:
        front, _, back = ink.partition("@")
        bold = front.endswith("!")
        front = front.rstrip("!") or "text"
        if self.depth is ColorDepth.FULL:
            return self._full(front, back or "pane", bold=bold, faded=faded)
        shown = back if back in LOUD else front
        color = ANSI.get(shown) if self.depth is ColorDepth.ANSI else None
        dim = faded or (self.depth is ColorDepth.NONE and front in WITHOUT_COLOR_DIM)
        return Style(
            color=color,
            bold=bold or front == "bright" or None,
            dim=dim or None,
            reverse=back in LOUD or None,
            underline=back == "selected" or None,
        )

    def _full(self, front: str, back: str, *, bold: bool, faded: bool) -> Style:
        ground = self._colors[back]
        front = ON_SELECTED.get(front, front) if back == "selected" else front
        color = self._colors["ground"] if back in LOUD else self._colors[front]
        if faded:
            color = color.blend(self._colors["pane"], 0.5)
            ground = ground.blend(self._colors["pane"], 0.5)
        return Style(color=_rich(color), bgcolor=_rich(ground), bold=bold or None)


@lru_cache(maxsize=16)
def palette_of(variables: tuple[tuple[str, str], ...], depth: ColorDepth, utf8: bool) -> Palette:
    """The palette of a theme's variables; the same object for the same theme."""
    return Palette(dict(variables), depth, utf8=utf8)


def known_variables(variables: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Those theme variables that painters use, in a fixed order, as a key for `palette_of`."""
    return tuple((name, variables[name]) for name in MIDNIGHT if name in variables)


def _rich(color: Color) -> RichColor:
    return RichColor.from_rgb(color.r, color.g, color.b)


def _resolve(variables: Mapping[str, str]) -> dict[str, Color]:
    colors: dict[str, Color] = {}
    for name, default in MIDNIGHT.items():
        colors[name] = _parsed(variables.get(name, default), default)
    for name, (start, end, share) in DERIVED.items():
        if name not in variables:
            colors[name] = colors[start].blend(colors[end], share)
    return colors


def _parsed(text: str, default: str) -> Color:
    try:
        color = Color.parse(text)
    except ColorParseError:
        return Color.parse(default)
    return color if color.a == 1 and color.ansi is None else Color.parse(default)
