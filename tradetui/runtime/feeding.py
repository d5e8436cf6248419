"""Keeps a feed running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from tradetui.errors import TradeTuiError
from tradetui.feeds.protocol import Feed, Sink

LONGEST_WAIT_S: Final = 60.0


async def run_feed(feed: Feed, sink: Sink, *, lost: Callable[[str], None], retry_s: float) -> None:
    """Run a feed to its end; one that breaks off by a bug is run again, for stops need its prices.

    `lost` is told in words. What the feed itself gives up on, like an unknown exchange, is not tried again.
    """
    wait_s = retry_s
    while True:
        try:
            return await feed.run(sink)
        except TradeTuiError as error:
            return lost(str(error))
        except Exception as error:  # noqa: BLE001 - the screen stays up and says what happened
            lost(f"the feed broke off ({type(error).__name__}: {error})")
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
