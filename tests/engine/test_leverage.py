"""Leverage, margins and their mode by command."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.engine.market import PERP, Table, perp, spot, wide_limits
from tests.trading.test_tiers import TIERS
from tradetui.domain.command import (
    AdjustMargin,
    Flatten,
    MarginMode,
    SetLeverage,
    SetMarginMode,
    SetStop,
    Stop,
    Withdraw,
)
from tradetui.domain.market_data import Side
from tradetui.domain.reply import Reason
from tradetui.state import State
from tradetui.trading import ledger

D = Decimal
BIDS = [(60_000.0, 50.0)]
ASKS = [(60_000.0, 50.0)]
FREE = perp(maker_fee=D(0), taker_fee=D(0))


def table(instrument: Any = FREE, **settings: Any) -> Table:
    return Table(instrument, settings=wide_limits(**settings)).open(BIDS, ASKS)


def held_margin(market: Table) -> Decimal:
    return market.state.balances.get((ledger.margin(PERP), "USDT"), D(0))


def why(market: Table, command: Any) -> Reason:
    reply = market.do(command)
    assert reply.refusal is not None
    return reply.refusal.reason


def test_r_prp_4_a_leverage_changes_the_margin_and_never_the_entry() -> None:
    market = table()
    market.buy("1", stop="59500")
    assert market.state.margin(PERP) == 6_000
    assert market.do(SetLeverage(symbol=PERP, leverage=D(5))).accepted
    position = market.state.positions[PERP]
    assert [position.margin, position.entry_price, position.leverage] == [12_000, 60_000, 5]
    assert market.do(SetLeverage(symbol=PERP, leverage=D(20))).accepted
    assert market.state.margin(PERP) == held_margin(market) == 3_000
    assert market.state.cash("USDT") == 1_000_000 - 3_000
    market.buy("1", stop="59500")
    assert market.state.margin(PERP) == 6_000
    assert State.fold(market.journal) == market.state


def test_a_leverage_must_be_paid_for_and_keep_the_stop_before_the_liquidation() -> None:
    market = table(balance=D(10_000))
    market.buy("1", stop="58000")
    assert why(market, SetLeverage(symbol=PERP, leverage=D(5))) is Reason.INSUFFICIENT_BALANCE
    assert why(market, SetLeverage(symbol=PERP, leverage=D(40))) is Reason.STOP_BEYOND_LIQUIDATION
    assert why(market, SetLeverage(symbol=PERP, leverage=D(51))) is Reason.LEVERAGE
    assert why(market, SetLeverage(symbol=PERP, leverage=D("0.5"))) is Reason.BAD_INPUT
    assert market.state.margin(PERP) == 6_000


def test_a_working_entry_forbids_a_lower_leverage() -> None:
    market = table()
    market.buy("1", limit="59000", stop="58000")
    assert why(market, SetLeverage(symbol=PERP, leverage=D(5))) is Reason.CONFLICTING_FLAGS
    assert market.do(SetLeverage(symbol=PERP, leverage=D(20))).accepted


def test_spot_has_no_leverage() -> None:
    market = Table(spot(), settings=wide_limits()).open(BIDS, ASKS)
    assert why(market, SetLeverage(symbol="BTC/USDT", leverage=D(2))) is Reason.UNSUPPORTED_KIND


def test_margin_is_added_and_what_is_not_needed_taken_back() -> None:
    market = table()
    market.buy("1", stop="58000")
    before = market.engine.liquidation_price(PERP)
    assert market.do(AdjustMargin(symbol=PERP, amount=D(1_000))).accepted
    after = market.engine.liquidation_price(PERP)
    assert before is not None
    assert after is not None
    assert before - after == 1_000 / (1 - D("0.005"))
    market.snapshot([(59_600.0, 50.0)], [(59_700.0, 50.0)])
    refused = market.do(AdjustMargin(symbol=PERP, amount=D(-700)))
    assert refused.refusal is not None
    assert refused.refusal.numbers["nearest"] == 600
    assert market.do(AdjustMargin(symbol=PERP, amount=D(-600))).accepted
    assert market.state.margin(PERP) == held_margin(market) == 6_400
    market.do(Flatten())
    assert held_margin(market) == 0
    assert market.state.cash("USDT") == 1_000_000 - 400


def test_margin_can_not_be_added_beyond_the_balance() -> None:
    market = table(balance=D(10_000))
    market.buy("1", stop="58000")
    assert why(market, AdjustMargin(symbol=PERP, amount=D(5_000))) is Reason.INSUFFICIENT_BALANCE


def test_the_mode_changes_only_while_nothing_is_leveraged() -> None:
    market = table()
    market.buy("1", limit="59000", stop="58000")
    assert why(market, SetMarginMode(mode=MarginMode.CROSS)) is Reason.CONFLICTING_FLAGS
    market.do(Flatten())
    market.snapshot(BIDS, ASKS)
    assert market.do(SetMarginMode(mode=MarginMode.CROSS)).accepted
    assert State.fold(market.journal).funds.margin_mode is MarginMode.CROSS


def test_a_cross_position_uses_the_wallet_and_holds_no_margin_of_its_own() -> None:
    market = table(balance=D(10_000), margin_mode=MarginMode.CROSS)
    market.buy("1", stop="58000")
    assert held_margin(market) == 0
    assert market.state.cash("USDT") == 10_000
    assert market.state.free("USDT") == 4_000
    price = market.engine.liquidation_price(PERP)
    assert price is not None
    assert abs(price - (D(60_000) - 10_000) / (1 - D("0.005"))) < D("1e-10")
    assert why(market, AdjustMargin(symbol=PERP, amount=D(1))) is Reason.UNSUPPORTED_KIND


def test_what_a_cross_position_has_lost_can_not_be_used_again() -> None:
    market = table(balance=D(10_000), margin_mode=MarginMode.CROSS)
    market.buy("1", stop="57000")
    market.snapshot([(59_000.0, 50.0)], [(59_000.0, 50.0)])
    refused = market.buy("0.6", stop="57000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.INSUFFICIENT_BALANCE
    assert refused.refusal.numbers["available"] == 3_000
    assert market.buy("0.5", stop="57000").accepted


def test_a_large_position_may_have_less_leverage() -> None:
    instrument = perp(maker_fee=D(0), taker_fee=D(0), tiers=TIERS, max_leverage=D(125))
    market = table(instrument, leverage=D(100))
    market.buy("3", stop="59900")
    refused = market.buy("3", stop="59900")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.LEVERAGE
    assert refused.refusal.numbers["limit"] == 50
    fitting = refused.refusal.numbers["nearest"]
    assert fitting == D("1.166")
    assert market.buy(str(fitting), stop="59900").accepted
    assert why(market, SetLeverage(symbol=PERP, leverage=D(125))) is Reason.LEVERAGE


def test_other_entries_of_the_side_count_for_the_tier() -> None:
    instrument = perp(maker_fee=D(0), taker_fee=D(0), tiers=TIERS, max_leverage=D(125))
    market = table(instrument, leverage=D(100))
    market.buy("3", limit="59000", stop="58900")
    assert market.order(Side.SELL, "3", limit="61000", stop="61100").accepted
    refused = market.buy("3", stop="59900")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.LEVERAGE


def test_a_stop_beyond_the_liquidation_may_always_come_nearer() -> None:
    market = table(balance=D(10_000), margin_mode=MarginMode.CROSS)
    market.buy("1", stop="52000")
    market.do(Withdraw(amount=D(4_000)))
    price = market.engine.liquidation_price(PERP)
    assert price is not None
    assert price > 52_000
    assert market.do(SetStop(symbol=PERP, stop=Stop(price=D(53_000)))).accepted
    assert why(market, SetStop(symbol=PERP, stop=Stop(price=D(52_900)))) is Reason.STOP_BEYOND_LIQUIDATION
