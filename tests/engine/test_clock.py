"""A clock that is set back holds up the trading day, never an exit."""

from __future__ import annotations

import pytest

from tests.engine.market import MS, SECOND, Table
from tests.engine.test_day import gapped
from tradetui.domain.command import CancelOrder, Flatten
from tradetui.domain.event import ClockJumped
from tradetui.domain.market_data import ClockTick, FeedState
from tradetui.domain.order import OrderState
from tradetui.runtime.notices import describe

HOUR = 3600 * SECOND
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_000.1, 5.0), (60_010.0, 50.0)]


def wait(market: Table, ns: int) -> None:
    market.now += ns
    market.feed(ClockTick(market.now, market.now))


def holding(*, back: int) -> Table:
    """A position with its stop, and a wall clock that is then set back."""
    market = Table(latency_ns=100 * MS).open(BIDS, ASKS)
    market.buy("0.1", stop="59700")
    wait(market, SECOND)
    assert market.state.positions
    market.now -= back
    return market


@pytest.mark.parametrize("back", [2 * SECOND, HOUR, 30 * HOUR])
def test_a_flatten_takes_its_latency_and_no_more_after_the_clock_was_set_back(back: int) -> None:
    market = holding(back=back)
    before = market.engine.ts
    market.do(Flatten())
    wait(market, 90 * MS)
    assert market.state.positions
    wait(market, 11 * MS)
    assert not market.state.positions
    assert market.engine.ts == before, "engine time stands still"


def test_a_stop_executes_after_the_clock_was_set_back_and_then_back_again() -> None:
    market = holding(back=HOUR)
    wait(market, SECOND)
    market.now -= HOUR
    market.trade(59_700.0, 1.0)
    wait(market, 99 * MS)
    assert market.stop.state is OrderState.TRIGGERED
    wait(market, 2 * MS)
    assert not market.state.positions


def test_a_cancel_on_its_way_when_the_clock_is_set_back_arrives() -> None:
    market = Table(latency_ns=100 * MS).open(BIDS, ASKS)
    reply = market.buy("0.1", limit="59900", stop="59700")
    wait(market, SECOND)
    market.do(CancelOrder(order_id=reply.order_ids[0]))
    market.now -= HOUR
    wait(market, 50 * MS)
    assert market.last_order(reply).pending_cancel
    wait(market, 101 * MS)
    assert market.last_order(reply).state is OrderState.CANCELED


def test_exits_work_after_a_restart_with_a_clock_that_is_behind_the_journal() -> None:
    market = holding(back=HOUR)
    market.restart()
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    market.do(Flatten())
    wait(market, 101 * MS)
    assert not market.state.positions


def test_latencies_stay_what_they_are_when_the_clock_has_caught_up() -> None:
    market = holding(back=HOUR)
    wait(market, SECOND)
    wait(market, HOUR)
    market.snapshot(BIDS, ASKS)  # an hour without a tick: the book from before is not to be trusted
    market.do(Flatten())
    order = market.state.live[market.state.positions[market.symbol].stop_id]
    wait(market, 99 * MS)
    assert order.order_id in market.state.live
    wait(market, 2 * MS)
    assert not market.state.positions
    assert market.fills[-1].receipt.latency_ns == 100 * MS


def test_the_trader_is_told_that_the_clock_went_back() -> None:
    market = holding(back=HOUR)
    wait(market, SECOND)
    (jump,) = [event for event in market.journal if isinstance(event.body, ClockJumped)]
    (notice,) = describe([jump], market.state)
    assert notice.severity == "warning"
    assert "the clock went back by 3599 s" in notice.text


def test_a_clock_set_forward_ends_no_lock_before_its_time() -> None:
    market = gapped()
    wait(market, SECOND)
    before, session = list(market.state.day.locks), market.state.session
    assert before
    assert session is not None
    left, steady, set_at = session.end_ts - market.now, market.now, market.now + 30 * HOUR
    # a message of the new time comes before the tick that finds the jump
    market.now = set_at
    market.trade(60_000.0, 1.0)
    assert (market.state.day.locks, market.state.session) == (before, session)
    for later in (SECOND, left - SECOND):
        market.now = set_at + later
        market.feed(ClockTick(market.now, steady + later))
        assert (market.state.day.locks, market.state.session) == (before, session)
    market.restart()
    assert market.state.day.locks == before
    market.now = set_at + left + SECOND
    market.feed(ClockTick(market.now, steady + left + SECOND))
    assert market.state.day.locks == []
    assert market.state.session != session
    (jump,) = [event for event in market.journal if isinstance(event.body, ClockJumped)]
    (notice,) = describe([jump], market.state)
    assert "set forward by 108000 s: this trading day and its locks end as much later" in notice.text
