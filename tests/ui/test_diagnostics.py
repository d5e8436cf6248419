"""The diagnostics: word for word at several widths, and how they come and go."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.geometry import Size

from tests.ui.fake_link import FakeLink
from tests.ui.pane_views import feed_states, sizes, words
from tests.ui.waiting import until
from tradetui.domain.market_data import FeedState
from tradetui.domain.view_health import (
    ChannelHealth,
    ClockHealth,
    Delays,
    HealthRow,
    HealthView,
    LoadHealth,
    WireHealth,
)
from tradetui.ui.app import CockpitApp
from tradetui.ui.paint.rows import Row
from tradetui.ui.panes.diagnostics import DiagnosticsPane, page

HEALTH = HealthView(
    source="the venue's own streams",
    symbol="BTC/USDT",
    channels=(
        ChannelHealth(
            name="book",
            state=FeedState.STREAMING,
            per_s=9.8,
            count=12_400,
            age_ms=0,
            delays=Delays(38.2, 61.0, 112.4),
        ),
        ChannelHealth(name="trades", state=FeedState.STREAMING, per_s=14.2, count=5_210, age_ms=300),
        ChannelHealth(
            name="mark", state=FeedState.STALE, per_s=0.0, count=40, age_ms=14_000, text="61,602.10"
        ),
    ),
    symbols=(
        HealthRow(
            symbol="BTC/USDT",
            state=FeedState.STREAMING,
            per_s=24.0,
            age_ms=0,
            delays=Delays(38.2, 61.0, 1412.0),
        ),
        HealthRow(symbol="ETH/USDT", state=FeedState.DOWN, text="no answer in time", gaps=2, reconnects=1),
    ),
    wires=(
        WireHealth(
            address="stream.binance.com:9443/ws",
            is_open=True,
            symbols=2,
            open_s=7_512,
            dials=2,
            frames_per_s=51.3,
            kilobytes_per_s=14.2,
            rtt_ms=31.0,
        ),
    ),
    clock=ClockHealth(offset_ms=3_204.0, error_ms=12.0, asked_s=40, text="clock 3.2 s behind"),
    load=LoadHealth(process=14.2, engine=4.0, feed=3.1),
    clock_corrected=True,
)
CALM = msgspec.structs.replace(HEALTH, clock=ClockHealth(offset_ms=-4.0, error_ms=12.0, asked_s=40))


def symbols(health: HealthView, width: int) -> list[str]:
    """The table of the symbols, down to the first one."""
    rows = texts(health, width)
    start = rows.index(" symbols") + 1
    return rows[start : start + 2]


def test_times_that_can_not_be_are_counted_in_a_column_of_their_own() -> None:
    first, *others = HEALTH.symbols
    told = msgspec.structs.replace(HEALTH, symbols=(msgspec.structs.replace(first, bad_times=17), *others))
    assert symbols(told, 79) == [
        " symbol          state         age    p50    p95    p99 gaps reconn  bad times",
        " BTC/USDT        streaming    0 ms     38     61  1.4 s    0      0    0    17",
    ]
    assert symbols(told, 119)[1].split()[-3:] == ["17", "0", "0"]
    assert "times" in symbols(HEALTH, 119)[0]


def texts(health: HealthView, width: int) -> list[str]:
    return ["".join(text for text, _ in row).rstrip() for row in page(health, width)]


def test_what_is_known_of_a_contracts_maintenance_stands_beside_its_name() -> None:
    text = "maintenance 0.4 % to 60 %, 11 tiers"
    health = msgspec.structs.replace(HEALTH, margin_text=text)
    shown = ["".join(run[0] for run in row) for row in page(health, 120)]
    assert any(f"{HEALTH.symbol}  {text}" in line for line in shown)


def test_nobody_is_told_to_set_the_clock_of_a_recording() -> None:
    clock = ClockHealth(is_own=True, text="clock 1.3 s behind or more")
    shown = texts(msgspec.structs.replace(HEALTH, clock=clock), 119)
    assert any(line.startswith(" clock 1.3 s behind or more: so it was where this") for line in shown)
    assert not any("NTP" in line for line in shown)


def test_the_page_at_80_columns_word_for_word() -> None:
    assert texts(HEALTH, 79) == [
        " clock +3,204 ms ±12, 40 s ago",
        " process 14.2 %  feed 3.1 %  engine 4.0 % of a core",
        " clock 3.2 s behind: set it by NTP; delays are corrected by it",
        "",
        " BTC/USDT",
        " channel       state        msg/s     age     p50     p95     p99       newest",
        " book          streaming      9.8    0 ms      38      61     112",
        " trades        streaming     14.2  300 ms       –       –       –",
        " mark          stale          0.0    14 s       –       –       –    61,602.10",
        "",
        " symbols",
        " symbol          state       msg/s    age    p50    p95    p99 gaps reconn  bad",
        " BTC/USDT        streaming    24.0   0 ms     38     61  1.4 s    0      0    0",
        " ETH/USDT        down          0.0      –      –      –      –    2      1    0",
        "   no answer in time",
        "",
        " connections",
        " address                            state       open frames/s    rtt dials",
        " stream.binance.com:9443/ws         open    2 h 05 m     51.3     31     2",
    ]


def test_a_wide_page_has_the_tables_beside_each_other() -> None:
    wide = texts(CALM, 199)
    assert len(wide) < len(texts(CALM, 119))
    assert any("symbols" in line and "BTC/USDT" in line for line in wide)
    assert "process 14.2 %" in wide[0]


def test_what_is_wrong_has_the_ink_of_a_warning() -> None:
    inks = {text.strip(): ink for row in page(HEALTH, 119) for text, ink in row}
    assert inks["stale"] == "warn!"
    assert inks["down"] == "down!"
    assert inks["1.4 s"] == "warn!"
    assert inks["+3,204 ms"] == "warn!"
    early = msgspec.structs.replace(CALM.symbols[0], delays=Delays(-120.0, -80.0, 4.0))
    inks = {
        text.strip(): ink
        for row in page(msgspec.structs.replace(CALM, symbols=(early,)), 119)
        for text, ink in row
    }
    assert (inks["-120"], inks["4.0"]) == ("warn!", "text")


def shows(app: CockpitApp) -> Callable[[], bool]:
    return lambda: set(app.desk.plan.boxes) == {"diagnostics"}


delays = st.none() | st.builds(Delays, *[st.floats(-1e9, 1e9)] * 3)
counts = st.integers(0, 10**9)
healths = st.builds(
    HealthView,
    source=words,
    symbol=words,
    channels=st.lists(
        st.builds(
            ChannelHealth,
            name=st.just("book"),
            state=feed_states,
            per_s=st.floats(0, 1e6),
            count=counts,
            age_ms=counts,
            delays=delays,
            text=words,
        ),
        max_size=9,
    ).map(tuple),
    symbols=st.lists(
        st.builds(HealthRow, symbol=words, state=feed_states, text=words, delays=delays, gaps=counts),
        max_size=30,
    ).map(tuple),
    wires=st.lists(
        st.builds(
            WireHealth,
            address=words,
            is_open=st.booleans(),
            symbols=counts,
            open_s=counts,
            dials=counts,
            frames_per_s=st.floats(0, 1e6),
            kilobytes_per_s=st.floats(0, 1e6),
            rtt_ms=st.none() | st.floats(0, 1e6),
        ),
        max_size=4,
    ).map(tuple),
    clock=st.builds(ClockHealth, offset_ms=st.none() | st.floats(-1e9, 1e9), asked_s=counts, text=words),
    load=st.builds(LoadHealth, feed=st.none() | st.floats(0, 1e4)),
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(health=st.none() | healths, size=sizes, above=st.integers(-3, 40))
def test_whatever_is_told_is_painted_in_exactly_its_cells(
    health: HealthView | None, size: tuple[int, int], above: int
) -> None:
    width, height = size
    pane = DiagnosticsPane()
    pane._box = Size(width + 1, height + 1)
    pane.part = health
    pane._above = max(0, above)
    rows: list[Row] = [pane._title(), *pane._body(width, height)]
    assert [cell_len("".join(text for text, _ in row)) for row in rows] == [width] * (height + 1)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_key_shows_them_alone_and_the_same_key_brings_back_what_was(size: tuple[int, int]) -> None:
    link = FakeLink()
    link.part = {"health": HEALTH}
    app = CockpitApp(link)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        before = app.desk.plan
        await pilot.press("D")
        await until(pilot, shows(app))
        await until(pilot, lambda: link.request.health)
        pane = app.desk.query_one(DiagnosticsPane)
        app._paint()
        assert pane.part is HEALTH
        await pilot.press("D")
        await until(pilot, lambda: app.desk.plan == before)
        await until(pilot, lambda: not link.request.health)


async def test_the_command_line_and_the_palette_know_them() -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await until(pilot, lambda: app.is_furnished)
        await pilot.press("colon", *"diag", "enter")
        await until(pilot, shows(app))
        assert app.desk.query_one(DiagnosticsPane).part is None
        await pilot.press("escape")
        app._pick_action("diagnostics")
        await until(pilot, lambda: "chart" in app.desk.plan.boxes)


async def test_zoomed_out_they_give_way_and_the_key_brings_them_again() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await pilot.press("D")
        await until(pilot, shows(app))
        await pilot.press("Z")
        await until(pilot, lambda: "chart" in app.desk.plan.boxes)
        await pilot.press("D")
        await until(pilot, shows(app))
        await pilot.press("D")
        await until(pilot, lambda: "chart" in app.desk.plan.boxes)


async def test_exits_work_while_they_are_shown() -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        await until(pilot, lambda: app._view is not None)
        await pilot.press("D")
        await until(pilot, shows(app))
        await pilot.press("x")
        await until(pilot, lambda: bool(link.sent))
        assert [type(command).__name__ for command in link.sent] == ["Flatten"]


async def test_up_and_down_scroll_a_page_that_is_longer_than_the_screen() -> None:
    link = FakeLink()
    many = tuple(msgspec.structs.replace(CALM.symbols[0], symbol=f"S{n}/USDT") for n in range(40))
    link.part = {"health": msgspec.structs.replace(CALM, symbols=many)}
    app = CockpitApp(link)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("D")
        await until(pilot, shows(app))
        app._paint()
        pane = app.desk.query_one(DiagnosticsPane)
        assert "more rows" in "".join(text for text, _ in pane._rows[-1])
        await pilot.press("down", "down")
        assert pane._above == 2
        await pilot.press(*["down"] * 60)
        assert "rtt" in "".join(text for row in pane._rows for text, _ in row)
