"""What the docked lines share: rows of inks as text of the theme, and a text field of one line.

Textual gives the focus, types letters and runs a field's other keys in three different queues. In a burst of
keys, as a slow line or a busy moment makes one, Enter would then overtake letters, and the first letters
behind `:` would be trading keys. So the cockpit hands each key to the field itself, and the field tells its
owner by a call: every key is done with before the next one is looked at.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from rich.text import Text
from textual.binding import Binding, BindingType, NoBinding
from textual.events import Key, Paste
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


class Owner(Protocol):
    """What a text field belongs to."""

    def changed(self, field: LineInput) -> None:
        """Other words stand in the field."""
        ...

    def steered(self, field: LineInput, key: str) -> None:
        """A key that is not for the text: up, down, tab, shift+tab or escape."""
        ...

    def entered(self, field: LineInput) -> None:
        """Enter."""
        ...


class LineInput(Input):
    """A text field of one line; its owner hears of everything at once."""

    DEFAULT_CSS = """
    LineInput, LineInput:focus { background: $bar; color: $bright; border: none; height: 1; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"steer('{key}')", show=False) for key in ("up", "down", "tab", "shift+tab", "escape")
    ]

    def __init__(
        self,
        owner: Owner,
        value: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
        placeholder: str = "",
    ) -> None:
        self._owner = owner
        super().__init__(value, id=id, placeholder=placeholder, compact=True, select_on_focus=False)

    @property
    def is_open(self) -> bool:
        """Whether it and all that it stands in are shown."""
        return all(node.display for node in self.ancestors_with_self if isinstance(node, Widget))

    def take_focus(self) -> None:
        """Be typed into from the very next key on; Textual's own `focus` comes only after those that wait."""
        self.screen.set_focus(self)

    def take_over(self) -> None:
        """The same with all of its words marked: whatever is typed takes their place."""
        self.select_all()
        self.take_focus()

    async def take(self, event: Key) -> None:
        """Do all that a key does here; one that means nothing in a text does nothing."""
        try:
            bindings = self._bindings.get_bindings_for_key(event.key)
        except NoBinding:
            await self._on_key(event)
        else:
            await self.run_action(bindings[0].action)

    def take_paste(self, event: Paste) -> None:
        """Type what was pasted, up to its first line break."""
        self._on_paste(event)

    def watch_value(self) -> None:
        """Tell the owner."""
        self._owner.changed(self)

    def action_steer(self, key: str) -> None:
        """Tell the owner."""
        self._owner.steered(self, key)

    async def action_submit(self) -> None:
        """Tell the owner."""
        self._owner.entered(self)
