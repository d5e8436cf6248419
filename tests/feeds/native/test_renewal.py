"""A connection is put in the place of an old one while data flows, and nothing shows but a new socket."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from aiohttp import web

from tests.exchanges.binance_server import BinanceServer
from tests.exchanges.collector import Collector, fed
from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import Rig, rigged
from tests.exchanges.unshaken import busy, check_nothing_shows, nothing
from tests.exchanges.venues.every import VENUES
from tradetui.domain.market_data import FeedState
from tradetui.domain.profile import Profile
from tradetui.feeds.health import Backoff
from tradetui.feeds.native import connection as wire
from tradetui.feeds.native import renewal
from tradetui.feeds.native.connection import Connection
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of

SYMBOL = "BTC/USDT"


@pytest.fixture(autouse=True)
def _short_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "OVERLAP_S", 0.1)
    monkeypatch.setattr(renewal, "_LOOK_S", 0.01)


def connections(rig: Rig) -> list[Connection]:
    assert isinstance(rig.feed, NativeFeed)
    return list(rig.feed._connections)


def grow_old(rig: Rig) -> list[Connection]:
    """Tell the feed that its connections will be cut soon."""
    assert isinstance(rig.feed, NativeFeed)
    old = connections(rig)
    for each in old:
        rig.feed.aged(each)
    return old


@pytest.mark.parametrize("venue", VENUES)
async def test_a_renewal_in_the_middle_of_a_stream_loses_nothing_and_shows_nothing(venue: str) -> None:
    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        sockets = len(rig.exchange.sockets)
        async with busy(rig):
            old = grow_old(rig)
            await rig.eventually(lambda: not set(old) & set(connections(rig)))
            before = len(rig.collector.messages)
            await rig.eventually(lambda: len(rig.collector.messages) > before + 20)
        await check_nothing_shows(rig, sockets)
        assert [each.dials for each in connections(rig)] == [2] * sockets


class Lag:
    """Delivers later to some sockets, in order; what is under way when one ends is lost."""

    def __init__(self, exchange: Exchange, delay_s: float) -> None:
        self.late: set[web.WebSocketResponse] = set()
        self._delay_s = delay_s
        self._queue: asyncio.Queue[tuple[float, web.WebSocketResponse, str]] = asyncio.Queue()
        self._send = exchange.send
        exchange.send = self.send  # type: ignore[method-assign]
        exchange.start(self._deliver())

    async def send(self, socket: web.WebSocketResponse, text: str) -> None:
        if socket in self.late:
            self._queue.put_nowait((monotonic() + self._delay_s, socket, text))
        else:
            await self._send(socket, text)

    async def _deliver(self) -> None:
        while True:
            due, socket, text = await self._queue.get()
            await asyncio.sleep(due - monotonic())
            await self._send(socket, text)


@pytest.mark.parametrize("late", ["old", "new"])
@pytest.mark.parametrize("venue", ["binance", "coinbase", "kraken", "okx"])
async def test_what_is_under_way_on_a_slower_connection_is_not_lost(venue: str, late: str) -> None:
    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        lag, first = Lag(rig.exchange, 0.06), set(rig.exchange.sockets)
        lag.late = first if late == "old" else set()
        async with busy(rig):
            old = grow_old(rig)
            while late == "new" and not lag.late:
                lag.late = set(rig.exchange.sockets) - first
                await asyncio.sleep(0)
            await rig.eventually(lambda: old != connections(rig))
        await check_nothing_shows(rig, 1)


class Paired:
    """Tells some sockets two changes of a book as one, as an exchange may that batches by its own clock."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.first = set(exchange.sockets)
        self.pairs = 0
        self._kept: dict[web.WebSocketResponse, dict[str, Any]] = {}
        self._send = exchange.send
        exchange.send = self.send  # type: ignore[method-assign]

    def forget(self) -> None:
        """Lose what waits for its other half, and tell the others as they come."""
        self._kept.clear()
        self.first |= set(self._exchange.sockets)

    async def send(self, socket: web.WebSocketResponse, text: str) -> None:
        if socket in self.first or '"depthUpdate"' not in text:
            await self._send(socket, text)
            return
        event, before = json.loads(text), self._kept.pop(socket, None)
        if before is None:
            self._kept[socket] = event
            return
        self.pairs += 1
        both = {side: list(dict([*before[side], *event[side]]).items()) for side in ("b", "a")}
        ids = {name: before[name] for name in ("U", "pu") if name in before}
        await self._send(socket, json.dumps({**event, **ids, **both}))


async def paired_beside(rig: Rig, count: int) -> tuple[Paired, list[Connection]]:
    """A new connection listens beside the old one, which has told so many changes since."""
    paired, old = Paired(rig.exchange), grow_old(rig)
    assert isinstance(rig.feed, NativeFeed)
    begun = [rig.feed._renewals._renewals[each][0] for each in old]
    await rig.eventually(lambda: all(each.is_whole for each in begun))
    await rig.exchange.changes(count)
    await rig.synced()
    return paired, old


@pytest.mark.parametrize("venue", ["binance", "binance-usdm"])
@pytest.mark.parametrize("count", [6, 7])
async def test_changes_that_the_new_one_tells_in_other_pieces_join_where_they_reach_over_what_is_known(
    venue: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They hold sizes, not differences: one that reaches over the newest one known leaves out nothing."""
    monkeypatch.setattr(renewal, "OVERLAP_S", 60.0)
    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        sockets = len(rig.exchange.sockets)
        paired, old = await paired_beside(rig, count)
        assert paired.pairs == 3
        monkeypatch.setattr(renewal, "OVERLAP_S", 0.0)
        await rig.eventually(lambda: not set(old) & set(connections(rig)))
        await rig.exchange.changes(2 - count % 2)
        await rig.synced()
        await check_nothing_shows(rig, sockets)


@pytest.mark.parametrize("venue", ["binance", "binance-usdm"])
async def test_a_hole_in_what_the_new_one_tells_in_other_pieces_is_seen_and_the_book_comes_again(
    venue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "OVERLAP_S", 60.0)
    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        paired, old = await paired_beside(rig, 6)
        monkeypatch.setattr(renewal, "OVERLAP_S", 0.0)
        await rig.eventually(lambda: not set(old) & set(connections(rig)))
        await rig.exchange.changes(1)
        paired.forget()
        await rig.exchange.changes(2)
        await rig.told(FeedState.GAP)
        await rig.healed()
        assert rig.feed.stats(rig.symbol).resyncs == 1


@pytest.mark.parametrize("venue", ["binance", "coinbase", "kraken"])
async def test_where_the_new_one_is_refused_the_old_one_stays_until_it_is_not(venue: str) -> None:
    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        sockets = len(rig.exchange.sockets)
        rig.exchange.handshake_fault = (503, {})
        async with busy(rig):
            old, dials = grow_old(rig), rig.dials
            await rig.eventually(lambda: rig.dials >= dials + 3)
            assert connections(rig) == old
            assert all(each.is_open for each in old)
            rig.exchange.handshake_fault = None
            await rig.eventually(lambda: not set(old) & set(connections(rig)))
        await check_nothing_shows(rig, sockets)


def no_book(exchange: Exchange) -> None:
    exchange.sends_snapshots = False


def no_answer(exchange: Exchange) -> None:
    exchange.acknowledges = False


def refusal(exchange: Exchange) -> None:
    exchange.refuses = True


def heal(exchange: Exchange) -> None:
    exchange.sends_snapshots = exchange.acknowledges = True
    exchange.refuses = False


@pytest.mark.parametrize(
    ("venue", "hurt"),
    [("kraken", no_book), ("coinbase", no_answer), ("binance", no_answer), ("okx", refusal)],
)
async def test_a_new_one_that_says_less_than_the_old_one_does_not_take_over(
    venue: str, hurt: Callable[[Exchange], None]
) -> None:
    async with rigged(venue, None, prepare=nothing, settings={"first_book_s": 0.1}) as rig:
        await rig.live()
        sockets = len(rig.exchange.sockets)
        hurt(rig.exchange)
        async with busy(rig):
            old, dials = grow_old(rig), rig.dials
            await rig.eventually(lambda: rig.dials >= dials + 2)
            assert connections(rig) == old
            heal(rig.exchange)
            await rig.eventually(lambda: not set(old) & set(connections(rig)))
        await check_nothing_shows(rig, sockets)


@pytest.mark.parametrize("venue", ["binance", "coinbase", "kraken"])
async def test_an_old_one_that_is_cut_too_early_is_followed_at_once(
    venue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "OVERLAP_S", 60.0)
    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        assert isinstance(rig.feed, NativeFeed)
        async with busy(rig):
            first, old = rig.exchange.sockets[0], grow_old(rig)
            (begun, _) = rig.feed._renewals._renewals[old[0]]
            await rig.eventually(lambda: begun.is_whole and begun.prints)
        await rig.synced()
        await first.close()
        await rig.eventually(lambda: old != connections(rig))
        await check_nothing_shows(rig, 1)


@pytest.mark.parametrize("venue", ["binance", "okx"])
async def test_a_restart_that_the_exchange_announces_is_forestalled(venue: str) -> None:
    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        words = rig.exchange.wording.maintenance()
        assert words is not None
        async with busy(rig):
            old = connections(rig)
            await rig.exchange.announce(words)
            await rig.eventually(lambda: old != connections(rig))
        await check_nothing_shows(rig, 1)
        assert [bool(status.text) for status in rig.statuses()] == [True, False]


@pytest.mark.captures
async def test_a_connection_is_renewed_in_time_by_its_own_clock(
    captures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = BinanceServer(captures, depth_frames=300)
    monkeypatch.setattr(wire, "RENEWED_S", 0.0)
    monkeypatch.setattr(random.Random, "random", lambda _self: 0.0)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        feed, collector = NativeFeed(profile, venue_of(profile), retry_s=0.05, ping_s=1.5), Collector()
        async with fed(feed, collector):
            server.play()
            await collector.until_state(SYMBOL, FeedState.STREAMING)
            async with asyncio.timeout(20):
                while feed.wires()[0].dials < 2:  # noqa: ASYNC110 - it shows in no message
                    await asyncio.sleep(0.01)
            await asyncio.wait_for(server.is_finished.wait(), 30)
            await collector.until(lambda: collector.books[SYMBOL].last_id == server.book.last_id)
        assert collector.top(SYMBOL, 50) == server.book.top(50)
    assert FeedState.DOWN not in collector.states(SYMBOL)


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
