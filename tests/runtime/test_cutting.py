"""Recordings whose raw frames begin in the middle of a stream: cuts, and those that a key begins."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest

from tests.exchanges.exchange import BOOK, TRADES
from tests.exchanges.rig import DEEP, rigged
from tests.exchanges.venues.every import VENUES, exchange_of
from tests.runtime.scripted import HeldJournal
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    MarketMessage,
    MarkPrice,
    Trade,
)
from tradetui.domain.profile import Profile
from tradetui.engine import Engine
from tradetui.feeds.inspection import inspect
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.cutting import cut
from tradetui.runtime.excerpt import EVERYTHING, excerpt
from tradetui.runtime.feeding import best_levels
from tradetui.runtime.host import Host
from tradetui.runtime.tape import Tape
from tradetui.trading.settings import EngineSettings

Made = Trade | BookSnapshot | BookDelta | BestQuote | MarkPrice
MADE = (Trade, BookSnapshot, BookDelta, BestQuote, MarkPrice)


def made(messages: Sequence[MarketMessage]) -> list[Made]:
    return [each for each in messages if isinstance(each, MADE)]


def parts(messages: Sequence[Made]) -> list[tuple[object, ...]]:
    """What they say, without the opening's levels, which the frames may hold deeper."""
    return [
        (type(m), m.symbol, m.ts_exchange, m.bids, m.asks)
        if isinstance(m, BookSnapshot | BookDelta)
        else (type(m), m.symbol, m.ts_exchange, msgspec.to_builtins(m))
        for m in messages
    ]


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def decoded(path: Path) -> list[MarketMessage]:
    return list(ReplayFeed([path], decode=True).messages())


async def recorded(venue: str, captures: Path, path: Path) -> int:
    """A recording with frames; the moment in the middle of it."""
    async with rigged(venue, captures, prepare=lambda _: None) as rig:
        collector, feed = rig.collector, rig.feed
        assert isinstance(feed, NativeFeed)
        recorder = feed.keeper = Recorder(path, profile="x", venue=feed.frames_of)
        collector.also = recorder.take
        await rig.live()
        await rig.exchange.changes(8)
        await rig.synced()
        middle = time.time_ns()
        await rig.exchange.changes(8)
        await rig.synced()
    recorder.close()
    return middle


@pytest.mark.captures
@pytest.mark.parametrize("venue", VENUES)
async def test_a_cut_decoded_again_is_the_cut_of_what_is_decoded(
    captures: Path, tmp_path: Path, venue: str
) -> None:
    whole, part = tmp_path / "whole.jsonl.gz", tmp_path / "part.jsonl.gz"
    middle = await recorded(venue, captures, whole)
    span = (middle, EVERYTHING[1])
    recorder = Recorder(part, profile="x", venue=ReplayFeed([whole]).recording.venue or ("", False))
    cut(ReplayFeed([whole]), span, recorder, progress=lambda _: None)
    recorder.close()
    again = made(decoded(part))
    assert again == made(list(excerpt(decoded(whole), span)))
    assert len([each for each in again if isinstance(each, BookDelta)]) > 5
    assert made(list(ReplayFeed([part]).messages())) == made(
        list(excerpt(ReplayFeed([whole]).messages(), span))
    )
    found = inspect(ReplayFeed([part]))
    assert (found.faults, found.frames) == ([], recorder.frames)


@pytest.mark.captures
@pytest.mark.parametrize("venue", ["binance", "coinbase", "kraken", "okx"])
async def test_a_cut_may_begin_anywhere_before_in_and_after_a_gap(
    captures: Path, tmp_path: Path, venue: str
) -> None:
    whole = tmp_path / "whole.jsonl.gz"
    async with rigged(venue, captures, prepare=lambda _: None) as rig:
        feed = rig.feed
        assert isinstance(feed, NativeFeed)
        recorder = feed.keeper = Recorder(whole, profile="x", venue=feed.frames_of)
        rig.collector.also = recorder.take
        await rig.live()
        rig.exchange.drops[BOOK] = 1
        await rig.exchange.changes(3)
        await rig.healed()
    recorder.close()
    feed_again = ReplayFeed([whole])
    last = decoded(whole)[-1].ts_received
    moments = sorted({ts for block in feed_again.recording.blocks() for ts, _ in block if ts <= last})
    assert feed.stats(rig.symbol).gaps == 1
    for number, start in enumerate(moments[1 :: max(1, len(moments) // 8)]):
        path = tmp_path / f"{number}.jsonl.gz"
        part = Recorder(path, profile="x", venue=feed.frames_of)
        cut(feed_again, (start, EVERYTHING[1]), part, progress=lambda _: None)
        part.close()
        assert made(decoded(path)) == made(list(excerpt(decoded(whole), (start, EVERYTHING[1]))))


class Running:
    """A whole host at an exchange on loopback."""

    def __init__(self, venue: str, captures: Path, folder: Path) -> None:
        self.exchange = exchange_of(venue, captures)
        self.folder = folder
        self.seen: list[MarketMessage] = []

    async def __aenter__(self) -> Self:
        self._running = self.exchange.running()
        await self._running.__aenter__()
        wording = self.exchange.wording
        self.profile = Profile(
            name="x", exchange=wording.exchange, symbols=(wording.symbol,), endpoint=self.exchange.address
        )
        feed = NativeFeed(self.profile, venue_of(self.profile), retry_s=0.02)
        self.host = Host(
            self.profile,
            feed=feed,
            engine=Engine(EngineSettings(currency=wording.symbol.partition("/")[2].partition(":")[0])),
            journal=HeldJournal(),
            now=time.time_ns,
            tape=Tape(self.folder, "x"),
        )
        self.task = asyncio.create_task(self.host.run())
        await self.until(lambda: self.exchange.listening(BOOK, TRADES) and self.is_whole)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.host.stop()
        await self.task
        await self._running.__aexit__(None, None, None)

    @property
    def is_whole(self) -> bool:
        """Whether the best ten levels here are the exchange's."""
        market = self.host.engine.markets.get(self.exchange.wording.symbol)
        if market is None or not len(market.book):
            return False
        shown = [[(str(price), size) for price, size in side[:DEEP]] for side in best_levels(market)]
        return shown == [[(str(float(p)), float(q)) for p, q in side] for side in self.exchange.top(DEEP)]

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - it may be on either side of the socket
                await asyncio.sleep(0.002)

    async def play(self, count: int) -> None:
        await self.exchange.changes(count)
        await self.until(lambda: self.is_whole)


@pytest.mark.captures
@pytest.mark.parametrize("venue", VENUES)
async def test_a_recording_that_a_key_begins_keeps_frames_that_say_the_same_again(
    captures: Path, tmp_path: Path, venue: str
) -> None:
    async with Running(venue, captures, tmp_path) as running:
        await running.play(5)
        running.host.record()
        await running.play(8)
        running.host.record()
        await running.play(5)
        texts = [notice.text for notice in running.host.notices()]
    path = only(tmp_path)
    assert any("raw frames" in text and str(path) in text for text in texts)
    recording, messages = ReplayFeed([path]).recording, made(list(ReplayFeed([path]).messages()))
    assert recording.venue == running.host.feed.frames_of  # type: ignore[attr-defined]
    assert sum(isinstance(each, BookDelta) for each in messages) > 5
    assert parts(made(decoded(path))) == parts(messages)
    assert inspect(ReplayFeed([path])).faults == []
    text = gzip.decompress(path.read_bytes()).decode()
    assert "127.0.0.1" not in text
