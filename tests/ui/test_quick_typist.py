"""Keys that come in one burst, as over a slow line: each is taken wholly before the next."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual.app import App
from textual.events import AppBlur, Key, Paste

from tests.ui.fake_link import FakeLink
from tests.ui.test_app import Cockpit, cockpit
from tests.ui.waiting import until
from tradetui.domain.command import Size, SizeUnit, Stop, SubmitOrder
from tradetui.domain.market_data import Side
from tradetui.ui.actions import textual_key
from tradetui.ui.app import CockpitApp
from tradetui.ui.panes.chooser import Chooser
from tradetui.ui.panes.command_line import CommandLine

NAMES = {"\n": "enter", "\t": "tab", "\b": "backspace", "\x1b": "escape", "←": "left", "☒": "ctrl+x"}
"""Keys without a character of their own, as they stand in a burst below."""


def post(app: App[None], keys: str) -> None:
    """Post every key before the first of them is handled."""
    for key in keys:
        name = NAMES.get(key)
        app.post_message(Key(name, None) if name else Key(textual_key(key), key))


async def burst(it: Cockpit, keys: str) -> None:
    post(it.app, keys)
    await it.press()


def line_of(it: Cockpit) -> CommandLine:
    return it.app.query_one(CommandLine)


@pytest.mark.parametrize("word", ["buy 1", "sxXcCabrehvt"])
async def test_no_letter_behind_the_colon_is_a_key(word: str) -> None:
    async with cockpit(size=(120, 35)) as it:
        await it.press("a")
        await burst(it, f":{word}")
        assert it.tags == []
        assert line_of(it).field.value == word
        assert it.app.armed_s > 0


async def test_what_is_typed_for_a_line_that_is_not_made_yet_waits_for_it() -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=(120, 35)) as pilot:
        assert not app.is_furnished
        post(app, ":buy 1")
        await until(pilot, lambda: app.is_furnished and app.query_one(CommandLine).display)
        assert app.query_one(CommandLine).field.value == "buy 1"
        await until(pilot, lambda: app._view is not None)
        post(app, "\x1bx")
        await until(pilot, lambda: bool(link.sent))
        assert [type(command).__name__ for command in link.sent] == ["Flatten"]


async def test_enter_and_corrections_overtake_no_letter() -> None:
    async with cockpit(size=(120, 35)) as it:
        await burst(it, ":buy 2\b1 stop 6000←\b140\nx")
        assert it.link.sent[0] == SubmitOrder(
            symbol="BTC/USDT", side=Side.BUY, size=Size(Decimal(1)), stop=Stop(price=Decimal(601400))
        )
        assert it.tags[1:] == ["flatten"]


async def test_a_refused_line_keeps_the_letters_behind_it() -> None:
    async with cockpit(size=(120, 35)) as it:
        await burst(it, ":bye 1\nx")
        assert it.tags == []
        assert line_of(it).field.value == "byex 1"


async def test_exits_reach_the_engine_from_the_midst_of_a_burst() -> None:
    async with cockpit(size=(120, 35)) as it:
        await burst(it, ":buy☒ 1")
        assert it.tags == ["flatten"]
        assert line_of(it).field.value == "buy 1"


async def test_tab_sends_the_next_digits_to_the_next_field_of_the_ticket() -> None:
    async with cockpit(size=(120, 35)) as it:
        await burst(it, "at" + "\b" * 12 + "2r\t61500\n" + "b")
        draft = it.app.request.draft
        assert (draft.size, draft.limit) == (Size(Decimal(2), SizeUnit.RISK), Decimal(61500))
        order = it.link.sent[0]
        assert isinstance(order, SubmitOrder)
        assert order.size == draft.size


async def test_a_list_picks_what_its_filter_says_when_enter_is_pressed() -> None:
    async with cockpit(size=(120, 35)) as it:
        await burst(it, "/ada\nx")
        assert it.app.request.symbol == "ADA/USDT"
        assert it.tags == ["flatten"]
        assert not it.app.query_one(Chooser).display


async def test_a_first_answer_is_typed_in_order() -> None:
    async with cockpit(size=(120, 35), first_run=True) as it:
        await burst(it, "\t\b\b\b1\t\b3\nx")
        assert it.tags == ["set_limits", "flatten"]


async def test_what_is_pasted_stands_before_the_enter_behind_it() -> None:
    async with cockpit(size=(120, 35)) as it:
        post(it.app, ":")
        it.app.post_message(Paste("half\nsecond line"))
        await burst(it, "\n")
        assert it.tags == ["half"]


async def test_a_terminal_without_the_focus_takes_it_from_no_line() -> None:
    async with cockpit(size=(120, 35)) as it:
        await it.press("a")
        await burst(it, ":bu")
        it.app.post_message(AppBlur())
        it.clock.now += 100
        await it.press()
        await it.pilot.resize_terminal(100, 30)
        await burst(it, "xy")
        assert it.tags == []
        assert line_of(it).field.value == "buxy"


async def test_a_click_beside_a_line_that_is_open_makes_its_letters_no_keys() -> None:
    async with cockpit(size=(120, 35)) as it:
        await it.press("a")
        await burst(it, ":bu")
        await it.pilot.click("#ladder")
        await burst(it, "y x")
        assert it.tags == []
        assert line_of(it).field.value == "buy x"
        await burst(it, "\x1bx")
        assert it.tags == ["flatten"]


async def test_an_exit_in_one_breath_with_escape_is_done_and_an_entry_is_not() -> None:
    async with cockpit(size=(120, 35)) as it:
        await it.press("a")
        for key in ("x", "b", "shift+c", "shift+b"):
            it.app.post_message(Key(f"alt+{key}", key[-1]))
        await it.press()
        assert it.tags == ["flatten", "cancel_all"]


async def test_a_pasted_text_is_no_keys() -> None:
    async with cockpit(size=(120, 35)) as it:
        it.app.post_message(Paste("xXcC"))
        await it.press("a")
        assert it.tags == []
