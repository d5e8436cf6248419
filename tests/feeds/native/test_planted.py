"""Captures with faults that somebody else planted, played as a venue's frames: each is told apart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from time import time_ns
from typing import Any

import pytest

from tests.exchanges.collector import Collector
from tests.exchanges.exchange import BOOK, TRADES, Exchange
from tests.exchanges.planted import (
    DepthFrame,
    Difference,
    Row,
    TradeFrame,
    Trx,
    book_of,
    depth_frames,
    differences,
    planted,
    rows_of,
    trade_frames,
)
from tests.exchanges.tape import Change, Market
from tests.exchanges.venues.binance import Binance
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    MissedTrades,
    Trade,
)
from tradetui.domain.profile import Profile
from tradetui.feeds.native.connection import Connection
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of

PRICE, NO_TIME = Difference(0, "Price", "-1"), Difference(0, "EventTime", "0")
AHEAD, BROKEN = Difference(7, "EventTime", "1741046400464222"), Difference(7, "FirstUpdateId", "5434434571")
BROKEN_TOO = Difference(8, "FirstUpdateId", "5434434571")
NEXT_DAY = [Difference(9999, name, "1741132800000000") for name in ("TimestampOfReceive", "EventTime")]
TWICE = Difference(2, "TradeId", "348656871")
LATE = Difference(9999, "TimestampOfReceive", "1741132734000000")
LOST = 348656872
"""The print whose number was overwritten."""
ONE_BY_ONE = 10
"""So many diffs are heard each before the next is told: faults lie close together."""
CALM: dict[str, Any] = {"stale_after_s": 30.0, "first_book_s": 30.0, "retry_s": 0.02}


class Replayed(NativeFeed):
    """A feed to which each frame comes at the moment of its capture."""

    received_at: Mapping[bytes, int] = {}

    def received(self, connection: Connection, frames: Sequence[bytes], ts_received: int) -> None:
        for frame in frames:
            super().received(connection, [frame], self.received_at.get(frame, ts_received))


class Play:
    """A venue that tells captured frames, and the feed that hears them."""

    def __init__(self, exchange: Exchange, feed: Replayed, collector: Collector) -> None:
        self.exchange, self.feed, self.collector = exchange, feed, collector
        self.symbol = exchange.wording.symbol

    @property
    def stats(self) -> Any:
        return self.feed.stats(self.symbol)

    def told(self) -> list[FeedState]:
        """The states since the book stood first."""
        states = self.collector.states(self.symbol)
        return states[states.index(FeedState.STREAMING) + 1 :]

    def words(self) -> list[str]:
        return [each.text for each in self.collector.of(FeedStatus) if each.text]

    def deltas(self) -> list[BookDelta]:
        return self.collector.of(BookDelta)

    def check_book(self) -> None:
        """The book is the venue's, and nothing that can not be was in it on the way."""
        assert self.collector.top(self.symbol, 2000) == self.exchange.top(2000)
        whole: list[BookSnapshot | BookDelta] = [*self.collector.of(BookSnapshot)]
        for each in [*whole, *self.deltas()]:
            assert all(price > 0 and qty >= 0 for price, qty in (*each.bids, *each.asks))

    async def live(self) -> None:
        def is_live() -> bool:
            states = self.collector.states(self.symbol)
            return bool(states) and states[-1] is FeedState.STREAMING

        await self.collector.until(is_live)

    async def follow(self, *, id_: int) -> None:
        """The book has come as far as the venue's."""
        await self.collector.until(lambda: self.collector.books[self.symbol].last_id == id_)
        await self.live()

    async def depth(self, frames: Sequence[DepthFrame], good: Sequence[DepthFrame]) -> None:
        """Tell the frames, while the venue's own book goes as the good ones say."""
        self.feed.received_at = {each.text.encode(): each.received_ns for each in frames}
        for number, (frame, truth) in enumerate(zip(frames, good, strict=True)):
            self.exchange.market.take(Change(truth.bids, truth.asks))
            self.exchange.wording.last_id = truth.last_id  # type: ignore[attr-defined]
            await self.exchange.emit(BOOK, [frame.text])
            if number < ONE_BY_ONE:
                await self.follow(id_=truth.last_id)
        await self.follow(id_=good[-1].last_id)

    async def trades(self, frames: Sequence[TradeFrame], good: Sequence[TradeFrame]) -> None:
        """Tell the frames a hundred at a time, while the venue's REST knows the good ones."""
        self.feed.received_at = {each.text.encode(): each.received_ns for each in frames}
        for number, (frame, truth) in enumerate(zip(frames, good, strict=True), 1):
            self.exchange.prints.append(truth.told)
            await self.exchange.emit(TRADES, [frame.text])
            if number % 100 == 0 or number == len(frames):
                newest = truth.told.number
                await self.collector.until(lambda newest=newest: self.prints()[-1:] == [newest])  # type: ignore[misc]

    def prints(self) -> list[Any]:
        """The numbers in the order in which they came."""
        return [trade.trade_id for trade in self.in_order()]

    def in_order(self) -> list[Trade]:
        found = list[Trade]()
        for message in self.collector.messages:
            found += [message] if isinstance(message, Trade) else []
            found += message.trades if isinstance(message, MissedTrades) else []
        return found


@asynccontextmanager
async def playing(wording: Binance, start: Change, last_id: int) -> AsyncIterator[Play]:
    """A feed whose book stands at the beginning of a capture."""
    wording.last_id = last_id
    exchange, collector = Exchange(wording, Market([start])), Collector()
    async with exchange.running():
        profile = Profile(name="x", exchange="binance", symbols=(wording.symbol,), endpoint=exchange.address)
        feed = Replayed(profile, venue_of(profile), **CALM)
        task = asyncio.create_task(feed.run(collector))
        try:
            play = Play(exchange, feed, collector)
            await play.live()
            await collector.until(lambda: exchange.listening(BOOK, TRADES))
            yield play
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def begins_now(rows: Sequence[Row]) -> int:
    """The milliseconds by which a capture's times are moved: prints from before the book are not missed."""
    return time_ns() // 1_000_000 - int(rows[0]["TimestampOfReceive"]) // 1000


FAR = Change([(Decimal("0.0001"), Decimal(1))], [(Decimal(9), Decimal(1))])
"""A book that stands far away from the captured levels."""


@asynccontextmanager
async def depth_played(good: Sequence[Row], bad: Sequence[Row]) -> AsyncIterator[Play]:
    """The feed after it heard the bad rows at a venue that goes on as the good ones."""
    async with playing(Trx(), FAR, int(good[0]["FirstUpdateId"]) - 1) as play:
        shift = begins_now(good)
        told, true = list(depth_frames(bad, good, shift)), list(depth_frames(good, good, shift))
        await play.depth(told, true)
        play.check_book()
        yield play


@asynccontextmanager
async def trades_played(good: Sequence[Row], bad: Sequence[Row]) -> AsyncIterator[Play]:
    async with playing(Trx(), FAR, 1) as play:
        shift = begins_now(good)
        told, true = list(trade_frames(bad, shift)), list(trade_frames(good, shift))
        await play.trades(told, true)
        came = {trade.trade_id: trade for trade in play.in_order()}
        assert play.prints() == [each.told.number for each in true]
        for each in true:
            trade = came[each.told.number]
            assert (trade.price, trade.qty) == (float(each.told.price), float(each.told.qty))
            assert trade.aggressor == each.told.side
        yield play


@pytest.fixture
def depth(captures: Path) -> list[Row]:
    return rows_of(captures, "depth", "positive")


@pytest.fixture
def trades(captures: Path) -> list[Row]:
    return rows_of(captures, "trades", "positive")


def test_every_cell_that_was_planted_is_looked_at_here(
    captures: Path, depth: list[Row], trades: list[Row]
) -> None:
    found = list(differences(depth, rows_of(captures, "depth", "negative")))
    assert set(found) == {PRICE, NO_TIME, AHEAD, BROKEN, BROKEN_TOO, *NEXT_DAY}
    found = list(differences(trades, rows_of(captures, "trades", "negative")))
    assert set(found) == {TWICE, LATE}


# --- diffs of a book


async def test_good_diffs_pass_without_a_word(depth: list[Row]) -> None:
    async with depth_played(depth, depth) as play:
        assert play.told() == []
        assert (play.stats.gaps, play.stats.bad_messages, play.stats.bad_times) == (0, 0, 0)


async def test_all_planted_diffs_at_once_are_two_gaps_and_the_book_is_right(
    captures: Path, depth: list[Row]
) -> None:
    async with depth_played(depth, rows_of(captures, "depth", "negative")) as play:
        gaps = [s.text for s in play.collector.of(FeedStatus) if s.state is FeedState.GAP]
        assert len(gaps) == play.stats.gaps == 2
        assert "Expected `float` > 0.0" in gaps[0]
        assert gaps[1] == "expected the update after 5434434569, was U 5434434571"
        assert play.stats.bad_messages == 1
        assert FeedState.LAGGING not in play.told()


async def test_a_price_below_zero_is_refused_and_the_book_is_taken_anew(depth: list[Row]) -> None:
    async with depth_played(depth[:200], planted(depth[:200], [PRICE])) as play:
        assert play.stats.bad_messages == play.stats.gaps == 1
        assert play.told()[0] is FeedState.GAP
        assert any("Expected `float` > 0.0" in words for words in play.words())
        assert 5434434566 not in [each.update_id for each in play.deltas()]


async def test_a_time_of_zero_is_counted_and_not_taken(depth: list[Row]) -> None:
    async with depth_played(depth[:200], planted(depth[:200], [NO_TIME])) as play:
        assert play.stats.bad_times == 1
        assert (play.stats.gaps, play.stats.bad_messages) == (0, 0)
        assert [each.ts_exchange == 0 for each in play.deltas()] == [
            True,
            *[False] * (len(play.deltas()) - 1),
        ]
        assert "the exchange's times can not be" in play.words()


async def test_a_broken_count_of_updates_is_a_gap_before_anything_more_of_the_book(depth: list[Row]) -> None:
    async with depth_played(depth[:200], planted(depth[:200], [BROKEN, BROKEN_TOO])) as play:
        assert play.stats.gaps == 1
        said = next(s for s in play.collector.of(FeedStatus) if s.state is FeedState.GAP)
        assert said.text == "expected the update after 5434434569, was U 5434434571"
        later = play.collector.messages[play.collector.messages.index(said) :]
        books = [each for each in later if isinstance(each, BookSnapshot | BookDelta)]
        assert isinstance(books[0], BookSnapshot)


@pytest.mark.parametrize("cells", [[AHEAD], NEXT_DAY], ids=["a millisecond ahead", "four seconds later"])
async def test_times_that_can_be_are_taken_as_they_are(depth: list[Row], cells: list[Difference]) -> None:
    start = max(0, cells[0].row - 100)
    good = depth[start : start + 200]
    bad = planted(depth, cells)[start : start + 200]
    async with depth_played(good, bad) as play:
        assert play.told() == []
        assert (play.stats.gaps, play.stats.bad_times) == (0, 0)
        (told,) = {int(bad[cell.row - start]["EventTime"]) // 1000 for cell in cells}
        shift = play.deltas()[0].ts_exchange // 1_000_000 - int(good[0]["EventTime"]) // 1000
        assert told + shift in [each.ts_exchange // 1_000_000 for each in play.deltas()]


# --- prints


async def test_good_prints_come_each_once(trades: list[Row]) -> None:
    async with trades_played(trades[:2000], trades[:2000]) as play:
        assert play.told() == []
        assert play.collector.of(MissedTrades) == []


async def test_an_id_that_comes_twice_is_left_out_and_the_one_that_it_hid_is_fetched(
    trades: list[Row],
) -> None:
    async with trades_played(trades[:400], planted(trades[:400], [TWICE])) as play:
        (missed,) = play.collector.of(MissedTrades)
        assert [each.trade_id for each in missed.trades] == [LOST]
        assert play.told() == []


async def test_a_print_that_took_a_day_is_late(trades: list[Row]) -> None:
    bad = planted(trades, [LATE])
    async with trades_played(trades[-300:], bad[-300:]) as play:
        assert play.told() == [FeedState.LAGGING]
        (words,) = [each.text for each in play.collector.of(FeedStatus) if each.state is FeedState.LAGGING]
        assert words == "data is 83454.8 s late"


async def test_all_planted_prints_at_once_are_told_apart(captures: Path, trades: list[Row]) -> None:
    async with trades_played(trades, rows_of(captures, "trades", "negative")) as play:
        assert [each.trade_id for each in play.collector.of(MissedTrades)[0].trades] == [LOST]
        assert play.told() == [FeedState.LAGGING]


# --- whole books


async def test_of_whole_books_an_old_one_is_no_book_of_the_stream_and_the_new_one_is(captures: Path) -> None:
    """The bad file lacks the second book: its first one, a level short, is all that REST tells."""
    good, bad = (rows_of(captures, "snapshot", kind) for kind in ("positive", "negative"))
    number, bids, asks = book_of(bad)
    assert (len(bids), len(asks), bad[0]["TimestampOfReceive"]) == (5000, 4999, "0000000000001")
    assert bad[1:] == good[1:9999]
    newest, new_bids, new_asks = book_of(good[10_000:])
    start = Change([(Decimal(1), Decimal(1))], [(Decimal(200_000), Decimal(1))])
    async with playing(Binance(), start, newest) as play:
        tell = {"lastUpdateId": number, "bids": bids, "asks": asks}
        play.exchange.rest_texts["depth"] = json.dumps(tell)
        bid = new_bids[0]
        event = {"e": "depthUpdate", "E": time_ns() // 1_000_000, "s": "BTCUSDT", "b": [bid], "a": []}
        frame = event | {"U": newest + 2, "u": newest + 2}
        await play.exchange.emit(BOOK, [json.dumps(frame)])
        await play.collector.until(lambda: play.stats.gaps >= 2)
        assert FeedState.STREAMING not in play.told()
        assert len(play.collector.of(BookSnapshot)) == 1
        tell = {"lastUpdateId": newest + 2, "bids": new_bids, "asks": new_asks}
        play.exchange.rest_texts["depth"] = json.dumps(tell)
        await play.live()
        whole = play.collector.of(BookSnapshot)[-1]
        assert (len(whole.bids), len(whole.asks), whole.update_id) == (5000, 5000, newest + 2)
        assert abs(whole.ts_received - time_ns()) < 3600 * 10**9
