"""The market of one instrument, message by message."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import Candle, CandleHistory, Timeframe
from tradetui.market.market import Market

SYMBOL = "BTC/USDT"


def market() -> Market:
    instrument = Instrument(
        symbol=SYMBOL,
        venue="test",
        kind=InstrumentKind.SPOT,
        base="BTC",
        quote="USDT",
        settle="USDT",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.00001"),
    )
    return Market(instrument)


def daily(captures: Path) -> list[Candle]:
    candles = []
    with (captures / "indicators_skender/quotes/default.csv").open() as file:
        for row in csv.DictReader(file):
            ts = int(datetime.fromisoformat(row["date"]).replace(tzinfo=UTC).timestamp()) * 10**9
            first, high, low, close, volume = (
                float(row[key]) for key in ("open", "high", "low", "close", "volume")
            )
            candles.append(Candle(ts, first, high, low, close, volume))
    return candles


def test_indicator_values_are_the_references_last_ones_by_name(captures: Path) -> None:
    shown = market()
    candles = daily(captures)
    # the market carries the close through days without trading; the references know only quotes
    days = [Candle(n * 86_400 * 10**9, *_figures(candle)) for n, candle in enumerate(candles)]
    shown.apply(CandleHistory(SYMBOL, Timeframe.D1, days, 0))
    values = shown.indicator_values(Timeframe.D1)
    folder = captures / "indicators_skender/results"
    for name, file, key in (
        ("sma20", "sma", "sma"),
        ("rsi14", "rsi", "rsi"),
        ("macd12_26_9", "macd", "macd"),
        ("macd12_26_9.signal", "macd", "signal"),
        ("bb20_2.upper", "bb", "upperBand"),
        ("stoch14_3_3.d", "stoch", "d"),
    ):
        rows = json.loads((folder / f"{file}.standard.json").read_text())
        assert values[name] == pytest.approx(rows[-1][key], rel=1e-9), name


def _figures(candle: Candle) -> tuple[float, float, float, float, float]:
    return candle.open, candle.high, candle.low, candle.close, candle.volume


def test_indicator_values_are_none_before_there_is_anything() -> None:
    assert set(market().indicator_values(Timeframe.M1).values()) == {None}
