"""Our own streams of Binance against the loopback exchange that plays a captured session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.exchanges.binance_server import SPOT, USD_M, BinanceServer
from tests.exchanges.collector import Collector, fed, volume
from tests.feeds.native.test_codecs import instrument
from tradetui.domain.market_data import BookSnapshot, FeedState, Side, Trade
from tradetui.domain.profile import Profile
from tradetui.feeds.native.binance import BinanceVenue
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venue import FrameError, PrintsMissing
from tradetui.feeds.native.venues import venue_of

pytestmark = pytest.mark.captures
MARKETS = {"binance": (SPOT, "BTC/USDT"), "binanceusdm": (USD_M, "ETH/USDT:USDT")}


@asynccontextmanager
async def playing(
    captures: Path, exchange: str = "binance", *, depth_frames: int | None = None, stale_after_s: float = 5.0
) -> AsyncIterator[tuple[BinanceServer, NativeFeed, Collector]]:
    market, symbol = MARKETS[exchange]
    server = BinanceServer(captures, depth_frames=depth_frames, market=market)
    async with server.running():
        profile = Profile(name="b", exchange=exchange, symbols=(symbol,), endpoint=server.address)
        feed = NativeFeed(profile, venue_of(profile), stale_after_s=stale_after_s, retry_s=0.05)
        collector = Collector()
        async with fed(feed, collector):
            yield server, feed, collector


@pytest.mark.parametrize("exchange", MARKETS)
async def test_a_captured_session_ends_in_the_golden_book_with_every_trade(
    captures: Path, exchange: str
) -> None:
    symbol = MARKETS[exchange][1]
    async with playing(captures, exchange) as (server, feed, collector):
        golden = server.session.golden
        server.play()
        await asyncio.wait_for(server.is_finished.wait(), 60)
        await collector.until(lambda: len(collector.of(Trade)) >= golden["trades"])
        await collector.until(lambda: collector.books[symbol].last_id == golden["final_u"])
    bids, asks = collector.top(symbol, 20)
    assert [bids, asks] == [
        [(Decimal(p), Decimal(q)) for p, q in golden["final_top20"][side]] for side in ("bids", "asks")
    ]
    trades = collector.of(Trade)
    assert len(trades) == golden["trades"]
    assert volume([t for t in trades if t.aggressor is Side.BUY]) == Decimal(golden["buy_taker_qty"])
    assert (feed.stats(symbol).gaps, feed.stats(symbol).bad_messages) == (0, 0)
    assert len(collector.of(BookSnapshot)) == 1


async def test_lost_frames_are_a_gap_at_once_and_a_fresh_snapshot_heals_it(captures: Path) -> None:
    async with playing(captures, depth_frames=900) as (server, feed, collector):
        server.play()
        await collector.until_state("BTC/USDT", FeedState.STREAMING)
        server.drops = 10
        await collector.until_state("BTC/USDT", FeedState.GAP)
        before = len(collector.messages)
        await collector.until_state("BTC/USDT", FeedState.STREAMING, after=before)
        await asyncio.wait_for(server.is_finished.wait(), 60)
        await collector.until(lambda: collector.books["BTC/USDT"].last_id >= server.book.last_id)
    assert collector.top("BTC/USDT", 50) == server.book.top(50)
    assert feed.stats("BTC/USDT").gaps == 1


async def test_a_cut_connection_is_down_and_comes_back(captures: Path) -> None:
    async with playing(captures, depth_frames=900) as (server, feed, collector):
        server.play()
        await collector.until_state("BTC/USDT", FeedState.STREAMING)
        server.is_playing.clear()
        await server.close_sockets()
        await collector.until_state("BTC/USDT", FeedState.DOWN)
        before = len(collector.messages)
        server.is_playing.set()
        await collector.until_state("BTC/USDT", FeedState.STREAMING, after=before)
    assert feed.stats("BTC/USDT").reconnects == 1


async def test_a_storm_of_closed_connections_makes_few_dials(captures: Path) -> None:
    async with playing(captures) as (server, _, collector):
        server.is_storming = True
        await collector.until_state("BTC/USDT", FeedState.DOWN)
        await asyncio.sleep(1.0)
        assert len(server.dials) <= 6


async def test_a_broken_frame_is_counted_and_the_book_is_fetched_again(captures: Path) -> None:
    async with playing(captures, depth_frames=900) as (server, feed, collector):
        server.play()
        await collector.until_state("BTC/USDT", FeedState.STREAMING)
        server.garbles = 1
        status = await collector.until_state("BTC/USDT", FeedState.GAP)
        assert "could not be read" in status.text
        await asyncio.wait_for(server.is_finished.wait(), 60)
        await collector.until(lambda: collector.books["BTC/USDT"].last_id >= server.book.last_id)
    assert collector.top("BTC/USDT", 50) == server.book.top(50)
    assert feed.stats("BTC/USDT").bad_messages == 1


async def test_silence_is_stale_and_the_connection_is_given_up(captures: Path) -> None:
    async with playing(captures, depth_frames=300, stale_after_s=0.5) as (server, _, collector):
        server.play()
        await collector.until_state("BTC/USDT", FeedState.STREAMING)
        status = await collector.until_state("BTC/USDT", FeedState.STALE)
        assert "silent" in status.text


def test_usd_m_asks_for_prints_where_they_are_told_and_counts_what_is_no_print() -> None:
    """Aggregated trades are told under /market only (Binance's notice of its new addresses, 2026)."""
    venue = BinanceVenue(futures=True)
    public, market = venue.lines([instrument("BTC/USDT:USDT")])
    asked = {line.url: " ".join(venue.subscribe(line)) for line in (public, market)}
    assert "btcusdt@trade" in asked["wss://fstream.binance.com/public/ws"]
    assert "aggTrade" not in "".join(asked.values())

    def told(number: int, price: str, kind: str) -> list[object]:
        head = f'{{"e":"trade","E":9,"T":9,"s":"BTCUSDT","t":{number}'
        return list(venue.decode(f'{head},"p":"{price}","q":"{price}","X":"{kind}","m":true}}'.encode(), 9))

    assert [type(item) for item in told(7, "5", "MARKET")] == [Trade]
    assert told(8, "5", "INSURANCE_FUND") == []
    assert told(9, "0", "NA") == []
    assert [type(item) for item in told(10, "5", "MARKET")] == [Trade]
    assert [type(item) for item in told(12, "5", "MARKET")] == [PrintsMissing, Trade]
    with pytest.raises(FrameError):
        told(13, "0", "MARKET")
