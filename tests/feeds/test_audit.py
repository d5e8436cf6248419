"""Books held against snapshots: what timing explains is no difference, and what it does not is one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.exchanges.binance_server import BinanceServer
from tests.exchanges.captures import DecimalBook
from tests.exchanges.collector import Collector, fed
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState
from tradetui.domain.profile import Profile
from tradetui.feeds.audit import CHECKED, KNOWN, Audits, Evidence, Level, Sides
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of

SYMBOL = "BTC/USDT"


class Simulated:
    """A book that changes at random near its touch, with a number for each change."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.sides: list[dict[float, float]] = [
            {100.0 - n / 10: float(n + 1) for n in range(80)},
            {100.1 + n / 10: float(n + 1) for n in range(80)},
        ]
        self.number = 1

    def change(self) -> BookDelta:
        self.number += 1
        levels: list[list[Level]] = [[], []]
        for _ in range(self.chance.randrange(1, 4)):
            side = self.chance.randrange(2)
            price = self.chance.choice(sorted(self.sides[side], reverse=side == 0)[:15])
            qty = self.chance.choice([0.0, round(self.chance.random() * 9, 3) + 0.001])
            levels[side].append((price, qty))
            self.sides[side][price] = qty
        return BookDelta(SYMBOL, 1, 1, levels[0], levels[1], self.number)

    def top(self, count: int) -> Sides:
        bids, asks = (
            sorted(((p, q) for p, q in side.items() if q), reverse=at == 0)[:count]
            for at, side in enumerate(self.sides)
        )
        return bids, asks


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("numbered", [True, False])
def test_a_snapshot_of_any_moment_in_the_window_agrees(seed: int, numbered: bool) -> None:
    market, evidence = Simulated(seed), Evidence()
    for _ in range(20):
        market.change()
    evidence.begin(market.top(KNOWN), market.number)
    moment = market.chance.randrange(0, 40)
    snapshot, number = market.top(50), market.number
    for n in range(40):
        if n == moment:
            snapshot, number = market.top(50), market.number
        evidence.take(market.change())
    assert evidence.differing(snapshot, number if numbered else 0) == {}


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("numbered", [True, False])
def test_a_level_that_is_ours_alone_missing_or_wrong_is_found(seed: int, numbered: bool) -> None:
    market, evidence = Simulated(seed), Evidence()
    bids, asks = (list(side) for side in market.top(KNOWN))
    ghost, missing, wrong = (99.95, 3.0), asks.pop(2), bids[4]
    bids.insert(1, ghost)
    bids[bids.index(wrong)] = (wrong[0], wrong[1] + 1)
    evidence.begin((bids, asks), market.number)
    found = evidence.differing(market.top(50), market.number if numbered else 0)
    assert set(found) == {(0, 99.95), (1, missing[0]), (0, wrong[0])}
    assert found[0, 99.95] == "bid 99.95 is 0, ours was 3"


def test_levels_deeper_than_what_is_known_are_not_judged() -> None:
    evidence = Evidence()
    bids = [(100.0 - n, 1.0) for n in range(KNOWN)]
    evidence.begin((bids, []), 1)
    deeper: Sequence[Level] = [(100.0 - n, 1.0) for n in range(KNOWN - 3, KNOWN + 7)][:CHECKED]
    assert evidence.differing((deeper, [])).keys() == {
        (0, price) for price, _ in bids if price > deeper[0][0]
    }


@asynccontextmanager
async def playing(
    captures: Path, *, depth_frames: int
) -> AsyncIterator[tuple[BinanceServer, NativeFeed, Collector]]:
    server = BinanceServer(captures, depth_frames=depth_frames)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        audits = Audits(every_s=0.2, window_s=0.05)
        feed = NativeFeed(profile, venue_of(profile), retry_s=0.05, audits=audits)
        collector = Collector()

        def top(symbol: str) -> Sides | None:
            book: DecimalBook | None = collector.books.get(symbol)
            if book is None:
                return None
            bids, asks = book.top(KNOWN)
            return [(float(p), float(q)) for p, q in bids], [(float(p), float(q)) for p, q in asks]

        audits.top = top
        async with fed(feed, collector):
            yield server, feed, collector


async def trickle(server: BinanceServer) -> None:
    """Keep the stream alive when the session is over."""
    await server.is_finished.wait()
    while True:
        await server.inject([], [])
        server.book.last_id += 1
        await asyncio.sleep(0.05)


@pytest.mark.captures
async def test_a_sound_book_passes_audit_after_audit_while_it_moves(captures: Path) -> None:
    async with playing(captures, depth_frames=900) as (server, feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        server.start(trickle(server))
        await collector.until(lambda: feed.stats(SYMBOL).audits >= 3)
    assert (feed.stats(SYMBOL).mismatches, feed.stats(SYMBOL).gaps) == (0, 0)


@pytest.mark.captures
async def test_e25_a_level_that_the_exchange_does_not_have_is_found_counted_and_healed(
    captures: Path,
) -> None:
    async with playing(captures, depth_frames=300) as (server, feed, collector):
        server.play()
        await asyncio.wait_for(server.is_finished.wait(), 30)
        await collector.until(lambda: collector.books[SYMBOL].last_id == server.book.last_id)
        price, _ = server.book.top(1)[0][0]
        await server.inject([[str(price), "77.5"]], [])
        status = await collector.until_state(SYMBOL, FeedState.GAP)
        assert "differs from a snapshot" in status.text
        assert "ours was 77.5" in status.text
        server.start(trickle(server))
        count = len(collector.of(BookSnapshot))
        await collector.until(lambda: len(collector.of(BookSnapshot)) > count)
        assert collector.top(SYMBOL, 20) == server.book.top(20)
    assert feed.stats(SYMBOL).mismatches == 1
