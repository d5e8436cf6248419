"""The command line: words to commands and wishes, marked errors, completion, history, focus."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.ui.fake_link import FakeLink
from tests.ui.test_app import Cockpit, cockpit
from tradetui.domain.command import CancelAll, Flatten, SetTarget, Size, SizeUnit, Stop, SubmitOrder, Target
from tradetui.domain.grammar import GrammarError
from tradetui.domain.market_data import Side, Timeframe
from tradetui.domain.reply import Reason, Refusal
from tradetui.ui.controls_words import Vocabulary, Wish, offered, read_line
from tradetui.ui.panes.command_line import CommandLine
from tradetui.ui.panes.notices import Notices
from tradetui.ui.panes.prompt import FirstPrompt

KNOWN = Vocabulary(
    symbol="BTC/USDT",
    symbols=("BTC/USDT", "ETH/USDT", "ADA/USDT"),
    orders=("41", "44"),
    names={
        "symbol": ("BTC/USDT", "ETH/USDT", "ADA/USDT"),
        "timeframe": ("1m", "5m", "15m", "1h"),
        "theme": ("midnight", "daylight"),
        "profile": ("sim", "binance"),
        "layout": ("trading", "ladder"),
        "why": ("41", "44"),
    },
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("symbol eth", Wish("symbol", "ETH/USDT")),
        ("sy ADA/USDT", Wish("symbol", "ADA/USDT")),
        ("time 5m", Wish("timeframe", "5m")),
        ("theme day", Wish("theme", "daylight")),
        ("profile binance", Wish("profile", "binance")),
        ("layout ladder", Wish("layout", "ladder")),
        ("overlay ema55", Wish("overlay", "ema55")),
        ("overlay bb", Wish("overlay", "bb20_2")),
        ("pane rsi", Wish("pane", "rsi14")),
        ("why", Wish("why")),
        ("why 41", Wish("why", "41")),
        ("why O-3", Wish("why", "O-3")),
        ("away", Wish("away")),
        ("t 2r", SetTarget(symbol="BTC/USDT", target=Target(r=Decimal(2)))),
        ("flatten all", Flatten(symbol=None)),
        ("cancel btc*", CancelAll(symbol="BTC/USDT")),
    ],
)
def test_a_line_is_a_command_or_a_wish(text: str, meant: object) -> None:
    assert read_line(text, KNOWN) == meant


@pytest.mark.parametrize(
    ("text", "marked", "words"),
    [
        ("symbol eht", "eht", "did you mean ETH/USDT?"),
        ("timeframe 7m", "7m", "unknown timeframe '7m'"),
        ("theme midnite", "midnite", "did you mean midnight?"),
        ("profile binanse", "binanse", "did you mean binance?"),
        ("layout laddr", "laddr", "did you mean ladder?"),
        ("overlay emma20", "emma20", "did you mean ema20?"),
        ("pane ema20", "ema20", "unknown indicator"),
        ("simbol ETH/USDT", "simbol", "did you mean symbol?"),
        ("theme midnight now", "now", "expected nothing more"),
        ("buy 1r stop sixty", "sixty", "expected a price after stop"),
        ("buy 1r stop 61,400", "61,400", "was '61,400'; numbers have no commas here"),
        ("p kraken", "p", "profile or pane"),
    ],
)
def test_the_wrong_word_is_marked_and_the_nearest_named(text: str, marked: str, words: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read_line(text, KNOWN)
    error = caught.value
    assert text[error.start : error.end] == marked
    assert words in error.message


def test_a_missing_name_is_asked_for_with_what_there_is() -> None:
    with pytest.raises(GrammarError, match="expected a theme: midnight, daylight"):
        read_line("theme", KNOWN)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("th", ["theme"]),
        ("symbol e", ["ETH/USDT"]),
        ("layout ", ["trading", "ladder"]),
        ("cancel 4", ["41", "44"]),
        ("why 4", ["41", "44"]),
        ("pa", ["pane"]),
        ("xyz ", []),
    ],
)
def test_completion_offers_what_could_stand_there(text: str, words: list[str]) -> None:
    assert offered(text, KNOWN) == words


def line_of(it: Cockpit) -> CommandLine:
    return it.app.query_one(CommandLine)


async def test_a_typed_entry_needs_no_arm_and_invents_no_stop() -> None:
    async with cockpit() as it:
        await it.type(":buy 0.5r stop 61400 target 2r")
        await it.press("enter")
        assert it.link.sent == [
            SubmitOrder(
                symbol="BTC/USDT",
                side=Side.BUY,
                size=Size(Decimal("0.5"), SizeUnit.RISK),
                stop=Stop(price=Decimal(61400)),
                target=Target(r=Decimal(2)),
            )
        ]
        assert not line_of(it).display
        assert "taken: submit" in it.said


async def test_letters_type_while_the_line_is_open_and_control_x_still_flattens() -> None:
    async with cockpit() as it:
        await it.type(":xxq")
        assert it.link.sent == []
        await it.press("ctrl+x")
        assert it.tags == ["flatten"]
        assert line_of(it).field.value == "xxq"


async def test_an_error_stays_in_the_line_with_its_caret() -> None:
    async with cockpit() as it:
        await it.type(":theme midnite")
        await it.press("enter")
        hint = str(line_of(it).query_one("#hint").render())
        assert hint.index("^") == len("  theme ")
        assert "did you mean midnight?" in hint
        assert line_of(it).display


async def test_tab_completes_and_goes_through_what_there_is() -> None:
    async with cockpit() as it:
        field = line_of(it).field
        await it.type(":sym")
        await it.press("tab")
        assert field.value == "symbol "
        await it.press("tab")
        assert field.value == "symbol BTC/USDT"
        await it.press("tab")
        assert field.value == "symbol ETH/USDT"
        await it.press("shift+tab", "enter")
        assert it.app.request.symbol == "BTC/USDT"


async def test_the_arrows_bring_earlier_lines_back() -> None:
    async with cockpit() as it:
        for line in (":half", ":timeframe 5m"):
            await it.type(line)
            await it.press("enter")
        await it.press(":", "up", "up")
        assert line_of(it).field.value == "half"
        await it.press("down", "down")
        assert line_of(it).field.value == ""
        assert it.app.request.timeframe is Timeframe.M5


async def test_escape_closes_and_gives_the_focus_back_to_a_pane() -> None:
    async with cockpit() as it:
        before = it.app.focused
        await it.press(":", "escape")
        assert it.app.focused is before
        await it.press("x")
        assert it.tags == ["flatten"]


async def test_words_change_theme_layout_profile_and_indicators() -> None:
    async with cockpit() as it:
        for line in (":theme daylight", ":layout ladder", ":overlay ema50", ":pane cvd", ":profile kraken"):
            await it.type(line)
            await it.press("enter")
        assert it.app.theme == "daylight"
        assert it.app.desk.choice.name == "ladder"
        assert "ema50" in it.app.request.overlays
        assert "cvd" in it.app.request.panes
        assert it.link.switched == ["kraken"]


async def test_a_refusal_is_said_with_its_mend() -> None:
    link = FakeLink()
    link.refusal = Refusal(Reason.MIN_NOTIONAL, "3.10 USDT is below 5 USDT.", {}, "Buy 0.00009 or more.")
    async with cockpit(link) as it:
        await it.type(":buy 0.00005 stop 60000")
        await it.press("enter")
        assert "3.10 USDT is below 5 USDT. Buy 0.00009 or more." in it.said


async def test_what_is_said_stands_above_what_is_typed() -> None:
    async with cockpit(first_run=True) as it:
        await it.type(":x")
        await it.press("ctrl+x")
        await it.pilot.pause()
        line, prompt, notices = (it.app.query_one(kind) for kind in (CommandLine, FirstPrompt, Notices))
        assert notices.region.bottom <= prompt.region.y
        assert prompt.region.bottom <= line.region.y
        await it.press("escape")
        assert prompt.region.y == it.app.size.height - 2
