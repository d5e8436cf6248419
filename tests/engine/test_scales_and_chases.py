"""Scales split a size to the lot; chases follow the touch as far as they may."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.market import MS, PERP, Table, perp, risk, wide_limits
from tradetui.domain.command import (
    AmendOrder,
    CancelOrder,
    Follow,
    Size,
    Stop,
    SubmitOrder,
    SubmitScale,
    Target,
)
from tradetui.domain.event import Noted
from tradetui.domain.market_data import ClockTick, FeedState, Side
from tradetui.domain.order import Order, OrderState, OrderType, TimeInForce
from tradetui.domain.reply import Reason

D = Decimal
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_001.0, 5.0), (60_010.0, 50.0)]
SMALL = 0.0001


def table(*, latency_ns: int = 0, wide: bool = True) -> Table:
    settings = wide_limits() if wide else None
    market = Table(perp(), settings=settings, latency_ns=latency_ns).open(BIDS, ASKS)
    market.trade(60_000.0, SMALL)
    return market


def entry(size: str | Size = "1", side: Side = Side.BUY, **more: Any) -> SubmitOrder:
    stop = Stop(price=D(58_000 if side is Side.BUY else 62_000))
    qty = Size(D(size)) if isinstance(size, str) else size
    return SubmitOrder(symbol=PERP, side=side, size=qty, **{"stop": stop, **more})


def scale(market: Table, order: SubmitOrder, first: str, last: str, count: int) -> list[Order]:
    reply = market.do(SubmitScale(order=order, first=D(first), last=D(last), count=count))
    assert reply.accepted, reply.refusal
    return [market.state.orders[order_id] for order_id in reply.order_ids]


# --- scales


def test_a_scale_splits_its_size_exactly_and_its_prices_evenly() -> None:
    market = table()
    legs = scale(market, entry("1"), "59900", "59800", 3)
    assert [(leg.price, leg.qty) for leg in legs] == [
        (D(59_900), D("0.334")),
        (D(59_850), D("0.333")),
        (D(59_800), D("0.333")),
    ]
    assert {leg.group for leg in legs} == {legs[0].order_id}
    assert all(leg.state is OrderState.WORKING for leg in legs)


def test_prices_between_ticks_are_rounded_away_from_the_market() -> None:
    market = table()
    legs = scale(market, entry("1"), "59900", "59899.5", 4)
    assert [leg.price for leg in legs] == [D("59900"), D("59899.8"), D("59899.6"), D("59899.5")]


def test_the_steps_share_one_stop_that_grows_with_them() -> None:
    market = table()
    scale(market, entry("1"), "59900", "59800", 2)
    market.trade(59_899.0, 9.0)
    assert market.stop.leaves == D("0.5")
    market.trade(59_799.0, 9.0)
    assert (market.stop.leaves, market.stop.trigger) == (D(1), D(58_000))


def test_a_size_in_r_is_that_of_the_average_price() -> None:
    market = table(wide=False)
    legs = scale(market, entry(risk("1"), stop=Stop(price=D(59_000))), "59900", "59700", 3)
    risked = sum(leg.planned_risk for leg in legs)
    r_value = market.engine.r_value()
    assert r_value * D("0.98") < risked <= r_value * D("1.001")


def test_a_scale_as_a_whole_meets_the_budget() -> None:
    market = table(wide=False)
    order = entry(risk("2.5"), stop=Stop(price=D(59_000)))
    refused = market.do(SubmitScale(order=order, first=D(59_900), last=D(59_800), count=5)).refusal
    assert refused is not None
    assert refused.reason in (Reason.RISK_PER_TRADE, Reason.OPEN_RISK)
    assert not market.state.live


def test_a_scale_out_of_a_position_reduces_only() -> None:
    market = table()
    market.buy("1", stop="59000")
    legs = scale(market, entry("1", Side.SELL, reduce_only=True), "60500", "61000", 2)
    assert all(leg.reduce_only for leg in legs)
    market.trade(60_501.0, 9.0, Side.BUY)
    assert market.stop.leaves == D("0.5")


def test_one_name_cancels_every_step() -> None:
    market = table()
    scale(market, entry("1", client_id="mine"), "59900", "59800", 4)
    reply = market.do(CancelOrder(order_id="mine"))
    assert len(reply.order_ids) == 4
    assert not market.state.live


@pytest.mark.parametrize(
    ("order", "first", "last", "count", "reason"),
    [
        (entry("0.003"), "59900", "59800", 4, Reason.SIZE_TOO_SMALL),
        (entry("1"), "59900", "59899.9", 4, Reason.BAD_INPUT),
        (entry("1"), "59900", "59800", 1, Reason.BAD_INPUT),
        (entry("1"), "59900.05", "59800", 3, Reason.OFF_TICK),
        (entry("1", limit=D(5)), "59900", "59800", 3, Reason.CONFLICTING_FLAGS),
        (entry("1"), "59900", "57000", 3, Reason.STOP_WRONG_SIDE),
    ],
)
def test_a_scale_that_can_not_stand_is_refused_whole(
    order: SubmitOrder, first: str, last: str, count: int, reason: Reason
) -> None:
    market = table()
    refused = market.do(SubmitScale(order=order, first=D(first), last=D(last), count=count)).refusal
    assert refused is not None
    assert refused.reason is reason
    assert not market.state.live


# --- chases


def chase(market: Table, side: Side = Side.BUY, **more: Any) -> str:
    values: dict[str, Any] = {
        name: D(value) if isinstance(value, str) else value for name, value in more.items()
    }
    reply = market.do(entry(side=side, chase=Follow(**values)))
    assert reply.accepted, reply.refusal
    return reply.order_ids[0]


def of(market: Table, order_id: str) -> Order:
    return market.state.orders[order_id]


def touch(market: Table, bid: float, ask: float) -> None:
    market.snapshot([(bid, 5.0), (bid - 10, 50.0)], [(ask, 5.0), (ask + 10, 50.0)])


def ended(market: Table) -> list[str]:
    notes = [event.body for event in market.journal if isinstance(event.body, Noted)]
    return [note.text for note in notes if note.what == "chase_ended"]


def test_a_chase_rests_at_the_touch_and_follows_it_away_but_not_back() -> None:
    market = table()
    order_id = chase(market, distance="50")
    assert (of(market, order_id).price, of(market, order_id).type) == (D(60_000), OrderType.LIMIT)
    assert market.engine.queue_ahead(order_id) == 5
    touch(market, 60_010.0, 60_011.0)
    assert (of(market, order_id).price, of(market, order_id).chased) == (D(60_010), 1)
    touch(market, 60_005.0, 60_006.0)
    assert of(market, order_id).price == 60_010 or of(market, order_id).state is OrderState.FILLED


def test_a_sell_chases_downwards() -> None:
    market = table()
    order_id = chase(market, Side.SELL, distance="50")
    touch(market, 59_980.0, 59_985.0)
    assert of(market, order_id).price == 59_985


def test_a_chase_goes_to_its_bound_and_stays_there() -> None:
    market = table()
    order_id = chase(market, distance="50")
    touch(market, 60_200.0, 60_201.0)
    assert of(market, order_id).price == 60_050
    touch(market, 60_300.0, 60_301.0)
    order = of(market, order_id)
    assert (order.price, order.state, order.chase) == (D(60_050), OrderState.WORKING, None)
    assert "60050 is as far as it goes" in ended(market)[0]
    touch(market, 60_400.0, 60_401.0)
    assert len(ended(market)) == 1


def test_a_chase_makes_so_many_changes_and_then_takes() -> None:
    market = table()
    order_id = chase(market, most=2, take=True)
    for bid in (60_010.0, 60_020.0):
        touch(market, bid, bid + 1)
    assert (of(market, order_id).chased, of(market, order_id).state) == (2, OrderState.WORKING)
    touch(market, 60_030.0, 60_031.0)
    assert of(market, order_id).state is OrderState.FILLED
    assert market.fills[-1].price == 60_031


def test_one_change_at_a_time_with_its_latency() -> None:
    market = table(latency_ns=50 * MS)
    order_id = chase(market, distance="500")
    market.feed(ClockTick(market.tick(60 * MS), market.now))
    touch(market, 60_010.0, 60_011.0)
    assert of(market, order_id).pending_amend
    touch(market, 60_020.0, 60_021.0)
    assert of(market, order_id).chased == 0
    market.feed(ClockTick(market.tick(60 * MS), market.now))
    assert (of(market, order_id).price, of(market, order_id).chased) == (D(60_010), 1)
    touch(market, 60_020.0, 60_021.0)
    assert of(market, order_id).pending_amend


def test_a_chase_by_a_rate_is_bounded_by_ticks_of_it() -> None:
    market = table()
    order_id = chase(market, rate=D("0.001"))
    found = of(market, order_id).chase
    assert found is not None
    assert found.bound == 60_060


def test_a_chase_without_a_bound_ends_where_a_market_order_would() -> None:
    market = table()
    found = of(market, chase(market)).chase
    assert found is not None
    assert (found.bound, found.most) == (D(60_600), 20)


def test_the_risk_of_a_chase_counts_from_its_bound() -> None:
    market = table()
    near = of(market, chase(market, distance="10"))
    far = of(market, chase(market, distance="500"))
    fee = market.instrument.taker_fee
    assert far.planned_risk - near.planned_risk == 490 * (1 + fee)
    refused = market.do(entry(chase=Follow(distance=D(50)), stop=Stop(price=D(60_020)))).refusal
    assert refused is not None
    assert refused.reason is Reason.STOP_WRONG_SIDE


def test_a_chase_goes_on_over_a_restart_and_stops_when_it_is_moved_by_hand() -> None:
    market = table()
    order_id = chase(market, distance="500")
    market.restart()
    market.status(FeedState.STREAMING)
    touch(market, 60_010.0, 60_011.0)
    touch(market, 60_010.0, 60_011.0)
    assert of(market, order_id).price == 60_010
    market.do(AmendOrder(order_id=order_id, limit=D(60_005)))
    touch(market, 60_020.0, 60_021.0)
    assert (of(market, order_id).price, of(market, order_id).chase) == (D(60_005), None)


def test_an_exit_may_chase_too() -> None:
    market = table()
    market.buy("1", stop="59000", target=Target(price=D(61_000)))
    order_id = chase(market, Side.SELL, distance="100")
    assert of(market, order_id).reduce_only
    touch(market, 59_990.0, 59_991.0)
    assert of(market, order_id).price == 59_991
    market.trade(59_992.0, 9.0, Side.BUY)
    assert not market.state.positions


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (entry(chase=Follow(), limit=D(59_000)), Reason.CONFLICTING_FLAGS),
        (entry(chase=Follow(), tif=TimeInForce.IOC), Reason.CONFLICTING_FLAGS),
        (entry(chase=Follow(distance=D("0.05"))), Reason.OFF_TICK),
        (entry(chase=Follow(distance=D(10), most=0)), Reason.BAD_INPUT),
    ],
)
def test_a_chase_that_makes_no_sense_is_refused(order: SubmitOrder, reason: Reason) -> None:
    refused = table().do(order).refusal
    assert refused is not None
    assert refused.reason is reason
