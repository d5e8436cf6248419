"""The real ccxt client against a loopback Kraken that plays a captured book with its checksums."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from zlib import crc32

import pytest

from tests.engine.market import spot
from tests.exchanges.captures import DecimalBook, Levels, kraken_frames
from tests.exchanges.collector import Collector, fed
from tests.exchanges.kraken_server import KrakenServer
from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState, InstrumentListed
from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt.feed import CcxtFeed
from tradetui.feeds.ccxt.tap import Tap, Taps

pytestmark = pytest.mark.captures
SYMBOL = "BTC/USD"


@asynccontextmanager
async def playing(
    captures: Path, *, stale_after_s: float = 5.0
) -> AsyncIterator[tuple[KrakenServer, CcxtFeed, Collector]]:
    server = KrakenServer(captures)
    async with server.running():
        profile = Profile(name="k", exchange="kraken", symbols=(SYMBOL,), endpoint=server.address)
        feed = CcxtFeed(profile, stale_after_s=stale_after_s, retry_s=0.05)
        collector = Collector()
        async with fed(feed, collector):
            yield server, feed, collector


async def finished(server: KrakenServer, collector: Collector) -> None:
    await asyncio.wait_for(server.is_finished.wait(), 30)
    await collector.until(lambda: collector.top(SYMBOL, 10) == server.book.top(10))


def checksum(book: tuple[Levels, Levels]) -> int:
    """The manual's formula, on the book that came out of the feed."""
    bids, asks = book
    parts = [
        f"{price:.1f}".replace(".", "").lstrip("0") + f"{qty:.8f}".replace(".", "").lstrip("0")
        for price, qty in [*asks, *bids]
    ]
    return crc32("".join(parts).encode())


async def test_the_captured_book_ends_in_the_same_top_ten_with_every_checksum_good(captures: Path) -> None:
    async with playing(captures) as (server, feed, collector):
        server.play()
        await finished(server, collector)
    updates = [json.loads(text) for text in server.frames if '"book"' in text and '"data"' in text]
    assert len(updates) == 1254
    assert len(collector.of(BookSnapshot)) == 1
    assert feed.stats(SYMBOL).gaps == 0
    assert feed.stats(SYMBOL).bad_messages == 0
    assert checksum(collector.top(SYMBOL, 10)) == updates[-1]["data"][0]["checksum"]


async def test_every_book_that_the_feed_delivers_has_the_checksum_of_its_frame(captures: Path) -> None:
    async with playing(captures) as (server, _feed, collector):
        server.play()
        await finished(server, collector)
    updates = [json.loads(text) for text in server.frames if '"book"' in text and '"data"' in text]
    book = DecimalBook()
    told = [each for each in collector.messages if isinstance(each, BookSnapshot | BookDelta)]
    assert len(told) == len(updates)
    for message, frame in zip(told, updates, strict=True):
        book.apply(message.bids, message.asks)
        assert checksum(book.top(10)) == frame["data"][0]["checksum"]


async def test_the_instrument_has_krakens_precision_and_fees(captures: Path) -> None:
    async with playing(captures) as (_server, _feed, collector):
        await collector.until(lambda: bool(collector.of(InstrumentListed)))
    instrument = collector.of(InstrumentListed)[0].instrument
    assert (instrument.tick_size, instrument.lot_size) == (Decimal("0.1"), Decimal("0.00000001"))
    assert (instrument.quote, instrument.status) == ("USD", InstrumentStatus.TRADING)
    assert instrument.taker_fee == Decimal("0.0026")


async def test_a_lost_update_breaks_the_checksum_and_is_a_gap_and_a_fresh_book(captures: Path) -> None:
    async with playing(captures) as (server, feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        server.drops = 3
        gap = await collector.until_state(SYMBOL, FeedState.GAP)
        assert "checksum" in gap.text
        assert FeedState.DOWN not in collector.states(SYMBOL)
        await finished(server, collector)
    assert feed.stats(SYMBOL).gaps >= 1
    assert feed.stats(SYMBOL).resyncs >= 1
    assert collector.states(SYMBOL)[-1] is FeedState.STREAMING


async def test_a_wrong_checksum_withholds_the_book_and_resyncs(captures: Path) -> None:
    async with playing(captures) as (server, _feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        server.wrong_checksums = 1
        await collector.until_state(SYMBOL, FeedState.GAP)
        await finished(server, collector)
    assert collector.states(SYMBOL)[-1] is FeedState.STREAMING
    assert len(collector.of(BookSnapshot)) == 2


@pytest.mark.parametrize(
    ("frame", "count"),
    [("{", 1), ('{"channel":"book","type":"update","data":[{"symbol":7}]}', 1), ("[]", 0), ("x", 0)],
)
async def test_a_malformed_frame_is_survived(captures: Path, frame: str, count: int) -> None:
    async with playing(captures) as (server, feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        await server.broadcast(frame)
        await finished(server, collector)
    assert feed.stats(SYMBOL).bad_messages == count
    assert collector.states(SYMBOL)[-1] is FeedState.STREAMING


async def test_a_closed_connection_is_down_with_a_retry_and_then_a_fresh_book(captures: Path) -> None:
    async with playing(captures) as (server, feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        before = len(collector.messages)
        await server.close_sockets(1000)
        down = await collector.until_state(SYMBOL, FeedState.DOWN, after=before)
        assert down.retry_s > 0
        await finished(server, collector)
    assert feed.stats(SYMBOL).resyncs == 1
    assert collector.states(SYMBOL)[-1] is FeedState.STREAMING


async def test_silence_is_stale_and_then_a_fresh_book(captures: Path) -> None:
    async with playing(captures, stale_after_s=0.3) as (server, _feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        server.is_playing.clear()
        await collector.until_state(SYMBOL, FeedState.STALE)
        server.is_playing.set()
        await finished(server, collector)
    assert len(server.dials) >= 2
    assert collector.states(SYMBOL)[-1] is FeedState.STREAMING


async def test_a_refused_subscription_is_halted_with_the_exchanges_words(captures: Path) -> None:
    server = KrakenServer(captures)
    server.refuses = True
    async with server.running():
        profile = Profile(name="k", exchange="kraken", symbols=(SYMBOL,), endpoint=server.address)
        collector = Collector()
        async with fed(CcxtFeed(profile, first_book_s=0.3), collector):
            halted = await collector.until_state(SYMBOL, FeedState.HALTED)
            assert "not supported" in halted.text
            assert halted.retry_s >= 60
        assert len(server.dials) == 1


def tap() -> Tap:
    steps = {"tick_size": Decimal("0.1"), "lot_size": Decimal("0.00000001")}
    pair = spot(symbol=SYMBOL, venue="kraken", base="BTC", quote="USD", settle="USD", **steps)
    found = Taps("kraken", [pair], depth=10).of([SYMBOL])
    assert found is not None
    return found


def test_all_checksums_of_the_capture_are_good_and_a_changed_digit_is_seen(captures: Path) -> None:
    good = tap()
    frames = [text.encode() for text in kraken_frames(captures)]
    heard = [good.read(frame, 1) for frame in frames]
    assert [each.lost for each in heard if each.lost] == []
    assert sum(bool(each.books) for each in heard) == 1254
    changed = tap()
    snapshot = next(text for text in frames if b'"snapshot"' in text and b'"data"' in text)
    lost = changed.read(snapshot.replace(b"0.53807066", b"0.53807067"), 1)
    assert lost.lost == {SYMBOL: "its checksum does not match"}
    assert not lost.is_wanted
