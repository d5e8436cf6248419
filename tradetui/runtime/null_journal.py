"""Where events go that nobody keeps: replays and tries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tradetui.domain.event import Event


class NullJournal:
    """A journal that forgets: every commit is done at once."""

    keeps = False

    def append(self, _events: Sequence[Event]) -> asyncio.Future[None]:
        """Forget events; the future is done already."""
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        committed.set_result(None)
        return committed

    async def close(self, _now_ns: int) -> None:
        """Nothing to close."""
