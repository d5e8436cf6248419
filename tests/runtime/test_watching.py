"""Symbols that are added to a profile while it runs: their market, the others', and the way back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.engine.market import D
from tests.exchanges.many import ManyMarkets
from tests.runtime.scripted import HeldJournal
from tests.runtime.test_cutting import decoded, made, only, parts
from tradetui.domain.command import Size, Stop, SubmitOrder
from tradetui.domain.market_data import BookDelta, FeedState, Side, Timeframe
from tradetui.domain.profile import Profile
from tradetui.engine import Engine
from tradetui.feeds.ccxt.feed import CcxtFeed
from tradetui.feeds.native.bybit import BybitVenue
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of
from tradetui.feeds.protocol import GivesFrames, Measures
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.growing import GrowingFeed, GrowingNativeFeed
from tradetui.runtime.host import Host
from tradetui.runtime.tape import Tape
from tradetui.runtime.watching import unwatch, watch
from tradetui.trading.settings import EngineSettings

BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"
KINDS: dict[str, Callable[[Profile], Any]] = {
    "native": lambda profile: NativeFeed(profile, venue_of(profile), retry_s=0.02, first_book_s=3.0),
    "ccxt": lambda profile: CcxtFeed(profile, retry_s=0.02, first_book_s=3.0),
}


@asynccontextmanager
async def running(
    kind: str, folder: Path | None = None, *, scan: tuple[str, ...] = ()
) -> AsyncIterator[tuple[ManyMarkets, Host]]:
    server = ManyMarkets(["BTC", "ETH", "SOL"])
    async with server.running():
        profile = Profile(
            name="x", exchange="bybit", symbols=(BTC,), endpoint=server.address, stream=kind, scan=scan
        )

        def make(symbol: str) -> Any:
            return KINDS[kind](msgspec.structs.replace(profile, symbols=(symbol,), scan=()))

        growing = GrowingNativeFeed if kind == "native" else GrowingFeed
        host = Host(
            profile,
            feed=growing(KINDS[kind](profile), make),
            engine=Engine(EngineSettings().with_latency(0)),
            journal=HeldJournal(),
            now=time.time_ns,
            tape=Tape(folder, "x"),
        )
        task = asyncio.create_task(host.run())
        try:
            await until(lambda: is_fresh(host, BTC))
            yield server, host
        finally:
            host.stop()
            await task


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - it may be on either side of the socket
            await asyncio.sleep(0.002)


def is_fresh(host: Host, symbol: str) -> bool:
    status = host.feed_status(symbol)
    return status is not None and status.state is FeedState.STREAMING


@pytest.mark.parametrize("kind", list(KINDS))
async def test_a_symbol_that_is_added_has_book_prints_and_history_and_goes_again(kind: str) -> None:
    async with running(kind) as (server, host):
        assert SOL not in host.engine.markets
        reply = await watch(host, SOL)
        assert (reply.accepted, f"{SOL} is open" in reply.text) == (True, True)
        assert list(host.feed.symbols) == [BTC, SOL]
        await until(lambda: len(host.engine.markets[SOL].candles(Timeframe.M1).bars) > 900)
        await server.play("SOLUSDT", 40)
        market, best = host.engine.markets[SOL], server.places["SOLUSDT"].top(1)
        await until(
            lambda: market.best_bid == float(best[0][0][0]) and market.best_ask == float(best[1][0][0])
        )
        await until(lambda: market.tape.last is not None)
        assert isinstance(host.feed, Measures)
        assert isinstance(host.feed, GivesFrames) is (kind == "native")
        assert {wire.is_open for wire in host.feed.wires()} == {True}
        assert (await watch(host, SOL)).text == f"{SOL} is watched already"
        assert (await unwatch(host, SOL)).accepted
        assert list(host.feed.symbols) == [BTC]
        await until(lambda: not server.listening("SOLUSDT"))
        assert server.listening("BTCUSDT")
        assert not is_fresh(host, SOL)


@pytest.mark.parametrize("kind", list(KINDS))
async def test_what_the_venue_refuses_is_said_and_taken_away_and_the_others_never_notice(kind: str) -> None:
    async with running(kind) as (server, host):
        server.refused.add("ETHUSDT")
        before = len(server.dials), host.vitals.changes
        refused, unknown = await asyncio.gather(watch(host, ETH), watch(host, "XYZ/USDT"))
        assert refused.refusal is not None
        assert "handler not found" in refused.refusal.text
        assert unknown.refusal is not None
        assert "unknown symbol XYZ/USDT" in unknown.refusal.text
        assert list(host.feed.symbols) == [BTC]
        assert host.feed_status(BTC).state is FeedState.STREAMING  # type: ignore[union-attr]
        assert (len(server.dials) > before[0]) is (kind == "ccxt")
        own = [status for status in host.vitals.statuses.values() if status.symbol == BTC]
        assert [status.state for status in own] == [FeedState.STREAMING]


async def test_the_markets_are_not_read_again_for_a_symbol_that_is_added() -> None:
    async with running("native") as (server, host):
        asked = [path for path in server.asked if path.endswith("instruments-info")]
        await watch(host, ETH)
        assert [path for path in server.asked if path.endswith("instruments-info")] == asked


async def test_a_symbol_with_a_position_or_an_order_stays() -> None:
    async with running("native") as (_, host):
        await watch(host, ETH)
        price = host.engine.markets[ETH].best_ask
        assert price is not None
        stop = Stop(price=D(str(round(price * 0.99, 1))))
        reply = await host.submit(SubmitOrder(symbol=ETH, side=Side.BUY, size=Size(D("0.01")), stop=stop))
        assert reply.accepted, reply.refusal
        kept = await unwatch(host, ETH)
        assert kept.refusal is not None
        assert "has a position or an order" in kept.refusal.text
        assert ETH in host.feed.symbols
        own = await unwatch(host, BTC)
        assert own.refusal is not None
        assert "belongs to the profile" in own.refusal.text


@pytest.mark.parametrize("most_joined", [50, 0])
async def test_a_recording_holds_the_frames_of_a_symbol_that_is_added_while_it_runs(
    tmp_path: Path, most_joined: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BybitVenue, "most_joined", most_joined)
    async with running("native", tmp_path) as (server, host):
        host.record()
        await server.play("BTCUSDT", 10)
        await watch(host, ETH)
        for name in ("BTCUSDT", "ETHUSDT"):
            await server.play(name, 20)
            place, symbol = server.places[name].top(1), name.replace("USDT", "/USDT")
            await until(lambda: host.engine.markets[symbol].best_bid == float(place[0][0][0]))  # noqa: B023
        assert isinstance(host.feed, GivesFrames)
        assert {each.symbol: each.feed for each in host.feed.stands()} == {BTC: 0, ETH: int(not most_joined)}
        host.record()
        assert host.feed.keeper is None
    path = only(tmp_path)
    messages = made(list(ReplayFeed([path]).messages()))
    assert {m.symbol for m in messages if isinstance(m, BookDelta)} == {BTC, ETH}
    assert sorted(map(repr, parts(made(decoded(path))))) == sorted(map(repr, parts(messages)))


async def test_scanned_symbols_can_be_opened_and_leave_the_movers() -> None:
    async with running("native", scan=("*/USDT",)) as (_, host):
        await until(lambda: host.vitals.scan is not None and host.vitals.scan.updates >= 3)
        table = host.vitals.scan
        assert table is not None
        assert set(table.symbols) == {BTC, ETH, SOL}
        assert (await watch(host, SOL)).accepted


async def test_the_simulated_market_has_no_other_symbols() -> None:
    from tests.runtime.scripted import Session

    async with Session() as session:
        reply = await watch(session.host, SOL)
        assert reply.refusal is not None
        assert "no other symbols" in reply.refusal.text
