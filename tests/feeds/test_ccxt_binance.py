"""The real ccxt client against a loopback Binance that plays a captured session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.exchanges.binance_server import USD_M, BinanceServer
from tests.exchanges.collector import Collector, fed, volume
from tradetui.domain.instrument import InstrumentKind, InstrumentStatus
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    CandleHistory,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarkPrice,
    Side,
    Trade,
)
from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt.feed import CcxtFeed

pytestmark = pytest.mark.captures
SYMBOL = "BTC/USDT"


@asynccontextmanager
async def playing(
    captures: Path,
    *,
    depth_frames: int | None = None,
    stale_after_s: float = 5.0,
    symbols: tuple[str, ...] = (SYMBOL,),
) -> AsyncIterator[tuple[BinanceServer, CcxtFeed, Collector]]:
    server = BinanceServer(captures, depth_frames=depth_frames)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=symbols, endpoint=server.address)
        feed = CcxtFeed(profile, stale_after_s=stale_after_s, retry_s=0.05)
        collector = Collector()
        async with fed(feed, collector):
            yield server, feed, collector


async def finished(server: BinanceServer, collector: Collector) -> None:
    await asyncio.wait_for(server.is_finished.wait(), 60)
    last = server.book.last_id
    await collector.until(lambda: collector.books[SYMBOL].last_id >= last)


async def test_the_captured_session_ends_in_the_same_top_of_the_book(captures: Path) -> None:
    async with playing(captures) as (server, feed, collector):
        server.play()
        await finished(server, collector)
        golden = server.session.golden
        await collector.until(lambda: len(collector.of(Trade)) >= golden["trades"])
    assert collector.top(SYMBOL, 50) == server.book.top(50)
    bids, asks = collector.top(SYMBOL, 20)
    expected = [
        [(Decimal(p), Decimal(q)) for p, q in golden["final_top20"][side]] for side in ("bids", "asks")
    ]
    assert [bids, asks] == expected
    assert collector.books[SYMBOL].last_id == golden["final_u"]
    trades = collector.of(Trade)
    assert len(trades) == golden["trades"]
    assert volume([t for t in trades if t.aggressor is Side.BUY]) == Decimal(golden["buy_taker_qty"])
    assert volume([t for t in trades if t.aggressor is Side.SELL]) == Decimal(golden["sell_taker_qty"])
    assert feed.stats(SYMBOL).gaps == 0
    assert len(collector.of(BookSnapshot)) == 1


async def test_the_captured_futures_session_ends_in_the_same_top_of_the_book(captures: Path) -> None:
    symbol = "ETH/USDT:USDT"
    server = BinanceServer(captures, market=USD_M)
    golden = server.session.golden
    async with server.running():
        profile = Profile(name="f", exchange="binanceusdm", symbols=(symbol,), endpoint=server.address)
        feed, collector = CcxtFeed(profile), Collector()
        async with fed(feed, collector):
            server.play()
            await asyncio.wait_for(server.is_finished.wait(), 60)
            await collector.until(lambda: len(collector.of(Trade)) >= golden["trades"])
            await collector.until(lambda: collector.books[symbol].last_id == golden["final_u"])
            await collector.until(lambda: bool(collector.of(MarkPrice)))
    bids, asks = collector.top(symbol, 20)
    assert [bids, asks] == [
        [(Decimal(p), Decimal(q)) for p, q in golden["final_top20"][side]] for side in ("bids", "asks")
    ]
    assert volume(collector.of(Trade)) == Decimal(golden["total_qty"])
    assert feed.stats(symbol).gaps == 0
    instrument = collector.of(InstrumentListed)[0].instrument
    assert (instrument.kind, instrument.settle) == (InstrumentKind.PERP_LINEAR, "USDT")
    mark = collector.of(MarkPrice)[0]
    assert (mark.mark, mark.index) == (2681.5, 2681.7)


async def test_a_symbol_comes_as_instrument_status_history_and_then_live_data(captures: Path) -> None:
    async with playing(captures, depth_frames=20) as (server, _feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
    kinds = [type(each) for each in collector.messages]
    first = [kinds.index(kind) for kind in (InstrumentListed, CandleHistory, BookSnapshot)]
    assert first == sorted(first)
    instrument = collector.of(InstrumentListed)[0].instrument
    assert (instrument.symbol, instrument.kind) == (SYMBOL, InstrumentKind.SPOT)
    assert (instrument.tick_size, instrument.lot_size) == (Decimal("0.01"), Decimal("0.00001"))
    assert instrument.min_notional == Decimal(10)
    history = collector.of(CandleHistory)[0]
    minutes = server.session.minutes
    assert [c.open_ts for c in history.candles] == [m["t"] * 1_000_000 for m in minutes]
    assert [c.close for c in history.candles] == [float(m["c"]) for m in minutes]


async def test_a_lost_update_is_a_gap_and_then_a_fresh_book(captures: Path) -> None:
    async with playing(captures, depth_frames=300) as (server, feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        server.drops = 1
        gap = await collector.until_state(SYMBOL, FeedState.GAP)
        assert gap.text
        await finished(server, collector)
    assert collector.top(SYMBOL, 50) == server.book.top(50)
    assert feed.stats(SYMBOL).gaps == 1
    assert feed.stats(SYMBOL).resyncs == 1
    assert collector.states(SYMBOL)[-1] is FeedState.STREAMING
    assert len(collector.of(BookSnapshot)) == 2


async def test_a_malformed_frame_is_counted_survived_and_its_hole_resynced(captures: Path) -> None:
    async with playing(captures, depth_frames=300) as (server, feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        server.garbles = 1
        await collector.until_state(SYMBOL, FeedState.GAP)
        await finished(server, collector)
    assert feed.stats(SYMBOL).bad_messages == 1
    assert collector.top(SYMBOL, 50) == server.book.top(50)
    assert collector.states(SYMBOL)[-1] is FeedState.STREAMING


async def test_a_closed_connection_is_down_with_a_retry_and_then_a_fresh_book(captures: Path) -> None:
    async with playing(captures, depth_frames=300) as (server, feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        before = len(collector.messages)
        await server.close_sockets()
        down = await collector.until_state(SYMBOL, FeedState.DOWN, after=before)
        assert "1001" in down.text
        assert down.retry_s > 0
        await finished(server, collector)
    assert collector.top(SYMBOL, 50) == server.book.top(50)
    assert feed.stats(SYMBOL).reconnects == 2
    assert collector.states(SYMBOL)[-1] is FeedState.STREAMING
    ids = [trade.trade_id for trade in collector.of(Trade)]
    assert len(ids) == len(set(ids))


async def test_silence_is_stale_and_then_a_new_connection(captures: Path) -> None:
    async with playing(captures, depth_frames=300, stale_after_s=0.3) as (server, feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        server.is_playing.clear()
        stale = await collector.until_state(SYMBOL, FeedState.STALE)
        assert "silent" in stale.text
        dials = len(server.dials)
        server.is_playing.set()
        await finished(server, collector)
        assert len(server.dials) > dials
    assert collector.top(SYMBOL, 50) == server.book.top(50)
    assert feed.stats(SYMBOL).reconnects >= 1


@pytest.mark.parametrize(
    ("bids", "state"),
    [
        ([["99999.00000000", "1.0"]], FeedState.CROSSED),
        ([["-1.00000000", "1.0"]], FeedState.GAP),
        ([["0.00000000", "1.0"]], FeedState.GAP),
        ([["60000.00000000", "-1.0"]], FeedState.GAP),
        ([["NaN", "1.0"]], FeedState.GAP),
        ([["60000.00000000", "Infinity"]], FeedState.GAP),
        ([[None, None]], FeedState.GAP),
    ],
)
async def test_a_book_that_can_not_be_is_withheld_and_resynced(
    captures: Path, bids: list[list[str]], state: FeedState
) -> None:
    async with playing(captures, depth_frames=100) as (server, feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        server.is_playing.clear()
        await collector.until(lambda: collector.books[SYMBOL].last_id == server.book.last_id)
        await server.inject(bids, [])
        await collector.until_state(SYMBOL, state)
        server.is_playing.set()
        await finished(server, collector)
    assert collector.top(SYMBOL, 50) == server.book.top(50)
    assert collector.states(SYMBOL)[-1] is FeedState.STREAMING
    assert feed.stats(SYMBOL).resyncs == 1
    told = [level for each in collector.of(BookDelta) for level in [*each.bids, *each.asks]]
    assert all(price > 0 and qty >= 0 for price, qty in told)


async def test_an_exchange_that_accepts_and_closes_is_not_stormed(captures: Path) -> None:
    server = BinanceServer(captures, depth_frames=20)
    server.is_storming = True
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        collector = Collector()
        async with fed(CcxtFeed(profile), collector):
            down = await collector.until_state(SYMBOL, FeedState.DOWN)
            assert down.retry_s >= 1
            await asyncio.sleep(3)
        assert 2 <= len([dial for dial in server.dials if dial < server.dials[0] + 3]) <= 5


@pytest.mark.parametrize(
    ("status", "headers", "text"),
    [
        (451, {}, "blocked here (HTTP 451)"),
        (429, {"Retry-After": "7"}, "asked too often (HTTP 429)"),
        (503, {}, "exchange unavailable (HTTP 503)"),
    ],
)
async def test_a_refusing_exchange_is_down_in_words_and_tried_again(
    captures: Path, status: int, headers: dict[str, str], text: str
) -> None:
    server = BinanceServer(captures, depth_frames=20)
    server.rest_faults["exchangeInfo"] = (status, headers)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        collector, clock = Collector(), asyncio.get_running_loop().time
        begun = clock()
        async with fed(CcxtFeed(profile, retry_s=0.05), collector):
            down = await collector.until_state(SYMBOL, FeedState.DOWN)
            assert down.text == text
            left = float(headers.get("Retry-After", 0.05)) - (clock() - begun)
            assert down.retry_s >= left - 0.005  # told to a hundredth
            assert down.retry_s >= 0.05
            server.rest_faults.clear()
            if not headers:
                await collector.until(lambda: bool(collector.of(InstrumentListed)))


async def test_an_unknown_symbol_names_the_nearest_one_and_the_others_go_on(captures: Path) -> None:
    async with playing(captures, depth_frames=20, symbols=(SYMBOL, "BTC/USTD")) as (server, _feed, collector):
        server.play()
        await collector.until_state(SYMBOL, FeedState.STREAMING)
        down = await collector.until_state("BTC/USTD", FeedState.DOWN)
        assert "BTC/USDT" in down.text


async def test_an_exchange_that_is_not_there_is_down_not_an_error() -> None:
    profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint="http://127.0.0.1:9")
    collector = Collector()
    async with fed(CcxtFeed(profile, retry_s=0.05), collector) as run:
        down = await collector.until_state(SYMBOL, FeedState.DOWN)
        assert down.text == "no connection"
        assert not run.done()


async def test_what_the_sink_raises_ends_the_run(captures: Path) -> None:
    server = BinanceServer(captures, depth_frames=20)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)

        def broken(message: object) -> None:
            if isinstance(message, FeedStatus) and message.state is FeedState.STREAMING:
                raise ZeroDivisionError

        server.play()
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(CcxtFeed(profile).run(broken), 20)


@pytest.mark.parametrize("path", ["exchangeInfo", "klines", "depth"])
async def test_a_feed_that_is_stopped_while_it_waits_for_an_answer_leaves_nothing(
    captures: Path, path: str
) -> None:
    server = BinanceServer(captures, depth_frames=20)
    server.hangs_on = path
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        before = asyncio.all_tasks()
        run = asyncio.create_task(CcxtFeed(profile).run(Collector()))
        await asyncio.wait_for(server.hung.wait(), 10)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        mine = {task for task in asyncio.all_tasks() - before if "ccxt" in repr(task)}
        assert not mine


async def test_a_halted_market_is_said_and_its_instrument_told_anew(captures: Path) -> None:
    server = BinanceServer(captures, depth_frames=20)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        collector = Collector()
        async with fed(CcxtFeed(profile, reload_s=0.1), collector):
            server.play()
            await collector.until_state(SYMBOL, FeedState.STREAMING)
            server.session.exchange_info["symbols"][0]["status"] = "BREAK"
            await collector.until_state(SYMBOL, FeedState.HALTED)
            server.session.exchange_info["symbols"][0]["status"] = "TRADING"
            await collector.until(lambda: len(collector.of(InstrumentListed)) == 3)
            await collector.until(lambda: collector.states(SYMBOL)[-1] is FeedState.STREAMING)
    told = [each.instrument.status for each in collector.of(InstrumentListed)]
    assert told == [InstrumentStatus.TRADING, InstrumentStatus.HALTED, InstrumentStatus.TRADING]


async def test_a_subscription_that_is_never_answered_is_down_and_asked_anew(captures: Path) -> None:
    server = BinanceServer(captures, depth_frames=20)
    server.acknowledges = False
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        collector = Collector()
        async with fed(CcxtFeed(profile, first_book_s=0.3, retry_s=0.05), collector):
            down = await collector.until_state(SYMBOL, FeedState.DOWN)
            assert down.text == "no data after subscribing"
            server.acknowledges = True
            await server.close_sockets()
            server.play()
            await collector.until_state(SYMBOL, FeedState.STREAMING)


async def test_after_an_ignored_subscription_trades_are_asked_for_when_the_book_was_heard(
    captures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = BinanceServer(captures, depth_frames=20)
    server.acknowledges = False
    asked: list[str] = []
    books_asked = asyncio.Event()
    received = server.received

    async def noted(socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        asked.extend(name.partition("@")[2].partition("@")[0] for name in frame.get("params", ()))
        if asked.count("depth") == 3:
            books_asked.set()
        await received(socket, frame)

    monkeypatch.setattr(server, "received", noted)
    async with server.running():
        profile = Profile(name="b", exchange="binance", symbols=(SYMBOL,), endpoint=server.address)
        collector = Collector()
        async with fed(CcxtFeed(profile, first_book_s=0.3, retry_s=0.05), collector):
            await asyncio.wait_for(books_asked.wait(), 20)
            assert asked.count("trade") == 1
            server.acknowledges = True
            server.play()
            await collector.until(lambda: bool(collector.of(Trade)))
    assert asked.count("trade") == 2
