"""Rates, delays and clocks as they are counted, against hand-made messages and the statistics module."""

from __future__ import annotations

import random
import statistics
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.engine.market import MS, SECOND
from tests.runtime.views_scene import Scene
from tradetui.domain.instrument import InstrumentKind, LeverageTier
from tradetui.domain.market_data import (
    BookDelta,
    FeedState,
    FeedStatus,
    FundingRate,
    InstrumentListed,
    MarketMessage,
    MarkPrice,
    Trade,
)
from tradetui.feeds.clock import VenueClock
from tradetui.feeds.health import FeedStats
from tradetui.feeds.protocol import Sink
from tradetui.feeds.scan.table import ScanTable
from tradetui.runtime.metering import Meter, Meters
from tradetui.runtime.views.health import HealthPart, maintenance_words
from tradetui.runtime.views.watchlist import WatchlistPart
from tradetui.runtime.vitals import Vitals, clock_words, early_words
from tradetui.runtime.watch import Watched

D = Decimal
START = 1_763_992_980 * SECOND


class Feeding:
    """A feed that counts, and never runs."""

    own_clock = False
    symbols = ("BTC/USDT:USDT", "ETH/USDT:USDT")

    def __init__(self) -> None:
        self.clock = VenueClock()
        self.counted = FeedStats(gaps=3, resyncs=2, reconnects=1, bad_messages=4, bad_times=5)

    def stats(self, symbol: str) -> FeedStats:
        assert symbol in self.symbols
        return self.counted

    async def run(self, sink: Sink) -> None:
        raise NotImplementedError


def trade(ts: int, late_ms: float) -> Trade:
    return Trade("BTC/USDT:USDT", ts - round(late_ms * MS), ts, 60_000.0, 0.5, None)


def test_a_rate_is_of_whole_seconds_and_falls_to_zero_in_silence() -> None:
    meter = Meter()
    for n in range(100):
        meter.take(0, START + n * SECOND // 10)
    at = START + 10 * SECOND
    assert meter.per_second(at) == pytest.approx(10.0)
    assert meter.per_second(at + 2 * SECOND) == pytest.approx(6.0)
    assert meter.per_second(at + 7 * SECOND) == 0.0
    assert meter.count == 100


def test_a_clock_that_is_set_back_does_not_break_a_rate() -> None:
    meter = Meter()
    meter.take(0, START)
    meter.take(0, START - 3600 * SECOND)
    assert meter.per_second(START - 3600 * SECOND + 1) == 1.0


def test_delays_are_the_quantiles_that_the_statistics_module_finds() -> None:
    meter, chance = Meter(), random.Random(5)
    late = [chance.expovariate(1 / 40) for _ in range(500)]
    for n, ms in enumerate(late):
        meter.take(START + n * MS - round(ms * MS), START + n * MS)
    known = statistics.quantiles(late, n=100, method="inclusive")
    delays = meter.delays()
    assert delays is not None
    assert delays.p50 == pytest.approx(known[49], rel=0.02)
    assert delays.p95 == pytest.approx(known[94], rel=0.05)
    assert delays.p99 == pytest.approx(known[98], rel=0.1)


def test_messages_without_the_venues_time_have_no_delay() -> None:
    meters = Meters()
    meters.take(BookDelta("BTC/USDT:USDT", 0, START, [], []))
    book = meters.of("BTC/USDT:USDT", "book")
    assert book is not None
    assert (book.count, book.delays()) == (1, None)
    assert meters.of("BTC/USDT:USDT", "trades") is None


@pytest.mark.parametrize(
    ("offset", "words"),
    [(0.0, ""), (999.0, ""), (3_240.0, "clock 3.2 s behind"), (-61_000.0, "clock 61.0 s ahead")],
)
def test_a_clock_is_called_wrong_from_a_second_on(offset: float, words: str) -> None:
    assert clock_words(offset) == words


@pytest.mark.parametrize(
    ("p50", "words"),
    [
        (None, ""),
        (0.0, ""),
        (-4.0, ""),
        (-80.0, "clock 80 ms behind or more"),
        (-2500.0, "clock 2.5 s behind or more"),
    ],
)
def test_a_negative_delay_is_a_clock_that_is_behind(p50: float | None, words: str) -> None:
    assert early_words(p50) == words


def test_the_answer_that_came_fastest_tells_the_offset_and_how_wrong_it_can_be() -> None:
    clock = VenueClock()
    ours = 1_763_992_980_000
    samples = [
        ((ours + at) * MS, (ours + at + took) * MS, ours + at + took // 2 + 3_000 + skew)
        for at, took, skew in ((0, 400, 150), (1_000, 20, 0), (2_000, 90, -40))
    ]
    clock.take(samples, now=7.0)
    assert clock.offset_ms == pytest.approx(3_000.5)
    assert clock.error_ms == pytest.approx(10.5)


def test_a_venue_that_tells_whole_seconds_is_believed_to_half_a_second() -> None:
    clock = VenueClock()
    ours = 1_763_992_980_400
    clock.take([(ours * MS, (ours + 20) * MS, 1_763_992_980_000)], now=7.0)
    assert clock.error_ms == pytest.approx(510.0)
    assert clock.offset_ms is not None
    assert abs(clock.offset_ms) <= clock.error_ms


def part(scene: Scene, *messages: MarketMessage, feed: Feeding | None = None) -> tuple[HealthPart, Vitals]:
    vitals = Vitals(feed or Feeding())
    for message in messages:
        vitals.take(message, 1000)
    return HealthPart(scene.engine, vitals), vitals


def test_a_measured_offset_is_taken_out_of_the_delays_and_said() -> None:
    scene, feed = Scene().begin(), Feeding()
    feed.clock.offset_ms, feed.clock.error_ms = 3_000.0, 12.0
    early = [trade(START + n * MS, 38.0 - 3_000.0) for n in range(20)]
    health, _ = part(scene, *early, feed=feed)
    view = health.view(scene.symbol, (scene.symbol,), now=START + SECOND)
    assert view is not None
    assert view.clock_corrected
    assert view.symbols[0].delays is not None
    assert view.symbols[0].delays.p50 == pytest.approx(38.0)
    assert view.clock.text == "clock 3.0 s behind"
    assert health.brief(scene.symbol, now=START + SECOND).clock_text == "clock 3.0 s behind"


def test_without_a_measurement_early_messages_are_called_a_clock_problem() -> None:
    scene = Scene().begin()
    health, _ = part(scene, *[trade(START + n * MS, -250.0) for n in range(20)])
    view = health.view(scene.symbol, (scene.symbol,), now=START + SECOND)
    assert view is not None
    assert view.clock.text == "clock 250 ms behind or more"
    assert view.symbols[0].delays is not None
    assert view.symbols[0].delays.p50 == pytest.approx(-250.0)


def test_a_view_names_each_channel_each_symbol_and_what_was_counted() -> None:
    scene = Scene().begin()
    down = FeedStatus("ETH/USDT:USDT", START, FeedState.DOWN, "no connection", 2.0)
    health, _ = part(scene, trade(START, 5.0), down)
    view = health.view(scene.symbol, Feeding.symbols, now=START + SECOND)
    assert view is not None
    assert view.source == "streams through ccxt"
    names = [channel.name for channel in view.channels]
    assert names[:2] == ["book", "trades"]
    assert {"mark", "index", "funding", "status"} <= set(names)
    assert (view.symbols[0].gaps, view.symbols[0].resyncs, view.symbols[0].bad_messages) == (3, 2, 4)
    assert view.symbols[0].bad_times == 5
    assert (view.symbols[1].state, view.symbols[1].text) == (FeedState.DOWN, "no connection")
    assert health.view(scene.symbol, Feeding.symbols, now=START + SECOND + MS) is view


def test_a_channel_that_is_seldom_told_is_no_fault_while_it_is_silent() -> None:
    scene = Scene().begin()
    funding = FundingRate(scene.symbol, START, START, 0.0001, 0)
    mark = MarkPrice(scene.symbol, START, START, 60_000.0)
    health, _ = part(scene, funding, mark)
    view = health.view(scene.symbol, (scene.symbol,), now=START + 3600 * SECOND)
    assert view is not None
    states = {channel.name: channel.state for channel in view.channels}
    assert (states["funding"], states["mark"]) == (FeedState.STREAMING, FeedState.STALE)
    assert not {"interest", "liquidations"} & set(states)


def test_the_movers_of_what_is_scanned_stand_below_the_watchlist_and_change_once_a_second() -> None:
    scene, feed = Scene().begin(), Feeding()
    table = ScanTable({"UP/USDT": 4, "FLAT/USDT": 2, scene.symbol: 1})
    for row, change in enumerate((25.5, 0.1, 90.0)):
        table.figures(row, 2.5, change, 1_000.0)
        table.quote(row, 2.4, 1.0, 2.6, 1.0)
        table.told(row, scene.now)
    feed.scan = table  # type: ignore[attr-defined]
    part = WatchlistPart(scene.engine, Vitals(feed))
    rows = part.view((scene.symbol,), now=scene.now)
    assert [row.symbol for row in rows] == [scene.symbol, "UP/USDT", "FLAT/USDT"]
    assert (rows[1].change_pct, rows[1].price_scale, rows[1].spread_bp) == (25.5, 4, 800.0)
    assert part.view((scene.symbol,), now=scene.now) is rows


def test_what_a_feed_does_not_count_is_counted_from_its_states_and_shown_at_once() -> None:
    scene, feed = Scene().begin(), Feeding()

    class Silent:
        own_clock, symbols, run = True, feed.symbols, feed.run

    vitals = Vitals(Silent())
    health = HealthPart(scene.engine, vitals)
    first = health.view(scene.symbol, (scene.symbol,), now=START)
    assert first is not None
    assert first.clock.is_own
    for state in (FeedState.STREAMING, FeedState.DOWN, FeedState.STREAMING, FeedState.GAP):
        vitals.take(FeedStatus(scene.symbol, START, state), 0)
    second = health.view(scene.symbol, (scene.symbol,), now=START)
    assert second is not None
    row = second.symbols[0]
    assert (row.state, row.gaps, row.resyncs, row.reconnects) == (FeedState.GAP, 1, 1, 1)


def test_a_view_says_which_maintenance_holds_and_whether_it_is_only_assumed() -> None:
    scene = Scene().begin()
    instrument = scene.engine.markets[scene.symbol].instrument
    tiers = (LeverageTier(D(50_000), D("0.004"), D(125)), LeverageTier(None, D("0.025"), D(20)))
    assert maintenance_words(instrument) == "maintenance 0.5 % assumed"
    assert maintenance_words(replace(instrument, tiers=tiers)) == "maintenance 0.4 % to 2.5 %, 2 tiers"
    assert maintenance_words(replace(instrument, tiers=tiers[:1])) == "maintenance 0.4 %"
    assert maintenance_words(replace(instrument, kind=InstrumentKind.SPOT)) == ""
    health, _ = part(scene)
    view = health.view(scene.symbol, Feeding.symbols, now=START)
    assert view is not None
    assert view.margin_text == "maintenance 0.5 % assumed"
    scene.engine.settings = replace(scene.engine.settings, assumed_maintenance=None)
    denied = part(scene)[0].view(scene.symbol, Feeding.symbols, now=START)
    assert denied is not None
    assert denied.margin_text == "no entries: no leverage tiers"


def test_a_watched_contract_says_how_many_tiers_are_known() -> None:
    scene = Scene().begin()
    instrument = scene.engine.markets[scene.symbol].instrument
    watched = Watched(scene.symbol)
    watched.take_in(InstrumentListed(instrument, START))
    assert watched.line(START).items() >= {"maintenance": "0.005", "tiers": 0}.items()
    tiers = (LeverageTier(None, D("0.004"), D(125)),)
    watched.take_in(InstrumentListed(replace(instrument, tiers=tiers), START))
    assert watched.line(START).items() >= {"maintenance": "0.004", "tiers": 1}.items()
