"""Fees: tiers by the volume before the day, the asset that pays, rebates, and what a discount leaves out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import PERP, SECOND, SPOT, Table, perp, spot, wide_limits
from tradetui.domain.command import Deposit, Flatten, Withdraw
from tradetui.domain.fill import Liquidity
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    BookSnapshot,
    ClockTick,
    FeedState,
    FeedStatus,
    InstrumentListed,
    Side,
)
from tradetui.domain.number import ceil_to
from tradetui.domain.reply import Reason
from tradetui.state import State
from tradetui.trading import account, costs, ledger
from tradetui.trading.account import Fee, FeeChoice
from tradetui.trading.settings import FeeTier

D = Decimal
BNB = "BNB/USDT"
DAY = 86_400 * SECOND
THREE_PARTS = spot(taker_fee=D("0.0600029"), undiscounted_fees=(D("0.0000023"), D("0.06")))


def test_w19_a_commission_of_three_parts_and_its_price_in_a_third_asset() -> None:
    parts = costs.fee_parts(THREE_PARTS, qty=D("0.49975"), price=D(35_000), liquidity=Liquidity.TAKER)
    rounded = [ceil_to(part, costs.ASSET_STEP) for part in parts]
    assert rounded == [D("0.01049475"), D("0.04022988"), D("1049.475")]
    whole = costs.fee(THREE_PARTS, qty=D("0.49975"), price=D(35_000), liquidity=Liquidity.TAKER)
    assert whole == sum(rounded)
    in_bnb = costs.discounted(parts, D("0.25")) / 260
    assert round(in_bnb, 9) == D("4.036607129")
    choice = FeeChoice("BNB", D("0.25"), D(260), D(5))
    fee = account.fee_of(
        THREE_PARTS, Side.SELL, D("0.49975"), price=D(35_000), liquidity=Liquidity.TAKER, choice=choice
    )
    assert (fee.asset, fee.amount) == ("BNB", D("4.03660713"))


@pytest.mark.parametrize(
    ("choice", "side", "expected"),
    [
        (FeeChoice(), Side.BUY, Fee(D("0.001"), "BTC")),
        (FeeChoice(), Side.SELL, Fee(D(60), "USDT")),
        (FeeChoice("quote"), Side.BUY, Fee(D(60), "USDT")),
        (FeeChoice("BNB", D("0.75"), D(600), D("0.075")), Side.BUY, Fee(D("0.075"), "BNB", D(45))),
        (FeeChoice("BNB", D("0.75"), D(600), D("0.0749")), Side.BUY, Fee(D("0.001"), "BTC")),
        (FeeChoice("BNB", D("0.75"), None, D(9)), Side.SELL, Fee(D(60), "USDT")),
    ],
)
def test_r_spt_2_who_pays_a_fee_of_spot(choice: FeeChoice, side: Side, expected: Fee) -> None:
    found = account.fee_of(spot(), side, D(1), price=D(60_000), liquidity=Liquidity.TAKER, choice=choice)
    assert found == expected


def test_a_rebate_is_a_negative_fee() -> None:
    instrument = perp(maker_fee=D("-0.0001"), taker_fee=D("0.0005"))
    market = Table(instrument, settings=wide_limits()).open([(60_000.0, 5.0)], [(60_010.0, 5.0)])
    market.buy("1", limit="60005", stop="59000")
    market.trade(60_004.0, 3.0, Side.SELL)
    assert market.fills[0].fee == D("-6.0005")
    assert market.state.cash("USDT") == 1_000_000 - D("6000.5") + D("6.0005")
    assert market.state.fees == D("-6.0005")


# --- tiers

TIERS = (FeeTier(D(0), D("0.0002"), D("0.0005")), FeeTier(D(100_000), D("0.0001"), D("0.0004")))


def roll(market: Table, days: int = 1) -> None:
    for _ in range(days):
        session = market.state.session
        assert session is not None
        market.now = session.end_ts
        market.feed(ClockTick(market.now, market.now))
    market.status(FeedState.STREAMING)
    market.snapshot([(60_000.0, 50.0)], [(60_000.0, 50.0)])


def test_fees_follow_the_volume_at_the_start_of_the_day() -> None:
    market = Table(perp(taker_fee=D(1)), settings=wide_limits(fee_tiers=TIERS))
    market.open([(60_000.0, 50.0)], [(60_000.0, 50.0)])
    market.buy("1", stop="59000")
    market.do(Flatten())
    assert [fill.fee for fill in market.fills] == [30, 30]
    roll(market)
    assert market.state.funds.tier_volume == 120_000
    assert market.state.instruments[PERP].taker_fee == D("0.0004")
    market.buy("1", stop="59000")
    assert market.fills[-1].fee == 24
    market.restart()
    assert market.state == State.fold(market.journal)
    roll(market, 31)
    assert market.state.funds.tier_volume == 0
    assert market.state.instruments[PERP].taker_fee == D("0.0005")


def test_an_exchange_that_tells_its_rules_again_keeps_the_tier() -> None:
    market = Table(perp(taker_fee=D(1)), settings=wide_limits(fee_tiers=TIERS))
    market.open([(60_000.0, 50.0)], [(60_000.0, 50.0)])
    before = len(market.journal)
    market.feed(InstrumentListed(perp(taker_fee=D(1)), market.tick()))
    assert len(market.journal) == before
    assert market.state.instruments[PERP].taker_fee == D("0.0005")


# --- a third asset


def with_bnb(instrument: Instrument | None = None, **settings: Any) -> Table:
    made = wide_limits(fee_asset="BNB", fee_multiplier=D("0.75"), balance=D(100_000), **settings)
    market = Table(instrument or spot(), settings=made).open([(60_000.0, 50.0)], [(60_000.0, 50.0)])
    other = msgspec.structs.replace(spot(), symbol=BNB, base="BNB")
    market.feed(InstrumentListed(other, market.tick()))
    market.feed(FeedStatus(BNB, market.tick(), FeedState.STREAMING))
    return market


def quote_bnb(market: Table, price: float) -> None:
    ts = market.tick()
    market.feed(BookSnapshot(BNB, ts, ts, [(price, 50.0)], [(price, 50.0)]))


def test_fees_are_paid_in_a_deposited_asset_until_it_is_used_up() -> None:
    market = with_bnb()
    refused = market.do(Deposit(amount=D("0.1"), asset="BNB"))
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.NO_PRICE
    quote_bnb(market, 600.0)
    market.do(Deposit(amount=D("0.1"), asset="BNB"))
    assert (market.engine.equity(), market.engine.day_pnl()) == (D(100_060), D(0))
    market.buy("1", stop="59000")
    market.do(Flatten())
    first, second = market.fills
    assert (first.fee, first.fee_asset, first.fee_value) == (D("0.075"), "BNB", D(45))
    assert (second.fee, second.fee_asset) == (D(60), "USDT")
    assert SPOT not in market.state.positions
    assert market.state.fees == 105
    assert market.state.cash("BNB") == D("0.025")
    assert market.engine.day_pnl() == -105
    assert market.state.balances[ledger.FEES, "BNB"] == D("0.075")
    market.do(Withdraw(amount=D("0.025"), asset="BNB"))
    assert market.engine.day_pnl() == -105
    assert market.state.cash("BNB") == 0


def test_what_is_held_of_the_fee_asset_as_a_position_pays_no_fees() -> None:
    market = with_bnb()
    quote_bnb(market, 600.0)
    market.symbol = BNB
    market.buy("1", limit="600", stop="590")
    held = market.state.cash("BNB")
    market.symbol = SPOT
    market.buy("0.1", stop="59000")
    assert market.fills[-1].fee_asset == "BTC"
    assert market.state.cash("BNB") == held == market.state.positions[BNB].signed_qty
    no = market.do(Withdraw(amount=D("0.1"), asset="BNB"))
    assert no.refusal is not None


def test_fees_in_quote_leave_the_whole_of_what_was_bought() -> None:
    market = Table(spot(), settings=wide_limits(fee_asset="quote", balance=D(60_060)))
    market.open([(60_000.0, 50.0)], [(60_000.0, 50.0)])
    market.buy("1", limit="60000", stop="59000")
    assert market.state.cash("BTC") == 1
    assert market.state.cash("USDT") == 0
    assert market.state.positions[SPOT].signed_qty == 1
