"""What the docked lines share: rows of inks as text of the theme, and a text field of one line."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from tradetui.ui.paint.rows import Row, to_ascii
from tradetui.ui.terminal import palette_for


def painted(widget: Widget, row: Row, ground: str = "bar") -> Text:
    """A row of inks as text for this terminal in the app's theme, on one background."""
    palette = palette_for(widget.app)
    text = Text(no_wrap=True, overflow="ellipsis", end="")
    for words, ink in row:
        shown = words if palette.utf8 else to_ascii(words)
        text.append(shown, palette.style(ink if "@" in ink else f"{ink}@{ground}"))
    return text


class LineInput(Input):
    """A text field of one line that tells its owner about the keys which leave or steer it."""

    DEFAULT_CSS = """
    LineInput, LineInput:focus { background: $bar; color: $bright; border: none; height: 1; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"steer('{key}')", show=False) for key in ("up", "down", "tab", "shift+tab", "escape")
    ]

    class Steered(Message):
        """A key that is not for the text: up, down, tab, shift+tab or escape."""

        def __init__(self, field: LineInput, key: str) -> None:
            super().__init__()
            self.field = field
            self.key = key

    def __init__(self, value: str = "", *, id: str | None = None, placeholder: str = "") -> None:  # noqa: A002 - Textual's word
        super().__init__(value, id=id, placeholder=placeholder, compact=True, select_on_focus=False)

    def action_steer(self, key: str) -> None:
        """Tell the owner."""
        self.post_message(self.Steered(self, key))
