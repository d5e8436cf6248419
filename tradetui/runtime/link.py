"""The seam between the screen and the engine: commands go in, frames and notices come out.

Light on purpose: the screen's process imports this file and the domain, nothing that computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tradetui.domain.command import AnyCommand
from tradetui.domain.reply import Reply
from tradetui.domain.view import Frame, Notice, OrderStory, ViewRequest
from tradetui.domain.view_review import ReviewView


class Link(Protocol):
    """What a screen can do with an engine, wherever that engine runs."""

    async def start(self) -> None:
        """Load and start the engine; the screen is already painted when this is called."""
        ...

    async def stop(self) -> None:
        """Stop the engine in good order: feeds closed, journal flushed."""
        ...

    async def submit(self, command: AnyCommand, *, profile: str = "") -> Reply:
        """Give a command to the profile that it was meant for; returns when its events are committed.

        That is the one on the screen when the key was pressed; where none is named, the one shown now.
        """
        ...

    def show(self, request: ViewRequest) -> None:
        """Say what this screen looks at; frames follow it from the next one on."""
        ...

    def frame(self) -> Frame | None:
        """The newest frame, the same object while nothing changed; None while the engine starts."""
        ...

    def notices(self) -> tuple[Notice, ...]:
        """Notices since the last call."""
        ...

    def progress(self) -> str:
        """What the engine is busy with while it starts, in words; empty when it runs."""
        ...

    async def review(self) -> ReviewView | None:
        """The closed trades of the account shown; None where they can not be read, which a notice says."""
        ...

    async def stories(self) -> tuple[OrderStory, ...]:
        """Why the orders of the account shown filled, wait or did not fill: those that live first."""
        ...

    def record(self) -> None:
        """Begin to record the market of the profile shown, or end it; a notice says where."""
        ...

    async def switch(self, profile: str) -> Reply:
        """Show another profile; positions of the one left behind stay watched."""
        ...

    async def watch(self, symbol: str) -> Reply:
        """Add a symbol to the profile shown, for this run; returns when its book is there."""
        ...

    async def unwatch(self, symbol: str) -> Reply:
        """Take a symbol that was added away again; refused while something of ours is on it."""
        ...

    def scanned(self) -> Sequence[str]:
        """Symbols of the profile shown of which only tickers are read: they may be watched."""
        ...

    def playback(self, action: str, amount: float = 0.0) -> None:
        """Steer a recording: pause, step, seek (seconds) or speed (multiple); ignored elsewhere."""
        ...
