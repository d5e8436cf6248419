"""The docked list: filter, pick, switch, close; symbols, profiles, themes, indicators, palette."""

from __future__ import annotations

import pytest

from tests.ui.test_app import Cockpit, cockpit
from tradetui.domain.command import AcknowledgeGaps
from tradetui.domain.market_data import Timeframe
from tradetui.domain.view import GapView, OrderStory
from tradetui.ui.controls_lists import LINES
from tradetui.ui.controls_words import Vocabulary, read_line
from tradetui.ui.panes.chooser import Chooser
from tradetui.ui.panes.command_line import CommandLine


async def test_typing_filters_symbols_and_enter_shows_one() -> None:
    async with cockpit() as it:
        await it.press("/")
        await it.type("sol")
        assert [choice.value for choice in it.app.query_one(Chooser).found] == ["SOL/USDT"]
        await it.press("enter")
        assert it.app.request.symbol == "SOL/USDT"
        assert not it.app.query_one(Chooser).display


async def test_a_list_covers_a_pane_whole_or_leaves_it_room_to_be_read() -> None:
    async with cockpit(size=(120, 35)) as it:
        await it.press("/")
        chooser = it.app.query_one(Chooser)
        assert chooser.region.width == 120
        await it.pilot.resize_terminal(200, 60)
        await it.press()
        assert chooser.region.right == it.app.query_one("#positions").region.right


async def test_the_arrows_move_the_mark_and_escape_picks_nothing() -> None:
    async with cockpit() as it:
        await it.press("p", "down", "enter")
        assert it.link.switched == ["binance"]
        await it.press("p", "down", "down", "escape")
        assert it.link.switched == ["binance"]


async def test_indicators_are_switched_while_the_list_stays() -> None:
    async with cockpit() as it:
        await it.press("i")
        await it.type("ema50")
        await it.press("enter")
        assert "ema50" in it.app.request.overlays
        assert it.app.query_one(Chooser).found[0].is_on
        await it.press("enter")
        assert "ema50" not in it.app.request.overlays
        assert it.app.query_one(Chooser).display


async def test_the_palette_does_an_action_under_the_same_rules_as_its_key() -> None:
    async with cockpit() as it:
        await it.press("ctrl+p")
        await it.type("buy with")
        await it.press("enter")
        assert it.link.sent == []
        assert "not armed" in it.said
        await it.press("ctrl+p")
        await it.type("longer timeframe")
        await it.press("enter")
        assert it.app.request.timeframe is Timeframe.M3


async def test_the_palette_changes_the_theme_and_can_open_another_list() -> None:
    async with cockpit() as it:
        await it.press("ctrl+p")
        await it.type("theme day")
        await it.press("enter")
        assert it.app.theme == "daylight"
        await it.press("ctrl+p")
        await it.type("search a symbol")
        await it.press("enter")
        assert it.app.query_one(Chooser).display
        await it.type("eth")
        await it.press("enter")
        assert it.app.request.symbol == "ETH/USDT"


async def test_a_filter_that_finds_nothing_says_so_and_picks_nothing() -> None:
    async with cockpit() as it:
        await it.press("/")
        await it.type("zzz")
        await it.press("enter")
        assert "nothing is called so" in str(it.app.query_one("#list").render())


async def test_what_happened_while_away_is_listed_and_acknowledged() -> None:
    long = "its stop at 61,300.0 was passed at 02:31: sold 0.42 at 61,287.4, 12.6 worse, result -93.66"
    gap = GapView("SOL/USDT", "02:11:05 to 05:40:30", long)
    async with cockpit(size=(80, 24)) as it:
        await it.press("w")
        assert "nothing happened" in it.said
        it.link.part["gaps"] = (gap,)
        it.link.rebuild()
        it.app._tick()
        await it.press("w")
        assert it.app.query_one(Chooser).field.placeholder.startswith("Enter acknowledges all")
        (choice,) = it.app.query_one(Chooser).found
        assert (choice.name, choice.text) == ("SOL/USDT 02:11:05 to 05:40:30", gap.text)
        rows = str(it.app.query_one("#list").render()).split("\n")
        assert rows[0].split() == ["▸", "SOL/USDT", "02:11:05", "to", "05:40:30"]
        assert " ".join(" ".join(rows[1:]).split()) == long
        assert it.app.query_one("#list").region.height == len(rows) == 3
        await it.press("enter")
        assert it.link.sent == [AcknowledgeGaps()]


STORIES = (
    OrderStory("O-41", "O-41 sell 0.42 BTC/USDT stop_market · armed", "Waits for the last price to fall."),
    OrderStory("O-40", "O-40 buy 1 BTC/USDT limit · denied", "Denied: the balance did not carry it."),
)


def marked(it: Cockpit) -> list[str]:
    return [choice.value for choice in it.app.query_one(Chooser).found if choice.is_on]


async def test_why_orders_filled_or_did_not_is_one_key_away_even_where_a_gap_waits() -> None:
    async with cockpit() as it:
        await it.press("w")
        assert "no orders yet" in it.said
        it.link.told = STORIES
        await it.press("w")
        assert [choice.text for choice in it.app.query_one(Chooser).found] == [s.text for s in STORIES]
        await it.press("escape")
        it.link.part["gaps"] = (GapView("BTC/USDT", "10:00 to 10:05", "the stop was reached"),)
        it.link.rebuild()
        await it.press()
        it.app.focus_pane("orders")
        await it.press("w")
        assert len(it.app.query_one(Chooser).found) == len(STORIES)


async def test_what_finds_no_room_in_a_list_ends_with_an_ellipsis() -> None:
    title = "O-41 partially filled · sell 0.4205 1000SHIB/USDT:USDT stop_limit 0.0123456/0.0123401"
    long = " ".join(f"Filled 0.01 at 61,50{n % 10}.0: print 0.02, queue {n} before us." for n in range(30))
    async with cockpit(size=(80, 24)) as it:
        it.link.told = (OrderStory("O-41", title, "It waits."), OrderStory("O-40", "O-40 filled", long))
        await it.press("w")
        rows = str(it.app.query_one("#list").render()).split("\n")
        assert rows[0].rstrip() == f" ▸ ● {title[:73]}…"
        assert (len(rows), rows[-1][-1]) == (12, "…")
        await it.press("down")
        rows = str(it.app.query_one("#list").render()).split("\n")
        assert rows[0].split() == ["▸", "O-40", "filled"]
        assert (len(rows), rows[-1].rstrip()[-1]) == (12, "…")


async def test_a_line_asks_why_of_one_order_by_its_id_or_its_number() -> None:
    async with cockpit() as it:
        it.link.told = STORIES
        for line in ("why 40", "why o-40"):
            await it.type(f":{line}")
            await it.press("enter")
            assert marked(it) == ["O-40"]
            await it.press("escape")
        await it.type(":why 39")
        await it.press("enter")
        assert "no order 39 among the newest" in it.said


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (":leverage", "leverage "),
        (":margin rem", "margin remove "),
        (":deposit", "deposit "),
        (":withdraw", "withdraw "),
        ("limit daily", "limit "),
        (":unlock", "unlock "),
        ("quantity limit trigger of this", "amend 41 "),
    ],
)
async def test_what_has_no_key_begins_as_a_line_in_the_palette(typed: str, line: str) -> None:
    async with cockpit(size=(80, 24)) as it:
        await it.press("ctrl+p")
        await it.type(typed)
        await it.press("enter")
        assert it.app.query_one(CommandLine).field.value == line
        assert it.link.sent == []


def test_every_begun_line_is_one_that_the_command_line_knows() -> None:
    known = Vocabulary(symbol="BTC/USDT", symbols=("BTC/USDT",), names={})
    for line, note in LINES:
        example = note.partition(": ")[2].partition(";")[0]
        assert read_line(example or line, known)
