"""A history at once against its candles one after the other, where their ways differ most."""

from __future__ import annotations

import numpy as np
import pytest

from tradetui.domain.market_data import Candle
from tradetui.market.bars import Bars
from tradetui.market.indicators.registry import INDICATOR_NAMES, parse_indicator
from tradetui.market.ring import FloatArray
from tradetui.market.stretches import LONG_STRETCH

ODD = [
    "sma1",
    "sma2",
    "sma7",
    "sma32",
    "sma63",
    "sma500",
    "ema1",
    "ema2",
    "ema700",
    "wma1",
    "wma33",
    "bb2_1",
    "bb31_3",
    "bb33_2",
    "rsi1",
]
ODD += ["macd1_2_1", "macd3_10_600", "pvo1_2_1", "pvo5_300_2", "atr1", "adx2", "donchian1", "donchian64"]
ODD += ["stoch1_1_1", "stoch5_1_1", "stoch3_20_50", "stoch300_1_700", "keltner2_1_90", "supertrend2_1"]


def random_walk(count: int, seed: int) -> list[Candle]:
    """Prices on a grid of ticks, so that many are equal; now and then nothing is traded."""
    rng = np.random.default_rng(seed)
    close = np.round(30_000.0 + np.cumsum(rng.normal(0.0, 2.0, count)), 0)
    first = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(first, close) + np.floor(rng.random(count) * 3.0)
    low = np.minimum(first, close) - np.floor(rng.random(count) * 3.0)
    volume = rng.lognormal(0.0, 1.0, count) * (rng.random(count) < 0.9)
    zero = np.zeros(count)
    return Bars(
        np.array(range(count), dtype=np.float64), first, high, low, close, volume, zero, volume / 2
    ).candles()


def stepped(name: str, candles: list[Candle]) -> FloatArray:
    indicator = parse_indicator(name)
    return np.array([indicator.update(candle) for candle in candles]).T


@pytest.mark.parametrize("name", [*INDICATOR_NAMES, *ODD])
@pytest.mark.parametrize("count", [1, 2, 1_500])
def test_any_length_and_period_gives_the_same_lines_at_once(name: str, count: int) -> None:
    candles = random_walk(count, count)
    seeded = parse_indicator(name).seed(Bars.from_candles(candles))
    np.testing.assert_allclose(seeded, stepped(name, candles), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", INDICATOR_NAMES)
def test_a_history_of_several_stretches_gives_the_same_lines_at_once(name: str) -> None:
    candles = random_walk(LONG_STRETCH + LONG_STRETCH // 2 + 77, 5)
    indicator = parse_indicator(name)
    seeded, one_by_one = indicator.seed(Bars.from_candles(candles)), stepped(name, candles)
    np.testing.assert_allclose(seeded, one_by_one, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(indicator.values, one_by_one[:, -1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", INDICATOR_NAMES)
def test_a_market_that_stands_still_gives_the_same_lines_at_once(name: str) -> None:
    candles = [Candle(n * 10**9, 10.1, 10.1, 10.1, 10.1, 0.0) for n in range(300)]
    seeded = parse_indicator(name).seed(Bars.from_candles(candles))
    np.testing.assert_allclose(seeded, stepped(name, candles), rtol=1e-12, atol=1e-12)
    still = {"rsi14": 50.0, "stoch14_3_3": 0.0, "pvo12_26_9": 0.0, "sma20": 10.1, "ema20": 10.1}
    if name in still:
        assert seeded[0, -1] == pytest.approx(still[name], rel=1e-12)


def test_seeding_leaves_the_history_as_it_was_and_keeps_none_of_it() -> None:
    candles = random_walk(300, 9)
    for name in INDICATOR_NAMES:
        for count in (5, 300):
            bars = Bars.from_candles(candles[:count])
            indicator = parse_indicator(name)
            lines = indicator.seed(bars)
            assert bars.candles() == candles[:count]
            for column in bars.columns:
                column[:] = 1.0
            np.testing.assert_array_equal(indicator.seed(Bars.from_candles(candles[:count])), lines)


def test_an_update_that_somebody_kept_still_counts() -> None:
    candles = random_walk(100, 4)
    indicator = parse_indicator("macd")
    kept = indicator.update
    np.testing.assert_array_equal(np.array([kept(c) for c in candles]).T, stepped("macd", candles))
    indicator.reset()
    assert not indicator.ready
    assert np.isnan(indicator.peek(candles[0])).all()
