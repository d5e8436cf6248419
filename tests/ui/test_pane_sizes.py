"""Whatever a pane is given, at whatever size: it paints exactly its cells and never fails."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.geometry import Size

from tests.ui import pane_views as views
from tradetui.domain.market_data import FeedState
from tradetui.ui.paint.rows import Row
from tradetui.ui.paint.strips import to_strip
from tradetui.ui.palette import ColorDepth, palette_of
from tradetui.ui.panes.account import AccountPane
from tradetui.ui.panes.base import LivePane
from tradetui.ui.panes.chart import ChartPane
from tradetui.ui.panes.fills import FillsPane
from tradetui.ui.panes.ladder import LadderPane
from tradetui.ui.panes.orders import OrdersPane
from tradetui.ui.panes.positions import PositionsPane
from tradetui.ui.panes.tape import TapePane
from tradetui.ui.panes.watchlist import WatchlistPane

PANES: list[tuple[type[LivePane[Any]], st.SearchStrategy[object]]] = [
    (ChartPane, views.charts()),
    (LadderPane, views.ladders()),
    (TapePane, views.tapes),
    (WatchlistPane, views.watched),
    (PositionsPane, views.positions),
    (OrdersPane, views.orders),
    (FillsPane, views.fills),
    (AccountPane, views.accounts),
]
PALETTES = [palette_of((), depth, utf8=utf8) for depth in ColorDepth for utf8 in (True, False)]


def painted(pane: LivePane[Any], part: object, width: int, height: int) -> list[Row]:
    """The title and the body of a pane that is not on a screen, right of the hairline."""
    pane._box = Size(width + 1, height + 1)
    pane.part = part
    return [pane._title(), *pane._body(width, height)]


@pytest.mark.parametrize(("kind", "parts"), PANES, ids=[kind.__name__ for kind, _ in PANES])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_pane_paints_exactly_its_cells(
    kind: type[LivePane[Any]], parts: st.SearchStrategy[object], data: st.DataObject
) -> None:
    pane = kind()
    for part in data.draw(st.lists(st.none() | parts, min_size=1, max_size=3)):
        width, height = data.draw(views.sizes)
        pane.set_health(data.draw(views.feed_states), data.draw(st.integers(0, 10**6)))
        rows = painted(pane, part, width, height)
        assert len(rows) == height + 1
        assert [cell_len("".join(text for text, _ in row)) for row in rows] == [width] * (height + 1)


@pytest.mark.parametrize("palette", PALETTES, ids=lambda it: f"{it.depth}-{it.utf8}")
@pytest.mark.parametrize("state", [FeedState.STREAMING, FeedState.STALE, FeedState.CROSSED, FeedState.DOWN])
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_terminal_gets_every_row(palette: Any, state: FeedState, data: st.DataObject) -> None:
    kind, parts = data.draw(st.sampled_from(PANES))
    pane = kind()
    pane.set_health(state, 9000)
    width, height = data.draw(views.sizes)
    for row in painted(pane, data.draw(parts), width, height):
        strip = to_strip(row, palette, width, faded=pane.is_faded)
        assert cell_len(strip.text) == width
        assert palette.utf8 or strip.text.isascii()
        for segment in strip:
            style = segment.style
            assert style is not None
            assert palette.depth is not ColorDepth.NONE or (style.color is None and style.bgcolor is None)
