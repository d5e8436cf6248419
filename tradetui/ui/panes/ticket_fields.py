"""The ticket's text fields: size, limit, stop, target and how, priced while they are typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from tradetui.domain.view import Draft
from tradetui.ui.controls_ticket import FIELDS, PLACEHOLDERS, read_fields, words_of
from tradetui.ui.paint.rows import lines_of
from tradetui.ui.panes.docked import LineInput, painted

FAULT_ROWS: Final = 2
HINT: Final = "Enter applies · Tab next · Esc leaves"


class TicketFields(Vertical):
    """Hidden until opened; hands on every sound draft, and the old one when it is left."""

    DEFAULT_CSS = """
    TicketFields { height: auto; margin: 1 0 0 1; background: $bar; display: none; }
    TicketFields Horizontal { height: 1; }
    TicketFields Horizontal Static { width: 9; color: $dim; padding: 0 0 0 1; }
    TicketFields LineInput { width: 1fr; }
    TicketFields #fault { height: auto; }
    """

    class Closed(Message):
        """The fields are gone; whether what they say was applied."""

        def __init__(self, *, applied: bool) -> None:
            super().__init__()
            self.applied = applied

    def __init__(self, drafted: Callable[[Draft], None]) -> None:
        """`drafted` takes every draft that is to be priced; the next key may order it."""
        super().__init__()
        self._drafted = drafted
        self._symbol = ""
        self._timeframe = "1m"
        self._before = Draft()
        self._texts: dict[str, str] = {}
        self._said = [HINT]

    def compose(self) -> ComposeResult:
        """One line a field, and one for what is wrong."""
        for name in FIELDS:
            with Horizontal():
                yield Static(name)
                yield LineInput(self, id=f"ticket-{name}", placeholder=PLACEHOLDERS[name])
        yield Static(id="fault")

    def open(self, draft: Draft, symbol: str, timeframe: str) -> None:
        """Show the draft's words and type into the first."""
        self._before, self._symbol, self._timeframe = draft, symbol, timeframe
        self._texts = words_of(draft, symbol)
        for name, text in self._texts.items():
            self._field(name).value = text
        self.display = True
        self._say(HINT)
        self._field(FIELDS[0]).take_over()

    def close(self, *, applied: bool) -> None:
        """Hide the fields; what was not applied is taken back."""
        if not self.display:
            return
        if not applied:
            self._drafted(self._before)
        self.screen.set_focus(None)
        self.display = False
        self.post_message(self.Closed(applied=applied))

    def _field(self, name: str) -> LineInput:
        return self.query_one(f"#ticket-{name}", LineInput)

    @property
    def rows(self) -> int:
        """Rows that it takes."""
        return len(FIELDS) + len(self._said)

    def _say(self, words: str, ink: str = "dim") -> None:
        before, width = len(self._said), self.size.width  # which is not known yet when the hint is said
        self._said = lines_of(words, max(10, width - 2), FAULT_ROWS) if width else [words]
        lines = [painted(self, ((f" {line}", ink),)) for line in self._said]
        self.query_one("#fault", Static).update(Text("\n").join(lines), layout=len(lines) != before)

    def _read(self) -> tuple[Draft | None, Mapping[str, str]]:
        """The draft of the words; fields that were not touched keep values that their words round."""
        texts = {name: self._field(name).value for name in FIELDS}
        draft, faults = read_fields(texts, self._symbol, self._timeframe)
        is_untouched = texts == self._texts
        return (self._before if is_untouched else draft), faults

    def changed(self, field: LineInput) -> None:
        """Price what is typed where it makes sense, else what stood there before."""
        del field
        if not self.display:
            return
        draft, faults = self._read()
        self._say(*((next(iter(faults.values())), "warn!") if faults else (HINT, "dim")))
        self._drafted(self._before if draft is None else draft)

    def entered(self, field: LineInput) -> None:
        """Enter applies, unless something is wrong."""
        del field
        draft, faults = self._read()
        if draft is None:
            self._field(next(iter(faults))).take_over()
            return
        self._drafted(draft)
        self.close(applied=True)

    def steered(self, field: LineInput, key: str) -> None:
        """Tab, up and down go between the fields, escape leaves."""
        if key == "escape":
            self.close(applied=False)
            return
        step = -1 if key in ("up", "shift+tab") else 1
        at = FIELDS.index((field.id or "").removeprefix("ticket-"))
        self._field(FIELDS[(at + step) % len(FIELDS)]).take_over()
