"""Our own streams of Kraken against the loopback exchange that plays a captured book."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.exchanges.captures import kraken_frames
from tests.exchanges.collector import Collector, fed
from tests.exchanges.kraken_server import DEPTH, KrakenServer
from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState, Side, Trade
from tradetui.domain.number import parse_decimal
from tradetui.domain.profile import Profile
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.kraken_book import Part
from tradetui.feeds.native.venue import Closed, FrameError, Refused, Said

SYMBOL = "BTC/USD"


@asynccontextmanager
async def playing(captures: Path) -> AsyncIterator[tuple[KrakenServer, NativeFeed, Collector]]:
    server = KrakenServer(captures)
    async with server.running():
        profile = Profile(name="k", exchange="kraken", symbols=(SYMBOL,), endpoint=server.address)
        venue = KrakenVenue(
            address=lambda url: url.replace("wss://", f"{server.address.replace('http', 'ws')}/"), depth=DEPTH
        )
        feed = NativeFeed(profile, venue, retry_s=0.05)
        collector = Collector()
        async with fed(feed, collector):
            yield server, feed, collector


@pytest.mark.captures
async def test_the_captured_book_ends_the_same_and_every_checksum_is_good(captures: Path) -> None:
    async with playing(captures) as (server, feed, collector):
        server.play()
        await asyncio.wait_for(server.is_finished.wait(), 60)
        count = sum('"channel":"book"' in text for text in server.frames)
        await collector.until(lambda: len(collector.of(BookSnapshot)) + len(collector.of(BookDelta)) >= count)
    assert collector.top(SYMBOL, DEPTH) == server.book.top(DEPTH)
    assert (feed.stats(SYMBOL).gaps, feed.stats(SYMBOL).bad_messages) == (0, 0)


@pytest.mark.captures
@pytest.mark.parametrize("fault", ["drops", "wrong_checksums"])
async def test_what_the_checksum_shows_is_a_gap_and_a_new_subscription_heals_it(
    captures: Path, fault: str
) -> None:
    async with playing(captures) as (server, feed, collector):
        server.play()
        await collector.until(lambda: len(collector.of(BookDelta)) > 20)
        server.is_playing.clear()
        setattr(server, fault, 1)
        server.is_playing.set()
        await collector.until_state(SYMBOL, FeedState.GAP)
        before = len(collector.messages)
        await collector.until_state(SYMBOL, FeedState.STREAMING, after=before)
    assert feed.stats(SYMBOL).gaps == 1


@pytest.mark.captures
async def test_a_refused_symbol_is_halted_with_the_exchanges_words(captures: Path) -> None:
    async with playing(captures) as (server, _, collector):
        server.refuses = True
        status = await collector.until_state(SYMBOL, FeedState.HALTED)
    assert "Currency pair not supported" in status.text


def venue() -> KrakenVenue:
    made = KrakenVenue(depth=DEPTH)
    made.lines(
        [
            Instrument(
                symbol=SYMBOL,
                venue="kraken",
                kind=InstrumentKind.SPOT,
                base="BTC",
                quote="USD",
                settle="USD",
                tick_size=parse_decimal("0.1"),
                lot_size=parse_decimal("0.00000001"),
            )
        ]
    )
    return made


@pytest.mark.captures
def test_the_checksum_is_good_on_every_captured_frame(captures: Path) -> None:
    kraken = venue()
    book, parts = kraken.book(SYMBOL), 0
    for text in kraken_frames(captures):
        for item in kraken.decode(text.encode(), 1):
            if isinstance(item, Part):
                parts += 1
                assert book.take(item)
                assert book.state is Sync.STREAMING
    assert parts == 1_254


@pytest.mark.captures
def test_captured_samples_of_trades_and_quotes_are_read(captures: Path) -> None:
    sample = captures / "nautilus" / "ws_http_samples" / "kraken" / "ws_trade_update.json"
    items = venue().decode(sample.read_bytes(), 5)
    assert items
    trade = items[0]
    assert isinstance(trade, Trade)
    assert trade.ts_received == 5
    assert trade.price > 0
    assert trade.aggressor in list(Side)


def test_words_of_the_exchange_become_items_and_nonsense_is_refused() -> None:
    kraken = venue()
    for state in ("maintenance", "post_only", "cancel_only"):
        status = f'{{"channel":"status","type":"update","data":[{{"system":"{state}"}}]}}'
        words = f"the exchange says: {state.replace('_', ' ')}"
        assert kraken.decode(status.encode(), 1) == [Said(""), Closed(words)]
    refused = b'{"method":"subscribe","success":false,"error":"no such pair","symbol":"X/Y"}'
    assert kraken.decode(refused, 1) == (Refused("no such pair", "X/Y"),)
    assert kraken.decode(b'{"channel":"heartbeat"}', 1) == ()
    for broken in (
        b"{",
        b'{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","checksum":1,"bids":[{"price":-1,"qty":1}]}]}',
    ):
        with pytest.raises(FrameError):
            kraken.decode(broken, 1)


@pytest.mark.parametrize("bid", ["123456789.12345678", "987654321.98765432", "90071992.54740993"])
def test_sizes_with_more_digits_than_a_float_has_are_checked_by_the_venues_own(bid: str) -> None:
    """The rule of the checksum (exchanges' price and quantity without the point), over coins worth little."""
    venue = KrakenVenue()
    venue.lines([coin()])
    book, ask = venue.book("PEPE/USD"), "100000001.00000001"
    digits = "".join(text.replace(".", "").lstrip("0") for text in ("0.00000124", ask, "0.00000123", bid))
    levels = f'"bids":[{{"price":0.00000123,"qty":{bid}}}],"asks":[{{"price":0.00000124,"qty":{ask}}}]'
    for kind, number in (("snapshot", zlib.crc32(digits.encode())), ("update", zlib.crc32(digits.encode()))):
        text = f'{{"symbol":"PEPE/USD",{levels},"checksum":{number},"timestamp":"2026-01-01T00:00:00Z"}}'
        (part,) = venue.decode(f'{{"channel":"book","type":"{kind}","data":[{text}]}}'.encode(), 1)
        assert isinstance(part, Part)
        assert len(book.take(part)) == 1
    assert book.state is Sync.STREAMING


def coin() -> Instrument:
    return Instrument(
        symbol="PEPE/USD",
        venue="kraken",
        kind=InstrumentKind.SPOT,
        base="PEPE",
        quote="USD",
        settle="USD",
        tick_size=parse_decimal("0.00000001"),
        lot_size=parse_decimal("0.00000001"),
    )
