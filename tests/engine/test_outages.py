"""What becomes of orders and stops while the data can not be trusted, and when it is back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import MS, SECOND, Table
from tradetui.domain.command import CancelAll, Reason
from tradetui.domain.market_data import ClockTick, FeedState
from tradetui.domain.order import OrderState
from tradetui.domain.view import TradingState

D = Decimal
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
