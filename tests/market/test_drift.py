"""Rounding must not gather: a million updates against windows computed afresh."""

from __future__ import annotations

import numpy as np
import pytest

from tradetui.domain.market_data import Candle
from tradetui.market.bars import Bars
from tradetui.market.indicators.registry import parse_indicator
from tradetui.market.ring import FloatArray

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


def candles_of(close: FloatArray, volume: FloatArray) -> list[Candle]:
    rows = zip(range(len(close)), close.tolist(), volume.tolist(), strict=True)
    return [Candle(n * 10**9, price, price, price, price, size, 1, size) for n, price, size in rows]


def assert_no_drift(values: FloatArray, bound: float) -> None:
    mean, weighted, bands = (parse_indicator(f"{name}{PERIOD}") for name in ("sma", "wma", "bb"))
    candles = candles_of(values, values)
    stepped = np.array([(*mean.update(c), *weighted.update(c), *bands.update(c)) for c in candles]).T
    bars = Bars.from_candles(candles)
    seeded = np.concatenate([indicator.seed(bars) for indicator in (mean, weighted, bands)])
    windows = np.lib.stride_tricks.sliding_window_view(values, PERIOD)
    weights = np.arange(1, PERIOD + 1) / (PERIOD * (PERIOD + 1) / 2)
    middle, width = windows.mean(axis=1), 2.0 * windows.std(axis=1)
    expected = np.array((middle, windows @ weights, middle + width, middle, middle - width))
    for got in (stepped, seeded):
        error = np.abs(got[:, PERIOD - 1 :] - expected) / middle
        assert error.max() <= bound


@pytest.mark.parametrize("count", [30_000, pytest.param(1_000_000, marks=pytest.mark.long, id="a million")])
def test_windows_do_not_drift(count: int, request: pytest.FixtureRequest) -> None:
    if count > 100_000 and "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    assert_no_drift(walk(count), 1e-12)
    assert_no_drift(volumes(count), 1e-10)


@pytest.mark.parametrize("count", [30_000, pytest.param(1_000_000, marks=pytest.mark.long, id="a million")])
def test_the_stochastic_does_not_drift(count: int, request: pytest.FixtureRequest) -> None:
    if count > 100_000 and "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    close = walk(count)
    indicator = parse_indicator("stoch14_3_3")
    got = np.array([indicator.update(candle) for candle in candles_of(close, close)])
    windows = np.lib.stride_tricks.sliding_window_view
    low, high = windows(close, 14).min(axis=1), windows(close, 14).max(axis=1)
    raw = np.divide(100.0 * (close[13:] - low), high - low, out=np.zeros(count - 13), where=high > low)
    line = windows(raw, 3).mean(axis=1)
    signal = windows(line, 3).mean(axis=1)
    assert np.abs(got[15:, 0] - line).max() <= 1e-10
    assert np.abs(got[17:, 1] - signal).max() <= 1e-10


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
