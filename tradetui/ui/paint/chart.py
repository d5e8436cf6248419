"""The chart's body: price, volume, time and indicator plots, painted from cached columns.

Closed columns are built once a version, scale and size. A tick on the open candle builds one column
and joins it to rows that are kept, so the cost of a tick does not grow with the chart's width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from tradetui.domain.market_data import Side
from tradetui.domain.view_market import ChartCandle, ChartView, FillMark, IndicatorLine, PriceMark
from tradetui.ui.paint.axis import (
    MARK_LINES,
    axis_cells,
    axis_label,
    price_labels,
    tag_rows,
    tag_run,
    time_row,
)
from tradetui.ui.paint.braille import line_cells, sign
from tradetui.ui.paint.candles import bar_cells, candle_cells, candle_ink, heikin_ashi
from tradetui.ui.paint.grid import Column, Grid, empty_column
from tradetui.ui.paint.names import line_ink
from tradetui.ui.paint.numbers import compact
from tradetui.ui.paint.rows import Row, Run
from tradetui.ui.paint.scale import Scale, scale_for

BLANK: Final[Run] = (" ", "text")
MARK_REACH: Final = 0.6
"""Marks stretch the scale by at most this share of the candles' range on each side."""


class ChartLayout(msgspec.Struct, frozen=True):
    """How the body's rows and columns are shared out."""

    columns: int
    axis: int
    price: int
    volume: int
    time: int
    pane: int
    """Rows of each indicator pane with its title; 0 where there is no room."""
    panes: int


def layout_of(width: int, height: int, panes: int) -> ChartLayout:
    """Price first; volume, time and indicators where there is room."""
    axis = axis_cells(width)
    time = 1 if height >= 8 else 0
    volume = 5 if height >= 40 else 3 if height >= 20 else 2 if height >= 14 else 0
    pane = 7 if height >= 46 else 5 if height >= 32 else 4 if height >= 24 else 0
    while pane and height - time - volume - pane * panes < 9:
        panes -= 1
        pane = pane if panes else 0
    price = max(1, height - time - volume - pane * panes)
    return ChartLayout(max(1, width - axis - 1), axis, price, volume, time, pane, panes if pane else 0)


class Closed(msgspec.Struct, frozen=True):
    """The closed candles as drawn and their overlays, with what their scales need."""

    candles: list[ChartCandle]
    overlays: list[IndicatorLine]
    low: float
    high: float
    tails: tuple[float, float]
    """Lowest and highest overlay near the candles; the candles' own where there is none."""
    largest: float
    edges: tuple[int, ...]


class ChartSwitches(msgspec.Struct, frozen=True):
    """How the trader wants the candles."""

    heikin_ashi: bool = False
    log_scale: bool = False
    crosshair: int | None = None
    """Column from the right edge, 0 the newest."""
    zone: str = "UTC"


class ChartPainter:
    """Paints chart views of one pane, keeping the columns of the view before."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._closed_key: tuple[object, ...] = ()
        self._closed = Closed([], [], math.inf, -math.inf, (math.inf, -math.inf), 0.0, ())
        self._scale: Scale | None = None
        self._candles: list[ChartCandle] = []
        self._price = Grid((), 0)
        self._volume = Grid((), 0)
        self._largest = 0.0
        self._averaged = False
        self._overlays: list[IndicatorLine] = []
        self.builds = 0
        """How often all columns were built."""

    def paint(self, view: ChartView, layout: ChartLayout, switches: ChartSwitches) -> list[Row]:
        """The rows of price, volume and time, each in the full width."""
        self._prepare(view, layout, switches)
        newest = self._newest(view)
        rows = self._price_rows(view, layout, newest)
        rows += self._volume_rows(layout, newest)
        if layout.time:
            shown = [*self._candles, *([newest] if newest else [])][-layout.columns :]
            text = time_row(shown, view.timeframe.seconds, layout.columns, switches.zone)
            rows.append(((f" {text}{' ' * layout.axis}", "dim"),))
        return rows

    # Closed columns.

    def _prepare(self, view: ChartView, layout: ChartLayout, switches: ChartSwitches) -> None:
        names = tuple(line.name for line in view.lines if line.pane == "price")
        newest = view.closed[-1].open_ts if view.closed else 0
        of = (view.symbol, view.timeframe, view.version, newest, len(view.closed), names)
        if self._closed_key != (of, layout.columns, switches.heikin_ashi):
            self._closed_key = (of, layout.columns, switches.heikin_ashi)
            self._closed = closed_part(view, layout.columns - 1, averaged=switches.heikin_ashi)
        closed = self._closed
        scale = self._scaled(closed, view, log=switches.log_scale)
        largest = closed.largest
        if view.open is not None and view.open.volume > max(largest, self._largest):
            largest = view.open.volume * 1.25
        key = (
            view.symbol,
            view.timeframe,
            view.version,
            closed.edges,
            layout,
            switches,
            scale,
            names,
            view.fills,
        )
        if key == self._key and largest <= self._largest:
            return
        self._key, self._scale, self._candles, self._overlays = key, scale, closed.candles, closed.overlays
        self._largest = largest
        self._averaged = switches.heikin_ashi
        self._build(view, layout, switches)

    def _scaled(self, closed: Closed, view: ChartView, *, log: bool) -> Scale:
        low, high = closed.low, closed.high
        if view.open is not None:
            low, high = min(low, view.open.low), max(high, view.open.high)
        if not math.isfinite(high - low):
            return self._scale or Scale(0.0, 1.0)
        reach = (high - low) * MARK_REACH or high * 0.001
        prices = [low, high, *closed.tails]
        prices += [mark.price for mark in view.marks if low - reach <= mark.price <= high + reach]
        same = self._key[:2] == (view.symbol, view.timeframe)
        return scale_for(prices, self._scale if same else None, log=log)

    def _build(self, view: ChartView, layout: ChartLayout, switches: ChartSwitches) -> None:
        self.builds += 1
        scale = self._scale or Scale(0.0, 1.0)
        count = layout.columns - 1
        missing = max(0, count - len(self._candles))
        arrows = arrow_cells(view.fills, self._candles, view.timeframe.seconds, scale, layout.price)
        columns: list[Column] = [empty_column(layout.price)] * missing
        for at, candle in enumerate(self._candles):
            cells = self._price_column(candle, at, scale, layout.price)
            cells.update(arrows.get(at, {}))
            columns.append(column_of(cells, layout.price))
        if switches.crosshair is not None and 0 < switches.crosshair <= len(columns):
            columns[-switches.crosshair] = crossed(columns[-switches.crosshair])
        self._price = Grid(columns, layout.price)
        self._volume = Grid(
            [empty_column(layout.volume)] * missing
            + [volume_column(candle, self._largest, layout.volume) for candle in self._candles],
            layout.volume,
        )

    def _price_column(self, candle: ChartCandle, at: int, scale: Scale, rows: int) -> dict[int, Run]:
        cells: dict[int, Run] = {}
        back = len(self._candles) - at
        for line in self._overlays:
            now = value_at(line, back)
            draw_line(cells, line, (value_at(line, back + 1), now), scale, rows)
        ink = candle_ink(candle)
        cells.update({row: (char, ink) for row, char in candle_cells(candle, scale, rows).items()})
        return cells

    # The open column and the rows.

    def _newest(self, view: ChartView) -> ChartCandle | None:
        if view.open is None or not self._candles or not self._averaged:
            return view.open
        return heikin_ashi([*self._candles[-1:], view.open])[-1]

    def _open_cells(self, view: ChartView, newest: ChartCandle | None, scale: Scale, rows: int) -> Column:
        if newest is None:
            return empty_column(rows)
        cells: dict[int, Run] = {}
        for line in (line for line in view.lines if line.pane == "price"):
            draw_line(cells, line, (value_at(line, 1), line.last), scale, rows)
        ink = f"{candle_ink(newest)}"
        cells.update({row: (char, ink) for row, char in candle_cells(newest, scale, rows).items()})
        arrows = arrow_cells(view.fills, [newest], view.timeframe.seconds, scale, rows)
        cells.update(arrows.get(0, {}))
        return column_of(cells, rows)

    def _price_rows(self, view: ChartView, layout: ChartLayout, newest: ChartCandle | None) -> list[Row]:
        scale = self._scale or Scale(0.0, 1.0)
        rows = layout.price
        last = self._open_cells(view, newest, scale, rows)
        labels = price_labels(scale, rows, view.price_scale)
        tags = tag_rows(view.marks, scale, rows)
        painted: list[Row] = []
        for y in range(rows):
            tag = tags.get(y)
            row = self._price.row(y, line_at(tag, has_label=y in labels), last[y])
            axis = self._label(labels.get(y, ""), layout.axis)
            if tag is not None and layout.axis:
                axis = tag_run(*tag, layout.axis, view.price_scale)
            painted.append((BLANK, *row, axis))
        return painted

    @staticmethod
    def _label(text: str, width: int) -> Run:
        return (axis_label(text, width) if text else " " * width, "dim")

    def _volume_rows(self, layout: ChartLayout, newest: ChartCandle | None) -> list[Row]:
        last = volume_column(newest, self._largest, layout.volume) if newest else empty_column(layout.volume)
        words = f"vol {compact(self._largest, 2)}"
        return [
            (BLANK, *self._volume.row(y, BLANK, last[y]), self._label("" if y else words, layout.axis))
            for y in range(layout.volume)
        ]

    def candle_at(self, view: ChartView, crosshair: int | None) -> ChartCandle | None:
        """The candle under the crosshair, or the newest."""
        candles = [*view.closed, *([view.open] if view.open else [])]
        if not candles:
            return None
        return candles[max(0, len(candles) - 1 - (crosshair or 0))]


def closed_part(view: ChartView, count: int, *, averaged: bool) -> Closed:
    """The last `count` closed candles of a view with the ranges that do not change until one more closes."""
    closed = view.closed[-count:] if count > 0 else ()
    shown = heikin_ashi(closed) if averaged else list(closed)
    low = min((candle.low for candle in shown), default=math.inf)
    high = max((candle.high for candle in shown), default=-math.inf)
    overlays = [line for line in view.lines if line.pane == "price"]
    reach = (high - low) * MARK_REACH / 4 if shown else 0.0
    near = (
        [value for line in overlays for value in line.values[-count:] if value is not None] if shown else []
    )
    near = [value for value in near if low - reach <= value <= high + reach]
    edges = (closed[0].open_ts, closed[-1].open_ts) if closed else ()
    largest = max((candle.volume for candle in closed), default=0.0)
    return Closed(
        shown, overlays, low, high, (min(near, default=low), max(near, default=high)), largest, edges
    )


def line_at(tag: tuple[PriceMark, str] | None, *, has_label: bool) -> Run:
    """What runs through the empty cells of a row: a mark's line, a grid line, nothing."""
    if tag is not None and not tag[1]:
        return ("╌", MARK_LINES.get(tag[0].kind, MARK_LINES["level"])[0])
    return ("┈", "grid") if has_label else BLANK


def value_at(line: IndicatorLine, back: int) -> float | None:
    """The line's value `back` closed candles before the open one, 1 the newest closed."""
    values = line.values
    return values[-back] if 0 < back <= len(values) else None


def draw_line(
    cells: dict[int, Run],
    line: IndicatorLine,
    values: tuple[float | None, float | None],
    scale: Scale,
    rows: int,
) -> None:
    """Put one column of an overlay into the cells; outside the scale it is not drawn."""
    before, now = values
    if now is None or not scale.holds(now):
        return
    ink = line_ink(line.name, line.style)
    for row, bits in line_cells(before, now, scale, rows, joined=False).items():
        cells[row] = (sign(bits), ink)


def column_of(cells: dict[int, Run], rows: int) -> Column:
    """Cells by row as a whole column."""
    return tuple([cells.get(row) for row in range(rows)])


def crossed(column: Column) -> Column:
    """The column with the crosshair's line in its empty cells."""
    return tuple(cell if cell is not None else ("┊", "accent") for cell in column)


def volume_column(candle: ChartCandle, largest: float, rows: int) -> Column:
    """The volume bar of one candle."""
    ink = f"{candle_ink(candle)}-volume"
    return column_of(
        {row: (char, ink) for row, char in bar_cells(candle.volume, largest, rows).items()}, rows
    )


def arrow_cells(
    fills: Sequence[FillMark], candles: Sequence[ChartCandle], period_s: int, scale: Scale, rows: int
) -> dict[int, dict[int, Run]]:
    """Own fills by column and row: a buy below its candle, a sale above."""
    period = period_s * 1_000_000_000
    places = {candle.open_ts // period: at for at, candle in enumerate(candles)}
    found: dict[int, dict[int, Run]] = {}
    for fill in fills:
        at = places.get(fill.ts // period)
        if at is None:
            continue
        buys = fill.side is Side.BUY
        row = scale.step(candles[at].low, rows) + 1 if buys else scale.step(candles[at].high, rows) - 1
        cell: Run = ("▲" if buys else "▼", "bright!")
        found.setdefault(at, {})[max(0, min(rows - 1, row))] = cell
    return found
