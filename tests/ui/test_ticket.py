"""The ticket: what it says of the draft, and fields that price what is typed."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from tests.ui.fake_link import FakeLink
from tests.ui.test_app import Cockpit, cockpit
from tradetui.domain.command import Size, SizeUnit, Stop, SubmitOrder, Target
from tradetui.domain.grammar import parse
from tradetui.domain.market_data import Side
from tradetui.domain.order import Trail, TriggerBy
from tradetui.domain.view import Draft, SidePreview, TicketView, TradingState
from tradetui.ui.controls_ticket import FIELDS, read_fields, words_of
from tradetui.ui.panes.docked import LineInput
from tradetui.ui.panes.ticket import (
    TicketPane,
    hint_row,
    now_words,
    preview_rows,
    refused_keys,
    stop_row,
    target_row,
)

SYMBOL = "BTC/USDT"


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (Draft(), ("1r", "", "1atr", "")),
        (
            Draft(
                Size(Decimal("0.25")), Decimal("61400.5"), Stop(price=Decimal(61000)), Target(r=Decimal(2))
            ),
            ("0.25", "61400.5", "61000", "2r"),
        ),
        (
            Draft(
                Size(Decimal(500), SizeUnit.QUOTE),
                None,
                Stop(atr=Decimal("1.5")),
                Target(price=Decimal(62000)),
            ),
            ("500usdt", "", "1.5atr", "62000"),
        ),
        (Draft(Size(Decimal("0.1"), SizeUnit.EQUITY)), ("10%", "", "1atr", "")),
        (Draft(stop=Stop(atr=Decimal(2), trail=Trail())), ("1r", "", "2atr trail", "")),
        (
            Draft(stop=Stop(price=Decimal(61000), limit=Decimal(60950))),
            ("1r", "", "61000/60950", ""),
        ),
        (
            Draft(
                stop=Stop(price=Decimal(61000), trail=Trail(rate=Decimal("0.01"), activation=Decimal(62000)))
            ),
            ("1r", "", "61000 trail 1% from 62000", ""),
        ),
        (
            Draft(
                Size(Decimal(1), SizeUnit.POSITION),
                target=Target(r=Decimal(2), size=Size(Decimal("0.5"), SizeUnit.POSITION)),
                more_targets=(
                    Target(price=Decimal(62000), market=True),
                    Target(price=Decimal(63000), limit=Decimal(62990), size=Size(Decimal("0.2"))),
                ),
            ),
            ("all", "", "1atr", "2r 50%, 62000/market, 63000/62990 0.2"),
        ),
        (
            Draft(
                stop=Stop(price=Decimal(61000), by=TriggerBy.MARK),
                target=Target(price=Decimal(62000), market=True, by=TriggerBy.INDEX),
            ),
            ("1r", "", "61000 by mark", "62000/market by index"),
        ),
        (
            Draft(stop=Stop(trail=Trail(distance=Decimal(300)), limit=Decimal(60950))),
            ("1r", "", "trail 300/60950", ""),
        ),
    ],
)
def test_a_draft_and_its_words_say_the_same(draft: Draft, words: tuple[str, ...]) -> None:
    texts = words_of(draft, SYMBOL)
    assert tuple(texts[name] for name in FIELDS[:-1]) == words
    assert texts["how"] == ""
    assert read_fields(texts, SYMBOL, "1m") == (draft, {})


@pytest.mark.parametrize(
    "text",
    [
        "trigger 62000",
        "trigger 62000 by mark post",
        "touch 60000 until +5m",
        "trigger trail 0.5% from 62000 by index",
        "chase 30 x10 take",
        "chase 0.1% reduce",
        "ioc",
        "fok reduce",
        "until +90s",
        "until 14:30 post",
        "until 2026-08-10T14:30:05",
    ],
)
def test_the_clauses_of_the_command_line_mean_the_same_in_the_ticket(text: str) -> None:
    typed = parse(f"buy 1r {text} stop 61000", symbol=SYMBOL, symbols=(SYMBOL,))
    texts = {"size": "1r", "limit": "", "stop": "61000", "target": "", "how": text}
    draft, faults = read_fields(texts, SYMBOL, "1m")
    assert draft is not None, faults
    assert words_of(draft, SYMBOL) == texts
    order = draft.order(SYMBOL, Side.BUY, limit=None)
    reduces = "reduce" in text
    assert isinstance(typed, SubmitOrder)
    assert order == replace(typed, fit=True, stop=None if reduces else typed.stop)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("size", "", "expected a size"),
        ("size", "0.5x", "after the number, was 'x'"),
        ("size", "1r stop 5", "expected one word"),
        ("limit", "-5", "expected a price above zero, was '-5'"),
        ("limit", "NaN", "expected a price above zero"),
        ("limit", "61,5", "expected a price above zero, was '61,5'"),
        ("limit", "6190,050", "expected a price above zero"),
        ("target", "61,900", "61,900 may be one price or two: write 61900 or 61, 900"),
        ("target", "2r 50%, 61,900", "61,900 may be one price or two"),
        ("stop", "", "a multiple such as 1.5atr"),
        ("stop", "0atr", "above zero"),
        ("stop", "5/", "two as in 61000/60950"),
        ("stop", "trail", "a trail such as 1%"),
        ("target", "r", "a multiple of R such as 2r"),
        ("target", "2r 50%, up", "a multiple of R (2r)"),
        ("target", "up", "expected a price above zero or a multiple"),
        ("how", "x", "how: expected trigger, post, ioc, fok, reduce, touch, until or chase, was 'x'"),
        ("how", "limit 5", "limit has a field of its own"),
        ("how", "post stop 5", "stop has a field of its own"),
        ("how", "ioc fok", "ioc and fok exclude each other"),
        ("how", "scale 1 2 3", "type it on the command line"),
        ("how", "post oco sell 1 limit 5", "the command line joins several"),
        ("how", "trail 1%", "trigger trail 1% makes the order trail"),
        ("how", "trigger", "expected a price after trigger"),
    ],
)
def test_a_bad_field_is_named_in_words(field: str, text: str, words: str) -> None:
    texts = {"size": "1r", "limit": "", "stop": "1atr", "target": ""} | {field: text}
    draft, faults = read_fields(texts, SYMBOL, "1m")
    assert draft is None
    assert words in faults[field]


BUY = SidePreview(
    side=Side.BUY,
    allowed=True,
    qty=Decimal("0.148"),
    notional=Decimal(9117),
    fills_now=Decimal("0.148"),
    avg_price=Decimal("61602.02"),
    fee=Decimal("6.38"),
    stop=Decimal("61300.0"),
    stop_atr=1.1,
    target=Decimal("62206.0"),
    risk_r=Decimal("0.99"),
)


def words(rows: list[tuple[tuple[str, str], ...]]) -> list[str]:
    return ["".join(text for text, _ in row).strip() for row in rows]


def test_the_preview_says_what_fills_at_which_price_and_cost() -> None:
    assert words(preview_rows(BUY, scale=1)) == [
        "buy now fills 0.148 at 61,602.0 avg",
        "fee 6.38 · risk with fees 0.99 R",
    ]
    ticket = TicketView(draft=Draft(), buy=BUY, sell=BUY, r_value=Decimal(51), head_room=Decimal(0))
    assert words([stop_row(ticket, BUY, scale=1)]) == ["stop    61,300.0  -302.0  1.1 ATR"]
    assert words([target_row(ticket, BUY, scale=1)]) == ["target  62,206.0  +604.0  2.0 R"]


def test_an_order_against_the_position_says_that_it_closes_and_needs_no_stop() -> None:
    pane = TicketPane()
    link = FakeLink()
    link._build()
    frame = link.frame()
    assert frame is not None
    held = frame.positions[0]
    sale = SidePreview(side=held.side.opposite, allowed=True, qty=held.qty, fee=Decimal("9.88"))
    refused = msgspec.structs.replace(BUY, allowed=False, refusal="over the limit")
    ticket = TicketView(draft=Draft(), buy=refused, sell=sale, r_value=Decimal(51), head_room=Decimal(0))
    assert pane.part_of(msgspec.structs.replace(frame, ticket=ticket)) is ticket
    shown = words(pane.paint(ticket, 50, 12))
    assert shown[:2] == ["risk    none: it closes the position", "stop    stays with the position"]
    assert "fee 9.88 · closes the position" in shown
    part = msgspec.structs.replace(sale, qty=held.qty / 2)
    shown = words(pane.paint(msgspec.structs.replace(ticket, sell=part), 50, 12))
    assert "fee 9.88 · reduces the position" in shown


def test_where_there_is_little_room_the_other_side_keeps_its_first_rows() -> None:
    buy = msgspec.structs.replace(BUY, liquidation=Decimal(55923), liquidation_away=Decimal(-5678))
    sell = msgspec.structs.replace(buy, side=Side.SELL)
    ticket = TicketView(draft=Draft(), buy=buy, sell=sell, r_value=Decimal(51), head_room=Decimal(0))
    shown = words(TicketPane().paint(ticket, 50, 10))
    assert [line.split()[0] for line in shown] == [
        *("risk", "stop", "target", "size"),
        *("buy", "fee", "no", "sell", "fee"),
        "b",
    ]


def test_while_neither_side_would_be_taken_the_ticket_says_what_is_asked_for() -> None:
    refused = msgspec.structs.replace(BUY, allowed=False, refusal="over the limit", stop=None)
    draft = Draft(Size(Decimal("0.5"), SizeUnit.RISK), target=Target(r=Decimal(2)))
    ticket = TicketView(draft=draft, buy=refused, sell=refused, r_value=Decimal(51), head_room=Decimal(0))
    assert words(TicketPane().paint(ticket, 50, 12))[:4] == [
        "risk    –",
        "stop    1atr",
        "target  2r",
        "size    0.5r",
    ]


def test_r_trg_2_the_ticket_shows_both_distances_where_there_is_a_liquidation() -> None:
    leveraged = msgspec.structs.replace(
        BUY,
        stop_by="last",
        stop_away=Decimal("-302.0"),
        liquidation=Decimal("55923.5"),
        liquidation_away=Decimal("-5678.5"),
    )
    assert words(preview_rows(leveraged, scale=1))[2:] == ["stop -302.0 last · liq -5,678.5 mark"]
    bare = msgspec.structs.replace(leveraged, stop=None, stop_away=None)
    assert words(preview_rows(bare, scale=1))[2:] == ["no stop · liq -5,678.5 mark"]
    assumed = msgspec.structs.replace(leveraged, assumes=True)
    assert words(preview_rows(assumed, scale=1))[2:] == ["stop -302.0 last · liq ≈ -5,678.5 mark"]


def test_rests_and_expires_are_said_and_a_refusal_in_its_own_words() -> None:
    rests = msgspec.structs.replace(BUY, fills_now=Decimal("0.1"), rests=Decimal("0.048"))
    assert now_words(rests, scale=2) == "now fills 0.1 at 61,602.02 avg, 0.048 rests"
    expires = msgspec.structs.replace(BUY, fills_now=Decimal(0), expires=Decimal("0.048"))
    assert now_words(expires, scale=2) == "0.048 expires"


LOCKED = (
    "the day is locked until 00:00 UTC because the daily loss of 200.00 USDT is reached; "
    "closing still works, entries from the next trading day on"
)


@pytest.mark.parametrize("width", [38, 48, 79])
def test_a_refusal_is_said_whole_and_once_where_it_is_the_same_for_both_sides(width: int) -> None:
    buy = msgspec.structs.replace(BUY, allowed=False, refusal=LOCKED, stop=None)
    sell = msgspec.structs.replace(buy, side=Side.SELL)
    ticket = TicketView(draft=Draft(), buy=buy, sell=sell, r_value=Decimal(51), head_room=Decimal(0))
    shown = words(TicketPane().paint(ticket, width, 12))
    assert " ".join(" ".join(shown).split()).count(f"buy sell {LOCKED}") == 1
    assert all(len(line) < width for line in shown)


def test_a_side_that_is_refused_has_the_rows_that_the_other_one_leaves() -> None:
    refused = msgspec.structs.replace(BUY, allowed=False, refusal=LOCKED, stop=None)
    sell = msgspec.structs.replace(BUY, side=Side.SELL)
    ticket = TicketView(draft=Draft(), buy=refused, sell=sell, r_value=Decimal(51), head_room=Decimal(0))
    shown = " ".join(" ".join(words(TicketPane().paint(ticket, 48, 12))).split())
    assert f"buy {LOCKED} sell now fills" in shown
    other = msgspec.structs.replace(sell, allowed=False, refusal="the margin is short")
    ticket = msgspec.structs.replace(ticket, sell=other)
    shown = " ".join(" ".join(words(TicketPane().paint(ticket, 79, 12))).split())
    assert f"buy {LOCKED} sell the margin is short" in shown


def test_keys_that_would_be_refused_are_dim() -> None:
    refused = msgspec.structs.replace(BUY, allowed=False, refusal=LOCKED, stop=None)
    sell = msgspec.structs.replace(BUY, side=Side.SELL)
    ticket = TicketView(draft=Draft(), buy=refused, sell=sell, r_value=Decimal(51), head_room=Decimal(0))
    row = hint_row({}, 60, refused_keys(ticket))
    inks = {words.strip(): ink for words, ink in row}
    assert inks["b buy"] == inks["B join bid"] == "dim@bar"
    assert inks["s sell"] == "text!@ask"
    assert inks["x flatten"] == "text@selected"


def pane_of(it: Cockpit) -> TicketPane:
    return it.app.query_one(TicketPane)


async def fill(it: Cockpit, text: str) -> None:
    await it.pilot.press(*["backspace"] * 12, *text)
    await it.pilot.pause()


async def test_fields_price_what_is_typed_and_enter_keeps_it() -> None:
    async with cockpit() as it:
        await it.press("t")
        await fill(it, "2r")
        assert it.link.requests[-1].draft.size == Size(Decimal(2), SizeUnit.RISK)
        await it.press("tab", "tab")
        await fill(it, "61000")
        await it.press("down")
        await fill(it, "3r")
        await it.press("enter")
        expected = Draft(
            Size(Decimal(2), SizeUnit.RISK), None, Stop(price=Decimal(61000)), Target(r=Decimal(3))
        )
        assert it.app.request.draft == expected
        assert not pane_of(it).fields.display
        assert it.link.sent == []


async def test_what_is_typed_takes_the_place_of_the_words_unless_an_arrow_leaves_them() -> None:
    async with cockpit(size=(120, 35)) as it:
        await it.press("t", "2", "r", "tab", "tab", "2", "a", "t", "r")
        draft = it.app.request.draft
        assert (draft.size, draft.stop.atr) == (Size(Decimal(2), SizeUnit.RISK), Decimal(2))
        await it.press("up", "up", "right", "x")
        fields = pane_of(it).fields
        assert [field.value for field in fields.query(LineInput)] == ["2rx", "", "2atr", "", ""]
        said = str(fields.query_one("#fault").render()).split()
        assert said[-1] == "'rx'", "a fault is said to its end"


async def test_escape_takes_back_what_was_typed() -> None:
    async with cockpit() as it:
        await it.press("5")
        before = it.app.request.draft
        await it.press("t")
        await fill(it, "9r")
        assert it.link.requests[-1].draft != before
        await it.press("escape")
        assert it.link.requests[-1].draft == before
        await it.press("x")
        assert it.tags == ["flatten"]


async def test_a_wrong_field_keeps_the_ticket_open_and_the_old_price() -> None:
    async with cockpit() as it:
        await it.press("t")
        await fill(it, "lots")
        await it.press("tab", "enter")
        assert pane_of(it).fields.display
        assert "expected a size" in str(pane_of(it).fields.query_one("#fault").render())
        assert it.app.focused is pane_of(it).fields.query_one("#ticket-size")
        assert it.link.requests[-1].draft == Draft()


@pytest.mark.parametrize("size", [(120, 35), (80, 24)])
async def test_the_ticket_opens_where_it_is_not_always_shown(size: tuple[int, int]) -> None:
    async with cockpit(FakeLink(), size=size) as it:
        await it.press("t")
        fields = pane_of(it).fields
        assert fields.region.height == len(FIELDS) + 1
        assert fields.region.width > 20
        await it.type("x")
        assert it.link.sent == []
        await it.press("escape")
        assert not fields.display
        await it.press("t", "enter")
        assert not fields.display
        assert it.app.desk.choice.pane == "chart", "what was looked at before"
        assert "chart" in it.app.desk.plan.boxes


async def test_arming_is_said_in_the_title() -> None:
    async with cockpit() as it:
        pane = pane_of(it)
        assert pane.part is not None
        assert pane.title_words(pane.part)[0][0] == "not armed"
        await it.press("a")
        assert pane.title_words(pane.part)[0][0] == "ARMED"


async def test_a_lock_disarms_and_stands_where_armed_stood() -> None:
    async with cockpit() as it:
        pane = pane_of(it)
        await it.press("a")
        it.link.status = {"trading_state": TradingState.LOCKED, "lock_text": "daily loss 200 of 200"}
        it.link.advance()
        await it.press("a", "b")
        assert pane.part is not None
        assert pane.title_words(pane.part)[0][0] == "LOCKED"
        assert it.app.armed_s == 0
        assert it.tags == []
        assert "exits only, daily loss 200 of 200" in it.said


async def test_how_an_order_goes_about_it_is_typed_into_the_ticket_and_ordered_by_key() -> None:
    async with cockpit(size=(80, 24)) as it:
        await it.press("t", "up")
        await it.type("trigger 61800 until +5m")
        await it.press("enter", "a", "b")
        (order,) = it.link.sent
        assert isinstance(order, SubmitOrder)
        assert (order.trigger, order.expire_after_ns) == (Decimal(61800), 300 * 10**9)
        assert order.stop == Stop(atr=Decimal(1), timeframe="1m")


def test_a_draft_that_waits_for_a_price_is_not_said_to_fill_now() -> None:
    assert now_words(BUY, scale=1, waits="mark 62,000") == "0.148 waits for mark 62,000"
    rows = preview_rows(replace(BUY, liquidation_away=Decimal(-5)), scale=1, waits="mark 62,000")
    assert len(rows) == 2
