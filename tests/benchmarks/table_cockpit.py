"""The cockpit's contents in Textual's own widgets, for comparison with the panes.

Tables are updated cell by cell and only where a value differs, as a careful user of them would.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import DataTable, Static

import tradetui.ui.app
from tradetui.cli.main import run
from tradetui.domain.fill import Fill
from tradetui.domain.view import Frame, ViewRequest
from tradetui.domain.view_market import ChartView, TapeRow
from tradetui.runtime.link import Link
from tradetui.ui.paint.chart import ChartPainter, ChartSwitches, layout_of
from tradetui.ui.palette import ColorDepth, palette_of

REQUEST = ViewRequest(columns=103, ladder_rows=44, ladder_group=5, tape_rows=11)
Cells = Sequence[Sequence[object]]


class LinkApp(App[None]):
    """Takes a frame at each tick of the clock and shows it in its own way."""

    def __init__(self, link: Link, *, fps: int, **_: Any) -> None:
        super().__init__()
        self._link, self._fps = link, fps
        self._frame: Frame | None = None

    async def on_mount(self) -> None:
        """Start the engine and the clock."""
        await self._link.start()
        self._link.show(REQUEST)
        self.set_interval(1 / self._fps, self._tick)

    def _tick(self) -> None:
        frame = self._link.frame()
        if frame is not None and frame is not self._frame:
            self.show_frame(frame)
            self._frame = frame

    def show_frame(self, frame: Frame) -> None:
        """Put a frame on the screen; this one shows nothing, so its cost is that of the engine alone."""


class TableCockpit(LinkApp):
    """Ladder, tape, watchlist, positions, orders and fills as tables, the chart as a Static."""

    CSS = "Horizontal { height: 2fr; } #chart { width: 3fr; } DataTable { width: 1fr; height: 1fr; }"
    COLUMNS: ClassVar[dict[str, tuple[str, ...]]] = {
        "watchlist": ("symbol", "last", "24h%", "spread"),
        "ladder": ("own", "bid", "price", "ask", "vol", "1s"),
        "tape": ("time", "side", "price", "qty"),
        "positions": ("symbol", "side", "qty", "entry", "mark", "unreal"),
        "orders": ("id", "type", "side", "qty", "price"),
        "fills": ("time", "side", "qty", "price"),
    }

    def __init__(self, link: Link, *, fps: int, **_: Any) -> None:
        super().__init__(link, fps=fps)
        self._cells: dict[str, dict[tuple[int, int], str]] = {}
        self._painter = ChartPainter()
        self._palette = palette_of((), ColorDepth.FULL, utf8=True)

    def compose(self) -> ComposeResult:
        """Three panes above, four below, as in the cockpit."""
        with Horizontal():
            yield DataTable(id="watchlist", show_cursor=False)
            yield Static(id="chart")
            yield DataTable(id="ladder", show_cursor=False)
        with Horizontal():
            for name in ("tape", "positions", "orders", "fills"):
                yield DataTable(id=name, show_cursor=False)

    async def on_mount(self) -> None:
        """Name the columns, then start."""
        for name, columns in self.COLUMNS.items():
            self.query_one(f"#{name}", DataTable).add_columns(*columns)
        await super().on_mount()

    def show_frame(self, frame: Frame) -> None:
        """Every part that is another object than before."""
        before = self._frame
        for name, rows in rows_of(frame).items():
            if before is None or getattr(before, name) is not getattr(frame, name):
                self._fill(name, rows)
        if frame.chart is not None and (before is None or before.chart is not frame.chart):
            self.query_one("#chart", Static).update(self._chart_text(frame.chart))

    def _fill(self, name: str, rows: Cells) -> None:
        table = self.query_one(f"#{name}", DataTable)
        known = self._cells.setdefault(name, {})
        while table.row_count < len(rows):
            table.add_row(*[""] * len(self.COLUMNS[name]))
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                text = str(value)
                if known.get((y, x)) != text:
                    known[y, x] = text
                    table.update_cell_at((y, x), text)  # type: ignore[arg-type]

    def _chart_text(self, chart: ChartView) -> Text:
        layout = layout_of(115, 44, 0)
        text = Text()
        for row in self._painter.paint(chart, layout, ChartSwitches()):
            for words, ink in row:
                text.append(words, self._palette.style(ink))
            text.append("\n")
        return text


def rows_of(frame: Frame) -> dict[str, Cells]:
    """The words of each table."""
    ladder = frame.ladder.rows if frame.ladder else ()
    tape = frame.tape.rows if frame.tape else ()
    return {
        "watchlist": [(row.symbol, row.last, row.change_pct, row.spread_bp) for row in frame.watchlist],
        "ladder": [
            (own_words(row.own), row.bid, f"{row.price:,.2f}", row.ask, row.volume, row.change)
            for row in ladder
        ],
        "tape": [(seconds(row), row.side, f"{row.price:,.2f}", row.qty) for row in tape],
        "positions": [
            (row.symbol, row.side, row.qty, row.entry_price, row.mark_price, row.unrealized_pnl)
            for row in frame.positions
        ],
        "orders": [
            (row.order.order_id, row.order.type, row.order.side, row.order.qty, row.order.price)
            for row in frame.orders
        ],
        "fills": [(seconds(row.fill), row.fill.side, row.fill.qty, row.fill.price) for row in frame.fills],
    }


def own_words(marks: Iterable[Any]) -> str:
    """Own orders at a price."""
    return " ".join(f"{mark.kind} {mark.qty}" for mark in marks)


def seconds(row: TapeRow | Fill) -> int:
    """Whole seconds, so that a cell differs only where the words would."""
    return row.ts // 1_000_000_000


if __name__ == "__main__":
    shown = {"tables": TableCockpit, "nothing": LinkApp}[sys.argv[1]]
    tradetui.ui.app.CockpitApp = shown  # type: ignore[misc,assignment]
    sys.exit(run(sys.argv[2:]))
