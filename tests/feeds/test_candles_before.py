"""Older candles of every kind of feed: by REST without a hole, from the generator, from what was recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.exchanges.binance_server import BinanceServer
from tests.exchanges.collector import Collector, fed
from tests.exchanges.kraken_server import KrakenServer
from tests.feeds import frames
from tradetui.domain.market_data import CandleHistory, FeedState, MarketMessage, Timeframe, Trade
from tradetui.domain.profile import Profile
from tradetui.errors import FeedError
from tradetui.feeds import backfill
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.feed import CcxtFeed
from tradetui.feeds.native import feed as native_feed
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.replay import ReplayFeed
from tradetui.feeds.simulated.feed import SimulatedFeed

MINUTE_MS = 60_000
MINUTE = 60_000_000_000
LISTED_MS = 1_722_900_000_000
NOW_MS = LISTED_MS + 900 * MINUTE_MS
NOW = NOW_MS * 1_000_000


def hasty(profile: Profile) -> Any:
    """The client without the waits that an exchange's limits ask for."""
    exchange = open_exchange(profile)
    exchange.enableRateLimit = False
    return exchange


def kline(opened: int) -> list[Any]:
    number = opened // MINUTE_MS
    prices = [str(100 + number % 9), str(130 + number % 5), "90", str(101 + number % 3)]
    return [opened, *prices, str(1 + number % 4), opened + MINUTE_MS - 1, "1", 5, "1", "1", "0"]


class DeepBinance(BinanceServer):
    """Has minutes since the listing, and gives at most so many at once."""

    most = 200
    status = 200

    def __init__(self, captures: Path, *, depth_frames: int | None = None) -> None:
        super().__init__(captures, depth_frames=depth_frames)
        self.intervals: list[str] = []
        self.was_asked_last = asyncio.Event()

    async def rest(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/klines"):
            self.intervals.append(request.query["interval"])
            if request.query["interval"] == "4h":
                self.was_asked_last.set()
        if not request.path.endswith("/klines") or "startTime" not in request.query:
            return await super().rest(request)
        if self.status != 200:
            return web.json_response({"code": -1003, "msg": "too many requests"}, status=self.status)
        first = max(LISTED_MS, -(-int(request.query["startTime"]) // MINUTE_MS) * MINUTE_MS)
        count = min(self.most, int(request.query["limit"]))
        return web.json_response([kline(first + n * MINUTE_MS) for n in range(count)])


class ShallowKraken(KrakenServer):
    """Knows the last 720 minutes only, whatever it is asked for."""

    async def rest(self, request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/OHLC"):
            return await super().rest(request)
        rows = [
            [(NOW_MS - n * MINUTE_MS) // 1000, "100", "101", "99", "100.5", "100", "2.5", 3]
            for n in range(720, 0, -1)
        ]
        return web.json_response({"error": [], "result": {"XXBTZUSD": rows, "last": rows[-1][0]}})


@asynccontextmanager
async def live(server: Any, profile: Profile, feed: NativeFeed | CcxtFeed) -> AsyncIterator[None]:
    collector = Collector()
    async with fed(feed, collector):
        await collector.until(lambda: bool(collector.states(profile.symbols[0])))
        await collector.until(lambda: FeedState.CONNECTING in collector.states(profile.symbols[0]))
        yield


def opened(candles: Any) -> list[int]:
    return [candle.open_ts // 1_000_000 for candle in candles]


@pytest.mark.captures
@pytest.mark.parametrize("kind", ["native", "ccxt"])
async def test_binance_is_asked_until_the_page_has_no_hole_and_down_to_the_listing(
    captures: Path, kind: str
) -> None:
    server = DeepBinance(captures)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=("BTC/USDT",), endpoint=server.address)
        feed = NativeFeed(profile, venue_of(profile)) if kind == "native" else CcxtFeed(profile)
        with pytest.raises(FeedError, match="not connected yet"):
            await feed.candles_before("BTC/USDT", Timeframe.M1, NOW, 500)
        async with live(server, profile, feed):
            page = await feed.candles_before("BTC/USDT", Timeframe.M1, NOW, 500)
            assert opened(page) == list(range(NOW_MS - 500 * MINUTE_MS, NOW_MS, MINUTE_MS))
            assert [(c.open, c.high, c.volume) for c in page[:3]] == [
                (float(row[1]), float(row[2]), float(row[5]))
                for row in (kline(at) for at in opened(page)[:3])
            ]
            older = await feed.candles_before("BTC/USDT", Timeframe.M1, page[0].open_ts, 500)
            assert opened(older) == list(range(LISTED_MS, NOW_MS - 500 * MINUTE_MS, MINUTE_MS))
            assert await feed.candles_before("BTC/USDT", Timeframe.M1, older[0].open_ts, 500) == []
            assert await feed.candles_before("BTC/USDT", Timeframe.S5, NOW, 500) == []
            server.status = 429
            with pytest.raises(FeedError, match=r"asked too often \(HTTP 429\)"):
                await feed.candles_before("BTC/USDT", Timeframe.M1, NOW, 500)


@pytest.mark.captures
async def test_after_a_long_outage_the_candles_of_every_length_are_asked_for_again(
    captures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "_HISTORY_AGAIN_S", -1.0)
    monkeypatch.setattr(native_feed, "open_exchange", hasty)
    server = DeepBinance(captures, depth_frames=60)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=("BTC/USDT",), endpoint=server.address)
        feed, collector = NativeFeed(profile, venue_of(profile), retry_s=0.05), Collector()
        async with fed(feed, collector):
            server.play()
            await collector.until(lambda: bool(collector.of(Trade)))
            await asyncio.wait_for(server.was_asked_last.wait(), 20)
            server.intervals.clear()
            server.was_asked_last.clear()
            await server.close_sockets()
            await asyncio.wait_for(server.was_asked_last.wait(), 20)
    assert set(server.intervals) == {"1m", "3m", "5m", "15m", "30m", "1h", "4h", "1d"}


@pytest.mark.captures
async def test_kraken_ends_where_its_interface_does(captures: Path) -> None:
    server = ShallowKraken(captures)
    async with server.running():
        profile = Profile(name="k", exchange="kraken", symbols=("BTC/USD",), endpoint=server.address)
        feed = NativeFeed(profile, venue_of(profile))
        async with live(server, profile, feed):
            page = await feed.candles_before("BTC/USD", Timeframe.M1, NOW, 500)
            assert opened(page) == list(range(NOW_MS - 500 * MINUTE_MS, NOW_MS, MINUTE_MS))
            first = NOW - 720 * MINUTE
            older = await feed.candles_before("BTC/USD", Timeframe.M1, page[0].open_ts, 500)
            assert opened(older)[0] == first // 1_000_000
            assert await feed.candles_before("BTC/USD", Timeframe.M1, first, 500) == []


@pytest.mark.parametrize("timeframe", [Timeframe.S5, Timeframe.M1, Timeframe.M3, Timeframe.H4, Timeframe.D1])
async def test_the_simulated_past_goes_on_where_the_first_candles_begin(timeframe: Timeframe) -> None:
    feed = SimulatedFeed(3, symbols=("BTC/USDT",), start_ts=frames.START)
    history = next(
        message
        for message in feed.open()
        if isinstance(message, CandleHistory) and message.timeframe is timeframe
    )
    older = await feed.candles_before("BTC/USDT", timeframe, history.candles[0].open_ts, 300)
    both = [*older, *history.candles]
    length = timeframe.seconds * 1_000_000_000
    assert len(older) == 300
    assert {late.open_ts - early.open_ts for early, late in pairwise(both)} == {length}
    assert all(early.close == late.open for early, late in pairwise(older[-20:] + history.candles[:1]))
    assert all(c.low <= min(c.open, c.close) and c.high >= max(c.open, c.close) for c in older)
    assert await feed.candles_before("BTC/USDT", timeframe, 1_577_836_800 * 10**9, 300) == []


async def test_of_a_recording_the_past_is_what_its_prints_make(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl.gz"
    feed = SimulatedFeed(5, symbols=("BTC/USDT",), start_ts=frames.START)
    messages: list[MarketMessage] = [m for m in feed.open() if not isinstance(m, CandleHistory)]
    while feed.ts < frames.START + 400 * 10**9:
        messages += feed.advance()
    recorder = Recorder(path, profile="sim")
    for message in messages:
        recorder.take(message)
    recorder.close()
    trades = [m for m in messages if isinstance(m, Trade)]
    end = frames.START + 380 * 10**9
    end -= end % MINUTE
    page = await ReplayFeed([path]).candles_before("BTC/USDT", Timeframe.M1, end, 500)
    assert page[-1].open_ts == end - MINUTE
    for each in page:
        prices = [t.price for t in trades if each.open_ts <= t.ts_exchange < each.open_ts + MINUTE]
        expected = (prices[0], max(prices), min(prices), prices[-1], len(prices))
        assert (each.open, each.high, each.low, each.close, each.trades) == expected
    assert await ReplayFeed([path]).candles_before("BTC/USDT", Timeframe.M1, page[0].open_ts, 500) == []
    five = await ReplayFeed([path]).candles_before("BTC/USDT", Timeframe.S5, end, 500)
    assert five[-1].high == max(t.price for t in trades if end - 5 * 10**9 <= t.ts_exchange < end)
