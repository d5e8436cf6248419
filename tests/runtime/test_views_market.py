"""What a frame says of the market: chart, ladder, tape, watchlist."""

from __future__ import annotations

import pytest

from tests.engine.market import MS, SECOND
from tests.runtime.views_scene import MINUTE, Scene
from tradetui.domain.market_data import FeedState, Side, Ticker, Timeframe, Trade
from tradetui.domain.view import ViewRequest
from tradetui.domain.view_market import ChartView, LadderRow, LadderView, TapeView

RISING = [60000.0 + n for n in range(30)]


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.request = ViewRequest(columns=5, overlays=("sma3",), panes=(), ladder_rows=5)
    return made


def chart_of(scene: Scene, **changes: object) -> ChartView:
    chart = scene.ask(**changes).chart
    assert chart is not None
    return chart


def ladder_of(scene: Scene, **changes: object) -> LadderView:
    ladder = scene.ask(**changes).ladder
    assert ladder is not None
    return ladder


def row_at(ladder: LadderView, tick: int) -> LadderRow:
    return next(row for row in ladder.rows if row.tick == tick)


def tape_of(scene: Scene, **changes: object) -> TapeView:
    tape = scene.ask(**changes).tape
    assert tape is not None
    return tape


def test_the_chart_shows_the_newest_closed_candles_with_the_average_of_three_under_each(scene: Scene) -> None:
    scene.begin().history(RISING)
    chart = chart_of(scene)
    assert [candle.close for candle in chart.closed] == [60025.0, 60026.0, 60027.0, 60028.0, 60029.0]
    assert [line.values for line in chart.lines] == [(60024.0, 60025.0, 60026.0, 60027.0, 60028.0)]
    assert (chart.lines[0].group, chart.lines[0].pane, chart.lines[0].style) == ("sma3", "price", "line")
    assert chart.open is None
    assert chart.at_edge


def test_a_line_is_blank_where_its_periods_are_not_full(scene: Scene) -> None:
    scene.begin().history(RISING)
    line = chart_of(scene, columns=40).lines[0]
    assert line.values[:3] == (None, None, 60001.0)
    assert len(line.values) == 30


def test_the_open_candle_has_its_own_value_of_each_line(scene: Scene) -> None:
    scene.begin().history(RISING)
    scene.trade(60010.0, 0.25)
    scene.trade(60011.0, 0.5)
    chart = chart_of(scene)
    assert chart.open is not None
    assert (chart.open.open, chart.open.close, chart.open.volume) == (60010.0, 60011.0, 0.75)
    assert chart.lines[0].last == pytest.approx((60028.0 + 60029.0 + 60011.0) / 3)


def test_a_chart_scrolled_back_ends_in_history(scene: Scene) -> None:
    scene.begin().history(RISING)
    scene.trade(60010.0, 0.25)
    chart = chart_of(scene, offset=2)
    assert chart.closed[-1].close == 60027.0
    assert chart.lines[0].values[-1] == 60026.0
    assert (chart.open, chart.lines[0].last, chart.at_edge) == (None, None, False)


def test_a_chart_is_not_scrolled_beyond_its_oldest_candle(scene: Scene) -> None:
    scene.begin().history(RISING)
    chart = chart_of(scene, offset=500, columns=10)
    assert [candle.close for candle in chart.closed] == RISING[:10]
    assert (chart.offset, chart.is_oldest, chart.at_edge) == (len(RISING) - 10, True, False)


def test_names_of_indicators_that_nobody_knows_are_left_out(scene: Scene) -> None:
    scene.begin().history(RISING)
    lines = chart_of(scene, overlays=("nonsense9", "sma3"), panes=("rsi14", "sma3")).lines
    assert [line.name for line in lines] == ["sma3", "rsi14"]


def test_the_version_of_a_chart_changes_only_with_its_closed_candles_and_the_request(scene: Scene) -> None:
    scene.begin().history(RISING)
    scene.trade(60010.0, 0.25)
    first = chart_of(scene)
    scene.trade(60012.0, 0.25)
    moved = chart_of(scene)
    assert moved is not first
    assert moved.version == first.version
    assert moved.closed is first.closed
    assert chart_of(scene, offset=1).version != first.version
    before = chart_of(scene, offset=0)
    scene.now += MINUTE
    scene.trade(60013.0, 0.25)
    after = chart_of(scene)
    assert after.version != before.version
    assert after.closed[-1].close == 60012.0


def test_the_chart_says_that_history_is_loading_while_the_feed_connects(scene: Scene) -> None:
    scene.begin()
    scene.status(FeedState.CONNECTING)
    assert chart_of(scene).loading == "loading history"
    scene.history(RISING)
    assert not chart_of(scene).loading


def test_the_ladder_has_its_rows_around_the_mid_with_the_displayed_sizes(scene: Scene) -> None:
    scene.begin()
    ladder = ladder_of(scene)
    assert [row.tick for row in ladder.rows] == [600003, 600002, 600001, 600000, 599999]
    assert [(row.bid, row.ask) for row in ladder.rows] == [(0, 0), (0, 0.075), (0, 0), (0.5, 0), (0, 0)]
    assert row_at(ladder, 600002).price == 60000.2
    assert (ladder.best_bid, ladder.best_ask, ladder.last, ladder.center) == (600000, 600002, None, 600001)
    assert ladder.spread == pytest.approx(0.2)
    assert ladder.imbalance == pytest.approx(1.5 / (1.5 + 2.105))


def test_rows_of_ten_ticks_sum_sizes_and_volume(scene: Scene) -> None:
    scene.begin()
    scene.trade(60000.4, 0.25)
    scene.trade(60000.9, 0.5)
    ladder = ladder_of(scene, ladder_group=10, ladder_rows=3)
    assert [row.tick for row in ladder.rows] == [600010, 600000, 599990]
    assert [(row.bid, row.ask) for row in ladder.rows] == [
        (0, 2.0),
        (0.5, pytest.approx(0.105)),
        (1.0, 0),
    ]
    assert row_at(ladder, 600000).volume == 0.75
    assert (ladder.best_bid, ladder.best_ask, ladder.last) == (600000, 600000, 600000)


def test_the_volume_of_wide_rows_grows_with_each_print(scene: Scene) -> None:
    scene.begin()
    scene.trade(60000.4, 0.25)
    ladder_of(scene, ladder_group=10)
    scene.trade(60000.9, 0.5)
    scene.trade(60001.0, 1.0)
    ladder = ladder_of(scene, ladder_group=10)
    assert (row_at(ladder, 600000).volume, row_at(ladder, 600010).volume) == (0.75, 1.0)
    for _ in range(3000):
        scene.trade(60000.0, 0.5)
    assert row_at(ladder_of(scene), 600000).volume == 1500.75


@pytest.mark.parametrize("group", [1, 10])
def test_no_row_lies_below_the_first_tick(scene: Scene, group: int) -> None:
    scene.begin()
    rows = ladder_of(scene, ladder_center=group, ladder_group=group).rows
    assert [row.tick for row in rows][-1] == (1 if group == 1 else 0)
    assert ladder_of(scene, ladder_center=-1000).rows == ()


def test_the_ladder_stays_where_it_was_asked_to_be(scene: Scene) -> None:
    scene.begin()
    ladder = ladder_of(scene, ladder_center=599990)
    assert ladder.center == 599990
    assert ladder.rows[2].tick == 599990
    assert ladder.rows[2].bid == 1.0


def test_a_row_tells_what_was_added_within_a_second(scene: Scene) -> None:
    scene.begin()
    scene.frame()
    scene.frames.observe()
    scene.now += SECOND
    scene.delta(bids=[(60000.0, 0.8)])
    assert row_at(ladder_of(scene), 600000).change == pytest.approx(0.3)
    scene.frames.observe()
    scene.now += SECOND
    scene.delta(asks=[(60005.0, 1.0)])
    scene.frames.observe()
    assert row_at(ladder_of(scene), 600000).change == 0.0


def test_the_tape_has_the_newest_prints_first_and_leaves_out_small_ones(scene: Scene) -> None:
    scene.begin()
    scene.trade(60000.0, 0.25, Side.SELL)
    scene.trade(60000.2, 0.01, Side.BUY)
    scene.trade(60000.2, 0.75, Side.BUY)
    tape = tape_of(scene)
    assert [row.qty for row in tape.rows] == [0.75, 0.01, 0.25]
    assert tape.delta == pytest.approx(0.51)
    assert tape.buy_share == pytest.approx(0.76 / 1.01)
    assert tape.trades_per_s == pytest.approx(0.3)
    assert [row.qty for row in tape_of(scene, tape_min_qty=0.1).rows] == [0.75, 0.25]


def test_one_print_in_twenty_is_big(scene: Scene) -> None:
    scene.begin()
    for number in range(40):
        scene.trade(60000.0, 0.1 if number % 20 else 3.0)
    assert [row.qty for row in tape_of(scene).rows if row.big] == [3.0, 3.0]


def test_the_watchlist_takes_the_change_from_the_venue_else_from_a_day_of_hours(scene: Scene) -> None:
    scene.begin().history([50000.0] * 6 + [60000.0] * 24, Timeframe.H1)
    scene.trade(60600.0, 0.1, Side.BUY)
    row = scene.frame().watchlist[0]
    assert row.change_pct == pytest.approx((60600 / 50000 - 1) * 100)
    assert (row.last, row.direction) == (60600.0, 1)
    assert row.spread_bp == pytest.approx(0.2 / 60000.1 * 10_000, abs=0.005)
    scene.feed(Ticker(scene.symbol, scene.tick(), 60600.0, 1.84, 123_456.0))
    row = scene.frame().watchlist[0]
    assert (row.change_pct, row.volume) == (1.84, 123_456.0)


def test_a_spark_is_the_newest_closes_and_the_last_price(scene: Scene) -> None:
    scene.begin().history(RISING, Timeframe.M5)
    scene.trade(60600.0, 0.1)
    spark = scene.frame().watchlist[0].spark
    assert spark == (*RISING[-23:], 60600.0)


def test_a_symbol_without_a_market_is_connecting_and_has_no_parts(scene: Scene) -> None:
    scene.begin()
    frame = scene.ask(symbol="ETH/USDT:USDT")
    assert (frame.chart, frame.ladder, frame.tape, frame.ticket, frame.instrument) == (None,) * 5
    assert frame.status.feed_state is FeedState.CONNECTING
    assert [row.symbol for row in frame.watchlist] == [scene.symbol, "ETH/USDT:USDT"]
    assert frame.watchlist[1].last is None


def test_a_moving_book_leaves_the_chart_and_the_tape_alone(scene: Scene) -> None:
    scene.begin().history(RISING)
    scene.trade(60010.0, 0.25)
    first = scene.frame()
    scene.delta(bids=[(60000.0, 0.7)])
    second = scene.frame()
    assert second.ladder is not first.ladder
    assert second.chart is first.chart
    assert second.tape is first.tape


def test_the_latency_is_from_the_clock_of_the_venue_to_ours(scene: Scene) -> None:
    scene.begin()
    ts = scene.tick()
    scene.feed(Trade(scene.symbol, ts - 38 * MS, ts, 60000.0, 0.1, None))
    status = scene.frame().status
    assert (status.latency_ms, status.age_ms) == (38, 0)
