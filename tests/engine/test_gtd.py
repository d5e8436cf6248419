"""Orders with an end: live up to it, over after it, whatever comes first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import MS, SECOND, START, Table, perp, wide_limits
from tradetui.domain.command import CancelOrder
from tradetui.domain.market_data import ClockTick, Side
from tradetui.domain.order import Order, OrderState, TimeInForce
from tradetui.domain.reply import Reason
from tradetui.engine.orders import OrderFlow

D = Decimal
GTD = TimeInForce.GTD
BIDS = [(60_000.0, 50.0)]
ASKS = [(60_001.0, 50.0)]
SMALL = 0.0001


def table(*, latency_ns: int = 0, zone: str = "UTC", **changes: Any) -> Table:
    settings = msgspec.structs.replace(wide_limits(), zone=zone)
    market = Table(perp(**changes), settings=settings, latency_ns=latency_ns).open(BIDS, ASKS)
    market.trade(60_000.0, SMALL)
    return market


def resting(market: Table, seconds: int = 60, **more: Any) -> Order:
    ends = {"expire_after_ns": seconds * SECOND} if "expire_at" not in more else {}
    reply = market.buy("1", limit="59900", stop="59000", tif=GTD, **ends, **more)
    assert reply.accepted, reply.refusal
    return market.last_order(reply)


def now(market: Table, order: Order) -> Order:
    return market.state.orders[order.order_id]


def tick_to(market: Table, ts: int) -> None:
    market.now = ts
    market.feed(ClockTick(ts, ts))


def print_at(market: Table, ts: int, price: float) -> None:
    market.now = ts - MS
    market.trade(price, 9.0)


def test_a_fill_on_the_last_moment_counts() -> None:
    market = table()
    order = resting(market)
    print_at(market, order.expire_ts, 59_899.0)
    assert now(market, order).state is OrderState.FILLED


def test_an_order_is_over_before_a_later_message_can_fill_it() -> None:
    market = table()
    order = resting(market)
    print_at(market, order.expire_ts + 1, 59_899.0)
    assert (now(market, order).state, now(market, order).reason) == (OrderState.EXPIRED, Reason.GTD_ENDED)
    assert not market.fills
    assert not market.state.locked("USDT")


def test_time_alone_ends_it() -> None:
    market = table()
    order = resting(market)
    tick_to(market, order.expire_ts)
    assert now(market, order).state is OrderState.WORKING
    tick_to(market, order.expire_ts + 1)
    assert now(market, order).state is OrderState.EXPIRED
    assert market.journal[-1].ts == order.expire_ts


def test_what_has_filled_keeps_its_stop() -> None:
    market = table()
    order = resting(market)
    market.trade(59_899.0, 0.4)
    tick_to(market, order.expire_ts + 1)
    assert (now(market, order).state, now(market, order).filled) == (OrderState.EXPIRED, D("0.4"))
    assert market.stop.leaves == D("0.4")


def test_a_conditional_order_ends_while_it_waits() -> None:
    market = table()
    reply = market.buy("1", trigger="60100", stop="59000", tif=GTD, expire_after_ns=60 * SECOND)
    order = market.last_order(reply)
    assert order.state is OrderState.ARMED
    tick_to(market, order.expire_ts + 1)
    assert now(market, order).state is OrderState.EXPIRED
    market.trade(60_100.0, SMALL, Side.BUY)
    assert not market.fills


def test_an_order_may_end_on_its_way() -> None:
    market = table(latency_ns=50 * MS)
    reply = market.buy("1", stop="59000", limit="60001", tif=GTD, expire_after_ns=20 * MS)
    tick_to(market, market.now + 30 * MS)
    assert market.last_order(reply).reason == Reason.GTD_ENDED
    tick_to(market, market.now + 60 * MS)
    assert not market.fills


def test_it_ends_also_over_a_restart() -> None:
    market = table()
    order = resting(market)
    market.restart()
    tick_to(market, order.expire_ts + 1)
    assert now(market, order).reason == Reason.GTD_ENDED


def test_a_clock_set_back_ends_nothing_before_its_time() -> None:
    market = table()
    order = resting(market)
    tick_to(market, order.expire_ts - SECOND)
    for back in range(20, 0, -1):
        tick_to(market, order.expire_ts - back * SECOND)
    assert now(market, order).state is OrderState.WORKING
    tick_to(market, order.expire_ts + 2 * SECOND)
    assert now(market, order).state is OrderState.EXPIRED


def test_a_time_of_day_is_the_next_one_in_the_zone_of_the_day() -> None:
    market = table(zone="Asia/Tokyo")
    order = resting(market, expire_at="08:00")
    hours = (order.expire_ts // SECOND // 3600) % 24
    assert hours == 23
    assert 0 < order.expire_ts - START <= 86_400 * SECOND
    past = market.buy("1", limit="59900", stop="59000", tif=GTD, expire_ts=START)
    assert past.refusal is not None
    assert past.refusal.reason is Reason.BAD_INPUT


@pytest.mark.parametrize(
    "more",
    [
        {"tif": GTD},
        {"tif": TimeInForce.GTC, "expire_after_ns": SECOND},
        {"tif": TimeInForce.IOC, "expire_at": "08:00"},
    ],
)
def test_gtd_and_its_end_belong_together(more: dict[str, Any]) -> None:
    refused = table().buy("1", limit="59900", stop="59000", **more).refusal
    assert refused is not None
    assert refused.reason is Reason.CONFLICTING_FLAGS


def test_a_venue_may_ask_for_a_longer_life() -> None:
    market = table(least_gtd_s=600)
    refused = market.buy("1", limit="59900", stop="59000", tif=GTD, expire_after_ns=600 * SECOND).refusal
    assert refused is not None
    assert "601" in refused.mend
    assert resting(market, 601).expire_ts


def test_post_only_goes_with_an_end() -> None:
    market = table()
    assert resting(market, post_only=True).post_only
    market.do(CancelOrder(order_id=market.state.live.popitem()[0]))


def test_a_clock_set_back_just_before_the_end_has_it_looked_at_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Engine time stands still for a day: what is left of it must not be waited for again and again."""
    market = table()
    order = resting(market)
    tick_to(market, order.expire_ts - MS)
    looked: list[str] = []
    expire = OrderFlow._expire

    def counted(flow: OrderFlow, ended: Order) -> None:
        looked.append(ended.order_id)
        expire(flow, ended)

    monkeypatch.setattr(OrderFlow, "_expire", counted)
    tick_to(market, order.expire_ts - 24 * 3600 * SECOND)
    tick_to(market, order.expire_ts - SECOND)
    tick_to(market, order.expire_ts)
    assert now(market, order).state is OrderState.WORKING
    tick_to(market, order.expire_ts + 1)
    assert now(market, order).state is OrderState.EXPIRED
    assert len(looked) == 2
