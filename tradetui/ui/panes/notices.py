"""What the trader should read once: up to three things over the chart, gone after a while or at a key.

They lie where no figure stands that a decision needs: never over positions, stops, ticket or the
ladder beside a chart. What one command leads to is one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from textual.geometry import Region, Size

from tradetui.ui.paint.rows import Row, lines_of, plain, width_of
from tradetui.ui.panes.bar import Bar
from tradetui.ui.terminal import facts_of

MOST: Final = 3
MOST_ROWS: Final = 5
SHOWN_S: Final = {"success": 5.0, "info": 5.0}
LOUD_S: Final = 8.0
"""How long a line stands; warnings and errors longer."""
TOGETHER_S: Final = 1.0
"""What is said so soon after another thing, and as loud, belongs to it."""
BETWEEN: Final = "; "
SIGNS: Final = {
    "success": ("✓", "up!"),
    "info": ("·", "dim"),
    "warning": ("!", "warn!"),
    "error": ("✗", "down!"),
}
"""Severity to sign and ink."""
ASCII_SIGNS: Final = {"✓": "+", "✗": "x", "·": "-"}


class Weight(IntEnum):
    """What a line is worth beside others."""

    PASSING = 0
    """Something will come, or is seen anyway; it goes when anything else is said."""
    REMARK = 1
    """About what was asked for; it stands behind what came of it."""
    FACT = 2


class Line(NamedTuple):
    """One thing said."""

    severity: str
    text: str
    until: float
    times: int = 1
    born: float = 0.0
    weight: Weight = Weight.FACT
    topic: str = ""
    """What it is the state of; a newer one takes its place."""


class Notices(Bar):
    """The newest at the bottom; lies over the panes, so that nothing moves when something is said."""

    DEFAULT_CSS = """
    Notices { layer: above; dock: bottom; width: 100%; height: 1; offset-y: -1; display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.lines: tuple[Line, ...] = ()
        self._now = 0.0
        self._columns = 80

    def say(
        self, text: str, severity: str = "info", *, weight: Weight = Weight.FACT, topic: str = ""
    ) -> None:
        """Add a line, or join what was said a moment ago; the same words again are counted."""
        text = text.strip()
        if not text:
            return
        until = self._now + SHOWN_S.get(severity, LOUD_S)
        new = Line(severity, text, until, born=self._now, weight=weight, topic=topic)
        self.lines = joined(tuple(line for line in self.lines if not _gives_way(line, new)), new)[-MOST:]
        self.place()

    def dismiss(self) -> None:
        """Take away all that is said."""
        self.lines = ()
        self.place()

    def pass_time(self, now: float) -> None:
        """Tell the time in seconds of any clock; lines that stood long enough go."""
        if not self._now:
            self.lines = tuple(line._replace(until=line.until + now, born=now) for line in self.lines)
        self._now = now
        kept = tuple(line for line in self.lines if line.until > now)
        if len(kept) != len(self.lines):
            self.lines = kept
            self.place()

    def lie_in(self, place: Region, screen: Size) -> None:
        """Lie at the lower left of a place on the screen."""
        self.styles.offset = (place.x, place.bottom - screen.height)
        if place.width != self._columns:
            self._columns = place.width
            self.place()

    def place(self) -> None:
        """Take as much room as the words need where they lie."""
        rows = self.rows_at(self._columns)
        self.display = bool(rows)
        self.styles.height = max(1, len(rows))
        self.styles.width = min(self._columns, max((width_of(row) for row in rows), default=1) + 1)
        self.repaint()

    def rows_at(self, width: int) -> Sequence[Row]:
        """At most five rows, the newest lines whole; of an older one as much of its beginning as fits."""
        del width  # its own width follows from the words
        utf8 = facts_of(self.app).utf8
        most = max(1, min(MOST_ROWS, self.app.size.height // 6))
        rows: list[Row] = []
        for line in reversed(self.lines):
            more = notice_rows(line, self._columns, utf8=utf8)
            rows = [*beginning(more, most - len(rows)), *rows]
        return rows


def _gives_way(line: Line, new: Line) -> bool:
    """Whether a line is over with a new one; the same words again are counted instead."""
    if line.text == new.text:
        return False
    return line.weight is Weight.PASSING or (bool(line.topic) and line.topic == new.topic)


def joined(lines: tuple[Line, ...], new: Line) -> tuple[Line, ...]:
    """The lines with a new one: counted, joined to the one that it belongs to, or at the end."""
    last = lines[-1] if lines else None
    if last is not None and (last.text, last.severity) == (new.text, new.severity):
        return (*lines[:-1], last._replace(until=new.until, times=last.times + 1))
    for at, line in enumerate(lines):
        if _belongs(line, new):
            return (*lines[:at], *lines[at + 1 :], _together(line, new))
    return (*lines, new)


def _belongs(line: Line, new: Line) -> bool:
    """Whether both are of one command: as loud, at once, and neither goes by itself."""
    alone = new.weight is Weight.PASSING or bool(line.topic or new.topic) or line.times > 1
    return not alone and line.severity == new.severity and new.born - line.born < TOGETHER_S


def _together(line: Line, new: Line) -> Line:
    """Two that belong together as one: what happened before what is remarked about it."""
    if new.text in line.text.split(BETWEEN):
        return line._replace(until=new.until)
    first, second = (new, line) if line.weight < new.weight else (line, new)
    return line._replace(
        text=f"{first.text}{BETWEEN}{second.text}", until=new.until, weight=max(line.weight, new.weight)
    )


def beginning(rows: list[Row], most: int) -> list[Row]:
    """The first rows, at most so many; where some are left out, the last one says so."""
    if len(rows) <= most or most <= 0:
        return rows[: max(0, most)]
    return [*rows[: most - 1], (*rows[most - 1], ("…", "dim"))]


def notice_rows(line: Line, width: int, *, utf8: bool = True) -> list[Row]:
    """One line with its sign, wrapped where there is little room."""
    sign, ink = SIGNS.get(line.severity, SIGNS["info"])
    head = f" {sign if utf8 else ASCII_SIGNS.get(sign, sign)} "
    again = f"  ×{line.times}" if line.times > 1 else ""
    texts = lines_of(plain(line.text) + again, max(10, width - len(head) - 1), MOST_ROWS)
    return [((head if at == 0 else " " * len(head), ink), (text, "text")) for at, text in enumerate(texts)]
