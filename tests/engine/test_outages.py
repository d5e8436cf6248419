"""What becomes of orders and stops while the data can not be trusted, and when it is back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import MS, SECOND, Table, perp, wide_limits
from tradetui.domain.command import CancelAll, Flatten, Half
from tradetui.domain.fill import Evidence
from tradetui.domain.market_data import (
    Candle,
    ClockTick,
    FeedState,
    FundingSettled,
    InstrumentListed,
    MissedCandles,
    PriceKind,
)
from tradetui.domain.order import OrderState
from tradetui.domain.reply import Reason
from tradetui.domain.view import TradingState

D = Decimal
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_000.1, 5.0), (60_010.0, 50.0)]


def table(*, latency_ns: int = 0) -> Table:
    return Table(latency_ns=latency_ns).open(BIDS, ASKS)


def wait(market: Table, ns: int) -> None:
    market.now += ns
    market.feed(ClockTick(market.now, market.now))


@pytest.mark.parametrize("state", [FeedState.STALE, FeedState.GAP, FeedState.DOWN])
def test_a_symbol_whose_last_order_went_during_an_outage_takes_orders_again_after_it(
    state: FeedState,
) -> None:
    market = table(latency_ns=100 * MS)
    market.buy("0.01", limit="59900", stop="59700")
    wait(market, SECOND)
    market.status(state)
    market.do(CancelAll())
    wait(market, SECOND)
    assert not market.state.live
    assert market.engine.trading_state() is TradingState.ACTIVE
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    assert market.buy("0.01", stop="59700").accepted


def test_the_book_from_before_an_outage_is_never_filled_against() -> None:
    market = table()
    market.status(FeedState.DOWN)
    market.status(FeedState.STREAMING)
    reply = market.buy("0.1", stop="59700")
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.STALE_DATA
    market.snapshot([(58_000.0, 5.0)], [(58_000.1, 5.0)])
    assert market.buy("0.1", stop="57700").accepted
    assert market.fills[0].price == D("58000.1")


def test_a_book_that_comes_before_the_word_that_all_is_well_is_a_fresh_one() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    market.status(FeedState.DOWN)
    market.snapshot([(59_000.0, 5.0)], [(59_000.1, 5.0)])
    assert market.state.positions
    market.status(FeedState.STREAMING)
    assert not market.state.positions, "the stop was passed in the outage"
    assert market.fills[-1].price == 59_000


def test_a_print_through_the_stop_while_the_book_is_crossed_fires_it() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    market.delta(bids=[(60_100.0, 1.0)])
    market.trade(59_600.0, 1.0)
    assert market.stop.state is OrderState.TRIGGERED
    assert market.state.positions, "a crossed book is not filled against"
    market.delta(bids=[(60_100.0, 0.0)])
    assert not market.state.positions
    assert market.fills[-1].price == 60_000


def test_a_print_through_the_stop_while_the_book_has_a_gap_fires_it() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    market.status(FeedState.GAP)
    market.trade(59_600.0, 1.0)
    market.status(FeedState.STREAMING)
    market.snapshot([(59_650.0, 5.0)], [(59_760.0, 5.0)])
    assert [fill.price for fill in market.fills[1:]] == [D(59_650)]


def test_resting_orders_are_not_filled_by_prints_of_an_outage() -> None:
    market = table()
    reply = market.buy("0.01", limit="59900", stop="59700")
    for state in (FeedState.GAP, FeedState.STREAMING):
        market.status(state)
        market.trade(59_800.0, 5.0)
        assert market.last_order(reply).filled == 0
    market.snapshot(BIDS, ASKS)
    assert market.last_order(reply).state is OrderState.WORKING


# --- books that stay crossed (6.2)

CROSSED_BIDS = [(60_020.0, 1.0), (60_000.0, 0.04), (59_990.0, 50.0)]
CROSSED_ASKS = [(60_005.0, 3.0), (60_030.0, 50.0)]


def crossed(market: Table) -> None:
    """The bid at 60,020 stands above the ask at 60,005."""
    market.snapshot(CROSSED_BIDS, CROSSED_ASKS)


def test_an_exit_waits_a_second_for_a_crossed_book_and_then_takes_the_worse_side() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    crossed(market)
    market.do(Flatten())
    wait(market, 990 * MS)
    assert market.state.positions
    wait(market, 20 * MS)
    assert not market.state.positions
    fills = market.fills[1:]
    assert [(fill.price, fill.qty) for fill in fills] == [(D(60_000), D("0.04")), (D(59_990), D("0.06"))]
    assert {fill.receipt.evidence for fill in fills} == {Evidence.CROSSED_BOOK}


def test_a_short_s_exit_takes_no_ask_below_the_best_bid_of_a_crossed_book() -> None:
    market = table()
    market.sell("0.1", stop="60300")
    crossed(market)
    market.do(Flatten())
    wait(market, 2 * SECOND)
    assert [fill.price for fill in market.fills[1:]] == [D(60_030)]


def test_a_stop_fired_in_a_book_crossed_for_long_acts_at_once_and_no_better_than_its_print() -> None:
    market = table(latency_ns=100 * MS)
    market.buy("0.1", stop="59700")
    wait(market, SECOND)
    crossed(market)
    wait(market, 2 * SECOND)
    market.delta(bids=[(59_600.0, 1.0)])
    market.trade(59_650.0, 0.5)
    wait(market, 101 * MS)
    assert [fill.price for fill in market.fills[1:]] == [D(59_600)]
    assert market.fills[-1].receipt.evidence is Evidence.CROSSED_BOOK


def test_an_exit_that_finds_nothing_sound_in_a_crossed_book_waits_for_the_next_change() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    market.snapshot([(60_020.0, 1.0)], [(60_005.0, 3.0)])
    market.do(Flatten())
    wait(market, 2 * SECOND)
    assert market.state.positions
    market.delta(bids=[(60_004.0, 0.03)])
    assert market.state.positions[market.symbol].qty == D("0.07")
    market.snapshot(BIDS, ASKS)
    assert not market.state.positions
    assert market.fills[-1].receipt.evidence is Evidence.BOOK_LEVEL


def test_the_feed_s_own_word_of_a_crossed_book_lets_exits_act_after_a_second_too() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    market.status(FeedState.CROSSED)
    market.do(Flatten())
    wait(market, 2 * SECOND)
    assert [fill.price for fill in market.fills[1:]] == [D(60_000)]


@pytest.mark.parametrize("state", [FeedState.DOWN, FeedState.GAP, FeedState.STALE])
def test_a_crossed_book_whose_data_is_then_lost_is_not_filled_against(state: FeedState) -> None:
    market = table()
    market.buy("0.1", stop="59700")
    crossed(market)
    market.status(state)
    market.do(Flatten())
    wait(market, 10 * SECOND)
    assert market.state.positions


def test_a_stop_that_the_last_sound_bid_had_reached_fires_when_the_book_stays_crossed() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    market.snapshot([(59_690.0, 5.0)], [(59_720.0, 5.0)])
    assert market.stop.state is OrderState.ARMED, "it looks at prints"
    market.snapshot([(59_750.0, 1.0), (59_680.0, 5.0)], [(59_720.0, 5.0)])
    wait(market, 2 * SECOND)
    assert [fill.price for fill in market.fills[1:]] == [D(59_680)]


def test_only_exits_act_in_a_crossed_book() -> None:
    market = table(latency_ns=100 * MS)
    market.buy("0.1", stop="59700")
    wait(market, SECOND)
    entry = market.buy("0.01", stop="59700")
    market.do(Half(symbol=market.symbol))
    crossed(market)
    wait(market, 5 * SECOND)
    assert market.last_order(entry).filled == 0
    assert market.state.positions[market.symbol].qty == D("0.1")


def test_after_a_crossed_book_the_next_entry_is_an_ordinary_one() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    crossed(market)
    market.do(Flatten())
    wait(market, 2 * SECOND)
    market.snapshot(BIDS, ASKS)
    market.trade(60_009.0, 0.1)
    market.buy("0.1", stop="59700")
    assert market.fills[-1].price == D("60000.1")
    assert market.fills[-1].receipt.evidence is Evidence.BOOK_LEVEL


def test_the_touch_of_an_older_tick_fires_no_stop() -> None:
    market = table()
    market.buy("0.1", stop="59700")
    market.delta(bids=[(60_000.0, 4.0)])
    finer = perp(tick_size=D("0.01"))
    market.feed(InstrumentListed(finer, market.tick()))
    crossed(market)
    wait(market, 2 * SECOND)
    assert market.stop.state is OrderState.ARMED


def after_an_outage_whose_order_was_canceled() -> tuple[Table, int]:
    """The data was lost while an order rested; that was canceled, and later something else was bought."""
    market = Table(perp(taker_fee=D(0)), settings=wide_limits()).open(BIDS, ASKS)
    market.mark(60_000.0)
    market.buy("1", limit="59000", stop="58000")
    market.status(FeedState.DOWN)
    lost = market.now
    market.do(CancelAll())
    market.status(FeedState.STREAMING)
    market.now = (market.now // HOUR + 1) * HOUR - 60 * SECOND
    market.snapshot(BIDS, ASKS)
    assert market.buy("1", stop="58000").accepted
    return market, lost


def test_an_outage_that_concerned_only_a_canceled_order_holds_no_funding_back() -> None:
    market, _ = after_an_outage_whose_order_was_canceled()
    due = (market.now // HOUR + 1) * HOUR
    market.now = due
    market.feed(FundingSettled(market.symbol, due, market.tick(), 0.0001, 60_000.0))
    assert market.state.funds.funding == -6


def test_what_was_passed_before_a_position_was_opened_does_not_liquidate_it_in_a_later_gap() -> None:
    market, lost = after_an_outage_whose_order_was_canceled()
    market.status(FeedState.DOWN)
    minute = (lost // MINUTE + 2) * MINUTE
    crash = Candle(minute, 60_000.0, 60_000.0, 50_000.0, 60_000.0, 1.0)
    market.now += 2 * MINUTE
    for kind in (PriceKind.LAST, PriceKind.MARK):
        market.feed(MissedCandles(market.symbol, market.tick(), kind, [crash]))
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    assert market.state.positions[market.symbol].qty == 1
    assert market.stop.state is OrderState.ARMED
