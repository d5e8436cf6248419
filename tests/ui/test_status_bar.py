"""The status bar, the footer and the position line at several widths, word for word."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.ui.fake_link import FakeLink
from tradetui.domain.market_data import FeedState, Side
from tradetui.domain.view import Frame, PositionView, StatusView, TradingState
from tradetui.ui.actions import ACTIONS
from tradetui.ui.app import CockpitApp
from tradetui.ui.paint.rows import Row
from tradetui.ui.panes.footer import Context, footer_row
from tradetui.ui.panes.position_line import position_row
from tradetui.ui.panes.status_bar import Shown, StatusBar, gauge_left, status_row

KEYS = {action.id: action.key for action in ACTIONS}


def first_frame() -> Frame:
    link = FakeLink()
    link.rebuild()
    frame = link.frame()
    assert frame is not None
    return frame


FRAME = first_frame()
STATUS = FRAME.status
LOCKED = msgspec.structs.replace(
    STATUS,
    trading_state=TradingState.LOCKED,
    locked_until=STATUS.ts + 35_820 * 1_000_000_000,
    feed_state=FeedState.DOWN,
    retry_s=2.2,
)


def text_of(row: Row) -> str:
    return "".join(text for text, _ in row)


def line(status: StatusView, width: int, **shown: object) -> str:
    return text_of(status_row(status, msgspec.convert(shown, Shown), width))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            200,
            (
                " PAPER   sim BTC/USDT  ● streaming 38 ms     equity 10,214.20  day +214.20 +2.14%  loss "
                "left 414.20 ████████████  open risk 0.82 R  active                            binance 0 "
                " kraken 0  14:03:00 UTC "
            ),
        ),
        (
            140,
            (
                " PAPER   sim BTC/USDT  ● streaming 38 ms     equity 10,214.20  day +214.20 +2.14%  loss "
                "left 414.20  open risk 0.82 R  active      14:03:00 "
            ),
        ),
        (
            120,
            (
                " PAPER   sim BTC/USDT  ● streaming 38 ms     10,214.20  day +214.20  loss left 414.20  0"
                ".82 R  active          14:03:00 "
            ),
        ),
        (
            80,
            " PAPER   BTC/USDT  ● streaming 38 ms  +214.20  loss left 414.20  active         ",
        ),
        (
            40,
            " PAPER   BTC/USDT  ● streaming 38 ms    ",
        ),
        (
            20,
            " PAPER   ●          ",
        ),
    ],
)
def test_the_line_when_all_is_well(width: int, expected: str) -> None:
    assert line(STATUS, width) == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            160,
            (
                " PAPER   sim BTC/USDT  ! down – retry 3 s    10,214.20  day +214.20  loss left 414.20  0"
                ".82 R  locked until 00:00 UTC   ARMED  7 s         12 dropped  14:03:00 "
            ),
        ),
        (
            80,
            " PAPER   BTC/USDT  ! down – retry 3 s  locked until 00:00 UTC   ARMED  7 s      ",
        ),
        (
            40,
            " PAPER   ! down  locked  ARMED 7        ",
        ),
        (
            20,
            " PAPER  ! ARMED 7   ",
        ),
    ],
)
def test_the_line_in_trouble(width: int, expected: str) -> None:
    assert line(LOCKED, width, armed_s=7, dropped=12) == expected


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        (FeedState.CONNECTING, {}, "○ connecting"),
        (FeedState.STREAMING, {"latency_ms": 38}, "● streaming 38 ms"),
        (FeedState.LAGGING, {"age_ms": 2400}, "◐ lagging 2.4 s"),
        (FeedState.STALE, {"age_ms": 7300}, "○ stale 7 s"),
        (FeedState.GAP, {}, "! gap – resyncing"),
        (FeedState.CROSSED, {}, "! crossed"),
        (FeedState.DOWN, {"retry_s": 3.0}, "! down – retry 3 s"),
        (FeedState.HALTED, {}, "! halted by the venue"),
    ],
)
def test_every_state_of_the_feed_has_words(state: FeedState, fields: dict[str, object], words: str) -> None:
    status = msgspec.structs.replace(STATUS, feed_state=state, **fields)
    assert f"  {words}  " in line(status, 200)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (TradingState.STARTING, "starting"),
        (TradingState.RECOVERING, "recovering"),
        (TradingState.ACTIVE, "active"),
        (TradingState.REDUCING, "reducing"),
        (TradingState.LOCKED, "locked until 00:00 UTC"),
        (TradingState.HALTED_JOURNAL, "halted – journal"),
        (TradingState.HALTED_INVARIANT, "halted – invariant"),
    ],
)
def test_every_state_of_trading_has_words(state: TradingState, words: str) -> None:
    assert f"  {words}  " in line(msgspec.structs.replace(LOCKED, trading_state=state), 200)


def test_a_lock_that_ends_another_day_names_it() -> None:
    status = msgspec.structs.replace(LOCKED, locked_until=STATUS.ts + 3 * 86_400 * 1_000_000_000)
    assert "locked until Thu 14:03" in line(status, 200)


def test_a_wrong_clock_is_told_but_not_the_one_of_a_recording() -> None:
    wrong = msgspec.structs.replace(STATUS, clock_text="clock 3.2 s behind")
    assert "clock 3.2 s behind" in line(wrong, 200)
    assert "behind" not in line(msgspec.structs.replace(wrong, playback="0:10 of 5:46 · 1×"), 200)


def test_the_clock_is_in_the_zone_of_the_profile() -> None:
    assert line(msgspec.structs.replace(STATUS, zone="Asia/Tokyo"), 200).endswith(" 23:03:00 JST ")


def test_redirection_scenario_playback_and_other_profiles_are_told() -> None:
    status = msgspec.structs.replace(
        STATUS, endpoint="ws://127.0.0.1:9001", scenario="flash-crash", playback="3:12 of 10:48 · 4× · paused"
    )
    for words in ("via ws://127.0.0.1:9001", "scenario flash-crash", "3:12 of 10:48 · 4× · paused"):
        assert words in line(status, 300)


@given(
    width=st.integers(1, 260),
    state=st.sampled_from(FeedState),
    trading=st.sampled_from(TradingState),
    armed_s=st.integers(0, 60),
    dropped=st.integers(0, 10_000),
)
def test_paper_feed_and_arm_are_never_left_out(
    width: int, state: FeedState, trading: TradingState, armed_s: int, dropped: int
) -> None:
    status = msgspec.structs.replace(LOCKED, feed_state=state, trading_state=trading)
    row = line(status, width, armed_s=armed_s, dropped=dropped)
    assert len(row) == width
    assert "LIVE" not in row.upper()
    if width >= 7:
        assert row.startswith(" PAPER ")
    if width >= 20:
        assert any(sign in row[7:] for sign in ("●", "◐", "○", "!")) or state.value in row
        assert armed_s == 0 or f"ARMED {armed_s}" in row.replace("  ", " ")


def test_before_the_engine_runs_the_line_says_what_it_does() -> None:
    row = status_row(None, Shown(starting="loading history of BTC/USDT"), 60)
    assert text_of(row).startswith(" PAPER   loading history of BTC/USDT")


@pytest.mark.parametrize(
    ("share", "bar", "ink"),
    [
        (1.0, "████", "up"),
        (0.5, "██  ", "warn"),
        (0.16, "▋   ", "down"),
        (0, "    ", "down"),
        (9, "████", "up"),
    ],
)
def test_the_gauge_empties_in_eighths_of_a_cell(share: float, bar: str, ink: str) -> None:
    assert gauge_left(share, 4) == ((bar, f"{ink}@hairline"),)


async def test_the_bar_is_painted_only_when_its_words_change() -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        bar = app.query_one(StatusBar)
        painted = bar.times_painted
        for _ in range(3):
            link.rebuild()
            app._tick()
        assert bar.times_painted == painted
        link.status["latency_ms"] = 55
        link.rebuild()
        app._tick()
        assert bar.times_painted == painted + 1


def position(**fields: object) -> PositionView:
    return msgspec.structs.replace(FRAME.positions[0], symbol="BTC/USDT", **fields)


LONG = position(
    entry_price=Decimal(61510),
    unrealized_pnl=Decimal("38.4"),
    r=0.44,
    stop=Decimal(61300),
    stop_distance=Decimal(302),
    target=Decimal(62206),
)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, " long 0.42 @ 61,510  +38.40  +0.44 R  stop 61,300  302 away  target 62,206  "),
        (64, " long 0.42 @ 61,510  +38.40  +0.44 R  stop 61,300  302 away  "),
        (60, " long 0.42 @ 61,510  +38.40  +0.44 R  stop 61,300  "),
        (45, " long 0.42 @ 61,510  +38.40  stop 61,300  "),
        (30, " long 0.42 @ 61,510  +38.40  "),
        (10, " long 0.42 @ 61,510  "),
    ],
)
def test_the_position_line_keeps_what_matters_most(width: int, expected: str) -> None:
    assert text_of(position_row((LONG,), "BTC/USDT", width)) == expected


def test_the_position_line_tells_flat_short_unprotected_and_elsewhere() -> None:
    assert text_of(position_row((), "BTC/USDT", 80)) == " flat  "
    short = msgspec.structs.replace(LONG, side=Side.SELL, stop=None)
    assert " short 0.42" in text_of(position_row((short,), "BTC/USDT", 80))
    assert "no stop" in text_of(position_row((short,), "BTC/USDT", 80))
    assert text_of(position_row((LONG,), "ETH/USDT", 80)) == " flat  +1 elsewhere +38.40  "
    waits = msgspec.structs.replace(LONG, stop_state="waiting")
    assert "stop 61,300 waiting  302 away" in text_of(position_row((waits,), "BTC/USDT", 80))


def test_the_footer_offers_what_works() -> None:
    safe = Context()
    assert text_of(footer_row(KEYS, safe, 80)) == (
        " a arm  x flatten  z stop here  [ ] stop ±  e breakeven  ? help  q leave  "
    )
    single = text_of(footer_row(KEYS, replace(safe, is_single=True), 60))
    assert single == " a arm  x flatten  tab next pane  ? help  q leave  "
    armed = text_of(footer_row(KEYS, replace(safe, is_armed=True), 200))
    assert armed.startswith(" a disarm  b s buy sell  x flatten  B S join")
    assert armed.endswith("? help  q leave  ")
    assert "P pause  > step  < back" in text_of(footer_row(KEYS, replace(safe, is_replay=True), 200))
    tiny = text_of(footer_row(KEYS, replace(safe, is_armed=True, is_single=True), 40))
    assert tiny == " a disarm  x flatten  ? help  q leave  ", "the exit is told before entries"
    typing = text_of(footer_row(KEYS, replace(safe, is_typing=True), 200))
    assert typing == " enter accept  esc back  tab complete  ctrl+x flatten  ctrl+c leave now  "
    assert text_of(footer_row({**KEYS, "arm": "f5"}, safe, 80)).startswith(" f5 arm")


def test_keys_that_need_a_position_or_an_order_are_offered_where_there_is_one() -> None:
    flat = text_of(footer_row(KEYS, Context(holds=False, works=False), 200))
    assert not any(word in flat for word in ("breakeven", "half", "cancel"))
    assert flat.startswith(" a arm  x flatten  z stop here")
    working = text_of(footer_row(KEYS, Context(holds=False, is_armed=True), 200))
    assert "c C cancel" in working
    assert "half" not in working
    assert "e breakeven  h half  c C cancel" in text_of(footer_row(KEYS, Context(), 200))
    locked = text_of(footer_row(KEYS, Context(is_locked=True), 200))
    assert locked.startswith(" x flatten"), "arming does nothing on a locked day"
    assert "z stop here  [ ] stop ±" in locked, "what is held keeps its stop"
    assert "stop" not in text_of(footer_row(KEYS, Context(is_locked=True, holds=False), 200))
    assert "stop" not in text_of(footer_row(KEYS, Context(is_alone=True), 200)), "nor beside the review"


@pytest.mark.parametrize("context", [Context(is_replay=True), Context(is_replay=True, is_alone=True)])
def test_the_smallest_screen_offers_what_steers_a_replay(context: Context) -> None:
    single = msgspec.structs.replace(context, is_single=True)
    assert "P pause  > step" in text_of(footer_row(KEYS, single, 80))
    assert text_of(footer_row(KEYS, single, 200)).count("tab next pane") == 1


@pytest.mark.parametrize(
    ("name", "short"), [("frictionless", "frict."), ("custom", "custom"), ("custom, optimistic", "optim.")]
)
def test_assumptions_that_flatter_are_marked_down_to_small_terminals(name: str, short: str) -> None:
    for width, words in ((200, name), (80, short)):
        row = status_row(replace(STATUS, realism=name), Shown(), width)
        assert (words, "warn!") in row
        assert any("left" in text for text, _ in row), "what may still be lost gives no way"


def test_assumptions_that_do_not_are_named_where_there_is_room() -> None:
    harsh = replace(STATUS, realism="harsh")
    assert ("harsh", "dim") in status_row(harsh, Shown(), 200)
    assert line(harsh, 80) == line(STATUS, 80)
