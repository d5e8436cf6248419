"""Alternatives and orders held for another: first fill wins, and only what is filled releases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import MS, PERP, SECOND, Table, perp, wide_limits
from tradetui.domain.command import CancelOrder, Size, Stop, SubmitOco, SubmitOrder, SubmitOto, Target
from tradetui.domain.market_data import ClockTick, FeedState, Side
from tradetui.domain.order import Order, OrderState, TimeInForce
from tradetui.domain.reply import Reason, Reply
from tradetui.state import State

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
BIDS = [(60_000.0, 50.0), (59_990.0, 50.0)]
ASKS = [(60_001.0, 50.0), (60_010.0, 50.0)]
SMALL = 0.0001


def table(*, latency_ns: int = 0, asks: list[tuple[float, float]] = ASKS) -> Table:
    market = Table(perp(), settings=wide_limits(), latency_ns=latency_ns).open(BIDS, asks)
    market.trade(60_000.0, SMALL)
    return market


def wish(side: Side, qty: str = "1", *, stop: str = "", **more: Any) -> SubmitOrder:
    stands = stop or ("58000" if side is BUY else "62000")
    for name in ("limit", "trigger"):
        if name in more:
            more[name] = D(more[name])
    return SubmitOrder(symbol=PERP, side=side, size=Size(D(qty)), stop=Stop(price=D(stands)), **more)


def pair(market: Table, first: SubmitOrder, second: SubmitOrder) -> tuple[str, str]:
    reply = market.do(SubmitOco(first=first, second=second))
    assert reply.accepted, reply.refusal
    return reply.order_ids[0], reply.order_ids[1]


def follow(market: Table, first: SubmitOrder, *then: SubmitOrder) -> tuple[str, ...]:
    reply = market.do(SubmitOto(first=first, then=then))
    assert reply.accepted, reply.refusal
    return reply.order_ids


def of(market: Table, order_id: str) -> Order:
    return market.state.orders[order_id]


def wait(market: Table, ns: int) -> None:
    market.feed(ClockTick(market.tick(ns), market.now))


# --- alternatives


def test_the_first_fill_of_two_alternatives_cancels_the_other_also_when_it_is_partial() -> None:
    market = table()
    low, breakout = pair(market, wish(BUY, limit="59900"), wish(BUY, trigger="60500"))
    market.trade(59_899.0, 0.4)
    assert (of(market, low).filled, of(market, low).state) == (D("0.4"), OrderState.PARTIALLY_FILLED)
    assert (of(market, breakout).state, of(market, breakout).reason) == (
        OrderState.CANCELED,
        Reason.OTHER_FILLED,
    )
    market.trade(60_500.0, SMALL, BUY)
    assert market.state.positions[PERP].signed_qty == D("0.4")


def test_the_cancel_stands_in_the_transaction_of_the_fill() -> None:
    market = table()
    _, breakout = pair(market, wish(BUY, limit="59900"), wish(BUY, trigger="60500"))
    market.trade(59_899.0, 5.0)
    assert breakout in [event.order_id for event in market.transactions[-1]]


def test_two_limits_that_one_print_reaches_fill_only_the_nearer() -> None:
    market = table()
    far, near = pair(market, wish(BUY, limit="59800"), wish(BUY, limit="59900"))
    market.trade(59_700.0, 9.0)
    assert (of(market, near).filled, of(market, far).filled) == (D(1), D(0))
    assert of(market, far).reason == Reason.OTHER_FILLED


def test_two_limits_that_one_book_reaches_fill_only_the_nearer() -> None:
    market = table()
    far, near = pair(market, wish(BUY, limit="59800"), wish(BUY, limit="59900"))
    market.snapshot([(59_600.0, 9.0)], [(59_700.0, 9.0)])
    assert (of(market, near).filled, of(market, far).filled) == (D(1), D(0))


@pytest.mark.parametrize("latency_ns", [0, 50 * MS])
def test_two_triggers_that_one_print_fires_fill_only_the_nearer_to_the_price_before(latency_ns: int) -> None:
    market = table(latency_ns=latency_ns)
    far, near = pair(market, wish(SELL, trigger="59800"), wish(SELL, trigger="59900"))
    wait(market, 60 * MS)
    market.snapshot([(59_750.0, 9.0)], [(59_760.0, 9.0)])
    market.trade(59_750.0, SMALL)
    wait(market, 60 * MS)
    assert (of(market, near).filled, of(market, far).filled) == (D(1), D(0))
    assert market.state.positions[PERP].signed_qty == -1


@pytest.mark.parametrize("takes_first", [True, False])
@pytest.mark.parametrize("latency_ns", [0, 50 * MS])
def test_an_alternative_that_takes_on_arrival_takes_the_other_out(takes_first: bool, latency_ns: int) -> None:
    market = table(latency_ns=latency_ns)
    orders = [wish(BUY), wish(BUY, limit="59900")]
    ids = pair(market, *(orders if takes_first else orders[::-1]))
    wait(market, 60 * MS)
    taking, resting = ids if takes_first else ids[::-1]
    assert of(market, taking).state is OrderState.FILLED
    assert of(market, resting).reason == Reason.OTHER_FILLED


def test_alternatives_go_on_over_a_restart() -> None:
    market = table()
    low, breakout = pair(market, wish(BUY, limit="59900"), wish(BUY, trigger="60500"))
    market.restart()
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    market.trade(59_899.0, 5.0)
    assert of(market, low).state is OrderState.FILLED
    assert of(market, breakout).reason == Reason.OTHER_FILLED


def test_a_canceled_alternative_leaves_the_other() -> None:
    market = table()
    low, breakout = pair(market, wish(BUY, limit="59900"), wish(BUY, trigger="60500"))
    market.do(CancelOrder(order_id=low))
    assert of(market, breakout).state is OrderState.ARMED


def test_when_one_of_several_orders_is_refused_none_is_sent() -> None:
    market = table()
    for command in (
        SubmitOco(first=wish(BUY, limit="59900"), second=wish(BUY, trigger="60500.05")),
        SubmitOto(first=wish(BUY), then=(wish(BUY, "0.0005"),)),
    ):
        reply = market.do(command)
        assert reply.refusal is not None
        assert not market.state.live
        assert not market.fills


def test_alternatives_count_both_in_the_budget() -> None:
    market = Table(perp()).open(BIDS, ASKS)
    one = Size(D("0.1"))
    first = msgspec.structs.replace(wish(BUY, limit="59900", stop="59300"), size=one)
    second = msgspec.structs.replace(wish(BUY, trigger="60500", stop="59900"), size=one)
    refused = market.do(SubmitOco(first=first, second=second)).refusal
    assert refused is not None
    assert refused.reason is Reason.OPEN_RISK


# --- held for another order


def test_what_follows_is_held_until_the_first_fills() -> None:
    market = table()
    parent, child = follow(market, wish(BUY, limit="59900"), wish(BUY, limit="59800"))
    assert of(market, child).state is OrderState.HELD
    market.trade(59_700.0, 5.0)
    assert of(market, parent).state is OrderState.FILLED
    assert of(market, child).state is OrderState.WORKING
    market.trade(59_700.0, 5.0)
    assert market.state.positions[PERP].signed_qty == 2


def test_a_partial_fill_releases_as_much_and_the_rest_follows() -> None:
    market = table()
    parent, child = follow(market, wish(BUY, "1", limit="59900"), wish(BUY, "0.5", limit="59800"))
    market.trade(59_899.0, 0.4)
    pieces = [o for o in market.state.live.values() if o.group == parent]
    assert [(piece.qty, piece.state) for piece in pieces] == [(D("0.2"), OrderState.WORKING)]
    assert (of(market, child).qty, of(market, child).state) == (D("0.3"), OrderState.HELD)
    market.trade(59_899.0, 5.0)
    assert (of(market, child).qty, of(market, child).state) == (D("0.3"), OrderState.WORKING)
    market.trade(59_700.0, 5.0)
    assert market.state.positions[PERP].signed_qty == D("1.5")
    assert State.fold(market.journal) == market.state


def test_what_the_first_never_filled_is_never_released() -> None:
    market = table()
    parent, child = follow(market, wish(BUY, "1", limit="59900"), wish(BUY, "0.5", limit="59800"))
    market.trade(59_899.0, 0.4)
    market.do(CancelOrder(order_id=parent))
    assert (of(market, child).state, of(market, child).reason) == (
        OrderState.CANCELED,
        Reason.PARENT_CANCELED,
    )
    working = [o for o in market.state.live.values() if o.group == parent]
    assert [piece.leaves for piece in working] == [D("0.2")]


def test_an_ioc_that_fills_in_part_releases_its_part_and_drops_the_rest() -> None:
    market = table(asks=[(60_001.0, 0.4)])
    first = wish(BUY, "1", limit="60001", tif=TimeInForce.IOC)
    parent, child = follow(market, first, wish(BUY, "1", limit="59800"))
    assert of(market, parent).state is OrderState.EXPIRED
    assert of(market, child).reason == Reason.PARENT_CANCELED
    assert [o.leaves for o in market.state.live.values() if o.group == parent] == [D("0.4")]


def test_a_rejected_first_takes_what_follows_with_it() -> None:
    market = table()
    first = wish(BUY, limit="60001", post_only=True)
    parent, child, _ = follow(market, first, wish(BUY, limit="59800"), wish(BUY, limit="59700"))
    assert of(market, parent).state is OrderState.REJECTED
    assert of(market, child).reason == Reason.PARENT_CANCELED
    assert not market.state.live


def test_conditional_children_arm_and_one_that_is_reached_already_goes() -> None:
    market = table()
    ids = follow(market, wish(BUY), wish(BUY, trigger="60500"), wish(BUY, trigger="59000"))
    assert of(market, ids[1]).state is OrderState.ARMED
    assert (of(market, ids[2]).state, of(market, ids[2]).reason) == (
        OrderState.CANCELED,
        Reason.WOULD_TRIGGER,
    )


def test_children_bring_their_own_stop_and_targets() -> None:
    market = table()
    adds = wish(BUY, "1", limit="59800", stop="59000", target=Target(price=D(61_000), size=Size(D("0.5"))))
    follow(market, wish(BUY, "1", limit="59900", stop="58000"), adds)
    market.trade(59_899.0, 9.0)
    market.trade(59_799.0, 0.5)
    assert (market.stop.trigger, market.stop.leaves) == (D(59_000), D("1.5"))
    assert [target.leaves for target in market.state.targets_of(PERP)] == [D("0.25")]


def test_what_follows_can_not_be_an_exit_of_what_it_follows() -> None:
    reply = table().do(SubmitOto(first=wish(BUY), then=(wish(SELL, limit="61000"),)))
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.CONFLICTING_FLAGS


def test_a_held_order_ends_with_its_date_and_survives_a_restart() -> None:
    market = table()
    child = wish(BUY, limit="59800", tif=TimeInForce.GTD, expire_after_ns=60 * SECOND)
    ids = follow(market, wish(BUY, limit="59900"), child, wish(BUY, limit="59700"))
    market.restart()
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    wait(market, 61 * SECOND)
    assert (of(market, ids[1]).state, of(market, ids[1]).reason) == (OrderState.CANCELED, Reason.GTD_ENDED)
    market.trade(59_899.0, 5.0)
    assert of(market, ids[2]).state is OrderState.WORKING


def test_a_key_names_all_orders_of_a_group() -> None:
    market = table()
    command = SubmitOco(key="k1", first=wish(BUY, limit="59900"), second=wish(BUY, trigger="60500"))
    first: Reply = market.do(command)
    assert len(first.order_ids) == 2
    assert market.do(command) == first
    assert len(market.state.live) == 2
