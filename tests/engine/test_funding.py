"""Funding: official rates, for what was held at the funding time, exactly once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.market import INVERSE, PERP, SECOND, Table, inverse_perp, perp, spot, wide_limits
from tradetui.domain.command import Flatten, MarginMode
from tradetui.domain.event import FundingPaid, FundingPending, Liquidated
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    ClockTick,
    FeedState,
    FundingRate,
    FundingSettled,
    MissedTrades,
    Side,
    Trade,
)
from tradetui.state import State
from tradetui.trading import costs, ledger

D = Decimal
HOUR = 3600 * SECOND
FREE = perp(maker_fee=D(0), taker_fee=D(0))
BIDS = [(60_000.0, 50.0)]


def bodies(table: Table, kind: type[Any]) -> list[Any]:
    return [event.body for event in table.journal if isinstance(event.body, kind)]


def table(instrument: Instrument = FREE, **settings: Any) -> Table:
    market = Table(instrument, settings=wide_limits(**settings)).open(BIDS, BIDS)
    market.mark(60_000.0)
    return market


def predict(market: Table, rate: float, at: int) -> None:
    ts = market.tick()
    market.feed(FundingRate(market.symbol, ts, ts, rate, at))


def settle(market: Table, at: int, rate: float, mark: float | None = 60_000.0) -> None:
    market.now = max(market.now, at)
    market.feed(FundingSettled(market.symbol, at, market.tick(), rate, mark))


def test_w22_a_long_pays_while_the_rate_is_above_zero() -> None:
    assert costs.funding(FREE, signed_qty=D(10), mark=D(8_000), rate=D("0.0001")) == -8
    assert costs.funding(FREE, signed_qty=D(-10), mark=D(8_000), rate=D("0.0001")) == 8


def test_w23_inverse_contracts_pay_in_base() -> None:
    instrument = inverse_perp(contract_size=D(1))
    paid = costs.funding(instrument, signed_qty=D(10_000), mark=D(10_024), rate=D("0.00025"))
    assert abs(paid + D("0.0002494")) < D("0.0000001")


def test_w24_two_funding_times_of_an_offline_time_post_once_each() -> None:
    market = table()
    market.buy("0.5", stop="58000")
    first = market.now + 8 * HOUR
    second = first + 8 * HOUR
    market.now = second + HOUR
    market.restart()
    for _ in range(2):
        settle(market, first, 0.0001, 60_000.0)
        settle(market, second, -0.0002, 61_000.0)
        market.status(FeedState.STREAMING)
        market.snapshot(BIDS, BIDS)
        market.restart()
    assert [paid.amount for paid in bodies(market, FundingPaid)] == [D(-3), D("6.1")]
    assert market.state.funds.funding == D("3.1")
    assert market.state.cash("USDT") == 1_000_000 - 3_000 + D("3.1")
    assert market.state.balances[ledger.FUNDING, "USDT"] == D("-3.1")
    assert market.state.positions[PERP].funding == D("3.1")
    keys = [event.key for event in market.journal if isinstance(event.body, FundingPaid)]
    assert keys == [f"FUND:paper:{PERP}:{first}", f"FUND:paper:{PERP}:{second}"]


def test_until_the_rate_is_official_nothing_is_posted() -> None:
    market = table()
    market.buy("0.5", stop="58000")
    due = market.now + HOUR
    predict(market, 0.0001, due)
    market.now = due + SECOND
    market.feed(ClockTick(market.now, market.now))
    (pending,) = bodies(market, FundingPending)
    assert (pending.funding_ts, pending.signed_qty, pending.amount) == (due, D("0.5"), D(-3))
    assert market.state.funds.pending[PERP] == pending
    assert not bodies(market, FundingPaid)
    assert market.state.cash("USDT") == 1_000_000 - 3_000
    settle(market, due, 0.0003)
    assert [paid.amount for paid in bodies(market, FundingPaid)] == [D(-9)]
    assert not market.state.funds.pending


def test_e_17_a_fill_at_the_funding_time_does_not_count() -> None:
    market = table()
    market.buy("0.5", stop="58000")
    due = market.now + HOUR
    predict(market, 0.0001, due)
    market.now = due - 1_000_000
    market.buy("0.5", stop="58000")
    assert market.fills[-1].ts == due
    settle(market, due, 0.0001)
    (paid,) = bodies(market, FundingPaid)
    assert (paid.signed_qty, paid.amount) == (D("0.5"), D(-3))


def test_without_a_schedule_the_fills_tell_what_was_held() -> None:
    market = table()
    market.buy("0.5", stop="58000")
    due = market.now + HOUR
    market.now = due + HOUR
    market.buy("0.2", stop="58000")
    market.do(Flatten())
    settle(market, due, 0.0001)
    (paid,) = bodies(market, FundingPaid)
    assert paid.signed_qty == D("0.5")
    assert market.state.cash("USDT") == 1_000_000 - 3


def test_who_held_nothing_pays_nothing() -> None:
    market = table()
    due = market.now + HOUR
    predict(market, 0.0001, due)
    market.now = due + HOUR
    market.buy("0.5", stop="58000")
    settle(market, due, 0.0001)
    assert not bodies(market, FundingPaid)
    assert not bodies(market, FundingPending)


def test_spot_knows_no_funding() -> None:
    market = Table(spot(), settings=wide_limits()).open(BIDS, BIDS)
    market.buy("0.5", stop="58000")
    settle(market, market.now + HOUR, 0.0001)
    assert not bodies(market, FundingPaid)


def test_a_venue_without_the_mark_of_the_moment_is_counted_at_the_newest_and_says_so() -> None:
    market = table()
    market.buy("0.5", stop="58000")
    due = market.now + HOUR
    market.now = due
    market.mark(61_000.0)
    settle(market, due, 0.0001, None)
    (paid,) = bodies(market, FundingPaid)
    assert (paid.mark, paid.estimated_mark) == (D(61_000), True)


def test_r_fnd_2_the_margin_pays_what_the_balance_does_not_have() -> None:
    market = table(balance=D(6_001))
    market.buy("1", limit="60000", stop="59000")
    assert market.state.cash("USDT") == 1
    before = market.engine.liquidation_price(PERP)
    settle(market, market.now + HOUR, 0.0001)
    assert market.state.cash("USDT") == 0
    assert market.state.margin(PERP) == 5_995
    assert market.state.balances[ledger.margin(PERP), "USDT"] == 5_995
    after = market.engine.liquidation_price(PERP)
    assert before is not None
    assert after is not None
    assert after > before


def test_a_funding_that_the_margin_does_not_carry_liquidates() -> None:
    market = table(balance=D(6_000), close_fee_in_maintenance=False)
    market.buy("1", limit="60000", stop="59000")
    settle(market, market.now + HOUR, 0.1)
    assert bodies(market, Liquidated)
    assert not market.state.positions
    assert market.state.cash("USDT") == 0
    assert State.fold(market.journal) == market.state


def test_in_cross_margin_the_wallet_pays() -> None:
    market = table(balance=D(10_000), margin_mode=MarginMode.CROSS)
    market.buy("1", stop="58000")
    settle(market, market.now + HOUR, 0.0001)
    assert market.state.cash("USDT") == 9_994


def test_breakeven_counts_funding() -> None:
    market = table()
    market.buy("1", stop="58000")
    settle(market, market.now + HOUR, 0.0005)
    assert market.engine.breakeven(PERP) == 60_030


def test_the_interval_is_the_venue_s() -> None:
    market = table()
    market.buy("0.5", stop="58000")
    start = market.now
    predict(market, 0.0001, start + 8 * HOUR)
    predict(market, 0.0001, start + HOUR)
    market.now = start + HOUR + 1
    market.feed(ClockTick(market.now, market.now))
    predict(market, 0.0001, start + 2 * HOUR)
    market.now = start + 2 * HOUR + 1
    market.feed(ClockTick(market.now, market.now))
    times = [pending.funding_ts - start for pending in bodies(market, FundingPending)]
    assert times == [HOUR, 2 * HOUR]
    market.snapshot(BIDS, BIDS)
    settle(market, start + HOUR, 0.0001)
    settle(market, start + 2 * HOUR, 0.0001)
    assert [paid.funding_ts - start for paid in bodies(market, FundingPaid)] == times


def test_the_day_s_result_counts_funding() -> None:
    market = table()
    market.buy("1", stop="58000")
    settle(market, market.now + SECOND, 0.0002)
    assert market.engine.day_pnl() == -12


def test_inverse_funding_is_taken_in_the_coin() -> None:
    market = Table(inverse_perp(maker_fee=D(0), taker_fee=D(0)), settings=wide_limits(currency="BTC"))
    market.open([(50_000.0, 9_000.0)], [(50_000.0, 9_000.0)])
    market.sell("1000", stop="51000")
    settle(market, market.now + SECOND, 0.0001, 50_000.0)
    (paid,) = bodies(market, FundingPaid)
    assert (paid.symbol, paid.amount) == (INVERSE, D("0.0002"))


moves = st.lists(
    st.tuples(
        st.integers(-5_000, 5_000), st.integers(100_000, 9_000_000), st.sampled_from([1, 2, 3, 7, 10, 37])
    ),
    min_size=1,
    max_size=6,
)


@given(moves, st.booleans())
def test_i_61_both_sides_of_a_pair_add_up_and_rounding_favors_neither(
    marks: list[tuple[int, int, int]], inverse: bool
) -> None:
    instrument = inverse_perp() if inverse else FREE
    for rate, mark, qty in marks:
        both = [
            costs.funding(instrument, signed_qty=D(qty * sign), mark=D(mark) / 100, rate=D(rate) / 1_000_000)
            for sign in (1, -1)
        ]
        assert -D("0.00000002") < sum(both) <= 0


@pytest.mark.parametrize("state", [FeedState.DOWN, FeedState.STREAMING])
@given(order=st.permutations([0, 1, 2, 0, 2, 1]))
def test_i_60_each_time_posts_once_in_any_order(state: FeedState, order: list[int]) -> None:
    market = table()
    market.buy("0.5", stop="50000" if state is FeedState.DOWN else "56000")
    start = market.now
    market.now = start + 30 * HOUR
    market.status(state)
    for number in order:
        due = start + (number + 1) * 8 * HOUR
        market.feed(FundingSettled(PERP, due, market.tick(), 0.0001, 60_000.0))
    posted = [paid.funding_ts for paid in bodies(market, FundingPaid)]
    assert len(posted) == len(set(posted))
    assert len(posted) == (3 if PERP in market.state.positions else 0)


# --- funding times in a gap (6.4)


def away(market: Table, *prints: tuple[int, float], back_at: int) -> None:
    """The program was off; when it is back, the feed tells what was printed meanwhile."""
    market.now = back_at
    market.restart()
    market.status(FeedState.STREAMING)
    missed = [Trade(PERP, ts, ts, price, 1.0, Side.SELL, ts) for ts, price in prints]
    market.feed(MissedTrades(PERP, market.tick(), missed))


@pytest.mark.parametrize("told_first", [True, False])
@pytest.mark.parametrize(("hit_after_h", "paid"), [(7, []), (9, [D(-3)])])
def test_a_stop_that_a_gap_fired_decides_which_funding_times_it_still_held(
    hit_after_h: int, paid: list[Decimal], told_first: bool
) -> None:
    market = table()
    market.buy("0.5", stop="58000")
    start = market.now
    due, hit = start + 8 * HOUR, start + hit_after_h * HOUR
    away(market, (hit - HOUR, 59_000.0), (hit, 57_990.0), (hit + HOUR, 60_000.0), back_at=start + 20 * HOUR)
    official = FundingSettled(PERP, due, market.tick(), 0.0001, 60_000.0)
    if told_first:
        market.feed(official)
        assert not bodies(market, FundingPaid), "until the gap is evaluated nobody knows"
    market.snapshot(BIDS, BIDS)
    assert not market.state.positions
    for _ in range(2):
        market.feed(official)
        market.restart()
    assert [each.amount for each in bodies(market, FundingPaid)] == paid


@pytest.mark.parametrize(("after_s", "paid"), [(-10, []), (10, [D("-3")])])
def test_a_stop_that_fired_in_a_short_gap_pays_no_funding_of_a_time_after_it(
    after_s: int, paid: list[Decimal]
) -> None:
    market = table()
    market.buy("0.5", stop="58000")
    due = market.now // HOUR * HOUR + HOUR
    market.now = due - 20 * SECOND
    away(market, (due + after_s * SECOND, 57_990.0), back_at=due + 20 * SECOND)
    market.snapshot(BIDS, BIDS)
    assert not market.state.positions
    market.feed(FundingSettled(PERP, due, market.tick(), 0.0001, 60_000.0))
    assert [each.amount for each in bodies(market, FundingPaid)] == paid


def test_the_funding_of_a_gap_waits_for_its_evaluation_and_posts_once() -> None:
    market = table()
    market.buy("0.5", stop="58000")
    start = market.now
    away(market, (start + HOUR, 59_000.0), back_at=start + 20 * HOUR)
    for hours in (16, 8, 16):
        market.feed(FundingSettled(PERP, start + hours * HOUR, market.tick(), 0.0001, 60_000.0))
    assert not bodies(market, FundingPaid)
    market.snapshot(BIDS, BIDS)
    found = [(paid.funding_ts - start, paid.amount) for paid in bodies(market, FundingPaid)]
    assert found == [(8 * HOUR, D(-3)), (16 * HOUR, D(-3))]
    assert State.fold(market.journal) == market.state


def test_an_estimate_of_a_gap_whose_stop_had_fired_before_is_over_and_costs_nothing() -> None:
    market = table()
    market.buy("0.5", stop="58000")
    start, due = market.now, market.now + 8 * HOUR
    predict(market, 0.0001, due)
    market.status(FeedState.DOWN)
    market.now = due + HOUR
    market.feed(ClockTick(market.now, market.now))
    assert market.state.funds.pending[PERP].signed_qty == D("0.5")
    early = Trade(PERP, start + HOUR, start + HOUR, 57_990.0, 1.0, Side.SELL, 1)
    market.feed(MissedTrades(PERP, market.tick(), [early]))
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, BIDS)
    settle(market, due, 0.0001)
    assert [(paid.signed_qty, paid.amount) for paid in bodies(market, FundingPaid)] == [(D(0), D(0))]
    assert not market.state.funds.pending


def test_what_is_left_of_a_cross_position_carries_a_wallet_that_funding_has_emptied() -> None:
    """Closing a part is no reason for the insurance to pay: the rest has won more than is missing."""
    market = table(balance=D(10_000), margin_mode=MarginMode.CROSS)
    market.buy("1", stop="55000")
    market.snapshot([(75_000.0, 50.0)], [(75_000.0, 50.0)])
    market.mark(75_000.0)
    market.now += 9 * HOUR
    market.feed(FundingSettled(PERP, market.now // HOUR * HOUR, market.tick(), 0.14, 75_000.0))
    assert market.state.cash("USDT") == -500
    market.sell("0.01")
    assert market.state.cash("USDT") == -350
    assert not market.state.balances.get((ledger.INSURANCE, "USDT"))
    assert market.do(Flatten()).accepted
    assert market.state.cash("USDT") == 10_000 - 10_500 + 15_000


@pytest.mark.parametrize(("rate", "insured", "left"), [(-0.0001, 0, 506), (0.0001, 6, 500)])
def test_funding_settles_nothing_that_a_waiting_liquidation_has_yet_to_settle(
    rate: float, insured: int, left: int
) -> None:
    """The mark may come back until then, and nobody is given what it had cost meanwhile."""
    market = table(margin_mode=MarginMode.CROSS, balance=D(6_000), leverage=D(20))
    market.buy("1", stop="59000")
    hour = market.now // HOUR * HOUR + HOUR
    market.mark(70_000.0)
    settle(market, hour, 0.2, 70_000.0)
    market.snapshot([(69_000.0, 1.0)], [(68_990.0, 1.0)])
    market.mark(67_800.0)
    assert market.engine.equity() == -200
    settle(market, hour + HOUR, rate)
    assert market.state.balances.get((ledger.INSURANCE, "USDT"), D(0)) == -insured
    market.mark(68_500.0)
    market.snapshot([(68_500.0, 50.0)], [(68_510.0, 50.0)])
    (liquidated,) = bodies(market, Liquidated)
    assert market.state.cash("USDT") == left - liquidated.fee
