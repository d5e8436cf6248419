"""Candles with two vertical positions a cell: heavy strokes are bodies, light ones wicks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tradetui.domain.view_market import ChartCandle
from tradetui.ui.paint.scale import Scale

NOTHING: Final = 0
WICK: Final = 1
BODY: Final = 2

GLYPHS: Final = {
    (WICK, WICK): "│",
    (BODY, BODY): "┃",
    (WICK, BODY): "╽",
    (BODY, WICK): "╿",
    (BODY, NOTHING): "╹",
    (NOTHING, BODY): "╻",
    (WICK, NOTHING): "╵",
    (NOTHING, WICK): "╷",
}
"""Strokes by what stands in the upper and in the lower half of the cell."""


def candle_ink(candle: ChartCandle) -> str:
    """Up or down; an unchanged candle counts as up."""
    return "up" if candle.close >= candle.open else "down"


def candle_cells(candle: ChartCandle, scale: Scale, rows: int) -> dict[int, str]:
    """The strokes of one candle by row; a candle is never invisible."""
    halves = rows * 2
    top, bottom = scale.step(candle.high, halves), scale.step(candle.low, halves)
    body_top = scale.step(max(candle.open, candle.close), halves)
    body_bottom = scale.step(min(candle.open, candle.close), halves)
    cells: dict[int, str] = {}
    for row in range(min(top, body_top) // 2, max(bottom, body_bottom) // 2 + 1):
        upper = _half(2 * row, top, bottom, body_top, body_bottom)
        lower = _half(2 * row + 1, top, bottom, body_top, body_bottom)
        if upper or lower:
            cells[row] = GLYPHS[upper, lower]
    return cells


def _half(half: int, top: int, bottom: int, body_top: int, body_bottom: int) -> int:
    if body_top <= half <= body_bottom:
        return BODY
    return WICK if top <= half <= bottom else NOTHING


def heikin_ashi(candles: Sequence[ChartCandle]) -> list[ChartCandle]:
    """Averaged candles: close is the mean of the four prices, open the middle of the body before.

    Source: the usual definition; the first open is the middle of its own body.
    """
    out: list[ChartCandle] = []
    for candle in candles:
        close = (candle.open + candle.high + candle.low + candle.close) / 4
        start = (out[-1].open + out[-1].close) / 2 if out else (candle.open + candle.close) / 2
        high, low = max(candle.high, start, close), min(candle.low, start, close)
        out.append(ChartCandle(candle.open_ts, start, high, low, close, candle.volume))
    return out


def bar_cells(volume: float, largest: float, rows: int) -> dict[int, str]:
    """A volume bar from below in eighths of a cell, by row."""
    if volume <= 0 or largest <= 0 or rows <= 0:
        return {}
    eighths = max(1, min(rows * 8, round(volume / largest * rows * 8)))
    cells = dict.fromkeys(range(rows - eighths // 8, rows), "█")
    if eighths % 8:
        cells[rows - eighths // 8 - 1] = " ▁▂▃▄▅▆▇"[eighths % 8]
    return cells
