"""Trailing orders through the engine: protective and of their own, journaled, never loosened."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import MS, PERP, SECOND, Table, perp, risk, wide_limits
from tradetui.domain.command import BreakEven, SetStop, Size, Stop, SubmitOrder
from tradetui.domain.event import TrailMoved
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import ClockTick, FeedState, Side
from tradetui.domain.number import ceil_to
from tradetui.domain.order import OrderRole, OrderState, OrderType, Trail
from tradetui.domain.reply import Reason
from tradetui.state import State

D = Decimal
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_000.1, 5.0), (60_010.0, 50.0)]
SMALL = 0.0001


def table(instrument: Instrument | None = None, *, latency_ns: int = 0) -> Table:
    market = Table(instrument, settings=wide_limits(), latency_ns=latency_ns).open(BIDS, ASKS)
    market.trade(60_000.0, SMALL)
    return market


def moved(market: Table) -> list[TrailMoved]:
    return [event.body for event in market.journal if isinstance(event.body, TrailMoved)]


def trail(market: Table, stop: Stop) -> None:
    assert market.do(SetStop(symbol=PERP, stop=stop)).accepted


# --- the position's stop


def test_a_stop_trails_at_its_present_distance_and_does_not_come_back() -> None:
    market = table()
    market.buy("1", stop="59500")
    trail(market, Stop(trail=Trail()))
    assert (market.stop.type, market.stop.trail) == (OrderType.TRAILING_STOP, Trail(distance=D(500)))
    assert (market.stop.trigger, market.stop.extreme) == (D(59_500), D(60_000))
    market.trade(60_200.0, SMALL, Side.BUY)
    assert market.stop.trigger == 59_700
    market.trade(59_800.0, SMALL)
    assert market.stop.trigger == 59_700
    market.snapshot([(59_690.0, 5.0)], [(59_700.0, 5.0)])
    market.trade(59_700.0, SMALL)
    assert not market.state.positions
    assert market.fills[-1].price == 59_690


def test_a_short_s_stop_trails_the_low() -> None:
    market = table()
    market.sell("1", stop="60500")
    trail(market, Stop(trail=Trail(rate=D("0.01"))))
    market.trade(59_000.0, SMALL)
    assert market.stop.trigger == D(59_590)
    market.trade(59_500.0, SMALL)
    assert market.stop.trigger == D(59_590)


def test_w34_the_stop_stays_fixed_up_to_the_offset_and_then_trails() -> None:
    market = Table(perp(tick_size=D("0.01")), settings=wide_limits()).open([(99.99, 90.0)], [(100.0, 90.0)])
    market.trade(100.0, SMALL)
    market.buy("1", stop=Stop(price=D(91), trail=Trail(rate=D("0.02"), activation=D(103))))
    assert (market.stop.trigger, market.stop.extreme) == (D(91), None)
    market.trade(102.0, SMALL, Side.BUY)
    assert (market.stop.trigger, market.stop.extreme) == (D(91), None)
    market.trade(103.0, SMALL, Side.BUY)
    assert market.stop.trigger == D("100.94")
    market.trade(103.5, SMALL, Side.BUY)
    assert market.stop.trigger == D("101.43")
    market.trade(102.0, SMALL)
    assert market.stop.trigger == D("101.43")


def test_w34_a_trail_that_is_replaced_by_a_nearer_one_goes_on_from_there() -> None:
    market = Table(perp(tick_size=D("0.01")), settings=wide_limits()).open([(99.99, 90.0)], [(100.0, 90.0)])
    market.trade(100.0, SMALL)
    market.buy("1", stop=Stop(trail=Trail(rate=D("0.08"))))
    market.trade(103.5, SMALL, Side.BUY)
    assert market.stop.trigger == D("103.5") * D("0.92")
    trail(market, Stop(trail=Trail(rate=D("0.02"))))
    assert market.stop.trigger == D("101.43")
    market.trade(102.0, SMALL)
    assert market.stop.trigger == D("101.43")


def test_an_entry_brings_a_stop_that_trails_from_its_fill() -> None:
    market = table()
    market.buy("1", stop=Stop(trail=Trail(distance=D(300))))
    assert (market.stop.trigger, market.stop.type) == (D("59700.1"), OrderType.TRAILING_STOP)
    market.trade(60_500.0, SMALL, Side.BUY)
    assert market.stop.trigger == 60_200
    planned = market.state.orders[market.fills[0].order_id]
    assert planned.planned_stop == D("59700.1")


def test_a_trail_is_journaled_and_not_worse_after_a_restart() -> None:
    market = table()
    market.buy("1", stop=Stop(trail=Trail(distance=D(300))))
    market.trade(60_500.0, SMALL, Side.BUY)
    market.restart()
    assert (market.stop.extreme, market.stop.trigger) == (D(60_500), D(60_200))
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    assert not market.state.positions, "the price fell through the trigger while nobody watched"


def test_a_trail_goes_on_after_a_restart() -> None:
    market = table()
    market.buy("1", stop=Stop(trail=Trail(distance=D(300))))
    market.restart()
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    market.trade(60_700.0, SMALL, Side.BUY)
    assert market.stop.trigger == 60_400


def test_prices_finer_than_the_tick_write_no_event_for_less_than_a_tick() -> None:
    market = table()
    market.buy("1", stop=Stop(trail=Trail(rate=D("0.01"))))
    before = len(moved(market))
    for step in range(100):
        market.trade(60_000.1 + step / 1000, SMALL, Side.BUY)
    assert len(moved(market)) - before == 1
    assert State.fold(market.journal) == market.state


def test_a_trail_fires_on_the_exact_product_between_two_ticks() -> None:
    market = table()
    market.buy("1", stop=Stop(trail=Trail(rate=D("0.00333"))))
    market.trade(60_100.7, SMALL, Side.BUY)
    trigger = D("60100.7") * (1 - D("0.00333"))
    assert market.stop.trigger == trigger
    assert trigger % market.instrument.tick_size
    above = ceil_to(trigger, market.instrument.tick_size)
    market.trade(float(above), SMALL)
    assert market.stop.state is OrderState.ARMED
    market.trade(float(above - market.instrument.tick_size), SMALL)
    assert not market.state.positions


def test_breakeven_and_a_tighter_scale_in_keep_the_trail() -> None:
    market = table()
    market.buy("1", stop=Stop(trail=Trail(distance=D(300))))
    market.trade(60_200.0, SMALL, Side.BUY)
    market.do(BreakEven(symbol=PERP))
    even = market.stop.trigger
    assert even is not None
    assert even > 60_000
    assert market.stop.trail == Trail(distance=D(300))
    market.trade(60_800.0, SMALL, Side.BUY)
    assert market.stop.trigger == 60_500
    market.snapshot([(60_800.0, 5.0)], [(60_800.1, 5.0)])
    market.buy("1", stop="60700")
    assert (market.stop.trigger, market.stop.leaves) == (D(60_700), D(2))
    market.trade(61_100.0, SMALL, Side.BUY)
    assert market.stop.trigger == 60_800


def test_a_stop_that_follows_while_its_replacement_is_on_its_way_is_not_loosened() -> None:
    market = table(latency_ns=50 * MS)
    market.buy("1", stop=Stop(trail=Trail(distance=D(300))))
    market.tick(60 * MS)
    market.trade(60_250.0, SMALL, Side.BUY)
    market.do(BreakEven(symbol=PERP))
    market.trade(60_900.0, SMALL, Side.BUY)
    assert market.stop.trigger == 60_600
    market.feed(ClockTick(market.tick(60 * MS), market.now))
    assert (market.stop.trigger, market.stop.extreme) == (D(60_600), D(60_900))


def test_a_wider_trail_is_a_stop_moved_away_and_meets_the_budget() -> None:
    market = Table(perp()).open(BIDS, ASKS)
    market.trade(60_000.0, SMALL)
    market.buy(risk("1"), stop="59000")
    refused = market.do(SetStop(symbol=PERP, stop=Stop(trail=Trail(distance=D(3_000))))).refusal
    assert refused is not None
    assert refused.reason in (Reason.DAILY_BUDGET, Reason.OPEN_RISK)
    assert market.stop.type is OrderType.STOP_MARKET
    trail(market, Stop(trail=Trail(distance=D(800))))
    assert market.stop.trigger == 59_200


def test_a_trail_that_begins_later_keeps_the_stop_until_then() -> None:
    market = table()
    market.buy("1", stop="59500")
    trail(market, Stop(trail=Trail(rate=D("0.001"), activation=D(60_500))))
    assert (market.stop.trigger, market.stop.extreme) == (D(59_500), None)
    market.trade(60_500.0, SMALL, Side.BUY)
    assert market.stop.trigger == D("60439.5")


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (Stop(trail=Trail()), Reason.BAD_INPUT),
        (Stop(trail=Trail(rate=D(1))), Reason.BAD_INPUT),
        (Stop(trail=Trail(rate=D("0.01"), distance=D(1))), Reason.BAD_INPUT),
        (Stop(trail=Trail(distance=D("0.05"))), Reason.OFF_TICK),
        (Stop(trail=Trail(distance=D(0))), Reason.BAD_INPUT),
        (Stop(trail=Trail(rate=D("0.01"), activation=D(61_000))), Reason.STOP_REQUIRED),
        (Stop(price=D(59_000), trail=Trail(rate=D("0.01"), activation=D("61000.05"))), Reason.OFF_TICK),
        (Stop(trail=Trail(rate=D("0.2"))), Reason.TRAIL_RATE),
    ],
)
def test_a_trail_that_makes_no_stop_is_refused(stop: Stop, reason: Reason) -> None:
    market = table(perp(trail_rates=(D("0.001"), D("0.1"))))
    refused = market.buy("1", stop=stop).refusal
    assert refused is not None
    assert refused.reason is reason


# --- an order of its own


def submit(market: Table, side: Side, qty: str, trail: Trail, **more: Any) -> str:
    command = SubmitOrder(symbol=PERP, side=side, size=Size(D(qty)), trail=trail)
    reply = market.do(msgspec.structs.replace(command, **more))
    assert reply.accepted, reply.refusal
    return reply.order_ids[0]


def test_w25_a_trailing_buy_waits_for_its_activation_and_fires_from_the_low() -> None:
    market = Table(perp(), settings=wide_limits()).open([(39_999.9, 9.0)], [(40_000.0, 9.0)])
    market.trade(40_000.0, SMALL)
    order_id = submit(
        market,
        Side.BUY,
        "1",
        Trail(rate=D("0.05"), activation=D(44_000)),
        stop=Stop(trail=Trail(rate=D("0.02"))),
    )
    order = market.state.orders[order_id]
    assert (order.state, order.trigger) == (OrderState.ARMED, None)
    for price in (37_000.0, 45_000.0, 46_000.0, 42_000.0, 44_099.9):
        market.trade(price, SMALL)
    order = market.state.orders[order_id]
    assert (order.extreme, order.trigger, order.state) == (D(42_000), D(44_100), OrderState.ARMED)
    market.snapshot([(44_099.9, 9.0)], [(44_100.1, 9.0)])
    market.trade(44_100.0, SMALL, Side.BUY)
    assert market.state.orders[order_id].state is OrderState.FILLED
    assert market.stop.trigger == D(43_218)


def test_w26_a_trailing_sell_with_a_limit_rests_at_it_once_fired() -> None:
    market = Table(perp(), settings=wide_limits()).open([(41_500.0, 9.0)], [(41_500.1, 9.0)])
    market.trade(41_500.0, SMALL)
    order_id = submit(
        market,
        Side.SELL,
        "1",
        Trail(rate=D("0.1"), activation=D(39_000)),
        limit=D(38_000),
        stop=Stop(price=D(39_500)),
    )
    market.snapshot([(36_899.0, 9.0)], [(36_901.0, 9.0)])
    for price in (37_000.0, 41_000.0, 36_900.0):
        market.trade(price, SMALL)
    order = market.state.orders[order_id]
    assert (order.state, order.price, order.trigger) == (OrderState.WORKING, D(38_000), D(36_900))
    assert not market.fills


def test_w26_as_protection_it_escalates() -> None:
    market = Table(perp(), settings=wide_limits(leverage=D(3))).open([(41_500.0, 9.0)], [(41_500.1, 9.0)])
    market.trade(41_500.0, SMALL)
    market.buy(
        "1", stop=Stop(price=D(38_000), limit=D(38_000), trail=Trail(rate=D("0.1"), activation=D(41_600)))
    )
    market.trade(42_500.0, SMALL)
    assert market.stop.trigger == D(38_250)
    market.snapshot([(36_899.0, 9.0)], [(36_901.0, 9.0)])
    market.trade(36_900.0, SMALL)
    assert (market.stop.state, market.stop.price) == (OrderState.WORKING, D(38_000))
    market.feed(ClockTick(market.tick(4 * SECOND), market.now))
    assert market.fills[-1].price == 36_899
    assert not market.state.positions


def test_a_trailing_exit_beside_the_stop_reduces_only() -> None:
    market = table()
    market.buy("1", stop="59000")
    order_id = submit(market, Side.SELL, "0.4", Trail(distance=D(200)), reduce_only=True)
    order = market.state.orders[order_id]
    assert (order.role, order.trigger) == (OrderRole.DISCRETIONARY, D(59_800))
    market.snapshot([(59_790.0, 9.0)], [(59_800.0, 9.0)])
    market.trade(59_800.0, SMALL)
    assert market.stop.leaves == D("0.6")
    assert market.state.orders[order_id].state is OrderState.FILLED


def test_a_trailing_entry_whose_fixed_stop_was_passed_expires_instead_of_filling() -> None:
    market = table()
    order_id = submit(market, Side.BUY, "1", Trail(distance=D(200)), stop=Stop(price=D(59_500)))
    market.snapshot([(59_000.0, 9.0)], [(59_000.1, 9.0)])
    market.trade(59_000.0, SMALL)
    market.snapshot([(59_199.0, 9.0)], [(59_200.0, 9.0)])
    market.trade(59_200.0, SMALL, Side.BUY)
    order = market.state.orders[order_id]
    assert (order.state, order.reason) == (OrderState.EXPIRED, Reason.STOP_WRONG_SIDE)


def test_a_trailing_entry_s_trailing_stop_comes_along() -> None:
    market = table()
    order_id = submit(market, Side.BUY, "1", Trail(distance=D(200)), stop=Stop(trail=Trail(distance=D(100))))
    assert market.state.orders[order_id].planned_stop == 60_100
    market.snapshot([(59_000.0, 9.0)], [(59_000.1, 9.0)])
    market.trade(59_000.0, SMALL)
    assert market.state.orders[order_id].planned_stop == 59_100
    market.snapshot([(59_199.0, 9.0)], [(59_200.0, 9.0)])
    market.trade(59_200.0, SMALL, Side.BUY)
    assert market.state.orders[order_id].state is OrderState.FILLED
    assert market.stop.trigger == 59_100


def test_two_triggers_do_not_go_together() -> None:
    market = table()
    command = SubmitOrder(
        symbol=PERP, side=Side.BUY, size=risk("1"), trail=Trail(distance=D(9)), trigger=D(61_000)
    )
    refused = market.do(command).refusal
    assert refused is not None
    assert refused.reason is Reason.CONFLICTING_FLAGS
