"""The chart: candles, volume, overlays, own orders and fills, and the indicator panes below."""

from __future__ import annotations

from typing import ClassVar

from tradetui.domain.view import Frame
from tradetui.domain.view_market import ChartCandle, ChartView, IndicatorLine
from tradetui.ui.paint.chart import ChartLayout, ChartPainter, ChartSwitches, layout_of
from tradetui.ui.paint.names import group_title, line_ink
from tradetui.ui.paint.numbers import clock_text, compact, fixed
from tradetui.ui.paint.oscillator import OscillatorPainter, pane_title
from tradetui.ui.paint.rows import Row, Run, blank, plain
from tradetui.ui.panes.base import LivePane


class ChartPane(LivePane[ChartView]):
    """Candles of one symbol and timeframe; `columns` and `offset_columns` go into the request."""

    TITLE = "Chart"
    IS_MARKET = True
    EXACT: ClassVar[bool] = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self.offset_columns = 0
        self.heikin_ashi = False
        self.log_scale = False
        self.crosshair: int | None = None
        self._zone = "UTC"
        self._painter = ChartPainter()
        self._lower: dict[str, OscillatorPainter] = {}
        self._asked_columns = 0

    @property
    def columns(self) -> int:
        """How many candles there is room for, the open one included."""
        return layout_of(max(1, self.inner_width), 40, 0).columns if self._box.width else 120

    def part_of(self, frame: Frame) -> ChartView | None:
        """The chart."""
        self._zone = frame.status.zone
        return frame.chart

    def has_content(self, part: ChartView) -> bool:
        """Whether there is a candle."""
        return bool(part.closed) or part.open is not None

    def empty_words(self) -> str:
        """Loading, or no trade so far."""
        return (self.part.loading if self.part is not None else "") or "waiting for the first candle"

    # What keys do.

    def scroll_back(self, columns: int) -> None:
        """Move the right edge back into history (positive) or towards now (negative)."""
        part = self.part
        if part is not None and part.is_oldest and columns > 0:
            columns = min(columns, part.offset - self.offset_columns)  # nothing lies beyond the oldest
        wanted = max(0, self.offset_columns + columns)
        if wanted != self.offset_columns:
            self.offset_columns = wanted
            self.post_message(self.RequestChanged())

    def scroll_to_now(self) -> None:
        """Show the newest candle again."""
        self.scroll_back(-self.offset_columns)

    def move_crosshair(self, columns: int) -> None:
        """Move the crosshair right (positive) or left; at the edges the chart scrolls."""
        at = (self.crosshair or 0) - columns
        last = self.columns - 1
        if at < 0:
            self.scroll_back(at)
        elif at > last:
            self.scroll_back(at - last)
        self.crosshair = max(0, min(last, at))
        self.repaint()

    def hide_crosshair(self) -> None:
        """Back to the newest candle's values."""
        self.crosshair = None
        self.repaint()

    def toggle_heikin_ashi(self) -> None:
        """Averaged candles on or off."""
        self.heikin_ashi = not self.heikin_ashi
        self.repaint()

    def toggle_log(self) -> None:
        """Logarithmic scale on or off."""
        self.log_scale = not self.log_scale
        self.repaint()

    def repaint(self) -> None:
        """As every pane; ask for other candles where the room has changed."""
        super().repaint()
        if self._box.width and self.columns != self._asked_columns:
            self._asked_columns = self.columns
            self.post_message(self.RequestChanged())

    # Painting.

    def title_name(self) -> str:
        """Symbol and timeframe."""
        return f"{plain(self.part.symbol)} {self.part.timeframe}" if self.part is not None else self.TITLE

    def title_words(self, part: ChartView) -> Row:
        """Values of the candle under the crosshair, what is loaded, and the overlays' names."""
        words: list[Run] = []
        if not part.at_edge:
            words.append(("history  ", "warn"))
        if part.loading:
            words.append((f"{plain(part.loading)}  ", "warn"))
        candle = self._painter.candle_at(part, self.crosshair)
        if candle is not None:
            words += candle_words(candle, part, self._zone, with_time=self.crosshair is not None)
        if self.heikin_ashi:
            words.append(("  Heikin-Ashi", "accent"))
        if self.log_scale:
            words.append(("  log", "accent"))
        return (*words, *overlay_names(part.lines))

    def paint(self, part: ChartView, width: int, height: int) -> list[Row]:
        """Price, volume, time, then the indicator panes."""
        if width < 2:
            return [blank(width)] * height
        groups = lower_groups(part.lines)
        layout = layout_of(width, height, len(groups))
        switches = ChartSwitches(self.heikin_ashi, self.log_scale, self.crosshair, self._zone)
        rows = self._painter.paint(part, layout, switches)
        for group, lines in list(groups.items())[: layout.panes]:
            rows += self._lower_pane(group, lines, part, layout)
        return rows[:height] + [blank(width)] * (height - len(rows))

    def _lower_pane(
        self, group: str, lines: list[IndicatorLine], part: ChartView, layout: ChartLayout
    ) -> list[Row]:
        painter = self._lower.setdefault(group, OscillatorPainter())
        version = (part.symbol, part.timeframe, part.version, part.closed[-1].open_ts if part.closed else 0)
        width = layout.columns + layout.axis + 1
        plot = painter.paint(lines, version, columns=layout.columns, rows=layout.pane - 1, axis=layout.axis)
        return [pane_title(lines, width), *plot]


def lower_groups(lines: tuple[IndicatorLine, ...]) -> dict[str, list[IndicatorLine]]:
    """Lines below the price by their pane, histograms first so that lines lie over them."""
    groups: dict[str, list[IndicatorLine]] = {}
    for line in lines:
        if line.pane != "price":
            groups.setdefault(line.pane, []).append(line)
    return groups


def candle_words(candle: ChartCandle, part: ChartView, zone: str, *, with_time: bool) -> list[Run]:
    """Open, high, low, close and volume of a candle."""
    scale = part.price_scale
    words: list[Run] = []
    if with_time:
        pattern = "%d %b" if part.timeframe.seconds >= 86400 else "%d %b %H:%M:%S"
        words.append((f"{clock_text(candle.open_ts, zone, pattern=pattern)}  ", "accent"))
    ink = "up" if candle.close >= candle.open else "down"
    values = (("O", candle.open), ("H", candle.high), ("L", candle.low), ("C", candle.close))
    for name, value in values:
        gap = " " if name != "O" else ""
        words += [(f"{gap}{name} ", "dim"), (fixed(value, scale), ink if with_time else "dim")]
    words.append((f"  vol {compact(candle.volume)}", "dim"))
    return words


def overlay_names(lines: tuple[IndicatorLine, ...]) -> Row:
    """The overlays in their inks, a group once."""
    seen: dict[str, str] = {}
    for line in lines:
        if line.pane == "price":
            seen.setdefault(line.group, line_ink(line.name, line.style))
    return tuple((f"  {group_title(group)}", ink) for group, ink in seen.items())
