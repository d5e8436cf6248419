"""Orders on inverse contracts: counted in contracts, settled in base."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from tests.engine.market import Table, inverse_perp, risk, wide_limits
from tradetui.domain.command import Flatten, Size, SizeUnit
from tradetui.domain.market_data import Side
from tradetui.domain.order import OrderState
from tradetui.domain.reply import Reason
from tradetui.trading.settings import EngineSettings

D = Decimal
BIDS = [(50_000.0, 4_000.0), (49_900.0, 9_000.0)]
ASKS = [(50_000.5, 4_000.0), (50_100.0, 9_000.0)]


def coin(balance: str = "10", **changes: Any) -> EngineSettings:
    return msgspec.structs.replace(wide_limits(), balance=D(balance), currency="BTC", **changes)


def table(settings: EngineSettings | None = None, **changes: Any) -> Table:
    return Table(inverse_perp(**changes), settings=settings or coin()).open(BIDS, ASKS)


def test_a_round_trip_settles_in_base() -> None:
    market = table()
    market.buy("100", stop="49000")
    position = market.state.positions[market.symbol]
    assert position.signed_qty == 100
    assert position.margin == D("0.01999981")
    assert market.fills[0].fee == D("0.0001")
    assert market.fills[0].fee_asset == "BTC"
    market.snapshot([(55_000.0, 4_000.0)], [(55_000.5, 4_000.0)])
    market.do(Flatten())
    gained = D(10_000) * (1 / D("50000.5") - 1 / D(55_000))
    assert abs(market.fills[-1].realized_pnl - gained) <= D("1e-8")
    assert market.state.cash("BTC") == 10 + market.state.realized_pnl - market.state.fees
    assert not market.state.positions


def test_a_size_in_quote_counts_contracts_of_fixed_worth() -> None:
    market = table()
    market.order(Side.BUY, Size(D(2_550), SizeUnit.QUOTE), stop="49000")
    assert market.fills[0].qty == 25


def test_a_size_in_r_loses_its_part_of_equity_at_the_stop() -> None:
    settings = msgspec.structs.replace(EngineSettings(), currency="BTC", balance=D(10))
    market = table(settings)
    market.order(Side.SELL, risk("1"), stop="50500")
    order = market.state.orders[market.fills[0].order_id]
    assert order.planned_risk <= D("0.05")
    assert order.planned_risk + order.planned_risk / order.qty > D("0.05")
    market.snapshot([(50_499.5, 9_000.0)], [(50_500.0, 9_000.0)])
    market.trade(50_500.0, 1.0, Side.BUY)
    assert not market.state.positions
    assert D("-0.05") <= market.engine.day_pnl() < D("-0.045")


def test_a_market_order_takes_no_more_than_the_balance_carries() -> None:
    market = table(coin("0.02"))
    refused = market.sell("1000", stop="51000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.INSUFFICIENT_BALANCE
    nearest = refused.refusal.numbers["nearest"]
    assert market.sell(str(nearest), stop="51000").accepted
    assert market.state.free("BTC") >= 0


def test_a_limit_that_fills_better_than_its_price_is_paid_for() -> None:
    market = table(coin("0.022"))
    reply = market.buy("100", limit="51000", stop="49000")
    order = market.last_order(reply)
    assert order.state is OrderState.FILLED
    assert market.state.cash("BTC") >= 0
    assert order.reserved >= market.state.margin(market.symbol) + market.state.fees


def test_what_settles_in_another_currency_is_refused() -> None:
    market = table(wide_limits())
    refused = market.buy("1", stop="49000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.OTHER_CURRENCY
