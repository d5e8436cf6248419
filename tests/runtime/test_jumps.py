"""Jumps in a recording under a running host: what becomes of the account, and of what is open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.feeds import frames
from tradetui.domain.command import Flatten, Size, SizeUnit, Stop, SubmitOrder
from tradetui.domain.market_data import ClockTick, MarketMessage, Side, Timeframe
from tradetui.domain.profile import Profile
from tradetui.engine import Engine
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.replay import ReplayFeed
from tradetui.feeds.simulated.feed import SimulatedFeed
from tradetui.runtime.host import Host
from tradetui.runtime.null_journal import NullJournal
from tradetui.trading.settings import EngineSettings

SYMBOL = "BTC/USDT"
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("jumps") / "sim.jsonl.gz"
    feed = SimulatedFeed(11, symbols=(SYMBOL,), start_ts=frames.START)
    recorder, messages = Recorder(path, profile="sim"), list[MarketMessage](feed.open())
    while feed.ts < frames.START + 180 * SECOND:
        messages += [each for each in feed.advance() if not isinstance(each, ClockTick)]
    for message in messages:
        recorder.take(message)
    recorder.close()
    return path


@asynccontextmanager
async def replayed(path: Path) -> AsyncIterator[tuple[Host, ReplayFeed]]:
    """A recording that stands still after its first five seconds."""
    feed = ReplayFeed([path])
    feed.pause()
    profile = Profile(name="replay", exchange="replay", symbols=(SYMBOL,))
    settings = EngineSettings(account="replay", currency="USDT", balance=Decimal(10_000))
    host = Host(profile, feed=feed, engine=Engine(settings), journal=NullJournal(), now=time.time_ns)
    task = asyncio.create_task(host.run())
    try:
        await stepped(host, lambda: host.engine.ts >= feed.first_ts)
        feed.seek(5.0)
        await until(host, feed.first_ts + 4 * SECOND)
        yield host, feed
    finally:
        host.stop()
        await task


async def stepped(host: Host, condition: Callable[[], bool], *, steps: bool = True) -> None:
    """Until something holds: step by step, or while a jump arrives."""
    feed = host.feed
    assert isinstance(feed, ReplayFeed)
    async with asyncio.timeout(20):
        while not condition():
            if steps:
                feed.step()
            await asyncio.sleep(0)


async def until(host: Host, ts: int) -> None:
    """Until the engine has come to a moment by itself."""
    await stepped(host, lambda: host.engine.ts >= ts, steps=False)


async def traded(host: Host) -> Decimal:
    """A round trip, and what is left of the account."""
    assert (await host.submit(bought(host))).accepted
    await stepped(host, lambda: host.published.holding(SYMBOL) is not None)
    assert (await host.submit(Flatten())).accepted
    await stepped(host, lambda: not host.is_needed)
    return host.published.cash("USDT")


def bought(host: Host) -> SubmitOrder:
    bid = host.engine.markets[SYMBOL].best_bid
    assert bid is not None
    stop = Decimal(round(bid * 0.98, 1)).quantize(Decimal("0.1"))
    size = Size(Decimal("0.01"), SizeUnit.BASE)
    return SubmitOrder(symbol=SYMBOL, side=Side.BUY, size=size, stop=Stop(stop))


async def test_ahead_the_account_stays_and_nothing_between_is_played(recording: Path) -> None:
    async with replayed(recording) as (host, feed):
        cash = await traded(host)
        assert cash < 10_000
        lines, target = feed.lines, host.engine.ts + 100 * SECOND
        feed.seek(100.0)
        await until(host, target)
        assert host.published.cash("USDT") == cash
        assert host.engine.markets[SYMBOL].tape.trades < 100, "only the second of the arrival was told"
        assert host.engine.markets[SYMBOL].atr(Timeframe.M1) is not None
        assert feed.lines > lines
        assert (await host.submit(bought(host))).accepted


async def test_ahead_with_a_position_everything_between_is_played(recording: Path) -> None:
    async with replayed(recording) as (host, feed):
        assert (await host.submit(bought(host))).accepted
        await stepped(host, lambda: host.published.holding(SYMBOL) is not None)
        before = host.engine.markets[SYMBOL].tape.trades
        target = host.engine.ts + 59 * SECOND
        feed.seek(60.0)
        await until(host, target)
        assert host.engine.markets[SYMBOL].tape.trades > before + 100


async def test_back_the_account_begins_anew(recording: Path) -> None:
    async with replayed(recording) as (host, feed):
        await traded(host)
        feed.seek(60.0)
        await until(host, feed.first_ts + 60 * SECOND)
        engine = host.engine
        feed.seek(-40.0)
        await stepped(host, lambda: host.engine is not engine and host.engine.ts > 0, steps=False)
        assert host.published.cash("USDT") in (0, 10_000)
        assert host.engine.ts < feed.first_ts + 30 * SECOND
        assert (await traded(host)) < 10_000
