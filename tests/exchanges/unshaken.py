"""A feed under a market that does not pause, and that nobody noticed anything of what was done to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import Rig
from tradetui.domain.market_data import FeedState, MissedTrades


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


@asynccontextmanager
async def busy(rig: Rig) -> AsyncIterator[None]:
    """Changes and prints without a pause."""

    async def keep_playing() -> None:
        while True:
            await rig.exchange.changes(1)
            await rig.exchange.tell(rig.new_print())
            await asyncio.sleep(0.002)

    playing = asyncio.create_task(keep_playing())
    try:
        yield
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


async def check_nothing_shows(rig: Rig, sockets: int) -> None:
    """The book and the prints are the exchange's, each print came once, and nobody was alarmed."""
    await rig.exchange.changes(2)
    await rig.exchange.tell(rig.new_print())
    await rig.synced()
    await rig.eventually(lambda: len(rig.exchange.sockets) == sockets)
    assert [s for s in rig.statuses() if s.state is not FeedState.STREAMING] == []
    assert rig.collector.of(MissedTrades) == []
    stats = rig.feed.stats(rig.symbol)
    assert (stats.gaps, stats.reconnects, stats.resyncs, stats.bad_messages) == (0, 0, 0, 0)
