"""The review: word for word, and how it comes, goes and follows what is filled."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from textual.pilot import Pilot

from tests.ui.fake_link import FakeLink
from tests.ui.waiting import until
from tradetui.domain.market_data import Side
from tradetui.domain.view_review import ReviewView, TradeRow, TradeSums
from tradetui.ui.app import CockpitApp
from tradetui.ui.panes.diagnostics import DiagnosticsPane
from tradetui.ui.panes.review import ReviewPane, page

D = Decimal
MINUTE = 60_000_000_000
NOON = 1_700_049_600_000_000_000  # 2023-11-15 12:00 UTC


def trade(number: int, net: str, **changes: object) -> TradeRow:
    row = TradeRow(
        day="2023-11-15",
        symbol="BTC/USDT:USDT",
        side=Side.BUY,
        qty=D("0.148"),
        entry_ts=NOON + 10 * number * MINUTE,
        exit_ts=NOON + (10 * number + 4) * MINUTE,
        entry_price=D("61602.0"),
        exit_price=D("61930.123456789"),
        fees=D("9.12"),
        net=D(net),
        r=0.78,
        price_scale=1,
    )
    return msgspec.structs.replace(row, **changes)


ALL = TradeSums(
    name="all",
    trades=3,
    won=2,
    net=D("31.5"),
    fees=D(27),
    best=D(42),
    worst=D(-50),
    gained=D("81.5"),
    r=1.5,
)
TODAY = TradeSums(name="2023-11-15", trades=2, won=2, net=D("81.5"), gained=D("81.5"), r=1.5, held_s=240)
BEFORE = TradeSums(name="2023-11-14", trades=1, net=D(-50), worst=D(-50), best=D(-50))
REVIEW = ReviewView(
    currency="USDT",
    sums=(TradeSums(name="today"), ALL),
    days=(TODAY, BEFORE),
    trades=(
        trade(2, "42"),
        trade(1, "39.5", side=Side.SELL),
        trade(0, "-50", day="2023-11-14", r=None, symbol="ETH/USDT", entry_price=D("2684.31"), price_scale=2),
    ),
    curve=(-50.0, -10.5, 31.5),
)


def texts(review: ReviewView, width: int) -> list[str]:
    return ["".join(text for text, _ in row).rstrip() for row in page(review, width)]


def test_the_page_at_80_columns_word_for_word() -> None:
    assert texts(REVIEW, 79) == [
        "                trades   won        net       R      fees      best     worst",
        " today               0",
        " all                 3  67 %     +31.50   +1.50     27.00    +42.00    -50.00",
        "",
        " result  ▁▄█",
        "",
        " Wed 15 Nov 2023  2 trades  +81.50 USDT  +1.50 R",
        " closed    symbol      side      qty      entry       exit        net       R",
        " 12:24:00  BTC/USDT:P  long    0.148   61,602.0   61,930.1     +42.00   +0.78",
        " 12:14:00  BTC/USDT:P  short   0.148   61,602.0   61,930.1     +39.50   +0.78",
        "",
        " Tue 14 Nov 2023  1 trade  -50.00 USDT",
        " closed    symbol      side      qty      entry       exit        net       R",
        " 12:04:00  ETH/USDT    long    0.148   2,684.31  61,930.12     -50.00       –",
    ]


@pytest.mark.parametrize("width", [79, 119, 199])
@pytest.mark.parametrize(("currency", "net"), [("BTC", "-2.58272982"), ("USDT", "-1234567.89")])
def test_no_digit_of_an_amount_is_cut(currency: str, net: str, width: int) -> None:
    sums = msgspec.structs.replace(ALL, net=D(net), best=D(net), worst=D(net), fees=D(net))
    trades = (trade(0, net, fees=D(net)),)
    shown = "\n".join(texts(ReviewView(currency=currency, sums=(sums,), days=(TODAY,), trades=trades), width))
    assert shown.count(f"{D(net):,}") >= 2
    assert "…" not in shown


@pytest.mark.parametrize("width", [10, 30, 46, 79, 119, 199])
def test_no_row_is_wider_than_the_pane(width: int) -> None:
    assert all(len(row) <= max(width, 60) for row in texts(REVIEW, width))


async def shown(pilot: Pilot[None], app: CockpitApp) -> ReviewPane:
    await pilot.pause()
    await until(pilot, lambda: app._view is not None)
    await pilot.press("R")
    await until(pilot, lambda: set(app.desk.plan.boxes) == {"review"})
    app._paint()
    return app.desk.query_one(ReviewPane)


def words_on(pane: ReviewPane) -> str:
    return "\n".join("".join(text for text, _ in row) for row in pane._rows)


async def test_the_key_shows_it_and_the_key_or_escape_takes_it_away() -> None:
    link = FakeLink()
    link.reviewed = REVIEW
    app = CockpitApp(link)
    async with app.run_test(size=(120, 35)) as pilot:
        pane = await shown(pilot, app)
        await until(pilot, lambda: pane.part is REVIEW)
        assert "3 trades in 2 days" in words_on(pane)
        for key in ("escape", "R"):
            await pilot.press(key)
            await until(pilot, lambda: "chart" in app.desk.plan.boxes)
            await pilot.press("R")
            await until(pilot, lambda: set(app.desk.plan.boxes) == {"review"})


async def test_a_fill_while_it_is_shown_has_it_read_again_and_nothing_else_does() -> None:
    link = FakeLink()
    fills = link.account.fills(link.market)
    link.part = {"fills": fills}
    app = CockpitApp(link)
    async with app.run_test(size=(120, 35)) as pilot:
        pane = await shown(pilot, app)
        await until(pilot, lambda: link.reviews == 1)
        for _ in range(3):
            link.advance()
            app._paint()
            await pilot.pause()
        assert link.reviews == 1
        assert "no closed trades yet" in words_on(pane)
        link.reviewed, link.part = REVIEW, {"fills": fills[1:]}
        link.advance()
        app._paint()
        await until(pilot, lambda: pane.part is REVIEW)
        assert link.reviews == 2


async def test_scrolling_does_not_write_the_page_again() -> None:
    link = FakeLink()
    link.reviewed = REVIEW
    app = CockpitApp(link)
    async with app.run_test(size=(80, 14)) as pilot:
        pane = await shown(pilot, app)
        await until(pilot, lambda: pane.part is REVIEW)
        written = pane._page_of(REVIEW, pane.inner_width)
        first = words_on(pane)
        await pilot.press("down", "down")
        assert words_on(pane) != first
        assert pane._page_of(REVIEW, pane.inner_width) is written


async def test_a_journal_that_can_not_be_read_is_said_in_its_place() -> None:
    link = FakeLink()
    link.reviewed = None
    app = CockpitApp(link)
    async with app.run_test(size=(120, 35)) as pilot:
        pane = await shown(pilot, app)
        await until(pilot, lambda: "the journal could not be read" in words_on(pane))


async def test_exits_work_while_it_is_shown_and_the_other_page_takes_its_place() -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=(120, 35)) as pilot:
        before = app.desk.choice
        await shown(pilot, app)
        await pilot.press("x")
        await until(pilot, lambda: bool(link.sent))
        assert [type(command).__name__ for command in link.sent] == ["Flatten"]
        await pilot.press("D")
        await until(pilot, lambda: set(app.desk.plan.boxes) == {"diagnostics"})
        assert app.desk.query(DiagnosticsPane)
        await pilot.press("escape", "escape")  # first what is said
        await until(pilot, lambda: app.desk.choice == before)
