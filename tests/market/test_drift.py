"""Rounding must not gather: a million updates against windows computed afresh."""

from __future__ import annotations

import numpy as np
import pytest

from tradetui.domain.market_data import Candle
from tradetui.market.indicators.registry import parse_indicator
from tradetui.market.ring import FloatArray
from tradetui.market.rolling import RollingDeviation, RollingMean, RollingWeightedMean

PERIOD = 20


def walk(count: int) -> FloatArray:
    """Prices with flat and with violent stretches."""
    rng = np.random.default_rng(7)
    steps = rng.normal(0.0, 1.0, count) * np.where(np.arange(count) // 997 % 2, 1e-3, 20.0)
    return np.round(60_000.0 + 5_000.0 * np.sin(np.cumsum(steps) / 5_000.0), 1)


def volumes(count: int) -> FloatArray:
    """Volumes with spikes a thousand million times their size."""
    rng = np.random.default_rng(8)
    return rng.lognormal(0.0, 1.0, count) * np.where(rng.random(count) < 1e-4, 1e9, 1.0)


def assert_no_drift(values: FloatArray, bound: float) -> None:
    mean, weighted = RollingMean(PERIOD), RollingWeightedMean(PERIOD)
    deviation = RollingDeviation(PERIOD)
    weights = np.arange(1, PERIOD + 1) / (PERIOD * (PERIOD + 1) / 2)
    got = np.array([(mean.push(v), weighted.push(v), *deviation.push(v)) for v in values.tolist()])
    windows = np.lib.stride_tricks.sliding_window_view(values, PERIOD)
    expected = windows.mean(axis=1), windows @ weights, windows.mean(axis=1), windows.std(axis=1)
    for column, line in enumerate(expected):
        error = np.abs(got[PERIOD - 1 :, column] - line) / np.abs(expected[0])
        assert error.max() <= bound


@pytest.mark.parametrize("count", [30_000, pytest.param(1_000_000, marks=pytest.mark.long, id="a million")])
def test_rolling_kernels_do_not_drift(count: int, request: pytest.FixtureRequest) -> None:
    if count > 100_000 and "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    assert_no_drift(walk(count), 1e-12)
    assert_no_drift(volumes(count), 1e-10)


def candles_of(close: FloatArray, volume: FloatArray) -> list[Candle]:
    rows = zip(range(len(close)), close.tolist(), volume.tolist(), strict=True)
    return [Candle(n * 10**9, price, price, price, price, size, 1, size) for n, price, size in rows]


@pytest.mark.parametrize("count", [30_000, pytest.param(1_000_000, marks=pytest.mark.long, id="a million")])
def test_cumulative_indicators_do_not_drift(count: int, request: pytest.FixtureRequest) -> None:
    if count > 100_000 and "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    close, volume = walk(count), volumes(count)
    candles = candles_of(close, volume)
    sizes, prices = volume.astype(np.longdouble), close.astype(np.longdouble)
    vwap = np.cumsum(sizes * prices) / np.cumsum(sizes)
    signed = np.sign(np.diff(prices, prepend=prices[0])) * sizes
    for name, expected, scale in (
        ("vwap", vwap, vwap),
        ("obv", np.cumsum(signed), np.cumsum(sizes)),
        ("cvd", np.cumsum(sizes), np.cumsum(sizes)),
    ):
        indicator = parse_indicator(name)
        got = np.array([indicator.update(candle)[0] for candle in candles])
        assert np.abs((got - expected) / scale).max() <= 1e-12, name
