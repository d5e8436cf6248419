"""What is said once: at most three lines off the figures, one for each command, gone after a while."""

from __future__ import annotations

import pytest

from tests.ui.fake_link import FakeLink
from tests.ui.waiting import until
from tradetui.ui.app import CockpitApp
from tradetui.ui.panes.command_line import CommandLine
from tradetui.ui.panes.notices import LOUD_S, MOST, MOST_ROWS, SHOWN_S, Line, Notices, Weight, notice_rows
from tradetui.ui.panes.prompt import FirstPrompt


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def texts(notices: Notices) -> list[str]:
    return [line.text for line in notices.lines]


@pytest.mark.parametrize(
    ("severity", "head"),
    [
        ("success", " ✓ "),
        ("info", " · "),
        ("warning", " ! "),
        ("error", " ✗ "),
        ("odd", " · "),
    ],
)
def test_each_severity_has_a_sign(severity: str, head: str) -> None:
    ((start, _), (text, _)) = notice_rows(Line(severity, "stop moved", 0), 80)[0]
    assert (start, text) == (head, "stop moved")


def test_signs_have_ascii_forms_and_long_words_wrap() -> None:
    assert notice_rows(Line("error", "no", 0), 80, utf8=False)[0][0][0] == " x "
    rows = notice_rows(Line("error", "the order is below the minimum of 5 USDT", 0, times=3), 40)
    assert [row[1][0] for row in rows] == ["the order is below the minimum of 5", "USDT ×3"]
    assert all(sum(len(text) for text, _ in row) <= 40 for row in rows)


async def test_three_stay_the_oldest_goes_and_time_takes_the_rest() -> None:
    link, clock = FakeLink(), Clock()
    app = CockpitApp(link, now=clock)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        notices = app.query_one(Notices)
        assert notices.lines == ()
        for number in range(MOST + 1):
            link.note("info", f"thing {number}")
            app._tick()
            clock.now += 1
        assert texts(notices) == ["thing 1", "thing 2", "thing 3"]
        await pilot.pause()
        assert notices.region.bottom == app.query_one("#chart").region.bottom
        assert notices.region.height == 3
        clock.now += SHOWN_S["info"] - 2
        app._tick()
        assert texts(notices) == ["thing 3"]
        clock.now += 2
        app._tick()
        assert not notices.display


async def test_the_same_words_again_are_counted_and_stay() -> None:
    clock = Clock()
    app = CockpitApp(FakeLink(), now=clock)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        app.say("not armed", "warning")
        clock.now += LOUD_S - 1
        app._tick()
        app.say("not armed", "warning")
        clock.now += LOUD_S - 1
        app._tick()
        (line,) = app.query_one(Notices).lines
        assert (line.text, line.times) == ("not armed", 2)


async def test_what_is_said_before_the_first_frame_stays_as_long() -> None:
    clock = Clock()
    app = CockpitApp(FakeLink(), now=clock, theme="midnite")
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        (text,) = texts(app.query_one(Notices))
        assert text == "theme = midnite: no such theme; did you mean midnight?; midnight is used"
        assert app.theme == "midnight"
        clock.now += LOUD_S - 0.1
        app._tick()
        assert app.query_one(Notices).lines


async def test_a_notice_moves_no_pane() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        regions = [pane.region for pane in app.desk.children]
        app.say("one")
        app.say("two", "error")
        await pilot.pause()
        assert [pane.region for pane in app.desk.children] == regions


NEVER_COVERED = ("positions", "orders", "ticket", "ladder", "account", "position-line", "footer")
AXIS = 12


@pytest.mark.parametrize("size", [(200, 60), (160, 45), (120, 35), (80, 24)])
async def test_what_is_said_covers_no_figure_that_a_decision_needs(size: tuple[int, int]) -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.is_furnished)
        app._tick()
        for severity in ("success", "warning", "error"):
            app.say("the order is below the minimum of 5 USDT; 0.00009 BTC would be accepted", severity)
        for key in ("up", "L", "L", "t", "escape", ":"):
            await pilot.press(key)
            await pilot.pause()
            covered, boxes = app.query_one(Notices).region, app.desk.plan.boxes
            assert MOST <= covered.height <= MOST_ROWS
            alone = [*boxes] if len(boxes) == 1 else []
            panes = [app.query_one(f"#{name}") for name in NEVER_COVERED if name not in alone]
            shown = [pane for pane in (*panes, app.query_one(CommandLine)) if pane.display and pane.region]
            assert [pane.id for pane in shown if pane.region.overlaps(covered)] == []
            assert "chart" not in boxes or covered.right <= app.query_one("#chart").region.right - AXIS


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
async def test_one_pane_alone_is_covered_at_its_lower_end_only(size: tuple[int, int]) -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.focus_pane("positions")
        await pilot.press(*(["Z"] if size[0] > 80 else []))
        for number in range(MOST):
            app.say(f"thing {number}", ("info", "success", "warning")[number])
        await pilot.pause()
        notices, pane = app.query_one(Notices).region, app.query_one("#positions").region
        assert notices.bottom == pane.bottom
        assert notices.y > pane.y + pane.height // 2


def said_rows(app: CockpitApp) -> list[str]:
    return ["".join(text for text, _ in row).rstrip() for row in app.query_one(Notices).rows]


async def test_what_one_command_leads_to_is_one_line() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        app.say("buy order of BTC/USDT is on its way", "success", weight=Weight.PASSING)
        await pilot.pause()
        assert said_rows(app) == [" ✓ buy order of BTC/USDT is on its way"]
        app.say("stop moved", "success")
        app.say("sell order of BTC/USDT is on its way", "success", weight=Weight.PASSING)
        await pilot.pause()
        assert said_rows(app) == [" ✓ stop moved", " ✓ sell order of BTC/USDT is on its way"]
        app.query_one(Notices).dismiss()
        app.say("as much as the balance carries: 0.18", "success", weight=Weight.REMARK)
        app.say("max open risk 50 % used", "warning")
        app.say("bought 0.18 BTC/USDT at 52,199.5", "success")
        app.say("bought 0.18 BTC/USDT at 52,199.5", "success")
        await pilot.pause()
        assert said_rows(app) == [
            " ! max open risk 50 % used",
            " ✓ bought 0.18 BTC/USDT at 52,199.5; as much as the balance carries: 0.18",
        ]


async def test_what_is_the_state_of_something_gives_way_to_its_next_state() -> None:
    link = FakeLink()
    app = CockpitApp(link, now=Clock())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        link.note("warning", "BTC/USDT down: no connection", "data of BTC/USDT")
        link.note("warning", "BTC/USDT: 50 % of the margin is used")
        link.note("error", "BTC/USDT: its orders by last wait", "source of BTC/USDT last")
        app._tick()
        assert len(texts(app.query_one(Notices))) == 3
        link.note("info", "BTC/USDT: data is back", "data of BTC/USDT")
        link.note("info", "BTC/USDT: its orders look at the last price again", "source of BTC/USDT last")
        app._tick()
        assert texts(app.query_one(Notices)) == [
            "BTC/USDT: 50 % of the margin is used",
            "BTC/USDT: data is back",
            "BTC/USDT: its orders look at the last price again",
        ]


async def test_escape_takes_away_what_is_said_once_the_first_question_is_closed() -> None:
    app = CockpitApp(FakeLink(), first_run=True)
    async with app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: any(prompt.display for prompt in app.query(FirstPrompt)))
        app.say("refused: the day is locked", "error")
        await pilot.press("escape")
        assert app.query_one(Notices).display
        assert not app.query_one(FirstPrompt).display
        await pilot.press("escape")
        assert not app.query_one(Notices).display


async def test_a_notice_is_wrapped_anew_at_another_width() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app.say("the order is below the minimum of 5 USDT; 0.00009 BTC would be accepted", "error")
        await pilot.pause()
        notices = app.query_one(Notices)
        assert notices.region.height == 1
        await pilot.resize_terminal(80, 24)
        await pilot.resize_terminal(44, 24)
        await pilot.pause()
        assert (notices.region.x, notices.region.height) == (1, 4)
        assert notices.region.right <= 44 - 9
        await pilot.resize_terminal(44, 7)
        await pilot.pause()
        assert notices.region.height == 1


async def test_of_an_older_notice_that_does_not_fit_the_beginning_stays() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(80, 18)) as pilot:
        await pilot.pause()
        app.query_one(Notices).dismiss()
        app.say(
            "the ladder's cursor is not set: move it with the up and down keys first, then again", "warning"
        )
        app.say("layout trading")
        app.say("bought 0.349 at 49,904.6", "success")
        await pilot.pause()
        texts = ["".join(text for text, _ in row) for row in app.query_one(Notices).rows_at(80)]
        assert len(texts) == 3
        assert texts[0].startswith(" ! the ladder's cursor is not set")
        assert texts[0].endswith("…")
        assert len(texts[0]) <= 80


@pytest.mark.parametrize("width", [30, 60, 120])
def test_a_long_sentence_is_said_whole_or_ends_in_an_ellipsis(width: int) -> None:
    long = "margin call: BTC/USDT:USDT needs 51 % of its margin; stop fired at 51,900.0: sold 0.05"
    rows = notice_rows(Line("warning", long, 0.0), width)
    said = " ".join("".join(text for text, _ in row)[3:].strip() for row in rows)
    assert said == long or (said.endswith("…") and len(rows) == MOST_ROWS)
    assert said == long or width == 30
