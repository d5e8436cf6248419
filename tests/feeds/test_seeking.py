"""A moment of a recording is reached with everything standing as if all before it had been played."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable
from itertools import islice
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.feeds import frames
from tests.feeds.captures import USDM
from tests.feeds.native.test_codecs import instrument
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    CandleHistory,
    ClockTick,
    FeedStatus,
    InstrumentListed,
    MarketMessage,
    OpenInterest,
    Side,
    Timeframe,
)
from tradetui.feeds import recording, recording_index, replay_places
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.recording_members import labels_of, text_of
from tradetui.feeds.replay import ReplayFeed
from tradetui.feeds.simulated.feed import SimulatedFeed
from tradetui.feeds.standing import Standing
from tradetui.market.market import Market


def simulated(path: Path, seconds: int) -> list[MarketMessage]:
    """A recording of the simulated market."""
    feed = SimulatedFeed(7, symbols=("BTC/USDT",), start_ts=frames.START)
    recorder, messages = Recorder(path, profile="sim"), list(feed.open())
    while feed.ts < frames.START + seconds * 10**9:
        messages += feed.advance()
    for message in messages:
        recorder.take(message)
    recorder.close()
    return messages


class Markets:
    """The markets that messages tell of."""

    def __init__(self, messages: Iterable[MarketMessage] = ()) -> None:
        self.of: dict[str, Market] = {}
        for message in messages:
            self(message)

    def __call__(self, message: MarketMessage) -> None:
        if isinstance(message, InstrumentListed) and message.symbol not in self.of:
            self.of[message.symbol] = Market(message.instrument)
        if not isinstance(message, ClockTick):
            self.of[message.symbol].apply(message)


def stands(market: Market) -> tuple[object, ...]:
    sides = [list(market.book.levels(side)) for side in (Side.BUY, Side.SELL)]
    return sides, market.feed_state, market.mark, market.quote and market.quote.bid


def candles(market: Market, timeframe: Timeframe) -> list[tuple[float, ...]]:
    series = market.candles(timeframe)
    rows = series.closed(500) + ([series.open] if series.open is not None else [])
    return [(c.open_ts, c.open, c.high, c.low, c.close, round(c.volume, 6), c.trades) for c in rows]


def begun_at(paths: list[Path], ts: int) -> tuple[ReplayFeed, list[MarketMessage]]:
    feed, messages = ReplayFeed(paths), list[MarketMessage]()
    feed.begin_at(ts)
    feed.pump(messages.append)
    return feed, messages


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "KEYFRAME_EVERY", 100_000)
    monkeypatch.setattr(replay_places, "_LEARNED_EVERY", 100_000)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("share", [0.0, 0.43, 1.0])
def test_books_candles_and_states_are_those_of_playing_everything_before(
    tmp_path: Path, share: float
) -> None:
    path = tmp_path / "sim.jsonl.gz"
    messages = simulated(path, 150)
    feed = ReplayFeed([path])
    assert feed.recording.index is not None
    assert len(feed.recording.index.files[0].keyframes) > 3
    ts = feed.first_ts + round(share * (feed.last_ts - feed.first_ts))
    _, begun = begun_at([path], ts)
    later = [message for message in messages if message.ts_received > ts]
    assert begun[len(begun) - len(later) :] == later
    assert {each.ts_received for each in begun[: len(begun) - len(later)]} <= {ts}
    before = Markets(message for message in messages if message.ts_received <= ts).of["BTC/USDT"]
    found = Markets(begun[: len(begun) - len(later)]).of["BTC/USDT"]
    assert stands(found) == stands(before)
    for timeframe in (Timeframe.S1, Timeframe.S15, Timeframe.M1, Timeframe.M5):
        expected = candles(before, timeframe)
        assert candles(found, timeframe)[-len(expected) :] == expected[-len(candles(found, timeframe)) :]
        assert candles(found, timeframe)


@pytest.mark.usefixtures("small_blocks")
def test_a_recording_with_labels_is_opened_without_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sim.jsonl.gz"
    messages = simulated(path, 120)
    read: list[int] = []

    def counted(*place: Any) -> bytes:
        read.append(1)
        return text_of(*place)

    monkeypatch.setattr(recording_index, "text_of", counted)
    feed = ReplayFeed([path])
    labels = labels_of(path)
    assert labels is not None
    assert len(read) <= 4 < len(labels.members)
    assert (feed.first_ts, feed.last_ts) == (messages[0].ts_received, messages[-1].ts_received)
    assert feed.recording.lines == len(messages)
    assert list(feed.messages()) == messages


def test_a_recording_that_holds_no_book_says_so(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole.jsonl.gz", tmp_path / "part.jsonl.gz"
    messages = simulated(whole, 20)
    recorder = Recorder(part, profile="sim")
    for message in messages:
        if not isinstance(message, BookSnapshot | BookDelta):
            recorder.take(message)
    recorder.close()
    assert ReplayFeed([whole]).recording.without_book == frozenset()
    assert ReplayFeed([part]).recording.without_book == {"BTC/USDT"}


def test_any_gzip_reader_reads_a_labeled_recording(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl.gz"
    messages = simulated(path, 20)
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    kept = [
        line for line in lines[1:] if '{"type":"keyframe"' not in line and '{"type":"candles"' not in line
    ]
    assert len(kept) == len(messages)


def test_a_recording_whose_end_is_missing_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl.gz"
    messages = simulated(path, 60)
    path.write_bytes(path.read_bytes()[:-2000])
    feed = ReplayFeed([path])
    assert feed.recording.index is None
    assert "ends in the middle" in feed.recording.notes[0]
    played = list(feed.messages())
    assert 0 < len(played) < len(messages)
    assert played == messages[: len(played)]


def test_two_recordings_in_a_row_are_one(tmp_path: Path) -> None:
    path, parts = tmp_path / "sim.jsonl.gz", [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]
    messages = simulated(path, 60)
    half = len(messages) // 2
    for part, some in zip(parts, (messages[:half], messages[half:]), strict=True):
        recorder = Recorder(part, profile="sim")
        listed = msgspec.structs.replace(messages[0], ts_received=some[0].ts_received)
        for message in [listed, *some] if part is parts[1] else some:
            recorder.take(message)
        recorder.close()
    feed = ReplayFeed(parts[::-1])
    assert feed.recording.index is not None
    assert list(feed.messages())[:half] == messages[:half]
    ts = messages[half + half // 2].ts_received
    _, begun = begun_at(parts, ts)
    later = [message for message in messages if message.ts_received > ts]
    assert begun[-len(later) :] == later


@pytest.mark.captures
def test_moments_of_a_foreign_capture_are_learned_on_the_way_and_stand_the_same(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_places, "_LEARNED_EVERY", 500_000)
    path = tmp_path / "begin.txt"
    with gzip.open(USDM.paths(captures)[0]) as lines:
        path.write_bytes(b"".join(islice(lines, 15_000)))
    feed = ReplayFeed([path])
    symbol = feed.symbols[0]
    everything = [m for m in feed.messages() if isinstance(m, BookSnapshot | BookDelta | InstrumentListed)]
    places = feed._places_of()
    span = feed.last_ts - feed.first_ts
    for share in (0.5, 0.2):
        ts = feed.first_ts + round(share * span)
        arrival = places.reach(ts)
        found = Markets(arrival.standing.opening(ts)).of[symbol]
        before = Markets(m for m in everything if m.ts_received <= ts).of[symbol]
        for side in (Side.BUY, Side.SELL):
            assert list(found.book.levels(side)) == list(before.book.levels(side))
        rest: list[MarketMessage] = []
        arrival.outlet.to = rest.append
        for block in arrival.rest:
            arrival.player.play(block)
        kept = [m for m in rest if isinstance(m, BookSnapshot | BookDelta)]
        assert kept == [m for m in everything if m.ts_received > ts]
    assert len(places._learned) > 1
    assert arrival.player.gaps == 0


async def test_ahead_it_jumps_where_nothing_is_missed_and_runs_where_something_is(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl.gz"
    messages = simulated(path, 120)
    for may_jump in (True, False):
        feed, seen, jumps = ReplayFeed([path], speed=inf), list[MarketMessage](), list[int]()
        feed.may_jump = [lambda: False, lambda: True][may_jump]
        feed.on_jump = jumps.append

        def sink(message: MarketMessage, feed: ReplayFeed = feed, seen: list[MarketMessage] = seen) -> None:
            seen.append(message)
            if len(seen) == 50:
                feed.seek(60)

        await asyncio.wait_for(feed.run(sink), 30)
        assert len(jumps) == may_jump
        assert (len(seen) < len(messages)) == may_jump
        assert seen[-100:] == messages[-100:]


def test_a_second_snapshot_of_the_state_carries_the_time_of_arrival(tmp_path: Path) -> None:
    path = tmp_path / "sim.jsonl.gz"
    simulated(path, 30)
    feed = ReplayFeed([path])
    ts = feed.first_ts + 20_000_000_000
    opening = begun_at([path], ts)[1]
    first = [
        message for message in opening if isinstance(message, InstrumentListed | BookSnapshot | FeedStatus)
    ]
    assert {message.ts_received for message in first[:3]} == {ts}
    histories = [message for message in opening if isinstance(message, CandleHistory)]
    assert all(c.open_ts < ts for message in histories for c in message.candles)


def test_frames_of_a_made_up_stream_with_a_gap_keep_their_state(tmp_path: Path) -> None:
    stream = [frames.depth(8, 10), frames.snapshot(10), frames.depth(11, 12), frames.depth(15, 16)]
    stream += [frames.trade(1), frames.depth(17, 18), frames.snapshot(16), frames.depth(19, 20)]
    path = frames.recording(tmp_path, stream)
    feed = ReplayFeed([path])
    feed.begin_at(frames.START + 40_000_000)
    messages: list[MarketMessage] = []
    feed.pump(messages.append)
    states = [message.state.value for message in messages if isinstance(message, FeedStatus)]
    assert states == ["gap", "streaming"]
    assert (feed.gaps, feed.resyncs) == (1, 1)


def test_what_is_open_of_a_contract_stands_where_a_jump_leads() -> None:
    standing, symbol = Standing(), "BTC/USDT:USDT"
    standing.take(InstrumentListed(instrument(symbol), 1))
    for at in (2, 3):
        standing.take(OpenInterest(symbol, at, at, 100.0 + at))
    told = [each for each in standing.state(9) if isinstance(each, OpenInterest)]
    assert told == [OpenInterest(symbol, 3, 9, 103.0)]
