"""Panes at every size: a table of plans, and storms of resizes that lose nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from textual.geometry import Region, Size

from tests.ui.fake_link import FakeLink
from tradetui.ui.app import CockpitApp
from tradetui.ui.layout import PANES, Choice, LayoutName, Plan, Room, plan
from tradetui.ui.panes.ladder import LadderPane
from tradetui.ui.panes.status_bar import StatusBar

ALL = set(PANES)
NARROW = {"chart", "ladder", "positions"}
TRADING, LADDER, CHART = LayoutName


@pytest.mark.parametrize(
    ("size", "name", "shown"),
    [
        ((200, 60), TRADING, ALL),
        ((200, 60), LADDER, ALL - {"watchlist", "account", "fills"}),
        ((200, 60), CHART, {"chart", "positions", "orders", "ticket"}),
        ((320, 90), TRADING, ALL),
        ((160, 45), TRADING, ALL - {"account", "fills"}),
        ((160, 45), LADDER, ALL - {"watchlist", "account", "fills"}),
        ((160, 45), CHART, {"chart", "positions", "orders", "ticket"}),
        ((120, 35), TRADING, NARROW),
        ((120, 35), LADDER, {"ladder", "tape", "positions"}),
        ((120, 35), CHART, {"chart", "positions"}),
        ((200, 35), TRADING, NARROW),
        ((80, 24), TRADING, {"chart"}),
        ((119, 24), TRADING, {"chart"}),
        ((20, 5), TRADING, {"chart"}),
    ],
)
def test_each_size_shows_its_panes(size: tuple[int, int], name: LayoutName, shown: set[str]) -> None:
    assert set(plan(Size(*size), Choice(name)).boxes) == shown


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_nothing_is_called_flat_before_the_journal_is_read(size: tuple[int, int]) -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=size) as pilot:
        app._link.frame = lambda: None  # type: ignore[method-assign]
        await pilot.pause()
        shown = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "waiting for the journal" in shown
        assert "flat " not in shown.replace("flatten", "")


def test_the_wide_screen_has_the_columns_and_rows_of_the_picture() -> None:
    boxes = plan(Size(200, 60), Choice()).boxes
    assert boxes["chart"] == Region(35, 0, 114, 46)
    assert boxes["ladder"] == Region(149, 0, 51, 46)
    assert boxes["tape"] == Region(0, 46, 35, 12)
    assert boxes["positions"] == Region(35, 46, 73, 6)
    assert boxes["ticket"] == Region(149, 46, 51, 12)


def test_a_narrow_screen_makes_room_for_the_ticket_when_it_is_opened() -> None:
    for name in LayoutName:
        closed, opened = (
            plan(Size(120, 35), Choice(name, ticket_open=wanted)).boxes for wanted in (False, True)
        )
        assert opened.keys() - closed.keys() == {"ticket"}


def test_zoom_and_small_screens_show_the_chosen_pane_alone() -> None:
    for pane in PANES:
        assert plan(Size(200, 60), Choice(pane=pane, zoomed=True)).boxes == {
            pane: Region(0, 0, 200, 57 + (pane == "positions"))
        }
        assert plan(Size(80, 24), Choice(pane=pane)).boxes == {pane: Region(0, 0, 80, 21)}


@pytest.mark.parametrize(
    ("size", "choice", "line"),
    [
        ((200, 60), Choice(), False),
        ((200, 60), Choice(zoomed=True), True),
        ((120, 35), Choice(), False),
        ((80, 24), Choice(), True),
        ((80, 24), Choice(pane="positions"), True),
        ((20, 5), Choice(), True),
        ((20, 3), Choice(), False),
    ],
)
def test_the_position_line_stands_where_the_positions_do_not(
    size: tuple[int, int], choice: Choice, line: bool
) -> None:
    assert plan(Size(*size), choice).has_position_line is line


def rows_of(size: Size, made: Plan) -> int:
    return size.height - 1 - made.has_position_line - made.has_footer


@given(
    width=st.integers(1, 400),
    height=st.integers(1, 150),
    name=st.sampled_from(LayoutName),
    pane=st.sampled_from(PANES),
    flags=st.tuples(st.booleans(), st.booleans()),
)
def test_boxes_fill_the_desk_and_never_overlap(
    width: int, height: int, name: LayoutName, pane: str, flags: tuple[bool, bool]
) -> None:
    size = Size(width, height)
    made = plan(size, Choice(name, pane, *flags))
    boxes = list(made.boxes.values())
    desk = Region(0, 0, width, max(1, rows_of(size, made)))
    assert all(desk.contains_region(box) and box.area for box in boxes)
    assert sum(box.area for box in boxes) == desk.area
    assert not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[:at])


def test_every_pane_has_its_smallest_useful_size() -> None:
    for size in ((190, 52), (150, 40), (110, 30), (80, 24)):
        for name in LayoutName:
            boxes = plan(Size(*size), Choice(name, ticket_open=True)).boxes
            assert all(box.width >= 32 and box.height >= 5 for box in boxes.values()), (size, name, boxes)


def test_tab_goes_round_every_pane_that_can_be_seen() -> None:
    for size, count in (((200, 60), 9), ((120, 35), 3), ((80, 24), 9)):
        made, pane, seen = plan(Size(*size), Choice()), "chart", []
        for _ in range(count):
            seen.append(pane)
            pane = made.pane_after(pane, 1)
        assert len(set(seen)) == count
        assert pane == "chart"
        assert made.pane_after(made.pane_after("ladder", 1), -1) == "ladder"


def test_the_rooms_follow_the_terminal() -> None:
    rooms = [plan(Size(*size), Choice()).room for size in ((200, 60), (160, 45), (120, 35), (80, 24))]
    assert rooms == list(Room)


async def test_panes_stand_where_the_plan_says_at_every_size() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        for size in ((200, 60), (80, 24), (160, 45), (20, 5), (120, 35), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            boxes = app.desk.plan.boxes
            assert app.desk.plan == plan(Size(*size), app.desk.choice)
            for name, box in boxes.items():
                pane = app.query_one(f"#{name}")
                assert pane.region == box.translate((0, 1)), (size, name)


async def test_a_storm_of_resizes_loses_neither_focus_nor_cursor_nor_arm() -> None:
    chance = random.Random(11)
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        await pilot.press("a", "up", "up")
        app.focus_pane("tape")
        ladder = app.query_one(LadderPane)
        cursor, armed_s = ladder.cursor_tick, app.armed_s
        assert cursor is not None
        for _ in range(60):
            await pilot.resize_terminal(chance.randrange(1, 260), chance.randrange(1, 80))
            app._tick()
        await pilot.resize_terminal(120, 35)
        await pilot.pause()
        assert app.focused is not None
        assert app.focused.id == "chart"
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert app.focused is app.query_one("#tape")
        assert ladder.cursor_tick == cursor
        assert 0 < app.armed_s <= armed_s


async def test_tab_on_a_small_screen_shows_the_next_pane() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(80, 24)) as pilot:
        for name in (*PANES[1:], PANES[0]):
            await pilot.press("tab")
            await pilot.pause()
            assert app.focused is app.query_one(f"#{name}")
            assert app.query_one(f"#{name}").region == Region(0, 1, 80, 21)
        await pilot.press("shift+tab")
        assert app.focused is app.query_one("#account")


async def test_a_pane_that_comes_back_shows_the_newest_frame() -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        await pilot.press("Z")
        link.advance(30)
        app._tick()
        ladder = app.query_one(LadderPane)
        frame = link.frame()
        assert frame is not None
        assert ladder.part is not frame.ladder
        await pilot.press("Z")
        app._tick()
        frame = link.frame()
        assert frame is not None
        assert ladder.part is frame.ladder


async def test_zoom_keeps_the_focus_and_layouts_focus_their_main_pane() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        app.focus_pane("orders")
        await pilot.press("Z")
        assert set(app.desk.plan.boxes) == {"orders"}
        assert app.focused is app.query_one("#orders")
        await pilot.press("Z", "L")
        assert app.desk.choice.name is LADDER
        assert app.focused is app.query_one("#ladder")
        app.arrange(replace(app.desk.choice, name=TRADING))
        assert app.query_one(StatusBar).region == Region(0, 0, 200, 1)


async def test_a_click_chooses_a_pane() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        await pilot.click("#fills")
        await pilot.pause()
        assert app.desk.choice.pane == "fills"


async def test_arming_opens_the_ticket_where_it_is_not_always_shown() -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        app._tick()
        rows = link.requests[-1].ladder_rows if link.requests else 0
        await pilot.press("a")
        app._tick()
        await pilot.pause()
        assert "ticket" in app.desk.plan.boxes
        await pilot.pause()
        assert link.request.ladder_rows < rows or rows == 0
        await pilot.press("a")
        app._tick()
        assert "ticket" not in app.desk.plan.boxes


async def test_a_ticket_that_is_typed_into_stays_on_the_screen() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        await pilot.press("t")
        typed = app.focused
        for size in ((80, 24), (120, 35), (40, 10)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "ticket" in app.desk.plan.boxes
            assert app.focused is typed


async def test_the_wide_screen_has_room_for_the_mark_of_a_position() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        await pilot.pause()
        positions = app.query_one("#positions")
        heading = positions.render_line(1).text.split()
        assert heading[: heading.index("stop") + 1] == [
            *("▏", "symbol", "side", "qty", "entry", "mark", "unreal"),
            *(["%"] if "%" in heading else []),
            *("R", "stop"),
        ]
