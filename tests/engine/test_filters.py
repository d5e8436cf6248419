"""The venue's filters, new versions of an instrument, and what an order says of its assumptions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import Table, perp, spot, wide_limits
from tradetui.domain.market_data import InstrumentListed, Side
from tradetui.domain.order import OrderState
from tradetui.domain.reply import Reason
from tradetui.trading.match_types import MatchRules, SelfTrade
from tradetui.trading.realism import FRICTIONLESS, HARSH

D = Decimal
BOOK = ([(100.0, 5.0)], [(100.1, 5.0)])
LOOSE = wide_limits(leverage=D(1))


def table(**changes: Any) -> Table:
    return Table(perp(**changes), settings=LOOSE).open(*BOOK)


@pytest.mark.parametrize(("limit", "nearest"), [("79.9", "80.1"), ("130", "120")])
def test_a_limit_outside_the_price_band_is_refused_with_the_nearest_that_passes(
    limit: str, nearest: str
) -> None:
    market = table(percent_price=(D("0.8"), D("1.2")))
    market.mark(100.05)
    refusal = market.buy("1", limit=limit, stop="70").refusal
    assert refusal is not None
    assert (refusal.reason, refusal.numbers["nearest"]) == (Reason.PERCENT_PRICE, D(nearest))
    assert market.buy("1", limit="85", stop="70").accepted


def test_the_band_is_counted_from_the_average_of_trades_where_there_is_no_mark() -> None:
    market = table(percent_price=(D("0.9"), D("1.1")))
    market.trade(100.0, 1.0)
    market.trade(110.0, 1.0)
    refusal = market.buy("1", limit="94", stop="70").refusal
    assert refusal is not None
    assert refusal.reason is Reason.PERCENT_PRICE


def test_without_any_price_a_band_refuses() -> None:
    market = Table(perp(percent_price=(D("0.9"), D("1.1"))), settings=wide_limits()).open([], [(100.0, 1.0)])
    refusal = market.buy("1", limit="100", stop="70").refusal
    assert refusal is not None
    assert refusal.reason is Reason.NO_PRICE


def test_a_market_order_above_the_venues_largest_is_refused_a_limit_is_not() -> None:
    market = table(market_max_qty=D(2))
    refusal = market.buy("3", stop="70").refusal
    assert refusal is not None
    assert (refusal.reason, refusal.numbers["nearest"]) == (Reason.MAX_QTY, D(2))
    assert market.buy("3", limit="100.1", stop="70").accepted


def test_the_number_of_open_orders_is_the_venues() -> None:
    market = table(max_orders=2)
    assert market.buy("1", limit="90", stop="70").accepted
    assert market.buy("1", limit="91", stop="70").accepted
    refusal = market.buy("1", limit="92", stop="70").refusal
    assert refusal is not None
    assert refusal.reason is Reason.MAX_ORDERS


def test_orders_that_wait_for_a_trigger_have_a_number_of_their_own() -> None:
    market = table(max_conditional_orders=1)
    assert market.buy("1", trigger="120", stop="70").accepted
    refusal = market.buy("1", trigger="121", stop="70").refusal
    assert refusal is not None
    assert refusal.reason is Reason.MAX_ORDERS
    assert market.buy("1", limit="90", stop="70").accepted


def test_the_position_limit_counts_what_is_held_and_what_may_be_bought() -> None:
    market = Table(spot(max_position=D(3)), settings=wide_limits()).open(*BOOK)
    market.buy("1", stop="70")
    market.buy("1", limit="90", stop="70")
    refusal = market.buy("1.5", limit="91", stop="70").refusal
    assert refusal is not None
    assert refusal.reason is Reason.MAX_POSITION
    held = market.state.positions[market.symbol].signed_qty
    assert refusal.text.startswith(f"1.5 beside {(held + 1).normalize()} is above")
    assert refusal.numbers["nearest"] == D(2) - held.quantize(D("0.0001"), "ROUND_CEILING")


def test_exits_are_exempt_from_every_filter() -> None:
    market = table()
    market.buy("3", stop="70")
    strict = msgspec.structs.replace(
        market.instrument, market_max_qty=D(1), max_orders=0, percent_price=(D("0.99"), D("1.01"))
    )
    market.feed(InstrumentListed(strict, market.tick()))
    market.mark(100.05)
    assert market.sell("2", reduce_only=True).accepted
    assert market.sell("1", reduce_only=True, limit="150").accepted


@pytest.mark.parametrize(
    ("side", "limit", "moved", "price"),
    [(Side.BUY, "99.9", 99.5, "99.5"), (Side.SELL, "100.3", 100.5, "100.5")],
)
def test_a_resting_order_moves_away_from_the_market_on_a_new_tick(
    side: Side, limit: str, moved: float, price: str
) -> None:
    market = table()
    stop = "70" if side is Side.BUY else "130"
    order = market.last_order(market.order(side, "1", limit=limit, stop=stop))
    coarse = msgspec.structs.replace(market.instrument, tick_size=D("0.5"))
    market.feed(InstrumentListed(coarse, market.tick()))
    market.snapshot([(99.0, 5.0)], [(101.0, 5.0)])
    market.trade(moved - side.sign * 0.5, 5.0, side.opposite)
    assert [fill.price for fill in market.fills] == [D(price)]
    assert market.state.orders[order.order_id].price == D(limit), "it is shown as it was typed"


def test_what_is_left_of_an_order_below_a_new_lot_is_let_go() -> None:
    market = table()
    order = market.last_order(market.buy("0.005", limit="90", stop="70"))
    coarse = msgspec.structs.replace(market.instrument, lot_size=D("0.01"))
    market.feed(InstrumentListed(coarse, market.tick()))
    market.snapshot(*BOOK)
    gone = market.state.orders[order.order_id]
    assert (gone.state, gone.reason) == (OrderState.EXPIRED, Reason.OFF_LOT)


@pytest.mark.parametrize(("preset", "name"), [(FRICTIONLESS, "frictionless"), (HARSH, "harsh")])
def test_every_order_carries_the_name_of_its_assumptions(preset: Any, name: str) -> None:
    market = Table(perp(), settings=wide_limits())
    market.settings = LOOSE.with_realism(preset)
    market.restart(market.settings)
    market.open(*BOOK)
    market.buy("1", limit="90", stop="70")
    market.buy("0.0005", stop="70")
    assert {order.realism for order in market.state.orders.values()} == {name}


def test_where_our_own_orders_meet_both_lose_the_smaller_size_and_nothing_trades() -> None:
    rules = MatchRules(self_trade=SelfTrade.DECREMENT)
    market = Table(perp(), settings=wide_limits(rules=rules, leverage=D(1))).open(*BOOK)
    bid = market.last_order(market.buy("1", limit="99.9", stop="70"))
    ask = market.last_order(market.sell("7", limit="99.9", stop="130"))
    bid, ask = market.state.orders[bid.order_id], market.state.orders[ask.order_id]
    assert [(fill.order_id, fill.qty) for fill in market.fills] == [(ask.order_id, D(5))]
    assert (bid.filled, bid.prevented, bid.state) == (D(0), D(1), OrderState.EXPIRED_IN_MATCH)
    assert (ask.filled, ask.prevented, ask.leaves) == (D(5), D(1), D(1))
    assert ask.state is OrderState.PARTIALLY_FILLED
