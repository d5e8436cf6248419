"""What is said once: at most three lines, with sign and word, gone after a while."""

from __future__ import annotations

import pytest

from tests.ui.fake_link import FakeLink
from tradetui.ui.app import CockpitApp
from tradetui.ui.panes.notices import MOST, SHOWN_S, Line, Notices, notice_rows


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def texts(notices: Notices) -> list[str]:
    return [line.text for line in notices.lines]


@pytest.mark.parametrize(
    ("severity", "head"),
    [
        ("success", " ✓ done    "),
        ("info", " · note    "),
        ("warning", " ! warning "),
        ("error", " ✗ error   "),
        ("odd", " · note    "),
    ],
)
def test_each_severity_has_a_sign_and_a_word(severity: str, head: str) -> None:
    ((start, _), (text, _)) = notice_rows(Line(severity, "stop moved", 0), 80)[0]
    assert (start, text) == (head, "stop moved")


def test_signs_have_ascii_forms_and_long_words_wrap() -> None:
    assert notice_rows(Line("error", "no", 0), 80, utf8=False)[0][0][0] == " x error   "
    rows = notice_rows(Line("error", "the order is below the minimum of 5 USDT", 0, times=3), 40)
    assert [row[1][0] for row in rows] == ["the order is below the", "minimum of 5 USDT ×3"]
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
        assert notices.region.bottom == 59
        assert notices.region.height == 3
        clock.now += SHOWN_S - 2
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
        clock.now += SHOWN_S - 1
        app._tick()
        app.say("not armed", "warning")
        clock.now += SHOWN_S - 1
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
        clock.now += SHOWN_S - 0.1
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


@pytest.mark.parametrize(
    ("size", "keys", "bottom"), [((80, 24), [], 22), ((200, 60), ["Z"], 58), ((120, 35), [], 34)]
)
async def test_a_notice_never_covers_the_position_line(
    size: tuple[int, int], keys: list[str], bottom: int
) -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app._tick()
        await pilot.press(*keys)
        app.say("the order is below the minimum", "error")
        await pilot.pause()
        assert app.query_one(Notices).region.bottom == bottom


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
        assert (notices.region.x, notices.region.height) == (0, 3)
        assert notices.region.right <= 44
        await pilot.resize_terminal(44, 7)
        await pilot.pause()
        assert notices.region.height == 1


async def test_of_an_older_notice_that_does_not_fit_the_beginning_stays() -> None:
    app = CockpitApp(FakeLink())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.say(
            "the ladder's cursor is not set: move it with the up and down keys first, then again", "warning"
        )
        app.say("buy order is on its way", "success")
        app.say("bought 0.349 at 49,904.6", "success")
        await pilot.pause()
        texts = ["".join(text for text, _ in row) for row in app.query_one(Notices).rows_at(80)]
        assert len(texts) == 3
        assert "warning" in texts[0]
        assert "the ladder's cursor is not set" in texts[0]
        assert texts[0].endswith("…")
        assert len(texts[0]) <= 80
