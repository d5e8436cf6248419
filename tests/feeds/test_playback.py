from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path

import pytest

from tests.feeds import frames
from tradetui.domain.market_data import MarketMessage, Trade
from tradetui.feeds.replay import ReplayFeed

NUMBERS = list(range(1, 101))


class Clock:
    """The wall's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("tradetui.feeds.replay._NAP_S", 0.0005)
    return made


class Seen:
    def __init__(self) -> None:
        self.numbers: list[int | str | None] = []
        self._arrived = asyncio.Event()

    def __call__(self, message: MarketMessage) -> None:
        if isinstance(message, Trade):
            self.numbers.append(message.trade_id)
            self._arrived.set()

    async def count(self, wanted: int) -> None:
        async with asyncio.timeout(5):
            while len(self.numbers) < wanted:
                self._arrived.clear()
                await self._arrived.wait()


def feed_of(folder: Path, clock: Clock, *, speed: float = 1.0) -> ReplayFeed:
    """A hundred trades, ten milliseconds apart: about a second."""
    path = frames.recording(folder, [frames.trade(n) for n in NUMBERS])
    return ReplayFeed([path], speed=speed, monotonic=clock.monotonic)


@asynccontextmanager
async def running(feed: ReplayFeed, seen: Seen) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(feed.run(seen))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(("speed", "expected"), [(1.0, 21), (0.25, 6), (4.0, 81)])
async def test_speed_is_a_multiple_of_real_time(
    tmp_path: Path, clock: Clock, speed: float, expected: int
) -> None:
    seen = Seen()
    async with running(feed_of(tmp_path, clock, speed=speed), seen):
        await seen.count(1)
        clock.now += 0.2001
        await seen.count(expected)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(seen.numbers) == expected


async def test_pause_holds_and_step_delivers_one_message_each(tmp_path: Path, clock: Clock) -> None:
    seen, feed = Seen(), feed_of(tmp_path, clock)
    feed.pause()
    async with running(feed, seen):
        clock.now += 10
        for expected in (1, 2, 3):
            feed.step()
            await seen.count(expected)
            assert len(seen.numbers) == expected
        assert "paused" in feed.describe()
        feed.pause()
        clock.now += 0.1001
        await seen.count(13)
        assert seen.numbers == NUMBERS[:13]


async def test_seeking_forward_delivers_everything_up_to_there_at_once(tmp_path: Path, clock: Clock) -> None:
    seen, feed = Seen(), feed_of(tmp_path, clock)
    async with running(feed, seen):
        await seen.count(1)
        feed.seek(0.5)
        await seen.count(51)
        clock.now += 0.0101
        await seen.count(52)
        assert seen.numbers == NUMBERS[:52]


async def test_seeking_backwards_starts_again_and_says_so_first(tmp_path: Path, clock: Clock) -> None:
    seen = Seen()
    restarts: list[int] = []
    feed = feed_of(tmp_path, clock)
    feed.on_jump = lambda _: restarts.append(len(seen.numbers))
    async with running(feed, seen):
        await seen.count(1)
        clock.now += 0.5
        await seen.count(50)
        before = len(seen.numbers)
        feed.seek(-0.2)
        await seen.count(before + 25)
        assert restarts == [before]
        assert seen.numbers[before : before + 25] == NUMBERS[:25]


async def test_a_run_ends_with_the_recording_and_describes_its_place(tmp_path: Path, clock: Clock) -> None:
    seen, feed = Seen(), feed_of(tmp_path, clock, speed=inf)
    assert feed.describe() == "0:00 of 0:00 · max"
    await feed.run(seen)
    assert seen.numbers == NUMBERS
    feed.set_speed(2)
    assert feed.describe() == "0:00 of 0:00 · 2×"
