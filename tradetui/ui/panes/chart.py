"""The chart: candles, volume, overlays, own orders and fills, and the indicator panes below."""

from __future__ import annotations

from tradetui.domain.view import ChartView, Frame
from tradetui.ui.paint.rows import Row, blank
from tradetui.ui.panes.base import LivePane


class ChartPane(LivePane[ChartView]):
    """Candles of one symbol and timeframe."""

    TITLE = "Chart"
    IS_MARKET = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self.offset_columns = 0
        self.heikin_ashi = False
        self.log_scale = False

    @property
    def columns(self) -> int:
        """How many candles there is room for."""
        return max(8, self.inner_width - 12)

    def part_of(self, frame: Frame) -> ChartView | None:
        """The chart."""
        return frame.chart

    def scroll_back(self, columns: int) -> None:
        """Move the right edge back into history (positive) or towards now."""
        self.offset_columns = max(0, self.offset_columns + columns)
        self.post_message(self.RequestChanged())

    def paint(self, part: ChartView, width: int, height: int) -> list[Row]:
        """Nothing yet."""
        return [blank(width)] * height
