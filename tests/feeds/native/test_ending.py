"""A feed that ends while its exchange still tells something: nothing is begun that is never done."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

import pytest

from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import Rig, rigged
from tradetui.domain.market_data import FeedState
from tradetui.feeds.native.books import Books
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.renewal import Renewals

Told = Callable[[Books, Renewals, Channel], None]


def ask(books: Books, _renewals: Renewals, channel: Channel) -> None:
    books.ask(channel, 0.0)


def lose(books: Books, _renewals: Renewals, channel: Channel) -> None:
    books.resync(channel, FeedState.GAP, "a message is missing")


def fall_silent(books: Books, _renewals: Renewals, channel: Channel) -> None:
    books.resync(channel, FeedState.STALE, "silent")


def lose_tape(books: Books, _renewals: Renewals, channel: Channel) -> None:
    books.lose_tape(channel.symbol)


def age(_books: Books, renewals: Renewals, channel: Channel) -> None:
    renewals.begin(channel.connections[0])


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


def feed_of(rig: Rig) -> NativeFeed:
    assert isinstance(rig.feed, NativeFeed)
    return rig.feed


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("venue", "told"),
    [("binance", ask), ("bybit", lose), ("bybit", fall_silent), ("bybit", lose_tape), ("bybit", age)],
)
async def test_what_is_told_while_a_feed_ends_begins_nothing(venue: str, told: Told) -> None:
    outcomes: list[str] = []

    async def tell_at_the_end(feed: NativeFeed, channel: Channel) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told(feed._books, feed._renewals, channel)
            outcomes.append("heard")

    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        feed = feed_of(rig)
        feed._books._group.create_task(tell_at_the_end(feed, feed._channels[rig.symbol]))
        await asyncio.sleep(0)  # it waits
    gc.collect()
    assert outcomes == ["heard"]
