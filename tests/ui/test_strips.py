"""Strips of our own cut like Textual's, and nothing of a pane's past is kept."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from textual.strip import Strip

from tests.ui.fake_market import FakeMarket
from tests.ui.test_pane_repaint import OnePane
from tradetui.domain.view import ViewRequest
from tradetui.ui.paint.rows import Row
from tradetui.ui.paint.strips import to_strip
from tradetui.ui.palette import ColorDepth, palette_of
from tradetui.ui.panes.bar import Bar
from tradetui.ui.panes.ladder import LadderPane

PALETTE = palette_of((), ColorDepth.FULL, utf8=True)
RUNS = st.lists(
    st.tuples(st.text("ab ┃▲…", min_size=1, max_size=6), st.sampled_from(["text", "up", "bid@bid-depth"])),
    min_size=1,
    max_size=6,
)


class Clock(Bar, inherit_css=False):
    """A bar that changes each second."""

    DEFAULT_CSS = "Clock { height: 1; background: black; }"
    seconds = 0

    def show(self, seconds: int) -> None:
        self.seconds = seconds
        self.repaint()

    def rows_at(self, width: int) -> Sequence[Row]:
        return ((("PAPER ", "warn"), (f"{self.seconds:>{width - 6}}", "bright")),)


def strips_alive() -> int:
    return sum(isinstance(each, Strip) for each in gc.get_objects())


@given(RUNS, st.sets(st.integers(0, 40), max_size=5))
def test_a_strip_is_divided_as_textual_divides_it(row: list[tuple[str, str]], cuts: set[int]) -> None:
    width = sum(len(text) for text, _ in row)
    ours = to_strip(tuple(row), PALETTE, width)
    theirs = Strip(list(ours), width)
    for ends in (sorted(cuts), [*sorted(cut for cut in cuts if cut < width), width]):
        parts = [list(part.simplify()) for part in ours.divide(ends)]
        assert parts == [list(part.simplify()) for part in theirs.divide(ends)]


def test_a_strip_that_is_shown_whole_does_not_hold_itself() -> None:
    strip = to_strip((("12.5", "bid"),), PALETTE, 4)
    before = sys.getrefcount(strip)
    assert list(strip.divide([4])) == [strip]
    assert sys.getrefcount(strip) == before


async def test_a_pane_does_not_collect_the_regions_it_has_painted() -> None:
    market, pane = FakeMarket(), LadderPane()
    async with OnePane(pane).run_test(size=(60, 50)) as pilot:
        for _ in range(30):
            market.advance(5)
            pane.update_view(market.ladder(ViewRequest(ladder_rows=48), {}))
            await pilot.pause()
        assert pane.rows_painted > 100
        assert not pane._dirty_regions


async def test_bars_and_panes_leave_no_work_to_the_garbage_collector() -> None:
    market, pane, bar = FakeMarket(), LadderPane(), Clock()
    async with OnePane(pane).run_test(size=(60, 50)) as pilot:
        await pane.app.mount(bar)
        gc.collect()
        gc.disable()
        try:
            for seconds in range(20):
                market.advance(5)
                pane.update_view(market.ladder(ViewRequest(ladder_rows=48), {}))
                bar.show(seconds)
                await pilot.pause()
            held = strips_alive()
            gc.collect()
            assert held - strips_alive() <= 2
        finally:
            gc.enable()
