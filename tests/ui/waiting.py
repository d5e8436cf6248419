"""Waiting for a screen: whoever waits in vain is told what the program and its screen say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from tradetui.ui.panes.docked import LineInput


async def until(pilot: Pilot[None], condition: Callable[[], bool], *, timeout_s: float = 20) -> None:
    """Let the screen go on until something holds."""
    try:
        async with asyncio.timeout(timeout_s):
            while not condition():
                await pilot.pause()
    except TimeoutError as error:
        raise AssertionError(f"waited {timeout_s:g} s in vain; {state_of(pilot)}") from (
            pilot.app._exception or error
        )


def state_of(pilot: Pilot[None]) -> str:
    """The program's own exception, where keys go, and every line of the screen."""
    app = pilot.app
    fields = {field.id: field.value for field in app.query(LineInput) if field.value}
    rows = [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]
    told = (f"exception {app._exception!r}", f"focus {app.focused!r}", f"fields {fields}", *rows)
    return "\n".join(told)
