"""A connection is renewed before the exchange cuts it, a feed can be run again, and waits are spread."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.exchanges.binance_server import BinanceServer
from tests.exchanges.collector import Collector, fed
from tradetui.domain.market_data import FeedState
from tradetui.domain.profile import Profile
from tradetui.feeds.health import Backoff
from tradetui.feeds.native import connection as wire
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of

SYMBOL = "BTC/USDT"


@pytest.mark.captures
async def test_a_connection_is_renewed_in_time_and_dialed_again_at_once(
    captures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = BinanceServer(captures, depth_frames=300)
    monkeypatch.setattr(wire, "RENEWED_S", 0.0)
    monkeypatch.setattr(wire, "_RENEWAL", random.Random(1))
    monkeypatch.setattr(random.Random, "random", lambda _self: 0.0)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        feed, collector = NativeFeed(profile, venue_of(profile), retry_s=0.05), Collector()
        async with fed(feed, collector):
            server.play()
            status = await collector.until_state(SYMBOL, FeedState.DOWN)
    assert status.text == "renewed before the exchange cuts it"


def test_connections_are_renewed_at_different_moments_before_a_day_has_passed() -> None:
    moments = [wire.RENEWED_S + wire._RENEWAL.random() * 1800 for _ in range(200)]
    assert max(moments) < 24 * 3600 - 1200
    assert max(moments) - min(moments) > 1200


def test_waits_double_up_to_their_cap_are_spread_and_end_with_a_stable_time() -> None:
    waits = [
        [backoff.next_wait(0.0) for _ in range(8)]
        for backoff in (Backoff(1.0, chance=random.Random(seed).random) for seed in range(40))
    ]
    for at, base in enumerate((1, 2, 4, 8, 16, 30, 30, 30)):
        column = [row[at] for row in waits]
        assert base <= min(column) < max(column) <= base * 1.25
        assert len({round(wait, 3) for wait in column}) > 20
    backoff = Backoff(1.0, chance=lambda: 0.0)
    assert [backoff.next_wait(lived) for lived in (0.0, 9.9, 10.0, 0.0)] == [1.0, 2.0, 0.0, 1.0]


@pytest.mark.captures
async def test_a_feed_that_is_run_again_brings_its_books_again(captures: Path) -> None:
    server = BinanceServer(captures, depth_frames=900)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        feed, collector = NativeFeed(profile, venue_of(profile), retry_s=0.05), Collector()
        server.play()
        async with fed(feed, collector):
            await collector.until_state(SYMBOL, FeedState.STREAMING)
            server.is_playing.clear()
        again = Collector()
        async with fed(feed, again):
            server.is_playing.set()
            await again.until_state(SYMBOL, FeedState.STREAMING)
            await asyncio.wait_for(server.is_finished.wait(), 30)
            await again.until(lambda: again.books[SYMBOL].last_id == server.book.last_id)
        assert again.top(SYMBOL, 50) == server.book.top(50)
