"""What nine indicators cost beside TA-Lib and talipp: python -m tests.benchmarks.bench_indicators."""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from tradetui.market.bars import Bars
from tradetui.market.indicators.registry import parse_indicator

NAMES = ("sma20", "ema20", "bb20_2", "macd12_26_9", "rsi14", "atr14", "vwap", "pvo12_26_9", "stoch14_3_3")
ROUNDS, STEPS, WARM, SEED_BARS = 7, 10_000, 500, 1_000_000


def bars(count: int) -> Bars:
    """A random walk."""
    rng = np.random.default_rng(3)
    close = 60_000.0 + np.cumsum(rng.normal(0.0, 5.0, count))
    first = np.concatenate(([60_000.0], close[:-1]))
    high = np.maximum(first, close) + rng.random(count)
    low = np.minimum(first, close) - rng.random(count)
    seconds = np.arange(count, dtype=np.float64) * 60 + 1_700_000_000
    zero = np.zeros(count)
    return Bars(seconds, first, high, low, close, rng.lognormal(0.0, 1.0, count), zero, zero)


def ours_step(data: Bars) -> float:
    """CPU seconds of the pack over the steps."""
    pack = [parse_indicator(name) for name in NAMES]
    candles = data.candles()
    for indicator in pack:
        for candle in candles[:WARM]:
            indicator.update(candle)
    updates = [indicator.update for indicator in pack]
    begun = process_time()
    for candle in candles[WARM:]:
        for update in updates:
            update(candle)
    return process_time() - begun


def talib_step(data: Bars) -> float:
    """CPU seconds of TA-Lib's stream handles; its volume oscillator gets the signal line that ours has."""
    from talib import PVO
    from talib import stream as t

    high, low, close, volume = (c[:WARM].copy() for c in (data.high, data.low, data.close, data.volume))
    ones = [
        t.SMA(close, 20),
        t.EMA(close, 20),
        t.BBANDS(close, 20, 2.0, 2.0),
        t.MACD(close, 12, 26, 9),
        t.RSI(close, 14),
    ]
    of_close = [handle.update for handle in ones]
    atr, stoch = t.ATR(high, low, close, 14).update, t.STOCH(high, low, close, 14, 3, 0, 3, 0).update
    vwap, pvo = t.VWAP(high, low, close, volume).update, t.PVO(volume, 12, 26, 1).update
    pvo_signal = t.EMA(PVO(volume, 12, 26, 1)[25:].copy(), 9).update
    columns = (data.high, data.low, data.close, data.volume)
    rows = list(zip(*(c[WARM:].tolist() for c in columns), strict=True))
    begun = process_time()
    for h, l, c, v in rows:  # noqa: E741
        for update in of_close:
            update(c)
        atr(h, l, c)
        stoch(h, l, c)
        vwap(h, l, c, v)
        pvo_signal(pvo(v))
    return process_time() - begun


def talipp_step(data: Bars) -> float:
    """CPU seconds of talipp, without its volume oscillator's signal."""
    from talipp import indicators as t
    from talipp.ohlcv import OHLCV

    columns = (data.open, data.high, data.low, data.close, data.volume)
    rows = [OHLCV(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    on_close = [t.SMA(20), t.EMA(20), t.BB(20, 2.0), t.MACD(12, 26, 9), t.RSI(14)]
    on_bar = [t.ATR(14), t.VWAP(), t.Stoch(14, 3)]
    on_volume = [t.MACD(12, 26, 9)]

    def feed(rows: list[Any]) -> None:
        for row in rows:
            for indicator in on_close:
                indicator.add(row.close)
            for indicator in on_bar:
                indicator.add(row)
            for indicator in on_volume:
                indicator.add(row.volume)

    feed(rows[:WARM])
    begun = process_time()
    feed(rows[WARM:])
    return process_time() - begun


def ours_seed(data: Bars) -> float:
    """CPU seconds of seeding the nine."""
    pack = [parse_indicator(name) for name in NAMES]
    begun = process_time()
    for indicator in pack:
        indicator.seed(data)
    return process_time() - begun


def talib_seed(data: Bars) -> float:
    """CPU seconds of TA-Lib over arrays; its volume oscillator gets the signal line that ours has."""
    import talib as t

    high, low, close, volume = data.high, data.low, data.close, data.volume
    begun = process_time()
    t.SMA(close, 20)
    t.EMA(close, 20)
    t.BBANDS(close, 20)
    t.MACD(close, 12, 26, 9)
    t.RSI(close, 14)
    t.ATR(high, low, close, 14)
    t.VWAP(high, low, close, volume)
    t.EMA(t.PVO(volume, 12, 26, 1)[25:], 9)
    t.STOCH(high, low, close, 14, 3, 0, 3, 0)
    return process_time() - begun


def compared(
    name: str, peer: str, bound: float, mine: Callable[[], float], other: Callable[[], float]
) -> dict[str, Any]:
    """One row from interleaved rounds: medians and their ratio."""
    pairs = [(mine(), other()) for _ in range(ROUNDS)]
    value, peer_value = (median(times) for times in zip(*pairs, strict=True))
    ratio = value / peer_value
    return {
        "name": name,
        "ours": value,
        "peer": peer,
        "peer_value": peer_value,
        "ratio": ratio,
        "bound": bound,
        "holds": ratio <= bound,
    }


def run() -> list[dict[str, Any]]:
    """Rows of name, ours, peer, peer_value (CPU seconds), ratio, bound, holds."""
    few, many = bars(WARM + STEPS), bars(SEED_BARS)
    return [
        compared(
            "nine a bar", "TA-Lib handles + PVO signal", 1.3, lambda: ours_step(few), lambda: talib_step(few)
        ),
        compared("nine a bar", "talipp", 0.125, lambda: ours_step(few), lambda: talipp_step(few)),
        compared(
            "seed a million", "TA-Lib + PVO signal", 1.5, lambda: ours_seed(many), lambda: talib_seed(many)
        ),
    ]


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
