"""The ring against a plain list, and indicator lines against indicators that saw every candle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradetui.domain.market_data import Candle, CandleHistory, Side, Timeframe, Trade
from tradetui.market.candles import Candles
from tradetui.market.indicators.registry import parse_indicator
from tradetui.market.lines import IndicatorLines
from tradetui.market.ring import FloatArray, Ring

S = 10**9
CLOSES = [100.0 + (n * 37 % 11) - n % 5 for n in range(60)]


@given(st.integers(1, 7), st.lists(st.one_of(st.integers(0, 20), st.just(-1)), max_size=40))
def test_a_ring_keeps_the_newest_rows_in_order(capacity: int, steps: list[int]) -> None:
    ring, value = Ring(2, capacity), 0.0
    plain: list[float] = []
    for count in steps:  # -1 appends one row, anything else extends by so many
        fresh = [value + n for n in range(abs(count))]
        value += len(fresh)
        plain = (plain + fresh)[-capacity:]
        if count < 0:
            ring.append((fresh[0], -fresh[0]))
        else:
            ring.extend(np.array([fresh, [-v for v in fresh]]).reshape(2, count))
        assert ring.rows().tolist() == [plain, [-v for v in plain]]
        assert len(ring) == len(plain)
    assert ring.appended == value


@given(st.integers(1, 700), st.lists(st.integers(0, 400), max_size=6))
def test_a_ring_that_is_seldom_looked_at_keeps_the_same_rows(capacity: int, counts: list[int]) -> None:
    ring, plain = Ring(2, capacity), []
    for count in counts:
        for _ in range(count):
            plain.append(float(ring.appended))
            ring.append((plain[-1], -plain[-1]))
        assert len(ring) == min(len(plain), capacity)
        if count % 2:
            assert ring.column(1).tolist() == [-value for value in plain[-capacity:]]
    assert ring.rows().tolist() == [plain[-capacity:], [-value for value in plain[-capacity:]]]


def test_a_view_of_a_ring_can_not_be_written_to() -> None:
    ring = Ring(1, 3)
    ring.append((1.0,))
    with pytest.raises(ValueError, match="read-only"):
        ring.rows()[0, 0] = 2.0
    ring.clear()
    assert (len(ring), ring.appended) == (0, 1)


def trade(second: int, price: float) -> Trade:
    return Trade("X", second * S, second * S, price, 1.0, Side.BUY)


def expected(candles: list[Candle], name: str) -> FloatArray:
    indicator = parse_indicator(name)
    return np.array([indicator.update(candle) for candle in candles]).T


@pytest.mark.parametrize("name", ["ema5", "bb5_2", "macd3_6_2", "obv"])
def test_lines_follow_the_closed_candles_however_often_somebody_looks(name: str) -> None:
    for every in (1, 7, 60):
        candles = Candles()
        lines = IndicatorLines(parse_indicator(name), candles.series(Timeframe.S1), 100)
        for second, close in enumerate(CLOSES, 1):
            candles.add(trade(second, close))
            if second % every == 0:
                assert lines.history().shape[1] == second - 1
        closed = candles.series(Timeframe.S1).closed(100)
        np.testing.assert_allclose(lines.history(), expected(closed, name), rtol=1e-9, atol=1e-9)


def test_history_that_arrives_after_live_data_starts_the_lines_again() -> None:
    candles = Candles()
    lines = IndicatorLines(parse_indicator("sma5"), candles.series(Timeframe.S1), 100)
    for second in range(50, 54):
        candles.add(trade(second, CLOSES[second]))
    before = lines.ready
    past = [Candle(n * S, c, c, c, c, 1.0) for n, c in enumerate(CLOSES[:52])]
    candles.seed(CandleHistory("X", Timeframe.S1, past, 0))
    assert (before, lines.ready) == (False, True)
    assert lines.values[0] == pytest.approx(sum(CLOSES[48:53]) / 5)
    assert lines.peek()[0] == pytest.approx(sum(CLOSES[49:54]) / 5)
    assert lines.history().shape == (1, 53)


def test_lines_catch_up_after_more_candles_than_are_kept() -> None:
    candles = Candles(capacity=20)
    lines = IndicatorLines(parse_indicator("sma5"), candles.series(Timeframe.S1), 20)
    for second, close in enumerate(CLOSES, 1):
        candles.add(trade(second, close))
    assert lines.values[0] == pytest.approx(sum(CLOSES[-6:-1]) / 5)
    assert lines.history().shape == (1, 20)
