"""Stop-limit orders: latched triggers, and the escalation of those that protect."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import MS, PERP, SECOND, Table, perp, spot, steps, wide_limits
from tradetui.domain.command import CancelOrder, Flatten, SetStop, Stop
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import ClockTick, FeedState, Side
from tradetui.domain.order import OrderRole, OrderState, OrderType, TimeInForce
from tradetui.domain.reply import Reason

D = Decimal
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_000.1, 5.0), (60_010.0, 50.0)]
SMALL = 0.0001
"""The size of a print that takes nothing off the book: less than half a lot."""
RESTING_STOP = Stop(price=D(59_500), limit=D(59_490))


def table(instrument: Instrument | None = None, *, latency_ns: int = 0) -> Table:
    return Table(instrument, settings=wide_limits(), latency_ns=latency_ns).open(BIDS, ASKS)


def wait(market: Table, ns: int) -> None:
    market.feed(ClockTick(market.tick(ns), market.now))


def test_w87_a_trigger_is_latched_and_the_limit_fills_when_the_price_is_offered() -> None:
    market = Table(perp(), settings=wide_limits()).open([(99.0, 5.0)], [(99.5, 5.0)])
    market.trade(99.2, 0.1)
    reply = market.buy("1", trigger="100", limit="101", stop="95")
    order_id = reply.order_ids[0]
    assert market.last_order(reply).type is OrderType.STOP_LIMIT
    market.snapshot([(101.5, 5.0)], [(102.5, 5.0)])
    market.trade(102.0, 0.1, Side.BUY)
    assert market.last_order(reply).state is OrderState.WORKING
    market.trade(99.0, 0.1)
    assert market.fills[-1].price == 101
    market.snapshot([(98.9, 5.0)], [(99.0, 5.0)])
    assert market.last_order(reply).state is OrderState.FILLED
    assert all(fill.price <= 101 for fill in market.fills)
    assert steps(market.journal, order_id).count(OrderState.TRIGGERED) == 1


def test_a_stop_executes_at_its_time_also_when_its_trigger_moved_no_valuation() -> None:
    market = table(latency_ns=50 * MS)
    market.buy("1", stop="59500")
    market.tick(60 * MS)
    market.trade(60_000.0, SMALL)
    market.trade(59_400.0, SMALL)
    triggered = market.stop.triggered_ts
    wait(market, 60 * MS)
    assert market.fills[-1].ts == triggered + 50 * MS
    assert not market.state.positions


def test_a_stop_limit_that_is_marketable_after_its_trigger_takes_up_to_its_limit() -> None:
    market = table()
    reply = market.buy("8", trigger="60005", limit="60005", stop="59000")
    market.snapshot([(60_004.0, 5.0)], [(60_005.0, 3.0), (60_006.0, 50.0)])
    market.trade(60_005.0, SMALL, Side.BUY)
    order = market.last_order(reply)
    assert (order.filled, order.state) == (D(3), OrderState.PARTIALLY_FILLED)
    assert market.stop.leaves == 3
    assert market.engine.queue_ahead(order.order_id) == 0


@pytest.mark.parametrize(("tif", "state"), [(TimeInForce.IOC, D(3)), (TimeInForce.FOK, D(0))])
def test_ioc_and_fok_hold_at_the_moment_of_execution(tif: TimeInForce, state: Decimal) -> None:
    market = table()
    reply = market.buy("8", trigger="60005", limit="60005", stop="59000", tif=tif)
    assert market.last_order(reply).state is OrderState.ARMED
    market.snapshot([(60_004.0, 5.0)], [(60_005.0, 3.0), (60_006.0, 50.0)])
    market.trade(60_005.0, SMALL, Side.BUY)
    assert (market.last_order(reply).filled, market.last_order(reply).state) == (state, OrderState.EXPIRED)


def test_a_stop_at_market_has_no_use_for_ioc() -> None:
    refused = table().buy("1", trigger="60005", stop="59000", tif=TimeInForce.IOC).refusal
    assert refused is not None
    assert refused.reason is Reason.CONFLICTING_FLAGS


def test_a_post_only_stop_limit_that_would_take_after_its_trigger_is_rejected() -> None:
    market = table()
    reply = market.buy("1", trigger="60005", limit="60006", stop="59000", post_only=True)
    market.snapshot([(60_004.0, 5.0)], [(60_005.0, 3.0)])
    market.trade(60_005.0, SMALL, Side.BUY)
    order = market.last_order(reply)
    assert (order.state, order.reason) == (OrderState.REJECTED, Reason.POST_ONLY_WOULD_TAKE)
    assert not market.fills


def test_a_post_only_stop_limit_that_rests_after_its_trigger_stays() -> None:
    market = table()
    reply = market.buy("1", trigger="60005", limit="60003", stop="59000", post_only=True)
    market.snapshot([(60_004.0, 5.0)], [(60_005.0, 3.0)])
    market.trade(60_005.0, SMALL, Side.BUY)
    assert market.last_order(reply).state is OrderState.WORKING
    assert market.last_order(reply).post_only


@pytest.mark.parametrize(
    ("side", "trigger"), [(Side.BUY, "59999"), (Side.BUY, "60000"), (Side.SELL, "60000")]
)
def test_a_trigger_that_the_price_has_reached_already_is_rejected(side: Side, trigger: str) -> None:
    market = table()
    market.trade(60_000.0, 0.1)
    stop = "59000" if side is Side.BUY else "61000"
    reply = market.order(side, "1", trigger=trigger, limit=trigger, stop=stop)
    order = market.last_order(reply)
    assert (order.state, order.reason) == (OrderState.REJECTED, Reason.WOULD_TRIGGER)


def test_the_risk_of_a_stop_limit_counts_from_its_limit() -> None:
    market = table()
    near = market.last_order(market.buy("1", trigger="60100", limit="60100", stop="59000"))
    far = market.last_order(market.buy("1", trigger="60100", limit="60150", stop="59000"))
    assert far.planned_risk - near.planned_risk == 50 + 50 * market.instrument.taker_fee
    refused = market.buy("1", trigger="60050", limit="60100", stop="60060").refusal
    assert refused is not None
    assert refused.reason is Reason.STOP_WRONG_SIDE


# --- as protection


def protected(market: Table) -> None:
    """Long 1 with a stop_limit whose limit the market then has left behind."""
    market.buy("1", stop=RESTING_STOP)
    market.trade(60_000.0, 0.1)
    assert (market.stop.type, market.stop.price) == (OrderType.STOP_LIMIT, D(59_490))
    market.snapshot([(59_400.0, 5.0)], [(59_480.0, 0.01)])
    market.trade(59_450.0, 0.1)


def test_w26_a_protective_stop_limit_that_rests_unfilled_goes_to_market_after_three_seconds() -> None:
    market = table()
    protected(market)
    stop_id = market.stop.order_id
    assert market.stop.state is OrderState.WORKING
    assert len(market.fills) == 1
    triggered = market.stop.triggered_ts
    wait(market, 3 * SECOND - 2 * MS)
    assert market.stop.state is OrderState.WORKING
    wait(market, 4 * MS)
    done = market.state.orders[stop_id]
    assert (done.state, done.reason, done.type) == (
        OrderState.FILLED,
        Reason.ESCALATED,
        OrderType.STOP_MARKET,
    )
    assert market.fills[-1].price == 59_400
    assert market.fills[-1].ts == triggered + 3 * SECOND
    assert not market.state.positions


def test_an_escalated_stop_without_liquidity_works_until_there_is_some() -> None:
    market = table()
    protected(market)
    market.snapshot([], [(59_480.0, 0.01)])
    wait(market, 4 * SECOND)
    assert (market.stop.state, market.stop.price) == (OrderState.WORKING, None)
    market.snapshot([(59_300.0, 5.0)], [(59_480.0, 0.01)])
    assert market.fills[-1].price == 59_300
    assert not market.state.positions


def test_a_protective_stop_limit_that_fills_in_time_does_not_escalate() -> None:
    market = table()
    protected(market)
    market.trade(59_495.0, 5.0, Side.BUY)
    assert market.fills[-1].price == 59_490
    assert not market.state.positions
    wait(market, 5 * SECOND)
    assert len(market.fills) == 2


def test_only_the_rest_of_a_partly_filled_protective_stop_limit_escalates() -> None:
    market = table()
    protected(market)
    market.trade(59_495.0, 0.4, Side.BUY)
    assert market.stop.leaves == D("0.6")
    wait(market, 4 * SECOND)
    assert [(fill.price, fill.qty) for fill in market.fills[1:]] == [
        (D(59_490), D("0.4")),
        (D(59_400), D("0.6")),
    ]


def test_the_time_to_escalate_goes_on_over_a_restart() -> None:
    market = table()
    protected(market)
    due = market.stop.triggered_ts + 3 * SECOND
    market.restart()
    market.status(FeedState.STREAMING)
    market.snapshot([(59_400.0, 5.0)], [(59_480.0, 0.01)])
    assert market.stop.state is OrderState.WORKING
    wait(market, 4 * SECOND)
    assert market.fills[-1].ts == due
    assert not market.state.positions


def test_a_stop_limit_set_on_a_position_takes_the_place_of_its_stop() -> None:
    market = table()
    market.buy("1", stop="59000")
    old = market.stop.order_id
    market.do(SetStop(symbol=PERP, stop=RESTING_STOP))
    assert (market.stop.trigger, market.stop.price) == (D(59_500), D(59_490))
    assert market.state.orders[old].reason == Reason.REPLACED
    refused = market.do(SetStop(symbol=PERP, stop=Stop(price=D(59_500), limit=D("59490.03")))).refusal
    assert refused is not None
    assert refused.numbers["nearest"] == D("59490.1")


def test_a_resting_protective_stop_gives_way_to_a_flatten_and_not_to_a_cancel() -> None:
    market = table()
    protected(market)
    refused = market.do(CancelOrder(order_id=market.stop.order_id)).refusal
    assert refused is not None
    assert refused.reason is Reason.STOP_NOT_REMOVABLE
    market.do(Flatten())
    assert not market.state.positions
    assert not market.state.live


# --- beside the position's own stop


def test_a_reducing_stop_stands_beside_the_position_s_own() -> None:
    market = table()
    market.buy("1", stop="59000")
    reply = market.sell("0.4", trigger="59500", reduce_only=True)
    order = market.last_order(reply)
    assert (order.state, order.role) == (OrderState.ARMED, OrderRole.DISCRETIONARY)
    market.snapshot([(59_490.0, 5.0)], [(59_500.0, 5.0)])
    market.trade(59_500.0, 0.1)
    assert market.last_order(reply).state is OrderState.FILLED
    assert market.stop.leaves == D("0.6")
    again = market.sell("0.6", trigger="59200")
    assert market.last_order(again).reduce_only
    market.do(Flatten())
    assert market.last_order(again).reason == Reason.POSITION_CLOSED


def test_a_reducing_stop_on_spot_sells_what_is_held() -> None:
    market = Table(spot(), settings=wide_limits()).open([(60_000.0, 5.0)], [(60_000.1, 5.0)])
    market.buy("1", stop="59000")
    reply = market.sell("0.5", trigger="59900", limit="59800")
    market.snapshot([(59_890.0, 5.0)], [(59_900.0, 5.0)])
    market.trade(59_900.0, 0.1)
    assert market.last_order(reply).state is OrderState.FILLED
    assert market.fills[-1].price == 59_890


def test_w81_the_protective_stop_walks_first_and_the_other_sees_what_it_took() -> None:
    market = Table(perp(), settings=wide_limits()).open([(98.0, 9.0)], [(98.5, 9.0)])
    market.trade(98.2, 0.1)
    other = market.sell("1", trigger="97.5", stop="99")
    market.buy("1", stop="97")
    protective = market.stop.order_id
    market.snapshot([(97.0, 0.6), (96.5, 1.0), (96.0, 3.0)], [(98.5, 9.0)])
    market.trade(97.0, 0.0001)
    sold = [(fill.order_id, fill.qty, fill.price) for fill in market.fills[1:]]
    assert sold == [
        (protective, D("0.6"), D(97)),
        (protective, D("0.4"), D("96.5")),
        (other.order_ids[0], D("0.6"), D("96.5")),
        (other.order_ids[0], D("0.4"), D(96)),
    ]
    assert market.state.positions[PERP].signed_qty == -1
    assert market.stop.trigger == 99
