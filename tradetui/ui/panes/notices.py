"""What the trader should read once: up to three lines above the footer, gone after a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from tradetui.ui.paint.rows import Row, plain, width_of, wrapped
from tradetui.ui.panes.bar import Bar
from tradetui.ui.terminal import facts_of

MOST: Final = 3
SHOWN_S: Final = 8.0
SIGNS: Final = {
    "success": ("✓", "done", "up!"),
    "info": ("·", "note", "text!"),
    "warning": ("!", "warning", "warn!"),
    "error": ("✗", "error", "down!"),
}
"""Severity to sign, word and ink."""
ASCII_SIGNS: Final = {"✓": "+", "✗": "x", "·": "-"}


class Line(NamedTuple):
    """One thing said."""

    severity: str
    text: str
    until: float
    times: int = 1


class Notices(Bar):
    """The newest at the bottom; lies over the panes, so that nothing moves when something is said."""

    DEFAULT_CSS = """
    Notices { layer: above; dock: bottom; width: 100%; height: 1; offset-y: -1; display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.lines: tuple[Line, ...] = ()
        self._now = 0.0

    def say(self, text: str, severity: str = "info") -> None:
        """Add a line; the same words again are counted and stay longer."""
        text = text.strip()
        until = self._now + SHOWN_S
        last = self.lines[-1] if self.lines else None
        if last is not None and (last.text, last.severity) == (text, severity):
            self.lines = (*self.lines[:-1], last._replace(until=until, times=last.times + 1))
        elif text:
            self.lines = (*self.lines, Line(severity, text, until))[-MOST:]
        self.place()

    def pass_time(self, now: float) -> None:
        """Tell the time in seconds of any clock; lines that stood long enough go."""
        if not self._now:
            self.lines = tuple(line._replace(until=line.until + now) for line in self.lines)
        self._now = now
        kept = tuple(line for line in self.lines if line.until > now)
        if len(kept) != len(self.lines):
            self.lines = kept
            self.place()

    def place(self) -> None:
        """Take as much room as the words need at the terminal's present size."""
        rows = self.rows_at(self.app.size.width)
        self.display = bool(rows)
        self.styles.height = max(1, len(rows))
        self.styles.width = max((width_of(row) for row in rows), default=1) + 1
        self.repaint()

    def rows_at(self, width: int) -> Sequence[Row]:
        """At most three rows, the newest lines whole; of an older one as much of its beginning as fits."""
        del width  # its own width follows from the words
        (columns, height), utf8 = self.app.size, facts_of(self.app).utf8
        most = max(1, min(MOST, height // 4))
        rows: list[Row] = []
        for line in reversed(self.lines):
            more = notice_rows(line, columns, utf8=utf8)
            rows = [*beginning(more, most - len(rows)), *rows]
        return rows


def beginning(rows: list[Row], most: int) -> list[Row]:
    """The first rows, at most so many; where some are left out, the last one says so."""
    if len(rows) <= most or most <= 0:
        return rows[: max(0, most)]
    return [*rows[: most - 1], (*rows[most - 1], ("…", "dim"))]


def notice_rows(line: Line, width: int, *, utf8: bool = True) -> list[Row]:
    """One line with its sign and word, wrapped where the terminal is narrow."""
    sign, word, ink = SIGNS.get(line.severity, SIGNS["info"])
    sign = sign if utf8 else ASCII_SIGNS.get(sign, sign)
    head = f" {sign} {word:<7} "
    again = f"  ×{line.times}" if line.times > 1 else ""
    texts = wrapped(plain(line.text) + again, max(10, width - len(head) - 1))[:MOST]
    return [((head if at == 0 else " " * len(head), ink), (text, "text")) for at, text in enumerate(texts)]
