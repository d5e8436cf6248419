"""What is painted again when something changes, and where the ladder's market, marks and cursor are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tests.ui.fake_market import FakeMarket
from tradetui.domain.market_data import FeedState
from tradetui.domain.view import ViewRequest
from tradetui.domain.view_market import LadderView, OwnMark
from tradetui.ui.panes.base import LivePane
from tradetui.ui.panes.ladder import LadderPane, automatic_group, row_scale
from tradetui.ui.panes.tape import TapePane

replace = msgspec.structs.replace


class OnePane(App[None]):
    """A screen with one pane."""

    def __init__(self, pane: LivePane[Any]) -> None:
        super().__init__()
        self.pane = pane

    def compose(self) -> ComposeResult:
        yield self.pane


@asynccontextmanager
async def shown(pane: LivePane[Any], *, size: tuple[int, int] = (52, 46)) -> AsyncIterator[LivePane[Any]]:
    async with OnePane(pane).run_test(size=size) as pilot:
        await pilot.pause()
        yield pane


def ladder_at(market: int, *, group: int = 1, rows: int = 44, center: int | None = None) -> LadderView:
    """A book one tick wide around a tick."""
    fake = FakeMarket()
    fake.tick = fake.center = market
    request = ViewRequest(ladder_rows=rows, ladder_group=group, ladder_center=center)
    return replace(fake.ladder(request, {}), tick_size=Decimal("0.1"), price_scale=1)


def text_of(pane: LivePane[Any]) -> list[str]:
    return [pane.render_line(y).text for y in range(pane.size.height)]


def text_with(pane: LivePane[Any], sign: str) -> str:
    return next(line for line in text_of(pane) if sign in line)


# Rows painted again.


async def test_a_change_at_one_price_paints_one_row() -> None:
    view = ladder_at(61_602)
    async with shown(LadderPane()) as pane:
        pane.update_view(view)
        before = pane.rows_painted
        changed = replace(view.rows[7], ask=view.rows[7].ask + 0.01)
        pane.update_view(replace(view, rows=(*view.rows[:7], changed, *view.rows[8:])))
        assert pane.rows_painted == before + 1


async def test_a_last_price_one_tick_higher_paints_two_rows() -> None:
    view = ladder_at(61_602)
    async with shown(LadderPane()) as pane:
        pane.update_view(view)
        before = pane.rows_painted
        pane.update_view(replace(view, last=61_603))
        assert pane.rows_painted == before + 2


async def test_the_same_view_paints_nothing() -> None:
    view = ladder_at(61_602)
    async with shown(LadderPane()) as pane:
        pane.update_view(view)
        before = pane.rows_painted
        pane.update_view(view)
        pane.update_view(replace(view))
        assert pane.rows_painted == before


async def test_a_print_builds_no_old_print_again() -> None:
    tape = FakeMarket().tape(ViewRequest(tape_rows=20))
    async with shown(TapePane(), size=(34, 12)) as pane:
        pane.update_view(tape)
        assert isinstance(pane, TapePane)
        before = pane._painted
        newest = replace(tape.rows[0], qty=0.5)
        pane.update_view(replace(tape, rows=(newest, *tape.rows)))
        assert [pane._painted[row] is before[row] for row in tape.rows[:10]] == [True] * 10


async def test_a_fault_of_the_feed_is_told_and_fades_the_rows() -> None:
    async with shown(LadderPane()) as pane:
        pane.update_view(ladder_at(61_602))
        fresh = pane.render_line(5)
        pane.set_health(FeedState.STALE, 7_400)
        assert "Ladder stale 7 s" in text_of(pane)[0]
        assert pane.render_line(5).text == fresh.text
        assert pane.render_line(5) != fresh


# The ladder's rows.


@pytest.mark.parametrize(
    ("price", "tick", "row"),
    [
        ("75000", "0.1", "1.0"),
        ("61602", "1", "1"),
        ("2684.31", "0.01", "0.05"),
        ("0.3412", "0.0001", "0.0001"),
    ],
)
def test_a_row_is_about_a_sixtieth_of_a_thousandth_of_the_price(price: str, tick: str, row: str) -> None:
    ticks = int(Decimal(price) / Decimal(tick))
    assert automatic_group(ticks) * Decimal(tick) == Decimal(row)


@given(st.integers(0, 10**15))
def test_a_row_is_one_two_or_five_times_a_power_of_ten(market: int) -> None:
    group = automatic_group(market)
    assert str(group).rstrip("0") in ("1", "2", "5")
    assert group == 1 or 0.6 <= group / (market * 1.6e-5) <= 1.6


@pytest.mark.parametrize(("step", "scale"), [("0.1", 1), ("1.0", 0), ("0.05", 2), ("10", 0), ("0.000010", 5)])
def test_prices_have_the_digits_of_their_step(step: str, scale: int) -> None:
    assert row_scale(Decimal(step), 8) == scale


async def test_the_grouping_is_chosen_once_a_symbol_and_can_be_set() -> None:
    async with shown(LadderPane()) as pane:
        assert isinstance(pane, LadderPane)
        pane.update_view(ladder_at(750_000))
        assert (pane.group, pane.wanted_center) == (10, 750_000)
        pane.update_view(ladder_at(990_000, group=10))
        assert pane.group == 10
        pane.set_group(2)
        pane.update_view(ladder_at(990_001, group=2))
        assert (pane.group, pane.wanted_center) == (2, 990_000)
        pane.update_view(replace(ladder_at(2_000), symbol="ETH/USDT"))
        assert pane.group == 1
        pane.update_view(ladder_at(990_001))
        assert pane.group == 2


async def test_best_prices_and_last_stand_on_the_row_that_holds_them() -> None:
    view = replace(ladder_at(750_000, group=10), best_bid=750_003, best_ask=750_014, last=750_014)
    async with shown(LadderPane()) as pane:
        pane.update_view(view)
        assert "▸750,010" in text_with(pane, "▸")
        bright = [
            row.tick
            for row in view.rows
            if ("bright!" in str(pane._row(row, view, pane._columns, 51)))  # type: ignore[attr-defined]
        ]
        assert bright == [750_010, 750_000]


async def test_rows_stay_while_the_market_is_in_the_middle_half() -> None:
    async with shown(LadderPane()) as pane:
        assert isinstance(pane, LadderPane)
        pane.update_view(ladder_at(61_602))
        assert (pane.visible_rows, pane.wanted_center) == (44, 61_602)
        pane.update_view(ladder_at(61_613, center=61_602))
        assert pane.wanted_center == 61_602
        pane.update_view(ladder_at(61_614, center=61_602))
        assert pane.wanted_center == 61_614


async def test_the_cursor_moves_by_rows_on_the_grid() -> None:
    async with shown(LadderPane()) as pane:
        assert isinstance(pane, LadderPane)
        pane.update_view(ladder_at(750_000))
        pane.update_view(ladder_at(750_003, group=10, center=750_000))
        pane.move_cursor(1)
        assert pane.cursor_tick == 750_000
        pane.move_cursor(3)
        assert pane.cursor_tick == 750_030
        pane.move_cursor(-4)
        assert pane.cursor_tick == 749_990
        pane.recenter()
        assert pane.cursor_tick is None


@pytest.mark.parametrize(("spread", "words"), [(0.2, "spread 0.2"), (0.0, "locked"), (-0.1, "crossed")])
async def test_the_title_names_row_and_spread(spread: float, words: str) -> None:
    async with shown(LadderPane()) as pane:
        pane.update_view(replace(ladder_at(750_000, group=10), spread=spread))
        assert text_of(pane)[0].startswith(f"▏Ladder tick 1.0  {words}")


async def test_queue_and_change_both_show_at_52_columns() -> None:
    view = ladder_at(61_602)
    row = replace(view.rows[30], own=(OwnMark("buy", "0.20", 4.1, "44"),), change=-0.8, volume=8.3)
    view = replace(view, rows=(*view.rows[:30], row, *view.rows[31:]))
    async with shown(LadderPane()) as pane:
        pane.update_view(view)
        line = text_with(pane, "B .20 q4.1")
        assert " 8.3 " in line
        assert line.rstrip().endswith("-0.8")
