"""Deposits and withdrawals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.market import MS, Table, perp, spot, wide_limits
from tradetui.domain.command import AnyCommand, Deposit, MarginMode, Withdraw
from tradetui.domain.grammar import GrammarError, parse
from tradetui.domain.market_data import ClockTick
from tradetui.domain.order import OrderState
from tradetui.domain.reply import Reason
from tradetui.state import State
from tradetui.trading import ledger

D = Decimal
BIDS = [(60_000.0, 50.0)]
ASKS = [(60_000.0, 50.0)]
FREE = perp(maker_fee=D(0), taker_fee=D(0))


def table(instrument: Any = FREE, **settings: Any) -> Table:
    return Table(instrument, settings=wide_limits(**settings)).open(BIDS, ASKS)


def refused(market: Table, command: AnyCommand) -> Any:
    reply = market.do(command)
    assert reply.refusal is not None
    return reply.refusal


def test_i_46_money_in_and_out_is_no_profit_and_no_loss() -> None:
    market = table(balance=D(10_000))
    market.buy("0.1", stop="58000")
    market.snapshot([(59_900.0, 50.0)], [(59_900.0, 50.0)])
    assert market.engine.day_pnl() == -10
    assert market.do(Deposit(amount=D(1_000))).text == "1,000.00 USDT deposited"
    assert market.engine.equity() == 10_990
    assert market.engine.day_pnl() == -10
    market.do(Withdraw(amount=D(500), asset="USDT"))
    assert market.engine.day_pnl() == -10
    assert market.state.balances[ledger.EXTERNAL, "USDT"] == -10_500
    market.restart()
    assert market.state == State.fold(market.journal)
    assert market.state.day_flows == 500


def test_the_next_day_begins_with_what_is_there() -> None:
    market = table(balance=D(10_000))
    market.do(Deposit(amount=D(1_000)))
    assert market.state.session is not None
    market.now = market.state.session.end_ts
    market.feed(ClockTick(market.now, market.now))
    assert market.state.session.anchor == 11_000
    assert market.state.day_flows == 0
    assert market.engine.day_pnl() == 0
    assert market.state.flows == 1_000


def test_nothing_that_margins_or_orders_need_can_be_withdrawn() -> None:
    market = table(balance=D(10_000))
    market.buy("1", stop="58000")
    market.buy("0.5", limit="59000", stop="58000")
    no = refused(market, Withdraw(amount=D(1_051)))
    assert no.reason is Reason.INSUFFICIENT_BALANCE
    assert no.numbers["nearest"] == 1_050
    assert market.do(Withdraw(amount=D(1_050))).accepted
    assert market.state.free("USDT") == 0


def test_an_open_loss_of_the_wallet_can_not_be_withdrawn_and_an_open_gain_neither() -> None:
    market = table(balance=D(10_000), margin_mode=MarginMode.CROSS)
    market.buy("1", stop="57000")
    market.snapshot([(59_000.0, 50.0)], [(59_000.0, 50.0)])
    assert refused(market, Withdraw(amount=D(4_000))).numbers["nearest"] == 3_000
    market.snapshot([(61_000.0, 50.0)], [(61_000.0, 50.0)])
    assert refused(market, Withdraw(amount=D(5_000))).numbers["nearest"] == 4_000


def test_a_withdrawal_leaves_the_minimum_of_the_profile() -> None:
    market = table(balance=D(10_000), minimum_balance=D(9_000))
    assert refused(market, Withdraw(amount=D(1_001))).numbers["nearest"] == 1_000
    assert market.do(Withdraw(amount=D(1_000))).accepted


def test_e_27_a_deposit_while_locked_is_taken_and_the_lock_stays() -> None:
    settings = wide_limits(balance=D(10_000))
    limits = settings.limits.with_daily_loss(D(100))
    market = Table(FREE, settings=msgspec.structs.replace(settings, limits=limits)).open(BIDS, ASKS)
    market.buy("0.1", stop="59500")
    market.snapshot([(58_900.0, 50.0)], [(58_900.0, 50.0)])
    assert market.state.lock is not None
    lost = market.engine.day_pnl()
    assert market.do(Deposit(amount=D(50_000))).accepted
    assert market.engine.day_pnl() == lost
    assert market.state.lock is not None
    assert refused(market, Deposit(amount=D(0))).reason is Reason.BAD_INPUT


def test_an_account_takes_its_own_currency() -> None:
    market = table(spot())
    assert refused(market, Deposit(amount=D(1), asset="BTC")).reason is Reason.OTHER_CURRENCY
    assert refused(market, Deposit(amount=D("0.000000001"))).reason is Reason.OFF_LOT


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("deposit 1000 usdt", Deposit(amount=D(1_000), asset="USDT")),
        ("dep 1000usdt", Deposit(amount=D(1_000), asset="USDT")),
        ("withdraw 12.5", Withdraw(amount=D("12.5"))),
    ],
)
def test_the_words(words: str, command: AnyCommand) -> None:
    assert parse(words, symbol="BTC/USDT", symbols=["BTC/USDT"]) == command


@pytest.mark.parametrize("words", ["deposit", "deposit usdt", "deposit 0 usdt", "withdraw 5 usdt now"])
def test_words_that_are_no_amount(words: str) -> None:
    with pytest.raises(GrammarError):
        parse(words, symbol="BTC/USDT", symbols=["BTC/USDT"])


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 20_000)), max_size=8), st.integers(-900, 900))
def test_no_flow_moves_the_day_s_result(moves: list[tuple[bool, int]], step: int) -> None:
    market = table(balance=D(10_000))
    market.buy("0.1", stop="56000")
    price = 60_000.0 + step
    market.snapshot([(price, 50.0)], [(price, 50.0)])
    for into, amount in moves:
        market.do(Deposit(amount=D(amount)) if into else Withdraw(amount=D(amount)))
        assert market.engine.day_pnl() == D(step) / 10
        assert market.state.free("USDT") >= 0


def on_its_way(instrument: Any, **settings: Any) -> Table:
    """A table with 5,000 whose orders take 150 ms to the venue."""
    settings = {"balance": D(5_000), **settings}
    return Table(instrument, settings=wide_limits(**settings), latency_ns=150 * MS).open(BIDS, ASKS)


def most_of(market: Table) -> Decimal:
    """The largest size that the balance carries, as the refusal of a larger one names it."""
    refusal = market.buy("1", stop="59000").refusal
    assert refusal is not None
    return refusal.numbers["nearest"]


@pytest.mark.parametrize("instrument", [spot(), perp()])
def test_a_purchase_with_all_there_is_fills_whole_though_the_price_rose_on_its_way(instrument: Any) -> None:
    market = on_its_way(instrument, leverage=D(1))
    most = most_of(market)
    reply = market.buy(str(most), stop="59000")
    market.snapshot([(60_200.0, 50.0)], [(60_200.1, 50.0)])
    market.now += 200 * MS
    market.feed(ClockTick(market.now, market.now))
    order = market.last_order(reply)
    assert (order.state, order.filled) == (OrderState.FILLED, most)
    assert market.state.cash("USDT") >= 0


def test_a_purchase_that_the_price_ran_away_from_fills_what_can_be_paid() -> None:
    market = on_its_way(spot())
    most = most_of(market)
    reply = market.buy(str(most), stop="59000")
    market.snapshot([(62_000.0, 50.0)], [(62_000.0, 50.0)])
    market.now += 200 * MS
    market.feed(ClockTick(market.now, market.now))
    order = market.last_order(reply)
    assert order.state is OrderState.EXPIRED
    assert order.reason == Reason.INSUFFICIENT_BALANCE
    assert 0 < order.filled < most
    lot, fee = D("6.2"), D(5)
    assert 0 <= market.state.cash("USDT") < lot + fee, "the fee is in base, and held back in quote"
