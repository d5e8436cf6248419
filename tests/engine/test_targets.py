"""Targets: several on one position, conditional ones, and their sum within what is held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.market import PERP, Table, perp, spot, wide_limits
from tradetui.domain.command import AmendOrder, CancelOrder, Flatten, SetTarget, Size, SizeUnit, Target
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType
from tradetui.domain.reply import Reason

D = Decimal
BIDS = [(60_000.0, 50.0), (59_990.0, 50.0)]
ASKS = [(60_001.0, 50.0), (60_010.0, 50.0)]
SMALL = 0.0001


def table(instrument: Instrument | None = None) -> Table:
    market = Table(instrument, settings=wide_limits()).open(BIDS, ASKS)
    market.trade(60_000.0, SMALL)
    return market


def part(percent: int) -> Size:
    return Size(D(percent) / 100, SizeUnit.POSITION)


def at(price: str, size: Size | None = None, **more: Any) -> Target:
    return Target(price=D(price), size=size, **more)


def enter(market: Table, qty: str, *targets: Target, **more: Any) -> None:
    reply = market.buy(qty, stop="59000", target=targets[0], more_targets=targets[1:], **more)
    assert reply.accepted, reply.refusal


def standing(market: Table) -> list[tuple[Decimal | None, Decimal]]:
    return [(order.trigger or order.price, order.leaves) for order in market.state.targets_of(market.symbol)]


def total(orders: list[Order]) -> Decimal:
    return sum((order.leaves for order in orders), D(0))


# --- several


def test_targets_without_a_size_share_the_entry_to_the_lot() -> None:
    market = table()
    enter(market, "1", at("61000"), at("62000"), at("63000"))
    assert standing(market) == [(D(61_000), D("0.333")), (D(62_000), D("0.333")), (D(63_000), D("0.334"))]


def test_a_target_without_a_size_takes_what_the_sized_ones_leave() -> None:
    market = table()
    enter(market, "1", Target(r=D(2), size=part(50)), Target(r=D(3)))
    assert standing(market) == [(D(62_003), D("0.5")), (D(63_004), D("0.5"))]


def test_parts_of_a_hundred_percent_leave_no_lot_over() -> None:
    market = table()
    enter(market, "0.005", at("61000", part(50)), at("62000", part(50)))
    assert standing(market) == [(D(61_000), D("0.002")), (D(62_000), D("0.003"))]


def test_a_single_part_leaves_the_rest_to_run() -> None:
    market = table()
    enter(market, "1", at("61000", Size(D("0.4"))))
    assert standing(market) == [(D(61_000), D("0.4"))]
    market.trade(61_000.1, 5.0, Side.BUY)
    assert market.stop.leaves == D("0.6")
    assert standing(market) == []


def test_a_fill_of_one_target_shrinks_the_stop_and_leaves_the_others() -> None:
    market = table()
    enter(market, "1", at("61000", part(50)), at("62000"))
    market.trade(61_000.1, 0.3, Side.BUY)
    assert standing(market) == [(D(61_000), D("0.2")), (D(62_000), D("0.5"))]
    assert market.stop.leaves == D("0.7")
    market.trade(61_000.1, 5.0, Side.BUY)
    market.trade(62_000.1, 5.0, Side.BUY)
    assert not market.state.positions
    assert not market.state.live


def test_w52_targets_follow_each_partial_fill_of_their_entry() -> None:
    market = Table(perp(), settings=wide_limits()).open([(60_000.0, 50.0)], [(60_001.0, 4.0)])
    enter(market, "10", at("60500", part(60)), at("60800"), limit="60001")
    assert market.stop.leaves == 4
    assert standing(market) == [(D(60_500), D("2.4")), (D(60_800), D("1.6"))]
    market.delta(asks=[(60_001.0, 0.0), (60_010.0, 9.0)])
    market.trade(60_000.0, 6.0)
    assert market.stop.leaves == 10
    assert standing(market) == [(D(60_500), D(6)), (D(60_800), D(4))]
    market.trade(60_501.0, 6.0, Side.BUY)
    assert (market.stop.leaves, standing(market)) == (D(4), [(D(60_800), D(4))])


def test_a_target_that_filled_between_two_fills_of_its_entry_comes_again_for_the_rest() -> None:
    market = Table(perp(), settings=wide_limits()).open([(60_000.0, 50.0)], [(60_001.0, 4.0)])
    enter(market, "10", at("60500", part(50)), at("60800"), limit="60001")
    market.delta(asks=[(60_001.0, 0.0), (60_600.0, 9.0)])
    market.trade(60_501.0, 2.0, Side.BUY)
    assert standing(market) == [(D(60_800), D(2))]
    market.trade(60_000.0, 6.0)
    assert standing(market) == [(D(60_500), D(3)), (D(60_800), D(5))]


def test_a_target_for_all_comes_again_though_more_of_it_filled_than_is_held_now() -> None:
    market = Table(perp(), settings=wide_limits()).open([(60_000.0, 50.0)], [(60_001.0, 6.0)])
    enter(market, "10", at("60500"), limit="60001")
    market.delta(asks=[(60_001.0, 0.0), (60_600.0, 9.0)])
    market.trade(60_501.0, 6.0, Side.BUY)
    assert standing(market) == []
    market.trade(60_000.0, 4.0)
    assert standing(market) == [(D(60_500), D(4))]


def test_a_target_that_was_given_a_size_keeps_it_when_its_entry_goes_on() -> None:
    market = Table(perp(), settings=wide_limits()).open([(60_000.0, 50.0)], [(60_001.0, 6.0)])
    enter(market, "10", at("60500"), limit="60001")
    assert market.do(AmendOrder(order_id=market.target.order_id, qty=D(5))).accepted
    market.delta(asks=[(60_001.0, 0.0), (60_600.0, 9.0)])
    market.trade(60_501.0, 4.0, Side.BUY)
    assert standing(market) == [(D(60_500), D(1))]
    market.trade(60_000.0, 1.0)
    assert (market.stop.leaves, standing(market)) == (D(3), [(D(60_500), D(1))])


def test_a_manual_close_takes_from_the_farthest_target_first() -> None:
    market = table()
    enter(market, "1", at("61000", part(50)), at("62000", part(50)))
    market.sell("0.3", reduce_only=True)
    assert standing(market) == [(D(61_000), D("0.5")), (D(62_000), D("0.2"))]
    market.sell("0.3", reduce_only=True)
    assert standing(market) == [(D(61_000), D("0.4"))]


def test_a_second_entry_brings_its_own_sized_target_beside_the_first_s() -> None:
    market = table()
    enter(market, "1", at("61000", Size(D(1))))
    enter(market, "2", at("62000", Size(D(2))))
    assert standing(market) == [(D(61_000), D(1)), (D(62_000), D(2))]
    assert market.stop.leaves == 3


def test_a_target_that_was_canceled_by_hand_does_not_come_back() -> None:
    market = Table(perp(), settings=wide_limits()).open([(60_000.0, 50.0)], [(60_001.0, 4.0)])
    enter(market, "10", at("60500", part(50)), at("60800"), limit="60001")
    market.do(CancelOrder(order_id=market.target.order_id))
    market.delta(asks=[(60_001.0, 0.0), (60_010.0, 9.0)])
    market.trade(60_000.0, 6.0)
    assert standing(market) == [(D(60_800), D(10))]


def test_targets_set_on_a_position_take_the_place_of_all_before() -> None:
    market = table()
    enter(market, "1", at("61000", part(50)), at("62000"))
    reply = market.do(SetTarget(symbol=PERP, target=at("61500", part(25)), more=(at("61600"),)))
    assert len(reply.order_ids) == 2
    assert standing(market) == [(D(61_500), D("0.25")), (D(61_600), D("0.75"))]
    market.do(SetTarget(symbol=PERP, target=at("64000")))
    assert standing(market) == [(D(64_000), D(1))]


def test_on_spot_the_base_fee_is_taken_from_the_farthest_target() -> None:
    market = Table(spot(), settings=wide_limits()).open(BIDS, ASKS)
    enter(market, "1", at("61000", part(50)), at("62000", part(50)))
    assert standing(market) == [(D(61_000), D("0.5")), (D(62_000), D("0.499"))]


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ((at("61000", part(60)), at("62000", part(60))), Reason.TARGET_SIZE),
        ((at("61000", Size(D("0.0005"))), at("62000")), Reason.OFF_LOT),
        ((at("61000"), at("59000")), Reason.TARGET_WRONG_SIDE),
        ((at("61000", limit=D("60999.95")),), Reason.OFF_TICK),
        ((at("61000.05"), at("62000")), Reason.OFF_TICK),
    ],
)
def test_targets_that_do_not_add_up_are_refused(targets: tuple[Target, ...], reason: Reason) -> None:
    market = table()
    refused = market.buy("1", stop="59000", target=targets[0], more_targets=targets[1:]).refusal
    assert refused is not None
    assert refused.reason is reason


def test_a_target_at_the_entry_itself_is_on_the_wrong_side() -> None:
    refused = table().buy("1", limit="59990", stop="59000", target="59990").refusal
    assert refused is not None
    assert refused.reason is Reason.TARGET_WRONG_SIDE


def test_a_part_below_a_lot_is_refused() -> None:
    market = table()
    refused = market.buy("0.001", stop="59000", target=at("61000", part(50))).refusal
    assert refused is not None
    assert refused.reason is Reason.SIZE_TOO_SMALL


# --- conditional


def test_a_take_profit_market_waits_for_its_price_and_then_sells() -> None:
    market = table()
    enter(market, "1", at("61000", market=True))
    target = market.target
    assert (target.type, target.state, target.price) == (OrderType.TAKE_PROFIT_MARKET, OrderState.ARMED, None)
    market.snapshot([(60_999.0, 5.0)], [(61_000.0, 5.0)])
    market.trade(60_999.9, SMALL, Side.BUY)
    assert market.target.state is OrderState.ARMED
    market.trade(61_000.0, SMALL, Side.BUY)
    assert market.fills[-1].price == 60_999
    assert not market.state.live


def test_a_take_profit_limit_rests_at_its_limit_once_reached() -> None:
    market = table()
    enter(market, "1", at("61000", limit=D(61_050)))
    market.snapshot([(60_999.0, 5.0)], [(61_000.0, 5.0)])
    market.trade(61_000.0, SMALL, Side.BUY)
    assert (market.target.state, market.target.price) == (OrderState.WORKING, D(61_050))
    market.trade(61_051.0, 5.0, Side.BUY)
    assert market.fills[-1].price == 61_050
    assert not market.state.positions


def test_a_conditional_target_that_is_reached_already_takes_profit_at_once() -> None:
    market = table()
    enter(market, "1", at("61000", market=True))
    market.snapshot([(60_800.0, 5.0)], [(60_801.0, 5.0)])
    market.trade(61_200.0, SMALL)
    assert market.fills[-1].price == 60_800


def test_protective_stop_goes_before_a_target_in_one_print() -> None:
    market = table()
    market.sell("1", stop="60500", target=at("59000", market=True))
    stop_id = market.stop.order_id
    market.do(SetTarget(symbol=PERP, target=at("59500", market=True)))
    market.snapshot([(60_500.0, 5.0)], [(60_501.0, 5.0)])
    market.trade(60_500.0, SMALL, Side.BUY)
    assert market.fills[-1].order_id == stop_id
    assert not market.state.live


@pytest.mark.parametrize(
    ("side", "touch", "fill"), [(Side.BUY, "59500", 59_501), (Side.SELL, "60500", 60_499)]
)
def test_an_entry_may_wait_for_a_better_price(side: Side, touch: str, fill: int) -> None:
    market = table()
    stop = "59000" if side is Side.BUY else "61000"
    reply = market.order(side, "1", trigger=touch, take_profit=True, stop=stop)
    order = market.last_order(reply)
    assert (order.type, order.state) == (OrderType.TAKE_PROFIT_MARKET, OrderState.ARMED)
    middle = float(touch)
    market.snapshot([(middle - 1, 5.0)], [(middle + 1, 5.0)])
    market.trade(middle, SMALL)
    assert market.fills[-1].price == fill
    again = market.order(
        side, "1", trigger=str(middle - side.opposite.sign * 10), take_profit=True, stop=stop
    )
    assert market.last_order(again).reason == Reason.WOULD_TRIGGER


def test_an_entry_at_a_better_price_with_a_limit_rests_there() -> None:
    market = table()
    reply = market.buy("1", trigger="59500", limit="59400", take_profit=True, stop="59000")
    assert market.last_order(reply).type is OrderType.TAKE_PROFIT_LIMIT
    market.snapshot([(59_499.0, 5.0)], [(59_500.0, 5.0)])
    market.trade(59_500.0, SMALL)
    assert (market.last_order(reply).state, market.last_order(reply).price) == (OrderState.WORKING, D(59_400))


# --- orders that close the position


def everything() -> Size:
    return Size(D(1), SizeUnit.POSITION)


def test_an_order_that_closes_takes_what_is_held_when_it_executes() -> None:
    market = table()
    enter(market, "1", at("70000"))
    reply = market.sell(everything(), trigger="59500")
    order = market.last_order(reply)
    assert (order.close_position, order.role, order.leaves) == (True, OrderRole.DISCRETIONARY, D(1))
    enter(market, "2", at("70000"))
    assert market.last_order(reply).leaves == 3
    market.sell("0.5", reduce_only=True)
    assert market.last_order(reply).leaves == D("2.5")
    market.snapshot([(59_490.0, 50.0)], [(59_500.0, 5.0)])
    market.trade(59_500.0, SMALL)
    assert market.fills[-1].qty == D("2.5")
    assert not market.state.live


def test_a_resting_order_that_closes_grows_and_shrinks_with_the_position() -> None:
    market = table()
    enter(market, "1", at("70000"))
    reply = market.sell(everything(), limit="60500")
    enter(market, "1", at("70000"))
    assert market.last_order(reply).leaves == 2
    market.trade(60_501.0, 9.0, Side.BUY)
    assert market.last_order(reply).state is OrderState.FILLED
    assert not market.state.positions


def test_closing_at_once_needs_no_quantity_and_no_reduce() -> None:
    market = table()
    enter(market, "1", at("70000"))
    refused = market.sell(everything(), reduce_only=True).refusal
    assert refused is not None
    assert refused.reason is Reason.CONFLICTING_FLAGS
    refused = market.buy(everything()).refusal
    assert refused is not None
    assert refused.reason is Reason.REDUCE_ONLY
    assert market.sell(everything()).accepted
    assert not market.state.positions
    refused = market.sell(everything()).refusal
    assert refused is not None
    assert refused.reason is Reason.REDUCE_ONLY


def test_two_exits_of_full_size_serve_the_first_and_shrink_the_other() -> None:
    market = table()
    enter(market, "1", at("61000"))
    market.sell("0.4")
    assert standing(market) == [(D(61_000), D("0.6"))]
    market.trade(61_001.0, 9.0, Side.BUY)
    assert not market.state.positions
    assert not market.do(Flatten()).order_ids
