"""Help: everything in the table stands there, in one or two columns, and any key closes it."""

from __future__ import annotations

import pytest
from textual.containers import VerticalScroll
from textual.events import Key
from textual.widgets import Static

from tests.ui.test_app import cockpit
from tradetui.domain.grammar import CLAUSES, VERBS
from tradetui.ui.actions import ACTIONS
from tradetui.ui.controls_words import VIEW_VERBS
from tradetui.ui.paint.rows import width_of
from tradetui.ui.screens.help import CONTEXTS, HelpScreen, help_rows

KEYS = {action.id: action.key for action in ACTIONS}


def text_of(width: int, keys: dict[str, str] | None = None) -> str:
    return "\n".join("".join(text for text, _ in row) for row in help_rows(keys or KEYS, "ladder", width))


@pytest.mark.parametrize("width", [75, 195])
def test_every_action_verb_and_rule_is_there(width: int) -> None:
    text = text_of(width)
    for action in ACTIONS:
        assert action.id.startswith("size_") or action.help in text, action.id
    for word in (*VERBS.all, *CLAUSES.all, *VIEW_VERBS):
        assert word in text
    assert CONTEXTS["ladder"] in text
    assert "A typed command needs no ARM" in text


def test_it_shows_the_keys_in_use() -> None:
    assert " f9 " in text_of(195, KEYS | {"flatten": "f9"})


@pytest.mark.parametrize("width", [75, 115, 155, 195])
def test_no_row_of_keys_is_wider_than_the_screen(width: int) -> None:
    rows = help_rows(KEYS, "", width)
    assert max(width_of(row) for row in rows) <= width


@pytest.mark.parametrize("key", ["escape", "?", "x", "q"])
async def test_any_key_closes_it_and_does_nothing_else(key: str) -> None:
    async with cockpit() as it:
        await it.press("?")
        assert isinstance(it.app.screen, HelpScreen)
        await it.press(key)
        assert len(it.app.screen_stack) == 1
        assert it.link.sent == []
        assert it.app.is_running


async def test_control_x_flattens_from_there_too() -> None:
    async with cockpit() as it:
        await it.press("?", "ctrl+x")
        assert it.tags == ["flatten"]
        assert len(it.app.screen_stack) == 1


async def test_keys_pressed_faster_than_it_closes_do_no_harm() -> None:
    async with cockpit() as it:
        await it.press("?")
        page = it.app.screen
        for key in ("x", "x", "b"):
            page.post_message(Key(key, key))
        await it.pilot.pause()
        assert len(it.app.screen_stack) == 1
        assert it.tags == []
        await it.press("?")
        assert isinstance(it.app.screen, HelpScreen)


async def test_it_says_how_much_lies_below_and_where_it_ends() -> None:
    async with cockpit(size=(80, 24)) as it:
        await it.press("?")
        await it.pilot.pause()
        page, last = it.app.screen.query_one(VerticalScroll), it.app.screen.query_one("#below", Static)
        assert page.max_scroll_y > 20
        assert str(last.content) == f"↓ {page.max_scroll_y:.0f} more below"
        await it.press("down")
        assert str(last.content) == f"↓ {page.max_scroll_y - 1:.0f} more below"
        await it.press(*["pagedown"] * 9)
        assert str(last.content) == "end of the help"
