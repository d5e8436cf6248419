from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median

import msgspec
import pytest

from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    Candle,
    CandleHistory,
    FeedState,
    FeedStatus,
    FundingRate,
    FundingSettled,
    InstrumentListed,
    MarketMessage,
    MarkPrice,
    Side,
    Timeframe,
    Trade,
)
from tradetui.feeds.simulated.feed import SimulatedFeed
from tradetui.feeds.simulated.saved import SavedMarket, load
from tradetui.feeds.simulated.scenario import Scenario
from tradetui.market.market import Market

START = 1_790_000_123_000_000_000
SECOND = 1_000_000_000
ALL = (
    "BTC/USDT",
    "ETH/USDT",
    "SOL/USDT",
    "ADA/USDT",
    "PEPE/USDT",
    "BTC/USDT:USDT",
    "ETH/USDT:USDT",
)
BTC = ("BTC/USDT",)


def ran(feed: SimulatedFeed, seconds: float) -> list[MarketMessage]:
    messages: list[MarketMessage] = []
    for _ in range(round(8 * seconds)):
        messages += feed.advance()
    return messages


def opened(seed: int = 7, *, scenario: str = "normal", symbols: tuple[str, ...] = ALL) -> SimulatedFeed:
    feed = SimulatedFeed(seed, scenario=scenario, start_ts=START, symbols=symbols)
    for _ in feed.open():
        pass
    return feed


def histories(feed: SimulatedFeed, symbol: str) -> dict[Timeframe, list[Candle]]:
    return {
        message.timeframe: message.candles
        for message in feed.open()
        if isinstance(message, CandleHistory) and message.symbol == symbol
    }


def prices(messages: list[MarketMessage], symbol: str = "BTC/USDT") -> list[tuple[int, float]]:
    return [(m.ts_received, m.price) for m in messages if isinstance(m, Trade) and m.symbol == symbol]


def digest(seed: int) -> str:
    feed = SimulatedFeed(seed, start_ts=START)
    total = hashlib.sha256()
    for message in (*feed.open(), *ran(feed, 5)):
        total.update(msgspec.json.encode(message))
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    code = "from tests.feeds.test_simulated import digest; print(digest(11))"
    found = set()
    for hash_seed in ("0", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        found.add(done.stdout.strip())
    assert found == {digest(11)}
    assert digest(12) not in found


def test_messages_of_a_symbol_come_in_the_order_that_every_feed_keeps() -> None:
    messages = list(SimulatedFeed(7, start_ts=START).open())
    for symbol in ALL:
        mine = [type(m) for m in messages if getattr(m, "symbol", "") == symbol]
        assert mine.pop(0) is InstrumentListed
        assert mine[:2] == [FeedStatus, CandleHistory]
        assert mine.count(CandleHistory) == len(Timeframe)
    assert [m.symbol for m in messages if isinstance(m, InstrumentListed)] == list(ALL)
    assert all(
        [s.state for s in messages if isinstance(s, FeedStatus) and s.symbol == symbol]
        == [FeedState.CONNECTING, FeedState.STREAMING]
        for symbol in ALL
    )


@pytest.mark.parametrize("symbol", ALL)
def test_every_timeframe_starts_with_five_hundred_sound_candles(symbol: str) -> None:
    for timeframe, candles in histories(SimulatedFeed(7, start_ts=START, symbols=[symbol]), symbol).items():
        length = timeframe.seconds * SECOND
        assert len(candles) == 500
        assert candles[-1].open_ts == START // length * length - length
        for before, after in pairwise(candles):
            assert after.open_ts - before.open_ts == length
            assert after.open == before.close
        for candle in candles:
            assert 0 < candle.low <= min(candle.open, candle.close)
            assert candle.high >= max(candle.open, candle.close)
            assert candle.volume > 0
            assert abs(candle.delta) <= candle.volume


def test_longer_candles_are_made_of_the_shorter_ones() -> None:
    found = histories(SimulatedFeed(7, start_ts=START, symbols=["ETH/USDT"]), "ETH/USDT")
    for shorter, longer in pairwise(frame for frame in Timeframe if frame is not Timeframe.M3):
        parts: dict[int, list[Candle]] = {}
        for candle in found[shorter]:
            start = candle.open_ts // (longer.seconds * SECOND) * longer.seconds * SECOND
            parts.setdefault(start, []).append(candle)
        whole = {candle.open_ts: candle for candle in found[longer]}
        per_candle = longer.seconds // shorter.seconds
        checked = 0
        for start, members in parts.items():
            if len(members) == per_candle and start in whole:
                candle = whole[start]
                assert (candle.open, candle.close) == (members[0].open, members[-1].close)
                assert candle.high == max(member.high for member in members)
                assert candle.low == min(member.low for member in members)
                assert candle.volume == pytest.approx(sum(member.volume for member in members))
                checked += 1
        assert checked > 50
    three = {candle.open_ts: candle for candle in found[Timeframe.M3]}
    assert {three[c.open_ts].open for c in found[Timeframe.M15][-30:]} == {
        candle.open for candle in found[Timeframe.M15][-30:]
    }


@pytest.mark.parametrize("symbol", ALL[:5])
@pytest.mark.parametrize("seed", [1, 7])
def test_a_day_ranges_over_five_to_ten_percent_as_a_rule(symbol: str, seed: int) -> None:
    days = histories(SimulatedFeed(seed, start_ts=START, symbols=[symbol]), symbol)[Timeframe.D1]
    ranges = sorted((day.high - day.low) / day.open for day in days)
    assert 0.045 < median(ranges) < 0.105
    assert ranges[25] > 0.015
    assert ranges[-25] < 0.25


def test_there_are_quiet_and_busy_stretches() -> None:
    hours = histories(SimulatedFeed(7, start_ts=START, symbols=["BTC/USDT"]), "BTC/USDT")[Timeframe.H1]
    ranges = [(hour.high - hour.low) / hour.open for hour in hours]
    spans = sorted(median(ranges[start : start + 12]) for start in range(0, 492, 12))
    assert spans[-4] > 1.5 * spans[3]


def test_the_live_price_goes_on_where_history_ends() -> None:
    feed = SimulatedFeed(7, start_ts=START)
    last = {}
    for message in feed.open():
        if isinstance(message, CandleHistory) and message.timeframe is Timeframe.S1:
            last[message.symbol] = message.candles[-1].close
        elif isinstance(message, BookSnapshot):
            middle = (message.bids[0][0] + message.asks[0][0]) / 2
            assert middle == pytest.approx(last[message.symbol], rel=0.003)


def books_while(feed: SimulatedFeed, seconds: float) -> tuple[dict[str, Market], dict[str, list[float]]]:
    """The books after a run, and each one's relative spreads; prints and crossing are checked on the way."""
    markets: dict[str, Market] = {}
    spreads: dict[str, list[float]] = {}
    taken: dict[tuple[str, int], float] = {}
    newest = 0
    for message in (*feed.open(), *ran(feed, seconds)):
        assert message.ts_received >= newest
        newest = message.ts_received
        if isinstance(message, InstrumentListed):
            markets[message.symbol] = Market(message.instrument)
        market = markets[getattr(message, "symbol", "")]
        book = market.book
        if isinstance(message, Trade):
            tick = book.tick_of(message.price)
            side = Side.SELL if message.aggressor is Side.BUY else Side.BUY
            key = (message.symbol, tick)
            taken[key] = taken.get(key, 0.0) + message.qty
            assert taken[key] <= book.qty_at(side, tick) * (1 + 1e-9)
        market.apply(message)
        if isinstance(message, BookDelta | BookSnapshot):
            taken = {key: qty for key, qty in taken.items() if key[0] != message.symbol}
            assert book.best_bid is not None
            assert book.best_ask is not None
            assert book.best_bid < book.best_ask
            spreads.setdefault(message.symbol, []).append((book.best_ask - book.best_bid) / book.best_bid)
    return markets, spreads


@pytest.mark.parametrize("scenario", list(Scenario))
def test_books_never_cross_and_prints_take_only_what_was_displayed(scenario: Scenario) -> None:
    books_while(SimulatedFeed(7, scenario=scenario, start_ts=START), 45)


def test_spreads_widen_and_trading_thins_from_deep_to_thin() -> None:
    feed = SimulatedFeed(7, start_ts=START)
    _, spreads = books_while(feed, 60)
    spots = [median(spreads[symbol]) for symbol in ALL[:5]]
    assert spots == sorted(spots)
    assert spots[-1] > 50 * spots[0]
    trades = [len(prices(ran(feed, 60), symbol)) for symbol in ("BTC/USDT", "ADA/USDT", "PEPE/USDT")]
    assert trades == sorted(trades, reverse=True)
    assert trades[0] > 120
    assert trades[-1] < 60


def test_order_flow_comes_in_clusters_and_leans_on_the_last_order() -> None:
    messages = ran(opened(symbols=BTC), 400)
    trades = [message for message in messages if isinstance(message, Trade)]
    counts = [0] * 400
    for trade in trades:
        counts[(trade.ts_received - START) // SECOND % 400] += 1
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)
    assert variance > 1.5 * mean, "a Poisson process has a variance equal to its mean"
    same = sum(a.aggressor is b.aggressor for a, b in pairwise(trades)) / (len(trades) - 1)
    assert same > 0.6


def test_liquid_symbols_speak_about_ten_times_a_second_and_perpetuals_have_marks() -> None:
    messages = ran(opened(), 10)
    deltas = [m.symbol for m in messages if isinstance(m, BookDelta)]
    assert 70 <= deltas.count("BTC/USDT") <= 110
    marks = [m.symbol for m in messages if isinstance(m, MarkPrice)]
    assert {symbol: marks.count(symbol) for symbol in set(marks)} == {
        "BTC/USDT:USDT": 10,
        "ETH/USDT:USDT": 10,
    }


def test_levels_stay_many_while_the_price_wanders() -> None:
    markets, _ = books_while(SimulatedFeed(3, scenario="flash-crash", start_ts=START), 60)
    for market in markets.values():
        assert len(list(market.book.levels(Side.BUY))) >= 30
        assert len(list(market.book.levels(Side.SELL))) >= 30


def at(found: list[tuple[int, float]], second: float) -> float:
    return next(price for ts, price in found if ts >= START + second * SECOND)


def test_the_calm_is_calmer_and_the_trend_trends() -> None:
    calm = [price for _, price in prices(ran(opened(scenario="calm", symbols=BTC), 60))]
    usual = [price for _, price in prices(ran(opened(symbols=BTC), 60))]
    assert max(calm) - min(calm) < max(usual) - min(usual)
    trend = prices(ran(opened(scenario="trend", symbols=BTC), 180))
    assert at(trend, 170) / at(trend, 1) > 1.008


def test_the_range_returns_and_the_breakout_leaves() -> None:
    found = prices(ran(opened(scenario="range", symbols=BTC), 90))
    assert at(found, 40) == pytest.approx(at(found, 1), rel=0.001)
    assert at(found, 20) / at(found, 1) > 1.002
    broken = prices(ran(opened(scenario="breakout", symbols=BTC), 75))
    before = [price for ts, price in broken if ts < START + 20 * SECOND]
    assert max(before) / min(before) < 1.002
    assert at(broken, 70) / before[-1] > 1.012


def test_the_flash_crash_falls_fast_on_a_thin_book_and_recovers_in_part() -> None:
    feed = opened(scenario="flash-crash", symbols=BTC)
    messages = ran(feed, 95)
    found = prices(messages)
    before, bottom, after = at(found, 14), min(price for _, price in found), at(found, 90)
    assert 0.92 < bottom / before < 0.95
    assert bottom < after < before
    assert 0.4 < (after - bottom) / (before - bottom) < 0.8
    assert any(bottom == price for ts, price in found if ts < START + 30 * SECOND)


def test_the_gap_leaps_over_levels_without_prints() -> None:
    found = prices(ran(opened(scenario="gap", symbols=BTC), 30))
    leaps = [(ts, after / before) for (_, before), (ts, after) in pairwise(found) if after / before > 1.01]
    assert len(leaps) == 1
    assert 9 < (leaps[0][0] - START) / SECOND < 13


def test_the_thin_market_has_less_depth_and_wider_spreads() -> None:
    thin, thin_spreads = books_while(SimulatedFeed(7, scenario="thin", start_ts=START, symbols=BTC), 60)
    usual, usual_spreads = books_while(SimulatedFeed(7, start_ts=START, symbols=BTC), 60)
    symbol = "BTC/USDT"

    def depth(market: Market) -> float:
        return sum(qty for _, qty in list(market.book.levels(Side.BUY))[:10])

    assert depth(thin[symbol]) < 0.4 * depth(usual[symbol])
    assert median(thin_spreads[symbol]) > 3 * median(usual_spreads[symbol])


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("stall", [FeedState.STALE, FeedState.STREAMING]),
        (
            "disconnect",
            [FeedState.DOWN, FeedState.DOWN, FeedState.CONNECTING, FeedState.STREAMING],
        ),
    ],
)
def test_faults_are_told_once_and_end_with_a_snapshot(scenario: str, expected: list[FeedState]) -> None:
    messages = [m for m in ran(opened(scenario=scenario), 40) if getattr(m, "symbol", "") == "BTC/USDT"]
    told = [number for number, m in enumerate(messages) if isinstance(m, FeedStatus)]
    assert [m.state for m in messages if isinstance(m, FeedStatus)] == expected
    between = messages[told[0] : told[-1]]
    assert [type(m) for m in between if not isinstance(m, FeedStatus)] == [BookSnapshot]
    silence = messages[told[0]].ts_received - messages[told[0] - 1].ts_received
    assert silence > 4 * SECOND if scenario == "stall" else silence < SECOND


def test_a_restart_goes_on_with_clock_prices_and_history(tmp_path: Path) -> None:
    path = tmp_path / "sim.json"
    first = SimulatedFeed(7, scenario="trend", state_path=path, start_ts=START, symbols=BTC)
    list(first.open())
    ran(first, 120)
    last = ran(first, 1)[-1].ts_received
    before = {symbol: [p for _, p in prices(ran(first, 20), symbol)] for symbol in ("BTC/USDT",)}
    first.save()
    again = SimulatedFeed(7, state_path=path, start_ts=START + 999 * SECOND, symbols=BTC)
    messages = list(again.open())
    assert last < again.ts <= first.ts + 3 * SECOND
    book = next(m for m in messages if isinstance(m, BookSnapshot) and m.symbol == "BTC/USDT")
    assert book.bids[0][0] == pytest.approx(before["BTC/USDT"][-1], rel=0.001)
    candles = next(m for m in messages if isinstance(m, CandleHistory) and m.symbol == "BTC/USDT").candles
    assert candles[-1].close == pytest.approx(book.bids[0][0], rel=0.002)


def test_another_seed_keeps_the_clock_and_the_journal_can_push_it_forward(tmp_path: Path) -> None:
    path = tmp_path / "sim.json"
    first = SimulatedFeed(7, state_path=path, start_ts=START)
    first.save()
    assert SimulatedFeed(8, state_path=path, start_ts=5).ts >= START
    later = START + 3600 * SECOND
    assert SimulatedFeed(7, state_path=path, not_before=later).ts >= later


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"seed":1,"ts":-5}', b'{"version":9,"seed":1,"ts":5}', b"\xff\x00"]
)
def test_a_damaged_state_file_is_told_and_set_aside(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "sim.json"
    path.write_bytes(text)
    feed = SimulatedFeed(7, state_path=path, start_ts=START)
    assert feed.ts == START
    assert len(feed.notes) == 1
    assert "damaged" in feed.notes[0]
    assert (tmp_path / "sim.json.damaged").read_bytes() == text
    assert any("damaged" in m.text for m in feed.open() if isinstance(m, FeedStatus))


def test_a_folder_that_can_not_be_written_is_told_and_the_market_runs_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    feed = SimulatedFeed(7, state_path=tmp_path / "file" / "sim.json", start_ts=START)
    feed.save()
    assert "can not be" in feed.notes[0]
    assert ran(feed, 1) is not None


async def test_running_keeps_the_walls_pace_and_saves_when_it_stops(tmp_path: Path) -> None:
    path = tmp_path / "sim.json"
    feed = SimulatedFeed(7, state_path=path, start_ts=START, speed=20.0, symbols=["BTC/USDT"])
    enough = asyncio.Event()

    def sink(message: MarketMessage) -> None:
        if message.ts_received > START + 3 * SECOND:
            enough.set()

    task = asyncio.create_task(feed.run(sink))
    async with asyncio.timeout(10):
        await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    saved, note = load(path)
    assert note == ""
    assert isinstance(saved, SavedMarket)
    assert saved.ts == feed.ts > START + 2 * SECOND


def test_the_clock_survives_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "sim.json"
    code = (
        "import asyncio, sys; from pathlib import Path\n"
        "from tradetui.feeds.simulated.feed import SimulatedFeed\n"
        f"feed = SimulatedFeed(7, state_path=Path({str(path)!r}), start_ts={START}, speed=10.0)\n"
        "asyncio.run(feed.run(lambda m: print(m.ts_received, flush=True)))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    seen = START
    for row in process.stdout:
        seen = int(row)
        if seen > START + 15 * SECOND:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert load(path)[0] is not None
    assert START + 2 * SECOND < SimulatedFeed(7, state_path=path, start_ts=5).ts < seen + 20 * SECOND


def test_perpetuals_settle_funding_every_eight_hours_at_small_rates() -> None:
    hour = 3600 * SECOND
    due = START // (8 * hour) * 8 * hour + 8 * hour
    feed = SimulatedFeed(7, start_ts=due - 30 * SECOND, symbols=["BTC/USDT", "BTC/USDT:USDT"])
    told = [m for m in feed.open() if isinstance(m, FundingSettled | FundingRate)]
    assert [type(m) for m in told] == [FundingSettled, FundingRate]
    assert told[0].ts_exchange == due - 8 * hour
    found = [m for m in ran(feed, 125) if isinstance(m, FundingSettled | FundingRate)]
    assert {m.symbol for m in [*told, *found]} == {"BTC/USDT:USDT"}
    (settled,) = [m for m in found if isinstance(m, FundingSettled)]
    assert settled.ts_exchange == due <= settled.ts_received
    marks = [m for m in opened(7, symbols=("BTC/USDT:USDT",)).open() if isinstance(m, MarkPrice)]
    assert marks
    assert settled.mark is not None
    assert 0.5 < settled.mark / 64_000 < 2
    rates = [m for m in (*told, *found) if isinstance(m, FundingRate)]
    assert [m.next_ts for m in rates] == [due, due + 8 * hour, due + 8 * hour]
    assert all(-0.0004 <= m.rate <= 0.0006 for m in rates)
    assert -0.0004 <= settled.rate <= 0.0006


def test_a_funding_time_that_fell_into_an_outage_is_told_afterwards() -> None:
    hour = 3600 * SECOND
    due = START // (8 * hour) * 8 * hour + 8 * hour
    feed = SimulatedFeed(7, scenario="disconnect", start_ts=due - 32 * SECOND, symbols=["BTC/USDT:USDT"])
    for _ in feed.open():
        pass
    settled = [m.ts_exchange for m in ran(feed, 200) if isinstance(m, FundingSettled)]
    assert settled == [due]


def test_unknown_scenarios_and_symbols_are_refused() -> None:
    with pytest.raises(ValueError, match="boom"):
        SimulatedFeed(1, scenario="boom")
    with pytest.raises(ValueError, match="XRP/USDT"):
        SimulatedFeed(1, symbols=["XRP/USDT"])
