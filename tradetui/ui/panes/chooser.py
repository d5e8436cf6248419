"""A small docked list: type to filter, enter picks, escape closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from tradetui.ui.paint.rows import Row, clip, fit, left, lines_of, on, width_of
from tradetui.ui.panes.docked import LineInput, painted

ROWS: Final = 12
NAME_CELLS: Final = 22
WIDEST: Final = 104
"""Columns that the longest note needs."""
TEXT_INDENT: Final = 5
HINT: Final = "type to filter, Enter picks, Esc closes"


class Choice(NamedTuple):
    """One line of the list."""

    value: str
    name: str
    note: str = ""
    is_on: bool = False
    text: str = ""
    """Sentences below it."""


class Chooser(Vertical):
    """Opened by the shell with what to choose from and what to do with it."""

    DEFAULT_CSS = """
    Chooser {
        layer: above; dock: bottom; offset-y: -1; display: none; background: $bar;
        height: 13; max-height: 100%; width: 100%;
    }
    Chooser Horizontal { height: 1; }
    Chooser #what { width: auto; color: $accent; text-style: bold; padding: 0 1; }
    Chooser #list { height: 1fr; }
    """

    class Closed(Message):
        """The list is gone."""

    def __init__(self) -> None:
        super().__init__()
        self._choices: Callable[[], Sequence[Choice]] = tuple
        self._picked: Callable[[str], None] = lambda _: None
        self._stays = False
        self._at = 0
        self._cells = WIDEST

    def compose(self) -> ComposeResult:
        """The field and the list."""
        with Horizontal():
            yield Static(id="what")
            yield LineInput(self, id="filter", placeholder=HINT)
        yield Static(id="list")

    @property
    def rows(self) -> int:
        """Lines that it takes, the filter's included."""
        height = sum(len(self._block(choice, is_marked=False)) for choice in self._choices())
        return 1 + max(1, min(ROWS, height))

    @property
    def field(self) -> LineInput:
        """The filter's text field."""
        return self.query_one("#filter", LineInput)

    def open(
        self,
        what: str,
        *,
        choices: Callable[[], Sequence[Choice]],
        picked: Callable[[str], None],
        stays: bool = False,
        hint: str = HINT,
    ) -> None:
        """Show what there is to choose; `stays` keeps the list open for things that are switched."""
        self.field.placeholder = hint
        self._choices, self._picked, self._stays = choices, picked, stays
        self._at = next((at for at, each in enumerate(choices()) if each.is_on and not stays), 0)
        self.styles.height = self.rows
        self.query_one("#what", Static).update(what)
        self.display = True
        self.field.value = ""
        self.field.take_focus()
        self._show()

    def fit(self, cells: int) -> None:
        """Be so many columns wide."""
        if cells != self._cells:
            self._cells = cells
            self.styles.width, self.styles.height = cells, self.rows
            if self.display:
                self._show()

    def close(self) -> None:
        """Hide the list."""
        if self.display:
            self.screen.set_focus(None)
            self.display = False
            self.post_message(self.Closed())

    @property
    def found(self) -> list[Choice]:
        """The choices that hold every typed word, those that start with the text first."""
        typed = self.field.value.lower().split()
        found = [
            each
            for each in self._choices()
            if all(word in f"{each.name} {each.note} {each.text}".lower() for word in typed)
        ]
        return sorted(found, key=lambda each: not each.name.lower().startswith(" ".join(typed)))

    def changed(self, field: LineInput) -> None:
        """Another filter."""
        if field.value:
            self._at = 0
        self._show()

    def entered(self, field: LineInput) -> None:
        """Enter picks the marked line."""
        del field
        found = self.found
        if not found:
            return
        choice = found[min(self._at, len(found) - 1)]
        if not self._stays:
            self.close()
        self._picked(choice.value)
        if self.display:
            self._show()

    def steered(self, field: LineInput, key: str) -> None:
        """Up and down move the mark, escape closes."""
        del field
        if key == "escape":
            self.close()
            return
        step = -1 if key in ("up", "shift+tab") else 1
        self._at = (self._at + step) % max(1, len(self.found))
        self._show()

    def _show(self) -> None:
        blocks = [self._block(choice, is_marked=at == self._at) for at, choice in enumerate(self.found)]
        rows = window(blocks, self._at) or [(("  nothing is called so", "warn"),)]
        lines = [painted(self, row) for row in rows]
        self.query_one("#list", Static).update(Text("\n").join(lines), layout=False)

    def _block(self, choice: Choice, *, is_marked: bool) -> list[Row]:
        """The rows of one choice."""
        width, ground = self._cells, "selected" if is_marked else "bar"
        texts = lines_of(choice.text, width - TEXT_INDENT - 1, ROWS - 1)
        below: list[Row] = [((" " * TEXT_INDENT, "text"), (text, "text")) for text in texts]
        return [on(fit(row, width), ground) for row in (self._line(choice, width, is_marked), *below)]

    @staticmethod
    def _line(choice: Choice, width: int, is_marked: bool) -> Row:
        name = left(choice.name, NAME_CELLS) if choice.note else clip(choice.name, width - TEXT_INDENT - 1)
        head: Row = (
            (" ▸ " if is_marked else "   ", "accent!"),
            ("● " if choice.is_on else "  ", "accent"),
            (name, "bright!" if is_marked else "text"),
        )
        return (*head, (clip(f" {choice.note}", width - width_of(head)), "dim"))


def window(blocks: Sequence[Sequence[Row]], marked: int) -> list[Row]:
    """As many rows as there is room for, those of the marked block among them."""
    first, room = min(marked, len(blocks)), ROWS
    for at in range(min(marked, len(blocks) - 1), -1, -1):
        room -= len(blocks[at])
        if room < 0:
            break
        first = at
    shown: list[Row] = []
    for block in blocks[first:]:
        room = ROWS - len(shown)
        shown += block if len(block) <= room else cut(block, room)
    return shown


def cut(block: Sequence[Row], room: int) -> list[Row]:
    """The first rows of a block; an ellipsis in the last cell tells that there is more."""
    rows = list(block[:room])
    return [*rows[:-1], (*fit(rows[-1], width_of(rows[-1]) - 1), ("…", rows[-1][-1][1]))] if rows else []
