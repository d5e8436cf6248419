"""The command line's language, against the contract of its grammar."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradetui.domain.command import (
    AcknowledgeGaps,
    AdjustMargin,
    AmendOrder,
    AnyCommand,
    BreakEven,
    CancelAll,
    CancelOrder,
    Flatten,
    Follow,
    Half,
    MarginMode,
    Reverse,
    SetLeverage,
    SetMarginMode,
    SetStop,
    SetTarget,
    Size,
    SizeUnit,
    Stop,
    SubmitOco,
    SubmitOrder,
    SubmitOto,
    SubmitScale,
    Target,
)
from tradetui.domain.grammar import VERBS, GrammarError, complete, parse
from tradetui.domain.market_data import Side
from tradetui.domain.order import TimeInForce, Trail, TriggerBy

BTC = "BTC/USDT"
SYMBOLS = ("BTC/USDT", "ETH/USDT", "BTC/USDT:USDT")
D = Decimal


def read(text: str) -> AnyCommand:
    return parse(text, symbol=BTC, symbols=SYMBOLS)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (
            "buy 0.01 BTC/USDT stop 61000 target 61900",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D("0.01")),
                stop=Stop(price=D(61000)),
                target=Target(price=D(61900)),
            ),
        ),
        (
            "buy 0.5r stop 61400 target 2r",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D("0.5"), SizeUnit.RISK),
                stop=Stop(price=D(61400)),
                target=Target(r=D(2)),
            ),
        ),
        (
            "sell 500usdt limit 61800 post",
            SubmitOrder(
                symbol=BTC,
                side=Side.SELL,
                size=Size(D(500), SizeUnit.QUOTE),
                limit=D(61800),
                post_only=True,
            ),
        ),
        (
            "sell 10% eth/usdt trig 2500 ioc red",
            SubmitOrder(
                symbol="ETH/USDT",
                side=Side.SELL,
                size=Size(D("0.1"), SizeUnit.EQUITY),
                trigger=D(2500),
                tif=TimeInForce.IOC,
                reduce_only=True,
            ),
        ),
        (
            "buy 1 trigger 61000 limit 61010 stop 60500/60490",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D(1)),
                trigger=D(61000),
                limit=D(61010),
                stop=Stop(price=D(60500), limit=D(60490)),
            ),
        ),
        ("stop 61250/61240 ETH", SetStop(symbol="ETH/USDT", stop=Stop(price=D(61250), limit=D(61240)))),
        (
            "buy 1 stop 61000 target 2r 50% target 3r/market ta 64000/63990 0.2",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D(1)),
                stop=Stop(price=D(61000)),
                target=Target(r=D(2), size=Size(D("0.5"), SizeUnit.POSITION)),
                more_targets=(
                    Target(r=D(3), market=True),
                    Target(price=D(64000), limit=D(63990), size=Size(D("0.2"))),
                ),
            ),
        ),
        (
            "target 62000 50% target 63000 ETH",
            SetTarget(
                symbol="ETH/USDT",
                target=Target(price=D(62000), size=Size(D("0.5"), SizeUnit.POSITION)),
                more=(Target(price=D(63000)),),
            ),
        ),
        (
            "sell all limit 62000",
            SubmitOrder(symbol=BTC, side=Side.SELL, size=Size(D(1), SizeUnit.POSITION), limit=D(62000)),
        ),
        (
            "buy 1 ETH/USDT to 59000 limit 58990 stop 58000",
            SubmitOrder(
                symbol="ETH/USDT",
                side=Side.BUY,
                size=Size(D(1)),
                trigger=D(59000),
                limit=D(58990),
                take_profit=True,
                stop=Stop(price=D(58000)),
            ),
        ),
        (
            "buy 1 limit 61000 until +10m",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D(1)),
                limit=D(61000),
                tif=TimeInForce.GTD,
                expire_after_ns=600 * 10**9,
            ),
        ),
        (
            "buy 1 u 14:30",
            SubmitOrder(symbol=BTC, side=Side.BUY, size=Size(D(1)), tif=TimeInForce.GTD, expire_at="14:30"),
        ),
        (
            "buy 1 unt 2024-08-10t14:30z",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D(1)),
                tif=TimeInForce.GTD,
                expire_ts=1_723_300_200 * 10**9,
            ),
        ),
        (
            "buy 1 limit 61000 stop 60000 oco sell 2 ETH/USDT trigger 2500 stop 2600",
            SubmitOco(
                first=SubmitOrder(
                    symbol=BTC, side=Side.BUY, size=Size(D(1)), limit=D(61000), stop=Stop(price=D(60000))
                ),
                second=SubmitOrder(
                    symbol="ETH/USDT",
                    side=Side.SELL,
                    size=Size(D(2)),
                    trigger=D(2500),
                    stop=Stop(price=D(2600)),
                ),
            ),
        ),
        (
            "buy 1 then buy 2 lim 5 then b 3",
            SubmitOto(
                first=SubmitOrder(symbol=BTC, side=Side.BUY, size=Size(D(1))),
                then=(
                    SubmitOrder(symbol=BTC, side=Side.BUY, size=Size(D(2)), limit=D(5)),
                    SubmitOrder(symbol=BTC, side=Side.BUY, size=Size(D(3))),
                ),
            ),
        ),
        (
            "buy 1r scale 61000 60500 5 stop 60000 post",
            SubmitScale(
                order=SubmitOrder(
                    symbol=BTC,
                    side=Side.BUY,
                    size=Size(D(1), SizeUnit.RISK),
                    stop=Stop(price=D(60000)),
                    post_only=True,
                ),
                first=D(61000),
                last=D(60500),
                count=5,
            ),
        ),
        (
            "buy 1 chase 30 x10 take stop 60000",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D(1)),
                chase=Follow(distance=D(30), most=10, take=True),
                stop=Stop(price=D(60000)),
            ),
        ),
        (
            "buy 1 ch 0.1%",
            SubmitOrder(symbol=BTC, side=Side.BUY, size=Size(D(1)), chase=Follow(rate=D("0.001"))),
        ),
        ("stop 61000 by mark", SetStop(symbol=BTC, stop=Stop(price=D(61000), by=TriggerBy.MARK))),
        (
            "stop trail 1% from 62000 by i ETH",
            SetStop(
                symbol="ETH/USDT",
                stop=Stop(trail=Trail(rate=D("0.01"), activation=D(62000)), by=TriggerBy.INDEX),
            ),
        ),
        (
            "buy 1 trigger 62000 by mark stop 61000 by bid target 63000/market by last",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D(1)),
                trigger=D(62000),
                trigger_by=TriggerBy.MARK,
                stop=Stop(price=D(61000), by=TriggerBy.BID_ASK),
                target=Target(price=D(63000), market=True),
            ),
        ),
        ("amend O-12 qty 0.5 lim 61000", AmendOrder(order_id="O-12", qty=D("0.5"), limit=D(61000))),
        ("a mine-1 t 60500", AmendOrder(order_id="mine-1", trigger=D(60500))),
        ("stop trail 1%", SetStop(symbol=BTC, stop=Stop(trail=Trail(rate=D("0.01"))))),
        (
            "stop 61250 tra 300 fr 62000 ETH",
            SetStop(
                symbol="ETH/USDT",
                stop=Stop(price=D(61250), trail=Trail(distance=D(300), activation=D(62000))),
            ),
        ),
        (
            "stop trail 300/61000",
            SetStop(symbol=BTC, stop=Stop(trail=Trail(distance=D(300)), limit=D(61000))),
        ),
        ("trail", SetStop(symbol=BTC, stop=Stop(trail=Trail()))),
        ("tr ETH", SetStop(symbol="ETH/USDT", stop=Stop(trail=Trail()))),
        (
            "trail 0.5% from 62000 ETH",
            SetStop(symbol="ETH/USDT", stop=Stop(trail=Trail(rate=D("0.005"), activation=D(62000)))),
        ),
        (
            "buy 1 trigger trail 5% from 44000 limit 45000 stop trail 2%",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D(1)),
                trail=Trail(rate=D("0.05"), activation=D(44000)),
                limit=D(45000),
                stop=Stop(trail=Trail(rate=D("0.02"))),
            ),
        ),
        (
            "buy 1 stop 61000 tr 62000 f",
            SubmitOrder(
                symbol=BTC,
                side=Side.BUY,
                size=Size(D(1)),
                stop=Stop(price=D(61000)),
                trigger=D(62000),
                tif=TimeInForce.FOK,
            ),
        ),
        ("stop 61250.5", SetStop(symbol=BTC, stop=Stop(price=D("61250.5")))),
        ("st 2400 ETH", SetStop(symbol="ETH/USDT", stop=Stop(price=D(2400)))),
        ("target 2.5r", SetTarget(symbol=BTC, target=Target(r=D("2.5")))),
        ("tar 63000 BTC/USDT:USDT", SetTarget(symbol="BTC/USDT:USDT", target=Target(price=D(63000)))),
        ("cancel O-12", CancelOrder(order_id="O-12")),
        ("cancel all", CancelAll(symbol=None)),
        ("cancel all eth/usdt", CancelAll(symbol="ETH/USDT")),
        ("c eth*", CancelAll(symbol="ETH/USDT")),
        ("flatten", Flatten(symbol=BTC)),
        ("fl all", Flatten(symbol=None)),
        ("reverse", Reverse(symbol=BTC)),
        ("rev ETH/USDT stop 2500", Reverse(symbol="ETH/USDT", stop=Stop(price=D(2500)))),
        ("half", Half(symbol=BTC)),
    ],
)
def test_words_become_the_command_that_the_contract_says(text: str, command: AnyCommand) -> None:
    assert read(text) == command


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("", "", "expected a command"),
        ("boy 1", "boy", "did you mean buy?"),
        ("s 1", "s", "sell or stop"),
        ("buy", "", "expected a size"),
        ("buy much", "much", "expected a size"),
        ("buy 0", "0", "above zero"),
        ("buy 1 stop", "", "a price after stop"),
        ("buy 1 stop -5", "-5", "a price after stop"),
        ("buy 1 stop 1e3", "1e3", "a price after stop"),
        ("stop 5 by me", "me", "expected last, mark, index or bid_ask after by, was 'me'"),
        ("stop 5 by", "", "expected last, mark, index or bid_ask after by"),
        ("buy 1 trigger 5 by", "", "expected last, mark, index or bid_ask after by"),
        ("stop 5/", "5/", "as in 61000/60950"),
        ("stop 0/5", "0/5", "as in 61000/60950"),
        ("stop 5/6/7", "5/6/7", "as in 61000/60950"),
        ("target 5/up", "5/up", "a multiple of R"),
        ("target 2r/5", "2r/5", "a multiple of R"),
        ("target 5 0%", "0%", "unknown symbol"),
        ("buy 1 trigger 5 touch 6", "touch", "exclude each other"),
        ("buy 1 until", "", "+10m, 14:30"),
        ("buy 1 until 24:00", "24:00", "+10m, 14:30"),
        ("buy 1 until 2024-02-30T10:00", "2024-02-30T10:00", "+10m, 14:30"),
        ("buy 1 ioc until +1s", "until", "exclude each other"),
        ("buy 1 scale 5 6", "", "how many orders"),
        ("buy 1 scale 5 6 2.5", "2.5", "how many orders"),
        ("buy 1 chase x0", "x0", "above zero"),
        ("buy 1 oco sell 2 oco buy 3", "oco", "joined by oco"),
        ("buy 1 then buy 2 oco buy 3", "oco", "joined by oco"),
        ("buy 1 oco sell 1 scale 5 6 2", "", "no scale behind"),
        ("buy 1 then", "then", "unknown symbol"),
        ("amend", "", "an order's id"),
        ("amend O-1", "", "qty, limit or trigger"),
        ("amend O-1 qty 1 qty 2", "qty", "stands twice"),
        ("amend O-1 qty", "", "a number after qty"),
        ("trail much", "much", "unknown symbol"),
        ("stop trail", "", "a trail such as 1%"),
        ("stop trail 0%", "0%", "a trail such as 1%"),
        ("stop 5 trail 1%/4", "1%/4", "a trail such as 1%"),
        ("trail 1% from", "", "a price after from"),
        ("buy 1 limit nan", "nan", "a price after limit"),
        ("buy 1 stop 5 stop 6", "stop", "stands twice"),
        ("buy 1 ioc fok", "fok", "exclude each other"),
        ("buy 1 t 5", "t", "trigger or target"),
        ("buy 1 XRP/USDT", "XRP/USDT", "unknown symbol"),
        ("buy 1 ETH/USDC stop 5", "ETH/USDC", "did you mean ETH/USDT?"),
        ("cancel btc*", "btc*", "may mean BTC/USDT, BTC/USDT:USDT"),
        ("buy 5eur stop 3", "5eur", "btc or usdt"),
        ("half BTC/USDT now", "now", "expected nothing more"),
        ("cancel", "", "order's id or all"),
    ],
)
def test_an_error_marks_the_word_and_says_what_was_expected(text: str, marked: str, says: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read(text)
    assert text[caught.value.start : caught.value.end] == marked
    assert says in caught.value.message
    assert caught.value.marked().splitlines()[1].lstrip().startswith("^")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("leverage 20", SetLeverage(symbol=BTC, leverage=D(20))),
        ("lev 5 ETH", SetLeverage(symbol="ETH/USDT", leverage=D(5))),
        ("margin add 100", AdjustMargin(symbol=BTC, amount=D(100))),
        ("margin rem 2.5 BTC/USDT:USDT", AdjustMargin(symbol="BTC/USDT:USDT", amount=D("-2.5"))),
        ("margin cross", SetMarginMode(mode=MarginMode.CROSS)),
        ("margin iso", SetMarginMode(mode=MarginMode.ISOLATED)),
    ],
)
def test_leverage_and_margins(text: str, command: AnyCommand) -> None:
    assert read(text) == command


def test_contracts_that_settle_in_base_are_counted_or_told_in_quote() -> None:
    coin = "BTC/USD:BTC"
    found = parse("buy 500usd stop 9", symbol=coin, symbols=[coin])
    assert isinstance(found, SubmitOrder)
    assert found.size == Size(D(500), SizeUnit.QUOTE)
    with pytest.raises(GrammarError, match="expected %, r or usd"):
        parse("buy 0.1btc stop 9", symbol=coin, symbols=[coin])


def test_a_recording_of_several_instruments_needs_the_symbol() -> None:
    with pytest.raises(GrammarError, match="expected a symbol"):
        parse("buy 1 stop 5", symbol="", symbols=SYMBOLS)


@given(st.text(max_size=60))
def test_no_text_does_anything_but_parse_or_point_at_a_word(text: str) -> None:
    fault: GrammarError | None = None
    try:
        read(text)
    except GrammarError as error:
        fault = error
    assert fault is None or 0 <= fault.start <= fault.end <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("", list(VERBS.all)),
        ("margin ", ["add", "remove", "cross", "isolated"]),
        ("b", ["buy", "breakeven"]),
        ("buy ", ["0.5r", "1r", "10%"]),
        ("buy 1 st", ["stop"]),
        ("buy 1 E", ["ETH/USDT"]),
        ("buy 1 stop ", ["trail"]),
        ("amend ", ["O-1"]),
        ("buy 1 stop 5 by ", ["last", "mark", "index", "bid_ask"]),
        ("stop 5 by m", ["mark"]),
        ("stop 5 ", ["by", *SYMBOLS]),
        ("amend O-1 l", ["limit"]),
        ("stop t", ["trail"]),
        ("cancel ", ["all", "O-1", *SYMBOLS]),
        ("flatten a", ["all"]),
    ],
)
def test_completion_offers_the_words_that_fit(text: str, offered: list[str]) -> None:
    assert complete(text, symbols=SYMBOLS, orders=("O-1",)) == offered


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("breakeven", BreakEven(symbol=BTC)),
        ("br eth", BreakEven(symbol="ETH/USDT")),
        ("acknowledge", AcknowledgeGaps()),
        ("ack", AcknowledgeGaps()),
        ("a O-1 qty 2", AmendOrder(order_id="O-1", qty=D(2))),
        ("b 1 stop 5", read("buy 1 stop 5")),
    ],
)
def test_newer_verbs_take_no_short_form_away_from_older_ones(text: str, command: AnyCommand) -> None:
    assert read(text) == command


def test_gaps_are_acknowledged_all_together() -> None:
    with pytest.raises(GrammarError, match="expected nothing more"):
        read("acknowledge BTC/USDT")
