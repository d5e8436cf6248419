"""Older candles come page by page, without a hole, and words say what is being done."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tradetui.domain.market_data import Candle, CandleHistory, Side, Timeframe, Trade
from tradetui.errors import FeedError
from tradetui.feeds.protocol import Sink
from tradetui.market.candles import Candles
from tradetui.runtime import past as past_module
from tradetui.runtime.candle_cache import OLDEST_S, CandleCache, Page
from tradetui.runtime.past import LOADING, NO_OLDER, PAGE, Past

MINUTE = 60_000_000_000
NOW = 30_000_000 * MINUTE
SYMBOL, M1 = "BTC/USDT", Timeframe.M1


def candle(open_ts: int) -> Candle:
    number = open_ts // MINUTE
    return Candle(open_ts, 100.0 + number % 7, 120.0, 90.0, 101.0 + number % 5, 1.0 + number % 3)


def minutes(first: int, last: int) -> list[Candle]:
    return [candle(ts) for ts in range(first, last, MINUTE)]


class Exchange:
    """A feed with a past that begins somewhere; it counts questions and can fail."""

    own_clock = False
    symbols = (SYMBOL,)

    def __init__(self, begins: int) -> None:
        self.begins = begins
        self.asked: list[int] = []
        self.failure = ""
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def run(self, sink: Sink) -> None:
        del sink

    async def candles_before(
        self, symbol: str, timeframe: Timeframe, ts: int, count: int
    ) -> Sequence[Candle]:
        assert (symbol, timeframe) == (SYMBOL, M1)
        self.asked.append(ts)
        await self.go_on.wait()
        if self.failure:
            raise FeedError(self.failure)
        return minutes(max(self.begins, ts - count * MINUTE), ts)


def known(count: int, until: int = NOW) -> Candles:
    candles = Candles()
    candles.seed(CandleHistory(SYMBOL, M1, minutes(until - count * MINUTE, until), until))
    return candles


@asynccontextmanager
async def running(past: Past) -> AsyncIterator[None]:
    task = asyncio.create_task(past.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def settled(past: Past) -> None:
    """Until nothing is being loaded."""
    async with asyncio.timeout(10):
        while past.stretch(SYMBOL, M1) is None or past.is_loading:  # noqa: ASYNC110  (it tells nobody)
            await asyncio.sleep(0)


async def test_pages_join_without_a_hole_until_nothing_older_exists() -> None:
    exchange = Exchange(begins=NOW - 1_300 * MINUTE)
    past, candles = Past(exchange), known(100)
    async with running(past):
        for _ in range(4):
            past.want(SYMBOL, candles.series(M1))
            await settled(past)
    stretch = past.stretch(SYMBOL, M1)
    assert stretch is not None
    assert stretch.candles == minutes(exchange.begins, NOW)
    assert (stretch.is_oldest, stretch.words) == (True, NO_OLDER)
    assert exchange.asked == [NOW - n * MINUTE for n in (100, 100 + PAGE, 100 + 2 * PAGE, 1_300)]


async def test_one_page_at_a_time_is_asked_for_and_said_to_be() -> None:
    exchange = Exchange(begins=0)
    exchange.go_on.clear()
    past, candles = Past(exchange), known(10)
    async with running(past):
        for _ in range(5):
            past.want(SYMBOL, candles.series(M1))
            await asyncio.sleep(0)
        stretch = past.stretch(SYMBOL, M1)
        assert stretch is not None
        assert (stretch.words, len(exchange.asked)) == (LOADING, 1)
        exchange.go_on.set()
        await settled(past)
        assert (stretch.words, len(stretch.candles)) == ("", 10 + PAGE)


async def test_a_failure_is_worded_and_not_tried_again_at_once() -> None:
    now = [0.0]
    exchange = Exchange(begins=0)
    exchange.failure = "asked too often (HTTP 429)"
    past, candles = Past(exchange, monotonic=lambda: now[0]), known(10)
    async with running(past):
        for _ in range(3):
            past.want(SYMBOL, candles.series(M1))
            await settled(past)
        stretch = past.stretch(SYMBOL, M1)
        assert stretch is not None
        assert stretch.words == "older candles: asked too often (HTTP 429)"
        assert len(exchange.asked) == 1
        now[0], exchange.failure = 11.0, ""
        past.want(SYMBOL, candles.series(M1))
        await settled(past)
        assert (stretch.words, len(stretch.candles)) == ("", 10 + PAGE)


async def test_what_closes_meanwhile_is_kept_also_when_the_engine_drops_it() -> None:
    past, candles = Past(Exchange(begins=0)), known(2_000)
    async with running(past):
        past.want(SYMBOL, candles.series(M1))
        await settled(past)
    stretch = past.stretch(SYMBOL, M1)
    assert stretch is not None
    for number in range(30):
        ts = NOW + number * MINUTE
        candles.add(Trade(SYMBOL, ts, ts, 105.0, 1.0, Side.BUY))
        stretch.follow(candles.series(M1))
    opened = [each.open_ts for each in stretch.candles]
    assert opened == list(range(NOW - 2_500 * MINUTE, NOW + 29 * MINUTE, MINUTE))
    assert opened[0] < candles.series(M1).closed(2_000)[0].open_ts - PAGE * MINUTE


async def test_where_old_and_new_do_not_meet_the_old_is_given_up() -> None:
    past, candles = Past(Exchange(begins=0)), known(10)
    async with running(past):
        past.want(SYMBOL, candles.series(M1))
        await settled(past)
    stretch = past.stretch(SYMBOL, M1)
    assert stretch is not None
    stretch.follow(known(10, until=NOW + 5_000 * MINUTE).series(M1))
    assert stretch.candles == []


@pytest.fixture
def cache(tmp_path: Path) -> CandleCache:
    return CandleCache(tmp_path / "candles.db", "binance")


async def test_a_second_look_costs_no_question(cache: CandleCache) -> None:
    first, second = Exchange(begins=NOW - 800 * MINUTE), Exchange(begins=0)
    found = []
    for exchange in (first, second):
        past, candles = Past(exchange, cache=cache, again_s=0.0), known(100)
        async with running(past):
            for _ in range(4):
                past.want(SYMBOL, candles.series(M1))
                await settled(past)
        stretch = past.stretch(SYMBOL, M1)
        assert stretch is not None
        found.append((stretch.candles, stretch.is_oldest))
    assert found[0] == found[1]
    assert first.asked[1:] == first.asked[1:2] + [first.begins] * 2, "an end is asked for twice"
    assert second.asked == []


async def test_one_empty_answer_is_no_end(cache: CandleCache, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = Exchange(begins=0)
    truly, answers = exchange.candles_before, iter([False])

    async def hiccup(symbol: str, timeframe: Timeframe, ts: int, count: int) -> Sequence[Candle]:
        return await truly(symbol, timeframe, ts, count) if next(answers, True) else []

    monkeypatch.setattr(exchange, "candles_before", hiccup)
    past, candles = Past(exchange, cache=cache, again_s=0.0), known(100)
    async with running(past):
        past.want(SYMBOL, candles.series(M1))
        await settled(past)
    stretch = past.stretch(SYMBOL, M1)
    assert stretch is not None
    assert (stretch.is_oldest, len(stretch.candles)) == (False, 100 + PAGE)


def page(first: int, last: int, *, is_oldest: bool = False) -> Page:
    return Page(tuple(minutes(first, last)), first, last, is_oldest)


def test_only_what_reaches_the_moment_without_a_hole_is_told(cache: CandleCache) -> None:
    hour = 60 * MINUTE
    cache.keep(SYMBOL, M1, page(NOW - hour, NOW))
    assert cache.before(SYMBOL, M1, NOW + MINUTE, 10) is None
    assert cache.before(SYMBOL, Timeframe.M5, NOW, 10) is None
    assert cache.before(SYMBOL, M1, NOW - hour, 10) is None
    cache.keep(SYMBOL, M1, page(NOW - 3 * hour, NOW - 2 * hour))
    told = cache.before(SYMBOL, M1, NOW, 500)
    assert told is not None
    assert (len(told.candles), told.candles[-1]) == (60, candle(NOW - MINUTE))
    cache.keep(SYMBOL, M1, page(NOW - 2 * hour, NOW - hour))
    told = cache.before(SYMBOL, M1, NOW, 500)
    assert told is not None
    assert list(told.candles) == minutes(NOW - 3 * hour, NOW)


def test_markets_share_the_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "candles.db"
    CandleCache(path, "binance").keep(SYMBOL, M1, page(NOW - MINUTE, NOW))
    assert CandleCache(path, "kraken").before(SYMBOL, M1, NOW, 10) is None


def test_the_file_has_a_bound_and_an_age(tmp_path: Path) -> None:
    now, path = [0.0], tmp_path / "candles.db"
    cache = CandleCache(path, "binance", most_bytes=900 * 90, wall=lambda: now[0])
    for number in range(5):
        now[0] += 1
        first = NOW + number * 1_000 * MINUTE
        cache.keep(SYMBOL, M1, page(first, first + 300 * MINUTE))
    kept = [cache.before(SYMBOL, M1, NOW + (n * 1_000 + 300) * MINUTE, 10) is not None for n in range(5)]
    assert kept == [False, False, True, True, True]
    now[0] += OLDEST_S + 1
    cache.keep(SYMBOL, Timeframe.M5, page(NOW - MINUTE, NOW))
    with sqlite3.connect(path) as base:
        assert base.execute("SELECT count(*) FROM candles").fetchone() == (1,)
    base.close()


def test_an_end_is_believed_for_a_day(tmp_path: Path) -> None:
    now = [0.0]
    cache = CandleCache(tmp_path / "candles.db", "binance", wall=lambda: now[0])
    cache.keep(SYMBOL, M1, Page((), NOW, NOW, is_oldest=True))
    told = cache.before(SYMBOL, M1, NOW, 10)
    assert told == Page((), NOW, NOW, is_oldest=True)
    now[0] += 86_401
    assert cache.before(SYMBOL, M1, NOW, 10) is None


@pytest.mark.parametrize("harm", ["deleted", "garbage"])
def test_a_lost_or_damaged_file_costs_a_question_and_no_more(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "candles.db"
    cache = CandleCache(path, "binance")
    cache.keep(SYMBOL, M1, page(NOW - MINUTE, NOW))
    for each in tmp_path.iterdir():
        each.unlink()
    if harm == "garbage":
        path.write_bytes(b"no database at all " * 100)
    assert cache.before(SYMBOL, M1, NOW, 10) is None
    cache.keep(SYMBOL, M1, page(NOW - MINUTE, NOW))
    assert cache.before(SYMBOL, M1, NOW, 10) is not None


async def test_a_series_out_of_order_is_begun_anew_and_breaks_nothing() -> None:
    candles = known(10)
    past = Past(Exchange(begins=0))
    series = candles.series(M1)
    past.want(SYMBOL, series)
    stretch = past.stretch(SYMBOL, M1)
    assert stretch is not None
    candles.seed(CandleHistory(SYMBOL, M1, minutes(NOW + 50 * MINUTE, NOW + 60 * MINUTE), NOW))
    stretch.follow(series)
    async with running(past):
        await settled(past)
        past.want(SYMBOL, series)
        await settled(past)
    opened = [each.open_ts for each in stretch.candles]
    assert opened == sorted(set(opened))


async def test_minutes_without_a_trade_carry_the_close_as_the_engines_do() -> None:
    thin, engine = Exchange(begins=0), Candles()
    past, candles = Past(thin), known(10)
    missing = {NOW - n * MINUTE for n in (11, 12, 300)}
    whole = thin.candles_before

    async def thinned(symbol: str, timeframe: Timeframe, ts: int, count: int) -> Sequence[Candle]:
        return [each for each in await whole(symbol, timeframe, ts, count) if each.open_ts not in missing]

    thin.candles_before = thinned  # type: ignore[method-assign]
    async with running(past):
        past.want(SYMBOL, candles.series(M1))
        await settled(past)
    stretch = past.stretch(SYMBOL, M1)
    assert stretch is not None
    kept = [each for each in minutes(NOW - 510 * MINUTE, NOW) if each.open_ts not in missing]
    engine.seed(CandleHistory(SYMBOL, M1, kept, NOW))
    assert stretch.candles == engine.series(M1).closed(1_000)
    assert len(stretch.candles) == 510


async def test_a_chart_has_a_bound_and_says_that_it_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_module, "_MOST_CANDLES", 700)
    exchange = Exchange(begins=0)
    past, candles = Past(exchange), known(100)
    async with running(past):
        for _ in range(4):
            past.want(SYMBOL, candles.series(M1))
            await settled(past)
    stretch = past.stretch(SYMBOL, M1)
    assert stretch is not None
    assert (len(stretch.candles), len(exchange.asked)) == (1_100, 2)
    assert stretch.words == past_module.FULL
