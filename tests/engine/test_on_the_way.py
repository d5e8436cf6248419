"""What may happen to an order between the key and the venue, and while it waits for data."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import MS, NO_MAINTENANCE, SECOND, Table, perp, wide_limits
from tradetui.domain.command import CancelOrder, Flatten, Half, Reverse, SetStop, SetTarget, Stop, Target
from tradetui.domain.market_data import ClockTick, FeedState
from tradetui.domain.order import OrderRole, OrderState
from tradetui.domain.reply import Reason, Reply
from tradetui.domain.rule import STANDARD, Unit
from tradetui.trading import ledger

D = Decimal
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_000.1, 5.0), (60_010.0, 50.0)]


def table(**settings: object) -> Table:
    return Table(latency_ns=100 * MS, **settings).open(BIDS, ASKS)  # type: ignore[arg-type]


def wait(market: Table, ns: int) -> None:
    market.now += ns
    market.feed(ClockTick(market.now, market.now))


def holding() -> Table:
    market = table()
    market.buy("0.1", stop="59700")
    wait(market, SECOND)
    assert market.state.positions
    return market


def outage(market: Table, seconds: int, price: float) -> None:
    """The data is lost for a while and comes back at another price."""
    market.status(FeedState.DOWN)
    wait(market, seconds * SECOND)
    market.snapshot([(price, 5.0)], [(price + 0.1, 5.0)])
    market.status(FeedState.STREAMING)
    wait(market, SECOND)


def test_a_triggered_stop_acts_after_its_latency_though_nothing_else_moves() -> None:
    market = holding()
    market.trade(59_700.0, 0.1)
    wait(market, 99 * MS)
    assert market.stop.state is OrderState.TRIGGERED
    wait(market, 2 * MS)
    assert not market.state.positions
    assert market.fills[-1].receipt.latency_ns == 100 * MS


# --- entries and outages


def test_a_market_entry_that_a_short_outage_held_up_acts_when_the_data_is_back() -> None:
    market = table()
    reply = market.buy("0.1", stop="59700")
    outage(market, 5, 60_050.0)
    assert market.last_order(reply).state is OrderState.FILLED
    assert market.fills[0].price == D("60050.1")


def test_a_market_entry_that_a_long_outage_held_up_expires() -> None:
    market = table()
    reply = market.buy("0.1", stop="59700")
    outage(market, 3600, 60_000.0)
    order = market.last_order(reply)
    assert (order.state, order.reason) == (OrderState.EXPIRED, Reason.STALE_DATA)
    assert not market.state.locked("USDT")


@pytest.mark.parametrize(
    ("price", "reason"), [(62_000.0, Reason.DAILY_BUDGET), (59_600.0, Reason.STOP_WRONG_SIDE)]
)
def test_a_market_entry_whose_plan_the_outage_has_overtaken_expires(price: float, reason: Reason) -> None:
    market = table()
    reply = market.buy("0.1", stop="59700")
    outage(market, 5, price)
    order = market.last_order(reply)
    assert (order.state, order.reason) == (OrderState.EXPIRED, reason)
    assert not market.fills


def test_a_triggered_entry_whose_stop_was_passed_in_the_outage_expires() -> None:
    market = table()
    reply = market.buy("0.1", trigger="60100", stop="59800")
    wait(market, SECOND)
    market.trade(60_100.0, 0.1)
    outage(market, 5, 59_000.0)
    order = market.last_order(reply)
    assert (order.state, order.reason) == (OrderState.EXPIRED, Reason.STOP_WRONG_SIDE)


def test_an_exit_on_its_way_waits_for_data_however_long_it_takes() -> None:
    market = holding()
    market.do(Flatten())
    outage(market, 3 * 86_400, 58_000.0)
    assert not market.state.positions
    assert market.fills[-1].price == 58_000


def test_after_a_kill_an_entry_from_days_ago_is_not_sent_and_an_exit_is() -> None:
    market = holding()
    market.do(Flatten())
    reply = market.buy("0.01", stop="59700")
    market.now += 3 * 86_400 * SECOND
    market.restart()
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    wait(market, SECOND)
    assert not market.state.positions
    assert market.last_order(reply).state is OrderState.EXPIRED


# --- reversals


def test_a_reversal_whose_position_the_stop_closes_first_opens_nothing() -> None:
    market = holding()
    market.trade(59_700.0, 0.1)
    wait(market, 50 * MS)
    reply = market.do(Reverse(symbol=market.symbol, stop=Stop(price=D(60_300))))
    wait(market, SECOND)
    assert not market.state.positions
    assert market.last_order(reply).reason == Reason.PARENT_CANCELED
    assert market.state.orders[reply.order_ids[0]].reason == Reason.POSITION_CLOSED


def test_a_reversal_whose_closing_half_is_canceled_leaves_the_position_alone() -> None:
    market = holding()
    reply = market.do(Reverse(symbol=market.symbol, stop=Stop(price=D(60_300))))
    market.status(FeedState.STALE)
    market.do(CancelOrder(order_id=reply.order_ids[0]))
    wait(market, SECOND)
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    assert market.state.positions[market.symbol].signed_qty == D("0.1")
    assert market.stop.trigger == 59_700
    assert market.last_order(reply).state is OrderState.CANCELED


def test_a_reversal_closes_and_opens_at_its_due_time() -> None:
    market = holding()
    market.do(Reverse(symbol=market.symbol, stop=Stop(price=D(60_300))))
    wait(market, SECOND)
    assert market.state.positions[market.symbol].signed_qty == D("-0.1")
    roles = [market.state.orders[fill.order_id].role for fill in market.fills]
    assert roles == [OrderRole.ENTRY, OrderRole.FLATTEN, OrderRole.ENTRY]


# --- limits that trade at once


@pytest.mark.parametrize("stop", ["60990", "60500", "60000"])
def test_a_limit_above_the_market_does_not_hide_a_stop_that_would_fire_at_once(stop: str) -> None:
    market = table()
    reply = market.buy("0.5", limit="61000", stop=stop)
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.STOP_WRONG_SIDE
    wait(market, SECOND)
    assert not market.fills


def test_a_limit_that_rests_may_have_its_stop_below_itself_only() -> None:
    market = table()
    assert market.buy("0.01", limit="59900", stop="59890").accepted
    assert not market.buy("0.01", limit="59900", stop="59900").accepted


def test_a_sale_far_below_the_bid_holds_back_what_it_will_need() -> None:
    """A limit of a sale is the cheapest price that it may meet, not the dearest."""
    loose = perp(tiers=NO_MAINTENANCE, taker_fee=D(0), maker_fee=D(0))
    market = Table(loose, settings=wide_limits(balance=D(1_800))).open(BIDS, ASKS)
    refused = market.sell("0.301", limit="57000", stop="60100")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.INSUFFICIENT_BALANCE
    assert market.sell("0.3", limit="57000", stop="60100").accepted
    assert market.state.cash("USDT") >= 0
    assert not market.state.balances.get((ledger.INSURANCE, "USDT"))


def test_a_sale_that_the_balance_no_longer_carries_when_it_arrives_is_not_paid_by_the_insurance() -> None:
    loose = perp(tiers=NO_MAINTENANCE, taker_fee=D(0), maker_fee=D(0))
    settings = wide_limits(balance=D(1_800))
    market = Table(loose, settings=settings, latency_ns=100 * MS).open(BIDS, ASKS)
    reply = market.sell("0.3", limit="60000", stop="65900")
    market.snapshot([(61_000.0, 5.0)], [(61_000.1, 5.0)])
    wait(market, SECOND)
    assert market.last_order(reply).reason == Reason.INSUFFICIENT_BALANCE
    assert not market.fills
    assert market.state.free("USDT") == 1_800


# --- stops on their way


def test_a_stop_that_fires_before_a_move_of_it_arrives_executes() -> None:
    market = holding()
    reply = market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(59_600))))
    wait(market, 50 * MS)
    market.trade(59_700.0, 0.1)
    wait(market, 60 * MS)
    assert market.last_order(reply).reason == Reason.STOP_EXECUTING
    assert market.stop.state is OrderState.TRIGGERED
    wait(market, 50 * MS)
    assert not market.state.positions


# --- what is asked for in the same moment, and in a locked day


def test_a_target_moved_in_the_moment_of_the_entry_follows_the_position_all_the_same() -> None:
    market = Table(settings=wide_limits()).open(BIDS, ASKS)
    market.buy("1", stop="59000", target="61000")
    market.do(SetTarget(symbol=market.symbol, target=Target(price=D(62_000))), after=0)
    market.do(Half(symbol=market.symbol), after=0)
    assert (market.target.price, market.target.leaves) == (D(62_000), D("0.5"))


def test_a_stop_moved_in_the_moment_of_the_entry_stays_where_it_was_put() -> None:
    market = Table(settings=wide_limits()).open(BIDS, ASKS)
    market.buy("1", stop="59000")
    market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(58_000))), after=0)
    market.do(Half(symbol=market.symbol), after=0)
    assert (market.stop.trigger, market.stop.leaves) == (D(58_000), D("0.5"))


def test_a_second_flatten_says_that_the_first_is_on_its_way() -> None:
    market = holding()
    assert market.do(Flatten()).text == ""
    assert market.do(Flatten()).text == "it is being closed already"
    wait(market, SECOND)
    assert market.do(Flatten()).text == "nothing is open"


def test_what_a_locked_day_closes_can_not_be_called_back() -> None:
    market = table()
    market.buy("0.18", stop="59600")
    wait(market, SECOND)
    market.snapshot([(58_700.0, 5.0)], [(58_700.1, 5.0)])
    assert market.state.lock is not None
    (closing,) = [o for o in market.state.live.values() if o.role is OrderRole.FLATTEN]
    reply = market.do(CancelOrder(order_id=closing.order_id))
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.LOCKED
    wait(market, SECOND)
    assert not market.state.positions


def test_a_stop_on_its_way_outward_does_not_arrive_in_a_locked_day() -> None:
    market = table(settings=wide_limits())
    market.buy("1", stop="59600")
    wait(market, SECOND)
    assert market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(59_500)))).accepted
    market.engine._watch.locks.lock(STANDARD["daily_loss"], "by hand")
    market._keep(market.engine._scribe.take())
    wait(market, SECOND)
    assert market.stop.trigger == 59_600
    assert market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(59_700)))).accepted
    wait(market, SECOND)
    assert market.stop.trigger == 59_700


# --- flatten, and what still rests (R-ORD-1, R-LAT-2, I-41)


def resting(market: Table) -> Reply:
    """A bid of 0.2 in the middle of the spread, arrived."""
    market.snapshot([(59_990.0, 5.0)], [(60_010.0, 5.0)])
    reply = market.buy("0.2", limit="60000", stop="59700")
    wait(market, SECOND)
    return reply


def test_a_flatten_cancels_entries_with_the_latency_of_a_cancel() -> None:
    market = table()
    reply = resting(market)
    market.do(Flatten())
    wait(market, 90 * MS)
    assert market.last_order(reply).pending_cancel
    wait(market, 20 * MS)
    order = market.last_order(reply)
    assert (order.state, order.reason) == (OrderState.CANCELED, Reason.USER)


def test_what_an_entry_fills_while_a_flatten_cancels_it_is_closed_as_well() -> None:
    market = table()
    reply = resting(market)
    market.do(Flatten())
    wait(market, 50 * MS)
    market.trade(59_995.0, 0.1)
    assert market.state.positions
    market.trade(59_995.0, 0.05)
    wait(market, SECOND)
    assert not market.state.positions
    assert market.last_order(reply).filled == D("0.15")
    flattens = [o for o in market.state.orders.values() if o.role is OrderRole.FLATTEN]
    assert [order.filled for order in flattens] == [D("0.15")]


def test_what_was_closed_late_closes_nothing_that_is_opened_after_it() -> None:
    market = table()
    resting(market)
    market.do(Flatten())
    wait(market, 50 * MS)
    market.trade(59_995.0, 0.1)
    wait(market, SECOND)
    assert not market.state.positions
    assert market.buy("0.1", stop="59700").accepted
    wait(market, SECOND)
    assert market.state.positions[market.symbol].signed_qty == D("0.1")


def test_what_fills_while_a_cancel_of_its_own_is_under_way_stays() -> None:
    market = table()
    reply = resting(market)
    market.do(CancelOrder(order_id=reply.order_ids[0]))
    market.trade(59_995.0, 0.1)
    wait(market, SECOND)
    assert market.state.positions[market.symbol].signed_qty == D("0.1")


def test_i_41_a_lock_leaves_no_entry_that_could_fill_until_its_cancel_arrives() -> None:
    limits = wide_limits().limits.with_daily_loss(D(250), Unit.MONEY)
    market = table(settings=wide_limits(limits=limits))
    assert market.buy("0.1", stop="59700").accepted
    reply = resting(market)
    market.snapshot([(57_000.0, 5.0)], [(60_010.0, 5.0)])
    assert market.state.lock is not None
    order = market.last_order(reply)
    assert (order.state, order.reason) == (OrderState.CANCELED, Reason.LOCKED)
