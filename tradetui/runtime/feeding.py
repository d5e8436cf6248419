"""Keeps a feed running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from tradetui.domain.market_data import Missing
from tradetui.engine import Engine
from tradetui.errors import TradeTuiError
from tradetui.feeds.clean import clean
from tradetui.feeds.protocol import AsksMissed, AuditsBooks, Feed, Level, SeesBooks, Sink
from tradetui.market.market import Market

LONGEST_WAIT_S: Final = 60.0
SHOWN_LEVELS: Final = 50
"""So many best levels of a book a feed may look at."""


def show_engine(feed: Feed, engine: Callable[[], Engine]) -> None:
    """Let a feed look at what the engine that trades then knows, where it asks for it."""
    show_books(feed, lambda symbol: engine().markets.get(symbol))  # noqa: PLW0108 - engines change
    show_missing(feed, lambda symbol: engine().missing(symbol))


def show_books(feed: Feed, market_of: Callable[[str], Market | None]) -> None:
    """Let a feed that keeps no books see those that are kept of what it delivers."""

    def is_crossed(symbol: str) -> bool:
        market = market_of(symbol)
        return market is not None and market.book.is_crossed

    def top(symbol: str) -> tuple[list[Level], list[Level]] | None:
        market = market_of(symbol)
        return best_levels(market) if market is not None else None

    if isinstance(feed, SeesBooks):
        feed.crossed = is_crossed
    if isinstance(feed, AuditsBooks):
        feed.audits.top = top


def show_missing(feed: Feed, missing: Callable[[str], Missing | None]) -> None:
    """Tell a feed that asks for it what has to be known of a lost time."""
    if isinstance(feed, AsksMissed):
        feed.missing = missing


def playback_words(feed: Feed) -> str:
    """Where a recording is; empty for other feeds."""
    describe = getattr(feed, "describe", None)
    return str(describe()) if describe is not None else ""


def scenario_of(feed: Feed) -> str:
    """What is out of the ordinary in a simulated market; empty when nothing is."""
    scenario = str(getattr(feed, "scenario", ""))
    return "" if scenario == "normal" else scenario


def best_levels(market: Market) -> tuple[list[Level], list[Level]]:
    """The best levels of both sides, as prices and sizes."""
    price_of = market.instrument.to_price
    bids, asks = (
        [(float(price_of(tick)), size) for tick, size in zip(side.ticks, side.sizes, strict=True)]
        for side in market.book.top(SHOWN_LEVELS)
    )
    return bids, asks


async def run_feed(feed: Feed, sink: Sink, *, lost: Callable[[str], None], retry_s: float) -> None:
    """Run a feed to its end; one that breaks off by a bug is run again, for stops need its prices.

    `lost` is told in words. What the feed itself gives up on, like an unknown exchange, is not tried again.
    """
    wait_s = retry_s
    while True:
        try:
            return await feed.run(sink)
        except TradeTuiError as error:
            return lost(clean(str(error)))
        except Exception as error:  # noqa: BLE001 - the screen stays up and says what happened
            lost(f"the feed broke off ({type(error).__name__}: {clean(str(error))})")
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
