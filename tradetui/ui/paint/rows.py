"""Rows of text with inks: the common currency of painters and panes.

A row is a tuple of (text, ink) runs. All text is one cell a character: words from outside go
through `plain` first, so painters may count characters instead of measuring cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

from rich.cells import cell_len

Run = tuple[str, str]
Row = tuple[Run, ...]

SIGNS: Final = {
    "|": "▏│┃╽╿┊╎",
    "'": "╹╵",
    ".": "╻╷·…⋅",
    "^": "▲↑",
    "v": "▼↓",
    "*": "●★◐",
    "o": "○",
    "-": "─━╌┄┈–—−",
    "=": "═▅▆≡",
    ">": "▸▶→›≥",
    "<": "◂◀←‹",
    "x": "×✗",
    "+": "±✓",
    "~": "≈",
    "d": "Δ",
    "#": "█▉▊▇▀▐",
    "_": "▁▂",
    ":": "▃▄▍▌▋▎",
}
ASCII_OF: Final = {ord(sign): char for char, signs in SIGNS.items() for sign in signs}
"""The nearest sign for terminals without UTF-8; braille becomes a dot."""


@lru_cache(maxsize=1024)  # the words from outside that one screen shows, a few times over
def plain(text: str) -> str:
    """Text of exactly one cell a character: control, combining and wide characters become a dot."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() and cell_len(char) == 1 else "·" for char in text)


def to_ascii(text: str) -> str:
    """The same width of text in ASCII alone."""
    return text if text.isascii() else _ascii_of(text)


@lru_cache(maxsize=1024)  # the runs with signs that one screen shows, a few times over
def _ascii_of(text: str) -> str:
    text = text.translate(ASCII_OF)
    return "".join(char if char.isascii() else ("." if "⠀" <= char <= "⣿" else "?") for char in text)


def clip(text: str, width: int) -> str:
    """At most `width` characters, with an ellipsis where something was cut."""
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width > 1 else text[: max(0, width)]


def left(text: str, width: int) -> str:
    """Exactly `width` characters, text at the left."""
    return clip(text, width).ljust(width)


def right(text: str, width: int) -> str:
    """Exactly `width` characters, text at the right."""
    return clip(text, width).rjust(width)


def width_of(row: Iterable[Run]) -> int:
    """How many cells a row takes."""
    return sum(len(text) for text, _ in row)


def fit(row: Iterable[Run], width: int, ink: str = "text") -> Row:
    """The row in exactly `width` cells: cut at the right, or padded with the given ink."""
    out: list[Run] = []
    room = width
    for text, run_ink in row:
        if room <= 0:
            break
        if len(text) > room:
            text = text[:room]  # noqa: PLW2901 - the last run is cut
        if text:
            out.append((text, run_ink))
            room -= len(text)
    if room > 0:
        out.append((" " * room, ink))
    return tuple(out)


def whole_runs(row: Sequence[Run], width: int) -> list[Run]:
    """The runs that fit into `width` cells uncut; a label, which ends with a space, goes with its value."""
    ends = accumulate(len(text) for text, _ in row)
    kept = [run for run, end in zip(row, ends, strict=True) if end <= width]
    while len(row) > len(kept) > 1 and kept[-1][0].endswith(" "):
        kept.pop()
    return kept or list(row[:1])


def blank(width: int) -> Row:
    """An empty row."""
    return ((" " * width, "text"),) if width > 0 else ()


def on(row: Iterable[Run], ground: str) -> Row:
    """The row on another background, but for runs that have their own."""
    return tuple((text, ink if "@" in ink else f"{ink}@{ground}") for text, ink in row)


def merged(row: Iterable[Run]) -> Row:
    """Neighbors of the same ink as one run; spaces join the run before them if the background agrees."""
    out: list[Run] = []
    for text, ink in row:
        if out and (ink == out[-1][1] or (text.isspace() and _ground(ink) == _ground(out[-1][1]))):
            out[-1] = (out[-1][0] + text, out[-1][1])
        elif text:
            out.append((text, ink))
    return tuple(out)


def _ground(ink: str) -> str:
    return ink.partition("@")[2]


def block(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """Exactly `height` rows of exactly `width` cells."""
    shown = [fit(row, width) for row in rows[: max(0, height)]]
    return shown + [blank(width)] * (height - len(shown))


def words(lines: Sequence[str], width: int, height: int, ink: str = "dim") -> list[Row]:
    """A few words in the middle of an otherwise empty pane."""
    lines = [line for text in lines for line in wrapped(text, max(1, width - 2))][: max(0, height)]
    above = max(0, (height - len(lines)) // 2)
    rows = [blank(width)] * above
    rows += [fit(((clip(line, width).center(width), ink),), width) for line in lines]
    return rows + [blank(width)] * (height - len(rows))


def lines_of(text: str, width: int, most: int) -> list[str]:
    """Text in at most so many lines; an ellipsis tells that there was more."""
    lines = wrapped(text, width)
    if len(lines) > most:
        lines = [*lines[: most - 1], clip(" ".join(lines[most - 1 :]), width)]
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Text broken between words into lines of at most `width` characters."""
    lines: list[str] = []
    for word in plain(text).split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
