"""The chart shows candles that the engine does not keep, with lines made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.engine.market import PERP, START
from tests.runtime.views_scene import PROFILE, Scene
from tradetui.domain.market_data import Candle, Timeframe
from tradetui.errors import FeedError
from tradetui.feeds.protocol import Sink
from tradetui.market.bars import Bars
from tradetui.market.indicators.registry import parse_indicator
from tradetui.runtime.past import LOADING, NO_OLDER, Past
from tradetui.runtime.views.builder import FrameBuilder

MINUTE = 60 * 10**9
NOW = START // MINUTE * MINUTE
BEGAN = NOW - 900 * MINUTE


def close_at(open_ts: int) -> float:
    return 60_000.0 + (open_ts // MINUTE * 7919) % 101 / 10


def minutes(first: int, last: int) -> list[Candle]:
    return [
        Candle(ts, close_at(ts - MINUTE), 60_020.0, 59_990.0, close_at(ts), 10.0)
        for ts in range(first, last, MINUTE)
    ]


class Exchange:
    own_clock = False
    symbols = (PERP,)
    failure = ""

    async def run(self, sink: Sink) -> None:
        del sink

    async def candles_before(
        self, symbol: str, timeframe: Timeframe, ts: int, count: int
    ) -> Sequence[Candle]:
        assert (symbol, timeframe) == (PERP, Timeframe.M1)
        if self.failure:
            raise FeedError(self.failure)
        return minutes(max(BEGAN, ts - count * MINUTE), ts)


class Scrolled(Scene):
    """The scene with two hundred minutes in the engine and a past behind them."""

    def __init__(self) -> None:
        super().__init__()
        self.exchange = Exchange()
        self.past = Past(self.exchange)
        self.frames = FrameBuilder(self.engine, self.published, PROFILE, profiles=("paper",), past=self.past)
        self.request = self.request.__class__(columns=50, overlays=("ema20",), panes=())

    def chart(self, offset: int) -> Any:
        chart = self.ask(offset=offset).chart
        assert chart is not None
        return chart


@asynccontextmanager
async def scrolled() -> Any:
    scene = Scrolled()
    scene.begin()
    scene.history([close_at(ts) for ts in range(NOW - 200 * MINUTE, NOW, MINUTE)])
    task = asyncio.create_task(scene.past.run())
    try:
        yield scene
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def loaded(scene: Scrolled) -> None:
    async with asyncio.timeout(10):
        while scene.past.is_loading:  # noqa: ASYNC110  (it tells nobody)
            await asyncio.sleep(0)


async def test_scrolling_back_loads_and_shows_what_the_engine_does_not_keep() -> None:
    async with scrolled() as scene:
        assert (scene.chart(0).loading, scene.past.is_loading) == ("", False)
        assert scene.chart(90).loading == ""
        assert scene.chart(120).loading == LOADING  # a screen before it is needed
        await loaded(scene)
        chart = scene.chart(400)
        assert [candle.open_ts for candle in chart.closed] == list(
            range(NOW - 450 * MINUTE, NOW - 400 * MINUTE, MINUTE)
        )
        assert [candle.close for candle in chart.closed] == [close_at(c.open_ts) for c in chart.closed]
        assert (chart.loading, chart.offset, chart.is_oldest, chart.at_edge) == ("", 400, False, False)


async def test_lines_over_older_candles_are_those_of_the_whole_past() -> None:
    async with scrolled() as scene:
        scene.chart(160)
        await loaded(scene)
        chart = scene.chart(300)
        (line,) = chart.lines
        bars = Bars.from_candles(minutes(NOW - 700 * MINUTE, NOW - 300 * MINUTE))
        expected = parse_indicator("ema20").seed(bars)[0, -50:].tolist()
        assert list(line.values) == pytest.approx(expected)
        assert len(line.values) == len(chart.closed)


async def test_the_end_of_the_past_is_said_and_not_scrolled_beyond() -> None:
    async with scrolled() as scene:
        for _ in range(4):
            scene.chart(5_000)
            await loaded(scene)
        chart = scene.chart(5_000)
        assert (chart.loading, chart.is_oldest, chart.offset) == (NO_OLDER, True, 850)
        assert chart.closed[0].open_ts == BEGAN
        assert len(chart.closed) == 50
        assert scene.chart(840).loading == ""


async def test_a_refusal_is_said_in_its_words_and_the_chart_stays() -> None:
    async with scrolled() as scene:
        scene.exchange.failure = "blocked here (HTTP 451)"
        scene.chart(160)
        await loaded(scene)
        chart = scene.chart(160)
        assert chart.loading == "older candles: blocked here (HTTP 451)"
        assert chart.closed[0].open_ts == NOW - 200 * MINUTE
        assert scene.chart(0).loading == ""


async def test_a_frame_is_built_again_when_older_candles_have_come() -> None:
    async with scrolled() as scene:
        before = scene.ask(offset=160)
        assert scene.frame() is not None
        await loaded(scene)
        after = scene.frame()
        assert after is not before
        assert after.chart.loading == ""
        assert scene.frame() is after


async def test_what_was_looked_at_changes_nothing_that_the_engine_knows() -> None:
    async with scrolled() as scene:
        before = scene.engine.markets[PERP].candles(Timeframe.M1).closed(500)
        scene.chart(160)
        await loaded(scene)
        scene.chart(600)
        assert scene.engine.markets[PERP].candles(Timeframe.M1).closed(500) == before
