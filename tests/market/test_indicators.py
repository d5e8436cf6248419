"""Every indicator against results computed elsewhere, in both ways of computing it."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tradetui.domain.market_data import Candle
from tradetui.market.bars import Bars
from tradetui.market.indicators.registry import INDICATOR_NAMES, parse_indicator
from tradetui.market.ring import FloatArray

REFERENCES = [
    ("sma20", "sma", ["sma"]),
    ("ema20", "ema", ["ema"]),
    ("bb20_2", "bb", ["upperBand", "sma", "lowerBand"]),
    ("macd12_26_9", "macd", ["macd", "signal", "histogram"]),
    ("rsi14", "rsi", ["rsi"]),
    ("atr14", "atr", ["atr"]),
    ("stoch14_3_3", "stoch", ["k", "d"]),
    ("pvo12_26_9", "pvo", ["pvo", "signal", "histogram"]),
    ("obv", "obv", ["obv"]),
    ("vwap", "vwap", ["vwap"]),
]


@pytest.fixture(scope="module")
def quotes(captures: Path) -> list[Candle]:
    with (captures / "indicators_skender/quotes/default.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [candle_of(row) for row in rows]


def candle_of(row: dict[str, str]) -> Candle:
    ts = int(datetime.fromisoformat(row["date"]).replace(tzinfo=UTC).timestamp()) * 10**9
    first, high, low, close, volume = (float(row[key]) for key in ("open", "high", "low", "close", "volume"))
    return Candle(ts, first, high, low, close, volume)


def both_ways(name: str, candles: list[Candle]) -> list[FloatArray]:
    steps = parse_indicator(name)
    one_by_one = np.array([steps.update(candle) for candle in candles]).T
    return [one_by_one, parse_indicator(name).seed(Bars.from_candles(candles))]


def assert_same(lines: list[FloatArray], expected: FloatArray) -> None:
    for line in lines:
        np.testing.assert_allclose(line, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "file", "keys"), REFERENCES)
def test_an_indicator_equals_the_reference_at_every_bar(
    name: str, file: str, keys: list[str], quotes: list[Candle], captures: Path
) -> None:
    rows = json.loads((captures / f"indicators_skender/results/{file}.standard.json").read_text())
    expected = np.array([[row[key] for row in rows] for key in keys], dtype=np.float64)
    assert_same(both_ways(name, quotes), expected)


def test_indicators_equal_the_golden_results_on_five_minute_candles(captures: Path) -> None:
    frame = pd.read_feather(captures / "freqtrade/XRP_ETH-5m.feather")
    rows = frame[["open", "high", "low", "close", "volume"]].to_numpy().tolist()
    candles = [Candle(n * 300 * 10**9, *row) for n, row in enumerate(rows)]
    golden = pd.read_csv(captures / "golden/ind_XRP_ETH_5m.csv")
    wanted = {
        "sma20": ["sma20"],
        "ema20": ["ema20"],
        "rsi14": ["rsi14"],
        "macd12_26_9": ["macd", "signal", "hist"],
        "bb20_2": ["bb_up", "bb_mid", "bb_lo"],
        "atr14": ["atr14"],
        "vwap": ["vwap_cum"],
    }
    for name, columns in wanted.items():
        expected = golden[columns].to_numpy().T
        for lines in both_ways(name, candles):
            np.testing.assert_allclose(lines, expected, rtol=1e-9, atol=2e-14, err_msg=name)


def frame_of(candles: list[Candle]) -> pd.DataFrame:
    names = ("open", "high", "low", "close", "volume")
    return pd.DataFrame({name: [getattr(candle, name) for candle in candles] for name in names})


def test_donchian_is_the_range_of_the_candles_before(quotes: list[Candle]) -> None:
    frame = frame_of(quotes).shift(1)
    high, low = frame["high"].rolling(20).max(), frame["low"].rolling(20).min()
    assert_same(both_ways("donchian20", quotes), np.array([high, (high + low) / 2, low]))


def test_a_weighted_average_weighs_by_age(quotes: list[Candle]) -> None:
    weights = np.arange(1, 15) / 105
    expected = frame_of(quotes)["close"].rolling(14).apply(lambda window: float(window @ weights), raw=True)
    assert_same(both_ways("wma14", quotes), np.array([expected]))


def test_keltner_is_an_average_with_ranges_around_it(quotes: list[Candle], captures: Path) -> None:
    rows = json.loads((captures / "indicators_skender/results/ema.standard.json").read_text())
    mean = np.array([row["ema"] for row in rows], dtype=np.float64)
    width = 2.0 * both_ways("atr10", quotes)[0][0]
    assert_same(both_ways("keltner20_2_10", quotes), np.array([mean + width, mean, mean - width]))


def plain_wilder(values: list[float], periods: int) -> list[float]:
    result = [float("nan")] * (periods - 1) + [sum(values[:periods]) / periods]
    for value in values[periods:]:
        result.append((result[-1] * (periods - 1) + value) / periods)
    return result


def test_adx_equals_the_textbook_formula(quotes: list[Candle]) -> None:
    spans, rises, falls = [], [], []
    for before, now in pairwise(quotes):
        spans.append(max(now.high - now.low, abs(now.high - before.close), abs(now.low - before.close)))
        up, down = now.high - before.high, before.low - now.low
        rises.append(up if up > down and up > 0 else 0.0)
        falls.append(down if down > up and down > 0 else 0.0)
    smooth = [np.array(plain_wilder(values, 14)) for values in (spans, rises, falls)]
    plus, minus = 100 * smooth[1] / smooth[0], 100 * smooth[2] / smooth[0]
    index = (100 * abs(plus - minus) / (plus + minus))[13:].tolist()
    adx = np.array([np.nan] * 13 + plain_wilder(index, 14))
    expected = np.array([np.concatenate(([np.nan], line)) for line in (adx, plus, minus)])
    assert_same(both_ways("adx14", quotes), expected)


def plain_supertrend(candles: list[Candle], periods: int, multiple: float) -> list[float]:
    """As it is usually published: final bands first, then a switch from one band to the other."""
    pairs = list(pairwise(candles))
    spans = [max(b.high - b.low, abs(b.high - a.close), abs(b.low - a.close)) for a, b in pairs]
    ranges = [float("nan"), *plain_wilder(spans, periods)]
    line = [float("nan")] * periods
    upper = lower = shown = 0.0
    for n in range(periods, len(candles)):
        now, before = candles[n], candles[n - 1].close
        middle, width = (now.high + now.low) / 2, multiple * ranges[n]
        if n == periods:
            upper, lower = middle + width, middle - width
            shown = lower if now.close >= middle else upper
        else:
            was_upper = shown == upper
            upper = middle + width if middle + width < upper or before > upper else upper
            lower = middle - width if middle - width > lower or before < lower else lower
            if was_upper:
                shown = upper if now.close <= upper else lower
            else:
                shown = lower if now.close > lower else upper
        line.append(shown)
    return line


def test_supertrend_equals_its_usual_formula(quotes: list[Candle]) -> None:
    expected = plain_supertrend(quotes, 10, 3.0)
    below = [now.close > line for now, line in zip(quotes, expected, strict=True)][10:]
    assert sum(a != b for a, b in pairwise(below)) > 5, "the trend should turn often enough to prove it"
    assert_same(both_ways("supertrend10_3", quotes), np.array([expected]))


def test_cvd_is_the_sum_of_the_deltas() -> None:
    candles = [
        Candle(n * 10**9, 1.0, 1.0, 1.0, 1.0, 5.0, 1, delta) for n, delta in enumerate((2.0, -3.0, 0.5))
    ]
    assert_same(both_ways("cvd", candles), np.array([[2.0, -1.0, -0.5]]))


def test_the_vwap_of_the_day_begins_anew_at_midnight_and_has_its_deviation_as_bands() -> None:
    day = 86_400 * 10**9
    prices = [(day - 2 * 10**9, 10.0, 1.0), (day - 10**9, 20.0, 3.0), (day, 50.0, 1.0), (day + 1, 70.0, 1.0)]
    candles = [Candle(ts, price, price, price, price, volume) for ts, price, volume in prices]
    vwap, width = np.array([10.0, 17.5, 50.0, 60.0]), np.array([0.0, 18.75**0.5, 0.0, 10.0])
    for lines in both_ways("vwapday", candles):
        np.testing.assert_allclose(lines, [vwap, vwap + width, vwap - width], rtol=1e-12)


@pytest.mark.parametrize("name", INDICATOR_NAMES)
def test_seeding_then_updating_equals_updating_and_peeking_changes_nothing(
    name: str, quotes: list[Candle]
) -> None:
    for count in (0, 3, 200):
        seeded, stepped = parse_indicator(name), parse_indicator(name)
        seeded.seed(Bars.from_candles(quotes[:count]))
        for candle in quotes[:count]:
            stepped.update(candle)
        for candle in quotes[count:]:
            peeked = seeded.peek(candle)
            committed = seeded.update(candle)
            np.testing.assert_allclose(peeked, committed, rtol=1e-12, atol=1e-9)
            np.testing.assert_allclose(committed, stepped.update(candle), rtol=1e-9, atol=1e-9)
        assert seeded.ready


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("smaa20", "sma20"),
        ("foo", "sma20"),
        ("macd26_12_9", "fast period"),
        ("rsi0", "period"),
        ("bb20_0", "above 0"),
    ],
)
def test_a_bad_name_is_refused_with_what_would_pass(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_indicator(name)


def test_outputs_are_named_as_in_recordings() -> None:
    assert [o.name for o in parse_indicator("macd").outputs][1:] == [
        "macd12_26_9.signal",
        "macd12_26_9.histogram",
    ]
    assert parse_indicator("rsi14").outputs[0].name == "rsi14"
    assert parse_indicator("bb20_2").pane == "price"
