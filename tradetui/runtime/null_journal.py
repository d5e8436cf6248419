"""Where events go that nobody keeps: replays and tries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tradetui.domain.event import Event
from tradetui.state import State


class NullJournal:
    """A journal that forgets: every commit is done at once."""

    keeps = False
    path = None

    def append(self, _events: Sequence[Event]) -> asyncio.Future[None]:
        """Forget events; the future is done already."""
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        committed.set_result(None)
        return committed

    async def reopen(self) -> State:
        """Nothing was kept; it never fails, so nobody asks."""
        return State()

    def keep(self, _state: State) -> None:
        """Nothing is kept."""

    async def check(self) -> str:
        """Nothing is there to be checked."""
        return ""

    async def close(self, _now_ns: int, _state: State | None = None) -> None:
        """Nothing to close."""
