"""The frame at the end of a captured market, against what an independent reading of it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.feeds.captures import ALL, Capture
from tradetui.domain.market_data import Side
from tradetui.domain.profile import Profile
from tradetui.domain.view import Frame, ViewRequest
from tradetui.domain.view_market import ChartCandle
from tradetui.engine import Engine
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.views.builder import FrameBuilder
from tradetui.state import State
from tradetui.trading.settings import EngineSettings

MS = 10**6


def end_of(capture: Capture, captures: Path, request: ViewRequest) -> Frame:
    engine, published = Engine(EngineSettings()), State()
    feed = ReplayFeed(capture.paths(captures))
    symbol = feed.recording.instruments[0].symbol
    profile = Profile(name="replay", exchange="replay", symbols=(symbol,))
    frames = FrameBuilder(engine, published, profile, profiles=("replay",))
    seen = 0

    def take(message: Any) -> None:
        nonlocal seen
        seen += 1
        for event in engine.process(message):
            published.apply(event)
        if seen % 2000 == 0:
            frames.observe()
            frames.build(request, now=engine.ts)

    feed.pump(take)
    return frames.build(request, now=engine.ts)


def candle(row: dict[str, Any]) -> ChartCandle:
    prices = (float(row[name]) for name in "ohlcv")
    return ChartCandle(row["t"] * MS, *prices)


@pytest.mark.captures
@pytest.mark.parametrize("capture", ALL, ids=lambda capture: capture.golden)
def test_the_last_frame_of_a_capture_shows_the_independent_numbers(captures: Path, capture: Capture) -> None:
    golden = capture.expected(captures)
    frame = end_of(capture, captures, ViewRequest(columns=60, ladder_rows=400))
    assert frame.chart is not None
    assert frame.ladder is not None
    assert frame.tape is not None
    *closed, forming = (candle(row) for row in golden["candles_1m_by_exchange_trade_time_T"])
    shown = [*frame.chart.closed, frame.chart.open]
    for made, wanted in zip(shown, [*closed, forming], strict=True):
        assert made is not None
        assert (made.open_ts, made.open, made.high, made.low, made.close) == (
            wanted.open_ts,
            wanted.open,
            wanted.high,
            wanted.low,
            wanted.close,
        )
        assert made.volume == pytest.approx(wanted.volume)
    delta = float(golden["buy_taker_qty"]) - float(golden["sell_taker_qty"])
    assert frame.tape.delta == pytest.approx(delta)
    check_rows(frame, golden["final_top20"])


def check_rows(frame: Frame, top: dict[str, list[list[str]]]) -> None:
    """Every level of the best twenty that the ladder has a row for shows its size."""
    assert frame.ladder is not None
    by_price = {row.price: row for row in frame.ladder.rows}
    checked = 0
    for side, name in ((Side.BUY, "bids"), (Side.SELL, "asks")):
        for price, qty in top[name]:
            row = by_price.get(float(price))
            if row is not None:
                checked += 1
                assert (row.bid if side is Side.BUY else row.ask) == float(qty)
    assert checked >= 10
