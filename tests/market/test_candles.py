"""Candles against those that were computed independently from the same trades."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tradetui.domain.market_data import Candle, CandleHistory, Side, Timeframe, Trade
from tradetui.market.candles import Candles
from tradetui.market.tape import Tape

S = 10**9


def trade(second: float, price: float, qty: float = 1.0) -> Trade:
    ts = int(second * S)
    return Trade("X", ts, ts, price, qty, Side.BUY)


def captured(folder: Path, names: list[str]) -> list[Trade]:
    found = []
    for name in names:
        with gzip.open(folder / f"{name}.gz", "rt") as lines:
            for line in lines:
                ns, raw = line.split(" ", 1)
                m = json.loads(raw).get("data") or {}
                if m.get("e") == "trade" and float(m["p"]) > 0:
                    side = Side.SELL if m["m"] else Side.BUY
                    found.append(Trade("X", m["T"] * 10**6, int(ns), float(m["p"]), float(m["q"]), side))
    return found


def test_the_newest_closed_candles_are_the_same_whichever_way_they_are_read() -> None:
    candles = Candles(capacity=100)
    seconds = candles.series(Timeframe.S1)
    for second in range(0, 400, 3):  # two of three have no trade
        candles.add(trade(second, 100.0 + second % 7, second + 1.0))
        columns = seconds.bars.candles()
        for count in (0, 1, 5, 64, 65, 100):
            assert seconds.closed(count) == columns[len(columns) - min(count, len(columns)) :]
            assert seconds.closed(count, 2) == columns[:-2][max(0, len(columns) - 2 - count) :]
        assert seconds.last_close == (columns[-1].close if columns else None)
        assert seconds.closed_until == (columns[-1].open_ts + S if columns else 0)


@pytest.mark.parametrize(
    ("golden", "names"),
    [
        ("hft_spot_btcusdt", ["spot_btcusdt_20240808", "spot_btcusdt_20240809"]),
        ("hft_usdm_ethusdt", ["usdm_ethusdt_20240808"]),
        ("hft_cm_btcusd_perp", ["cm_btcusd_perp_20240808", "cm_btcusd_perp_20240809"]),
    ],
)
def test_captured_trades_give_the_golden_candles_and_totals(
    golden: str, names: list[str], captures: Path
) -> None:
    expected = json.loads((captures / f"golden/{golden}.json").read_text())
    candles, tape = Candles(), Tape(Decimal("0.01"))
    for print_ in captured(captures / "hftbacktest", names):
        candles.add(print_)
        tape.add(print_)
    minutes = candles.series(Timeframe.M1)
    assert minutes.open is not None
    rows = [*minutes.closed(len(minutes)), minutes.open]
    for row, wanted in zip(rows, expected["candles_1m_by_exchange_trade_time_T"], strict=True):
        assert (row.open_ts // 10**6, row.trades) == (wanted["t"], wanted["n"])
        figures = (row.open, row.high, row.low, row.close, row.volume)
        assert figures == pytest.approx([float(wanted[key]) for key in "ohlcv"], rel=1e-9)
    assert tape.volume == pytest.approx(float(expected["total_qty"]), rel=1e-9)
    assert tape.buy_volume == pytest.approx(float(expected["buy_taker_qty"]), rel=1e-9)
    assert tape.vwap == pytest.approx(float(expected["vwap"]), rel=1e-9)
    assert (tape.low, tape.high) == (float(expected["min_price"]), float(expected["max_price"]))


def test_periods_without_a_trade_carry_the_close() -> None:
    candles = Candles()
    candles.add(trade(10, 5.0))
    candles.add(trade(13.5, 7.0))
    assert candles.series(Timeframe.S1).closed(9) == [
        Candle(10 * S, 5.0, 5.0, 5.0, 5.0, 1.0, 1, 1.0),
        Candle(11 * S, 5.0, 5.0, 5.0, 5.0, 0.0),
        Candle(12 * S, 5.0, 5.0, 5.0, 5.0, 0.0),
    ]
    assert candles.series(Timeframe.D1).open == Candle(0, 5.0, 7.0, 5.0, 7.0, 2.0, 2, 2.0)


@pytest.mark.parametrize("silent_s", [63, 64, 65, 66, 99, 100, 101, 5000])
def test_a_long_silence_is_filled_like_a_short_one(silent_s: int) -> None:
    candles = Candles(capacity=100)
    for second in (10, 11, 11 + silent_s, 12 + silent_s):
        candles.add(trade(second, 5.0 + second % 3, qty=2.0))
    seconds = candles.series(Timeframe.S1)
    quiet = [Candle(each * S, 7.0, 7.0, 7.0, 7.0, 0.0) for each in range(12, 11 + silent_s)]
    prices = {10: 6.0, 11: 7.0, 11 + silent_s: 5.0 + (11 + silent_s) % 3}
    ends = [Candle(at * S, p, p, p, p, 2.0, 1, 2.0) for at, p in prices.items()]
    expected = [*ends[:2], *quiet, ends[2]]
    assert seconds.closed(100) == expected[-100:]
    assert seconds.closed(70) == expected[-70:]
    assert seconds.closed(9) == expected[-9:]
    assert seconds.closed_until == (12 + silent_s) * S


def test_a_late_trade_counts_only_where_the_period_is_open() -> None:
    candles = Candles()
    for second, price in ((59, 5.0), (61, 6.0), (62, 6.5), (60.5, 9.0), (59.5, 99.0)):
        candles.add(trade(second, price))
    assert candles.series(Timeframe.M1).closed(9) == [Candle(0, 5.0, 5.0, 5.0, 5.0, 1.0, 1, 1.0)]
    assert candles.series(Timeframe.M1).open == Candle(60 * S, 6.0, 9.0, 6.0, 6.5, 3.0, 3, 3.0)
    assert candles.late_trades == 2


def test_history_of_a_shorter_timeframe_continues_a_longer_one() -> None:
    candles = Candles()
    minutes = [Candle(n * 60 * S, 1.0, 2.0 + n, 1.0, 1.5, 1.0) for n in range(7)]
    candles.seed(CandleHistory("X", Timeframe.M1, minutes, 0))
    assert candles.series(Timeframe.M5).closed(9) == [Candle(0, 1.0, 6.0, 1.0, 1.5, 5.0)]
    candles.add(trade(425, 3.0))
    assert candles.series(Timeframe.M5).open == Candle(300 * S, 1.0, 8.0, 1.0, 3.0, 3.0, 1, 1.0)
    assert len(candles.series(Timeframe.M1)) == 7
