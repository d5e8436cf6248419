"""Spot on margin: levels, calls, liquidation of the oldest first, interest exactly once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import SECOND, SPOT, Table, perp, spot, wide_limits
from tests.engine.test_gap import MINUTE, candle
from tradetui.domain.command import Flatten, MarginMode
from tradetui.domain.event import FundingPaid, InterestPaid, LiquidationStarted, MarginCalled
from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import (
    BookSnapshot,
    CandleHistory,
    ClockTick,
    FeedState,
    FeedStatus,
    InstrumentListed,
    Timeframe,
)
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Reason
from tradetui.state import State
from tradetui.trading import ledger
from tradetui.trading.settings import Borrowing

D = Decimal
HOUR = 3600 * SECOND
ETH = "ETH/USDT"
FREE = spot(maker_fee=D(0), taker_fee=D(0))
NO_FEES = Borrowing(enabled=True, opening_fee=D(0), rollover_fee=D(0))


def bodies(table: Table, kind: type[Any]) -> list[Any]:
    return [event.body for event in table.journal if isinstance(event.body, kind)]


def table(
    price: float, instrument: Instrument = FREE, borrowing: Borrowing = NO_FEES, **settings: Any
) -> Table:
    made = wide_limits(borrowing=borrowing, leverage=D(5), **{"balance": D(10_000), **settings})
    limits = msgspec.structs.replace(made.limits, require_stop=False)
    market = Table(instrument, settings=msgspec.structs.replace(made, limits=limits))
    return market.open([(price, 900.0)], [(price, 900.0)])


def quote(market: Table, price: float, *, symbol: str = SPOT, size: float = 900.0) -> None:
    ts = market.tick()
    market.feed(BookSnapshot(symbol, ts, ts, [(price, size)], [(price, size)]))


def level(market: Table) -> Decimal:
    found = market.engine._books.margins.level()
    assert found is not None
    return found * 100


def test_spot_is_listed_as_margin_where_the_profile_says_so() -> None:
    market = table(100.0)
    assert market.state.instruments[SPOT].kind is InstrumentKind.SPOT_MARGIN
    assert State.fold(market.journal).instruments[SPOT].is_margin


def test_w14_a_long_s_used_margin_is_fixed() -> None:
    market = table(30_000.0)
    assert market.buy("1.5", limit="30000").accepted
    assert market.state.free("USDT") == 1_000
    quote(market, 28_133.30)
    assert market.engine.equity() == D("7199.95")
    assert round(level(market), 3) == D("79.999")
    (called,) = bodies(market, MarginCalled)
    assert round(called.level * 100, 3) == D("79.999")


def test_w14b_a_short_s_used_margin_floats() -> None:
    market = table(50_000.0, balance=D(5_000))
    assert market.sell("0.2", limit="50000").accepted
    assert level(market) == 250
    quote(market, 65_200.0)
    assert market.engine.equity() == 1_960
    assert round(level(market)) == 75
    assert bodies(market, MarginCalled)


def test_w15_call_and_liquidation_price() -> None:
    market = table(20_000.0)
    market.buy("1", limit="20000")
    assert market.engine.liquidation_price(SPOT) == 11_600
    quote(market, 13_200.01)
    assert not bodies(market, MarginCalled)
    quote(market, 13_200.0)
    assert bodies(market, MarginCalled)
    assert level(market) == 80
    quote(market, 11_600.01)
    assert not bodies(market, LiquidationStarted)
    quote(market, 11_600.0)
    (started,) = bodies(market, LiquidationStarted)
    assert started.there == started.needed == 1_600


def test_w16_the_margin_level() -> None:
    market = table(15_000.0, balance=D(5_000))
    market.buy("1", limit="15000")
    assert round(level(market), 2) == D("166.67")


def test_a_liquidation_closes_only_until_the_level_is_above_a_hundred() -> None:
    market = table(20_000.0)
    market.buy("1", limit="20000")
    quote(market, 11_600.0)
    left = market.state.positions[SPOT].signed_qty
    assert D("0.3") < left < D("0.4")
    assert level(market) > 100
    assert level(market) - 100 < D("0.1")
    assert {market.state.orders[fill.order_id].role for fill in market.fills[1:]} == {OrderRole.LIQUIDATION}


def holding_two() -> Table:
    """Ten ETH at 1,000, and one BTC at 20,000 after them."""
    market = table(20_000.0)
    other = msgspec.structs.replace(FREE, symbol=ETH, base="ETH")
    market.feed(InstrumentListed(other, market.tick()))
    market.feed(FeedStatus(ETH, market.tick(), FeedState.STREAMING))
    quote(market, 1_000.0, symbol=ETH)
    market.symbol = ETH
    market.buy("10", limit="1000")
    market.symbol = SPOT
    market.buy("1", limit="20000")
    return market


def test_the_oldest_position_goes_first() -> None:
    market = holding_two()
    quote(market, 12_401.0)
    assert not bodies(market, LiquidationStarted)
    quote(market, 12_390.0)
    assert ETH not in market.state.positions
    assert market.state.positions[SPOT].signed_qty < 1
    first = [fill.symbol for fill in market.fills if fill.side.sign < 0]
    assert first[0] == ETH


def test_it_waits_for_liquidity_before_the_next_one() -> None:
    market = table(20_000.0)
    market.buy("1", limit="20000")
    quote(market, 11_500.0, size=0.2)
    waiting = [order for order in market.state.live.values() if order.role is OrderRole.LIQUIDATION]
    assert len(waiting) == 1
    assert market.state.positions[SPOT].signed_qty == D("0.8")
    quote(market, 11_500.0)
    quote(market, 11_499.0)
    assert level(market) > 100
    assert len({fill.order_id for fill in market.fills[1:]}) == 1


def test_opening_needs_a_level_of_a_hundred_afterwards() -> None:
    market = table(20_000.0)
    refused = market.buy("2.5001", limit="20000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.INSUFFICIENT_BALANCE
    assert market.buy("2", limit="20000").accepted
    quote(market, 21_000.0)
    assert market.buy("0.9", limit="21000").accepted
    assert level(market) > 100


def test_shorts_are_allowed_and_pay_the_fee_in_quote() -> None:
    market = table(20_000.0, instrument=spot(taker_fee=D("0.001"), maker_fee=D("0.001")))
    market.sell("1", limit="20000")
    assert market.fills[0].fee == 20
    assert market.fills[0].fee_asset == "USDT"
    quote(market, 19_000.0)
    market.do(Flatten())
    assert market.state.cash("USDT") == 10_000 + 1_000 - 20 - 19
    assert "BTC" not in market.state.assets()


FEES = Borrowing(enabled=True, opening_fee=D("0.0002"), rollover_fee=D("0.0002"))


def test_r_mrg_2_rollover_posts_once_for_each_period_also_after_a_time_offline() -> None:
    market = table(20_000.0, borrowing=FEES)
    market.buy("1", limit="20000")
    opened = market.state.positions[SPOT].opened_ts
    assert [(paid.number, paid.amount) for paid in bodies(market, InterestPaid)] == [(0, D(4))]
    market.now = opened + 4 * HOUR - 1
    market.feed(ClockTick(market.now, market.now))
    assert len(bodies(market, InterestPaid)) == 1
    market.now = opened + 4 * HOUR
    market.feed(ClockTick(market.now, market.now))
    market.restart()
    market.now = opened + 13 * HOUR
    market.feed(ClockTick(market.now, market.now))
    market.restart()
    market.feed(ClockTick(market.tick(), market.now))
    paid = [(body.number, body.amount) for body in bodies(market, InterestPaid)]
    assert paid == [(0, D(4)), (1, D(4)), (2, D(4)), (3, D(4))]
    times = [event.ts - opened for event in market.journal if isinstance(event.body, InterestPaid)]
    assert times == [0, 4 * HOUR, 13 * HOUR, 13 * HOUR]
    assert market.state.funds.interest == 16
    assert market.state.balances[ledger.INTEREST, "USDT"] == 16
    assert market.engine.day_pnl() <= 0
    keys = [event.key for event in market.journal if isinstance(event.body, InterestPaid)]
    assert len(set(keys[1:])) == 3
    assert State.fold(market.journal) == market.state


def test_a_new_position_begins_its_own_periods() -> None:
    market = table(20_000.0, borrowing=FEES)
    market.buy("1", limit="20000")
    market.now += 5 * HOUR
    quote(market, 20_000.0)
    market.do(Flatten())
    market.sell("0.5", limit="20000")
    opened = market.state.positions[SPOT].opened_ts
    quote(market, 22_000.0)
    market.now = opened + 4 * HOUR
    market.feed(ClockTick(market.now, market.now))
    assert [body.number for body in bodies(market, InterestPaid)] == [0, 1, 0, 1]
    assert bodies(market, InterestPaid)[-1].amount == D("2.2")


def test_breakeven_pays_back_interest() -> None:
    market = table(20_000.0, borrowing=FEES)
    market.buy("1", limit="20000")
    market.now += 4 * HOUR
    market.feed(ClockTick(market.now, market.now))
    assert market.engine.breakeven(SPOT) == 20_008


@pytest.mark.parametrize("enabled", [True, False])
def test_margin_on_spot_knows_no_funding(enabled: bool) -> None:
    market = table(20_000.0, borrowing=Borrowing(enabled=enabled))
    market.buy("0.1", limit="20000")
    assert not bodies(market, FundingPaid)
    assert bool(bodies(market, InterestPaid)) is enabled


# --- what a gap would have closed


def missed(market: Table, *candles: tuple[float, float, float, float], symbol: str = SPOT) -> None:
    """Lose a symbol's data and hear its minutes, without the book that ends the gap."""
    market.feed(FeedStatus(symbol, market.tick(), FeedState.DOWN))
    minute = (market.now // MINUTE + 1) * MINUTE
    rows = [candle(minute + n * MINUTE, *prices) for n, prices in enumerate(candles)]
    market.now = max(market.now, minute + len(rows) * MINUTE)
    market.feed(CandleHistory(symbol, Timeframe.M1, rows, market.tick()))


def back(market: Table, price: float, *, symbol: str = SPOT) -> None:
    market.feed(FeedStatus(symbol, market.tick(), FeedState.STREAMING))
    quote(market, price, symbol=symbol)


def test_a_gap_closes_no_more_than_brings_the_level_above_a_hundred() -> None:
    """At 11,600 the level is 40 %: 0.6 cover it, and 0.0007 more what 5 bp below that price have cost."""
    market = table(20_000.0)
    market.buy("1", limit="20000")
    missed(market, (15_000.0, 15_000.0, 11_500.0, 15_000.0))
    back(market, 15_000.0)
    sold = [(fill.qty, fill.price) for fill in market.fills[1:]]
    assert sold == [(D("0.6001"), D("11594.2")), (D("0.0008"), D("11594.2"))]
    assert market.state.positions[SPOT].signed_qty == D("0.3991")
    assert {market.state.orders[fill.order_id].role for fill in market.fills[1:]} == {OrderRole.LIQUIDATION}
    assert State.fold(market.journal) == market.state


def test_a_gap_that_goes_on_falling_closes_more_at_each_price_that_reaches_the_level() -> None:
    market = table(20_000.0)
    market.buy("1", limit="20000")
    missed(market, (15_000.0, 15_000.0, 9_000.0, 9_500.0))
    back(market, 9_500.0)
    prices = [fill.price for fill in market.fills[1:]]
    # 0.3991 are left with 4,948.95 in cash: 40 % of 1,596.4 are there at 9,199.71
    assert sorted(set(prices), reverse=True) == [D("11594.2"), D("9195.11")]
    assert 0 < market.state.positions[SPOT].signed_qty < D("0.2")


def test_a_gap_that_opened_beyond_the_level_closes_there() -> None:
    market = table(20_000.0)
    market.buy("1", limit="20000")
    missed(market, (11_000.0, 15_000.0, 11_000.0, 15_000.0))
    back(market, 15_000.0)
    assert {fill.price for fill in market.fills[1:]} == {D("10994.5")}
    assert D("0.2") < market.state.positions[SPOT].signed_qty < D("0.25")


def test_in_a_gap_too_the_oldest_position_goes_first() -> None:
    """At 12,400 both use 6,000 and 2,400 are there: all ETH goes, then 0.4013 of BTC and what 5 bp cost."""
    market = holding_two()
    missed(market, (1_000.0,) * 4, (1_000.0,) * 4, symbol=ETH)
    missed(market, (15_000.0, 15_000.0, 12_000.0, 15_000.0))
    back(market, 15_000.0)
    sold = [(fill.symbol, fill.qty, fill.price) for fill in market.fills[2:]]
    assert sold[:2] == [(ETH, D(10), D("999.5")), (SPOT, D("0.4013"), D("12393.8"))]
    assert market.state.positions.keys() == {SPOT}
    back(market, 1_000.0, symbol=ETH)
    assert State.fold(market.journal) == market.state


def test_a_perpetual_whose_gap_fails_beside_a_margin_position_leaves_that_to_its_own_rule() -> None:
    """8,000 lost on margin and 1,500 on ETH's contract: that goes, and of the margin position only a part."""
    market = table(20_000.0, margin_mode=MarginMode.CROSS)
    contract = perp(symbol="ETH/USDT:USDT", base="ETH", maker_fee=D(0), taker_fee=D(0))
    market.feed(InstrumentListed(contract, market.tick()))
    market.feed(FeedStatus(contract.symbol, market.tick(), FeedState.STREAMING))
    quote(market, 1_000.0, symbol=contract.symbol)
    assert market.buy("1", limit="20000").accepted
    market.symbol = contract.symbol
    assert market.buy("10", limit="1000").accepted
    market.feed(FeedStatus(SPOT, market.tick(), FeedState.DOWN))
    market.feed(FeedStatus(contract.symbol, market.tick(), FeedState.DOWN))
    minute = (market.now // MINUTE + 1) * MINUTE
    market.now = minute + 2 * MINUTE
    for symbol, usual, low in ((SPOT, 20_000.0, 12_000.0), (contract.symbol, 1_000.0, 850.0)):
        row = candle(minute, usual, usual, low, usual)
        market.feed(CandleHistory(symbol, Timeframe.M1, [row], market.tick()))
    back(market, 1_000.0, symbol=contract.symbol)
    back(market, 20_000.0)
    assert contract.symbol not in market.state.positions
    assert D("0.3") < market.state.positions[SPOT].signed_qty < D("0.5")
