"""Changes of working orders: the queue they keep, the checks they meet, and what they leave when refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import MS, PERP, SECOND, Table, perp, risk, spot, wide_limits
from tradetui.domain.command import AmendOrder, CancelOrder, Flatten, SetLimit, Stop, Target
from tradetui.domain.event import Noted
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import ClockTick, FeedState, Side
from tradetui.domain.order import Order, OrderState, Trail
from tradetui.domain.reply import Reason
from tradetui.state import State

D = Decimal
BIDS = [(60_000.0, 5.0), (59_990.0, 7.0)]
ASKS = [(60_001.0, 5.0), (60_010.0, 50.0)]
SMALL = 0.0001


def table(instrument: Instrument | None = None, *, latency_ns: int = 0, wide: bool = True) -> Table:
    settings = wide_limits() if wide else None
    market = Table(instrument, settings=settings, latency_ns=latency_ns).open(BIDS, ASKS)
    market.trade(60_000.0, SMALL)
    return market


def amend(market: Table, order: Order, **changes: str) -> Reason | None:
    values: dict[str, Any] = {name: D(value) for name, value in changes.items()}
    reply = market.do(AmendOrder(order_id=order.order_id, **values))
    return reply.refusal.reason if reply.refusal is not None else None


def now(market: Table, order: Order) -> Order:
    return market.state.orders[order.order_id]


def resting(market: Table, qty: str = "1", **more: Any) -> Order:
    reply = market.buy(qty, limit="59990", stop="59000", **more)
    assert reply.accepted, reply.refusal
    return market.last_order(reply)


def wait(market: Table, ns: int) -> None:
    market.feed(ClockTick(market.tick(ns), market.now))


def notes(market: Table) -> list[str]:
    return [event.body.what for event in market.journal if isinstance(event.body, Noted)]


# --- the queue


def test_less_quantity_keeps_the_place_in_the_queue() -> None:
    market = table()
    order = resting(market)
    market.trade(59_990.0, 3.0)
    assert market.engine.queue_ahead(order.order_id) == 4
    assert amend(market, order, qty="0.4") is None
    assert (now(market, order).leaves, market.engine.queue_ahead(order.order_id)) == (D("0.4"), D(4))
    market.trade(59_990.0, 4.4)
    assert now(market, order).state is OrderState.FILLED


@pytest.mark.parametrize(
    ("changes", "ahead"),
    [({"qty": "2"}, 7), ({"limit": "59985"}, 0), ({"limit": "59990", "qty": "1.5"}, 7)],
)
def test_another_price_or_more_is_a_new_arrival(changes: dict[str, str], ahead: int) -> None:
    market = table()
    order = resting(market)
    market.trade(59_990.0, 3.0)
    assert amend(market, order, **changes) is None
    assert market.engine.queue_ahead(order.order_id) == ahead
    assert now(market, order).state is OrderState.WORKING


def test_a_new_price_that_reaches_the_other_side_takes() -> None:
    market = table()
    order = resting(market, "8")
    assert amend(market, order, limit="60001") is None
    assert (now(market, order).filled, now(market, order).state) == (D(5), OrderState.PARTIALLY_FILLED)
    assert market.stop.leaves == 5


def test_a_post_only_change_that_would_take_leaves_the_order_in_its_place() -> None:
    market = table()
    order = resting(market, post_only=True)
    market.trade(59_990.0, 3.0)
    assert amend(market, order, limit="60001") is None
    assert (now(market, order).price, market.engine.queue_ahead(order.order_id)) == (D(59_990), D(4))
    assert notes(market)[-1] == "amend_rejected"


# --- on the way


def test_until_the_change_arrives_the_order_fills_as_it_is() -> None:
    market = table(latency_ns=50 * MS)
    order = resting(market)
    wait(market, 60 * MS)
    amend(market, order, qty="0.5")
    assert now(market, order).pending_amend
    market.trade(59_989.0, 0.7)
    assert now(market, order).filled == D("0.7")
    wait(market, 60 * MS)
    assert (now(market, order).qty, now(market, order).pending_amend) == (D(1), False)
    assert notes(market)[-1] == "amend_rejected"


def test_a_change_of_an_order_that_filled_meanwhile_is_written_and_ignored() -> None:
    market = table(latency_ns=50 * MS)
    order = resting(market)
    wait(market, 60 * MS)
    amend(market, order, qty="2")
    market.trade(59_989.0, 5.0)
    wait(market, 60 * MS)
    assert now(market, order).qty == 1
    assert notes(market)[-1] == "ignored_terminal"


def test_a_change_waits_for_the_order_that_is_on_its_way_itself() -> None:
    market = table(latency_ns=50 * MS)
    order = resting(market)
    amend(market, order, limit="59980")
    assert now(market, order).state is OrderState.SUBMITTED
    wait(market, 60 * MS)
    assert (now(market, order).price, now(market, order).state) == (D(59_980), OrderState.WORKING)


def test_r_chk_2_a_larger_order_on_its_way_is_counted_as_large_as_it_will_be() -> None:
    """A hundred may be at risk: 0.09 with its stop 990 below risks 97.11, 0.05 beside that 53.95."""
    market = table(latency_ns=50 * MS, wide=False)
    order = resting(market, "0.01")
    wait(market, SECOND)
    assert amend(market, order, qty="0.09") is None
    assert market.engine.open_risk() == D("97.10955")
    refused = market.buy("0.05", limit="59990", stop="59000").refusal
    assert refused is not None
    assert refused.reason is Reason.OPEN_RISK
    wait(market, SECOND)
    assert market.engine.open_risk() == D("97.10955")
    assert amend(market, order, qty="0.01") is None
    assert market.engine.open_risk() == D("97.10955"), "it may still fill as large as it is"
    wait(market, SECOND)
    assert market.engine.open_risk() == D("10.78995")


def test_a_cap_on_positions_counts_a_larger_order_on_its_way() -> None:
    market = table(latency_ns=50 * MS)
    market.do(SetLimit(name="max_position", value="1.5"))
    order = resting(market, "0.5")
    wait(market, SECOND)
    assert amend(market, order, qty="1") is None
    refused = market.buy("0.8", limit="59990", stop="59000").refusal
    assert refused is not None
    assert (refused.reason, refused.numbers["nearest"]) == (Reason.MAX_POSITION, D("0.5"))


def test_one_change_at_a_time_and_none_after_a_cancel() -> None:
    market = table(latency_ns=50 * MS)
    order = resting(market)
    wait(market, 60 * MS)
    amend(market, order, qty="2")
    assert amend(market, order, qty="3") is Reason.CONFLICTING_FLAGS
    wait(market, 60 * MS)
    market.do(CancelOrder(order_id=order.order_id))
    assert amend(market, order, qty="3") is Reason.CONFLICTING_FLAGS


def test_a_change_on_its_way_survives_a_restart() -> None:
    market = table(latency_ns=50 * MS)
    order = resting(market)
    wait(market, 60 * MS)
    amend(market, order, limit="59980")
    market.restart()
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    market.snapshot(BIDS, ASKS)
    assert (now(market, order).price, now(market, order).pending_amend) == (D(59_980), False)
    assert market.engine.queue_ahead(order.order_id) == 0
    assert State.fold(market.journal) == market.state


# --- checks


def test_what_an_entry_becomes_meets_every_check_without_itself() -> None:
    market = Table(perp()).open(BIDS, ASKS)
    reply = market.buy(risk("1.5"), limit="59990", stop="59800")
    order = market.last_order(reply)
    assert amend(market, order, limit="59985") is None
    assert now(market, order).planned_risk < order.planned_risk
    assert amend(market, order, qty=str(order.qty * 2)) in (Reason.RISK_PER_TRADE, Reason.OPEN_RISK)
    assert amend(market, order, limit="59700") is Reason.STOP_WRONG_SIDE
    assert amend(market, order, limit="59985.05") is Reason.OFF_TICK
    assert amend(market, order, qty="0.0005") is Reason.OFF_LOT
    assert now(market, order).price == 59_985


def test_a_smaller_order_frees_money_and_a_larger_one_needs_it() -> None:
    settings = wide_limits(balance=D(70_000))
    market = Table(spot(), settings=settings).open([(60_000.0, 5.0)], [(60_000.01, 5.0)])
    reply = market.buy("1", limit="50000", stop="49000")
    assert market.state.locked("USDT") == D("50050")
    order = market.last_order(reply)
    amend(market, order, qty="0.5")
    assert market.state.locked("USDT") == D("25025")
    assert amend(market, order, qty="2") is Reason.INSUFFICIENT_BALANCE
    assert amend(market, order, qty="1.2") is None
    assert market.state.locked("USDT") == D("60060")


def test_less_needs_no_fresh_data_and_another_price_does() -> None:
    market = table()
    order = resting(market)
    market.status(FeedState.STALE)
    assert amend(market, order, limit="59980") in (Reason.STALE_DATA, Reason.RECOVERING)
    assert amend(market, order, qty="0.5") is None
    assert now(market, order).qty == D("0.5")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, Reason.BAD_INPUT),
        ({"qty": "0"}, Reason.BAD_INPUT),
        ({"limit": "-1"}, Reason.BAD_INPUT),
        ({"trigger": "60500"}, Reason.CONFLICTING_FLAGS),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(changes: dict[str, str], reason: Reason) -> None:
    market = table()
    assert amend(market, resting(market), **changes) is reason


def test_an_unknown_or_finished_order_can_not_be_changed() -> None:
    market = table()
    reply = market.do(AmendOrder(order_id="O-99", qty=D(1)))
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.UNKNOWN_ORDER
    order = resting(market)
    market.do(CancelOrder(order_id=order.order_id))
    assert amend(market, order, qty="2") is Reason.UNKNOWN_ORDER


# --- conditional orders, exits and stops


def test_a_trigger_moves_and_one_that_is_reached_already_stays() -> None:
    market = table()
    order = market.last_order(market.buy("1", trigger="60500", limit="60510", stop="59000"))
    assert amend(market, order, trigger="60300", limit="60310") is None
    assert (now(market, order).trigger, now(market, order).price) == (D(60_300), D(60_310))
    amend(market, order, trigger="59900")
    assert now(market, order).trigger == 60_300
    assert notes(market)[-1] == "amend_rejected"
    market.snapshot([(60_299.0, 5.0)], [(60_300.0, 5.0)])
    market.trade(60_300.0, SMALL, Side.BUY)
    assert now(market, order).state is OrderState.FILLED


def test_a_trail_s_trigger_is_not_moved_by_a_change() -> None:
    market = table()
    market.buy("1", stop=Stop(trail=Trail(distance=D(300))))
    assert amend(market, market.stop, trigger="59900") is Reason.CONFLICTING_FLAGS


def test_changing_the_stop_replaces_it_with_its_own_checks() -> None:
    market = table()
    market.buy("1", stop="59000")
    old = market.stop
    assert amend(market, old, trigger="59500") is None
    assert (market.stop.trigger, now(market, old).reason) == (D(59_500), Reason.REPLACED)
    assert amend(market, market.stop, qty="2") is Reason.CONFLICTING_FLAGS
    tight = Table(perp()).open(BIDS, ASKS)
    tight.buy(risk("1"), stop="59000")
    assert amend(tight, tight.stop, trigger="57000") in (Reason.DAILY_BUDGET, Reason.OPEN_RISK)


def test_an_exit_is_clamped_to_the_position_and_a_target_keeps_its_side() -> None:
    market = table()
    market.buy("1", stop="59000", target=Target(r=D(2)))
    reply = market.do(AmendOrder(order_id=market.target.order_id, qty=D(5)))
    assert "clamped" in reply.text
    assert market.target.leaves == 1
    assert amend(market, market.target, limit="59500") is Reason.TARGET_WRONG_SIDE
    assert amend(market, market.target, limit="61000", qty="0.4") is None
    assert (market.target.price, market.target.leaves, market.target.sized) == (D(61_000), D("0.4"), True)
    market.buy("1", stop="59000")
    assert market.target.leaves == D("0.4")


def test_what_executes_at_market_can_not_be_changed() -> None:
    market = table()
    market.buy("1", stop="59000")
    market.status(FeedState.DOWN)
    market.do(Flatten())
    flatten = next(order for order in market.state.live.values() if order.role.value == "flatten")
    assert amend(market, flatten, qty="0.5") is Reason.CONFLICTING_FLAGS


def test_a_partly_filled_entry_s_targets_follow_its_new_size() -> None:
    market = table()
    half = msgspec.structs.replace(Target(price=D(61_000)), size=None)
    order = resting(market, "4", target=half, more_targets=(Target(price=D(62_000)),))
    market.trade(59_989.0, 1.0)
    assert amend(market, order, qty="2") is None
    market.trade(59_989.0, 5.0)
    assert [target.leaves for target in market.state.targets_of(PERP)] == [D(1), D(1)]
    assert market.stop.leaves == 2
