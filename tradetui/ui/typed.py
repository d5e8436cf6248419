"""Where what is typed goes: to the field that has the focus or is still being made, else to the actions."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Key, Paste

from tradetui.ui.panes.command_line import CommandLine
from tradetui.ui.panes.docked import LineInput
from tradetui.ui.panes.ticket_fields import TicketFields
from tradetui.ui.shell import Shell


class TypedKeys(Shell):
    """The shell with what is typed into; the fields come behind the first paint."""

    _early: list[Key | Paste] | None = None
    """What was typed for a field that was asked for before it was there; None while nothing is."""

    _last_field: LineInput | None = None
    _has_fields = False

    def do_key(self, key: str) -> bool:
        """Do what a key means outside of text fields; whether it means anything."""
        raise NotImplementedError

    @property
    def is_furnished(self) -> bool:
        """Whether the lines and lists that are typed into are there, with all that they are made of."""
        there = self._main.query(CommandLine), self._main.query(TicketFields)
        return self._has_fields and all(there)

    def wait_for_fields(self, then: Callable[[], None]) -> bool:
        """Whether what is asked for has to wait until there is something to type into."""
        if self.is_furnished:
            return False
        self._early = self._early or []
        self.call_after_refresh(self._open_late, then)
        return True

    async def _open_late(self, then: Callable[[], None]) -> None:
        if not self.is_furnished:
            self.call_after_refresh(self._open_late, then)
            return
        then()
        early, self._early = self._early or [], None
        for event in early:
            if not await self.takes_typed(event) and isinstance(event, Key):
                self.do_key(event.key)

    async def takes_typed(self, event: Key | Paste) -> bool:
        """Whether a text field took what was typed, or will."""
        if self._early is not None:
            self._early.append(event)
            return True
        field = self._field()
        if field is None:
            return False
        if isinstance(event, Key):
            await field.take(event)
        else:
            field.take_paste(event)
        return True

    def _field(self) -> LineInput | None:
        """The text field that has the focus, or had it last and is open yet: a click takes no letter away."""
        if isinstance(self.focused, LineInput):
            self._last_field = self.focused
        elif self._last_field is not None:
            if self._last_field.is_open and len(self.screen_stack) == 1:
                self._last_field.take_focus()
            else:
                self._last_field = None
        return self._last_field
