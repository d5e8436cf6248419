"""The command line: one docked line with completion, history, and the caret under a wrong word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from tradetui.domain.grammar import GrammarError
from tradetui.ui.paint.rows import clip
from tradetui.ui.panes.docked import LineInput, painted

HISTORY: Final = 200
HINT: Final = "Enter does it · Tab completes · ↑ earlier · Esc closes"


class CommandLine(Vertical):
    """Opened by the shell, hidden otherwise; hands on what was typed."""

    DEFAULT_CSS = """
    CommandLine { layer: above; dock: bottom; offset-y: -1; height: 2; background: $bar; display: none; }
    CommandLine Horizontal { height: 1; }
    CommandLine #colon { width: 2; color: $accent; text-style: bold; }
    CommandLine #hint { height: 1; padding: 0; }
    """

    class Closed(Message):
        """The trader is done typing."""

    def __init__(self, offer: Callable[[str], Sequence[str]], typed: Callable[[str], None]) -> None:
        """`offer` gives the words that could stand at the end of a text, best first; `typed` takes lines."""
        super().__init__()
        self._offer, self._typed = offer, typed
        self._history: list[str] = []
        self._at = 0
        self._stem = ""
        self._offered: list[str] = []
        self._turn = 0

    def compose(self) -> ComposeResult:
        """The field, and a line for what is wrong in it."""
        with Horizontal():
            yield Static(" :", id="colon")
            yield LineInput(self, id="line")
        yield Static(id="hint")

    @property
    def field(self) -> LineInput:
        """The text field."""
        return self.query_one("#line", LineInput)

    def open(self, text: str = "") -> None:
        """Show the line and give it the focus."""
        self.display = True
        self._hint(HINT)
        self._put(text)
        self._at = len(self._history)
        self.field.take_focus()

    def close(self) -> None:
        """Hide the line."""
        if self.display:
            self.screen.set_focus(None)
            self.display = False
            self.post_message(self.Closed())

    def show_error(self, error: GrammarError) -> None:
        """Carets under the wrong word, as it was typed, and what was expected."""
        self._hint(error.marked().rpartition("\n")[2], "warn!")
        self.field.cursor_position = min(error.end, len(self.field.value))

    def _hint(self, words: str, ink: str = "dim") -> None:
        hint = self.query_one("#hint", Static)
        hint.update(painted(self, ((clip(f"  {words}", self.app.size.width), ink),)), layout=False)

    def accept(self, text: str) -> None:
        """A line was understood: remember it and close."""
        if not self._history or self._history[-1] != text:
            self._history = [*self._history[1 - HISTORY :], text]
        self.close()

    def entered(self, field: LineInput) -> None:
        """Enter."""
        if field.value.strip():
            self._typed(field.value)
        else:
            self.close()

    def changed(self, field: LineInput) -> None:
        """Other words stand there: what was said of the old ones is over."""
        if field.value not in self._candidates():
            self._offered = []
        words = self._offer(field.value) if field.value.strip() else ()
        self._hint("  ".join(words[:12]) or HINT)

    def steered(self, field: LineInput, key: str) -> None:
        """History, completion, and the way out."""
        del field
        if key == "escape":
            self.close()
        elif key in ("up", "down"):
            self._recall(-1 if key == "up" else 1)
        else:
            self._complete(1 if key == "tab" else -1)

    def _recall(self, step: int) -> None:
        self._at = max(0, min(len(self._history), self._at + step))
        self._put(self._history[self._at] if self._at < len(self._history) else "")

    def _candidates(self) -> list[str]:
        return [self._stem + word for word in self._offered]

    def _complete(self, step: int) -> None:
        """One word is completed at once, several one after the other with each Tab."""
        text = self.field.value
        if text in self._candidates():
            self._turn += step
        else:
            self._offered = list(self._offer(text))
            self._stem = (
                text[: len(text) - len("" if text[-1:].isspace() else text.split()[-1])] if text else ""
            )
            self._turn = 0
        if len(self._offered) == 1:
            self._put(f"{self._stem}{self._offered[0]} ")
        elif self._offered:
            self._put(self._candidates()[self._turn % len(self._offered)])

    def _put(self, text: str) -> None:
        self.field.value = text
        self.field.cursor_position = len(text)
