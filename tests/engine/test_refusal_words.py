"""Refusals say what a trader can use: the reason that holds, and numbers that somebody could type."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import SPOT, Table, spot, wide_limits
from tradetui.domain.command import Size, SizeUnit, Stop, SubmitOrder
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY
from tradetui.domain.reply import Reason
from tradetui.engine.refusals import number
from tradetui.engine.shape import check_qty, smallest_qty

D = Decimal
ASKS = [(60_000.1, 5.0), (60_010.0, 50.0)]


def buy_what_fits(market: Table) -> SubmitOrder:
    return SubmitOrder(
        symbol=SPOT, side=Side.BUY, size=Size(D(1), SizeUnit.RISK), stop=Stop(price=D(59_900)), fit=True
    )


def test_a_spent_balance_is_the_reason_not_the_size_that_follows_from_it() -> None:
    settings = wide_limits(balance=D(1_000))
    market = Table(spot(min_notional=D(5)), settings=settings).open([(60_000.0, 5.0)], ASKS)
    replies = [market.do(buy_what_fits(market)) for _ in range(4)]
    assert replies[0].accepted
    refused = replies[-1].refusal
    assert refused is not None
    assert refused.reason is Reason.INSUFFICIENT_BALANCE
    assert refused.numbers["available"] < D(6)
    assert refused.text.endswith("USDT free: too little for the venue's smallest order, 0.0001 BTC")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (MONEY.divide(D(222_609_205), D(3_000)), "74203.0683"),
        (MONEY.divide(D("0.00001372"), D(3)), "0.00000457333333"),
        (D("61602.10"), "61602.1"),
        (D("0.123456789012345678"), "0.123456789012345678"),
    ],
)
def test_an_average_is_said_with_a_few_digits_and_what_was_typed_with_all(value: Decimal, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("least", "qty"),
    [
        ("0", "0.0001"),
        ("5", "0.0001"),
        ("6", "0.0001"),
        ("6.01", "0.0002"),
        ("100", "0.0017"),
        ("102", "0.0017"),
    ],
)
def test_the_size_that_a_refusal_names_passes(least: str, qty: str) -> None:
    # a lot of 0.0001 at 60,000 is worth 6
    told = spot(min_notional=D(least))
    assert smallest_qty(told, D(60_000)) == D(qty)
    check_qty(told, D(qty), D(60_000), computed=False)
