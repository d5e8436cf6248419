"""What became of an order's quantity adds up to it after every event (R-ORD-3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from tests.engine.market import Table, perp, wide_limits
from tradetui.domain.command import AmendOrder, CancelOrder
from tradetui.domain.event import Event, Filled, OrderChanged
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderState, TimeInForce
from tradetui.domain.reply import Reply
from tradetui.trading.match_types import MatchRules, SelfTrade

D = Decimal
NEVER_WORKED = (OrderState.DENIED, OrderState.REJECTED)


@dataclass
class Sums:
    """Counts from events what of each order was filled, prevented, canceled, expired and left."""

    orders: dict[str, Order] = field(default_factory=dict)
    filled: dict[str, Decimal] = field(default_factory=dict)
    over: dict[str, OrderState] = field(default_factory=dict)

    def read(self, event: Event) -> None:
        """Take an event in, and hold the order that it is about against the rule."""
        match event.body:
            case OrderChanged(order=order):
                self.orders[order.order_id] = order
                if order.state.is_terminal:
                    self.over[order.order_id] = order.state
            case Filled(fill=fill):
                order = self.orders[fill.order_id]
                self.filled[fill.order_id] = self.filled.get(fill.order_id, D(0)) + fill.qty
            case _:
                return
        parts = self.parts(order.order_id)
        assert min(parts.values()) >= 0, "R-ORD-3"
        assert sum(parts.values()) == self.orders[order.order_id].qty, "R-ORD-3"
        if isinstance(event.body, OrderChanged) and order.state not in NEVER_WORKED:
            assert order.filled == parts["filled"], "R-ORD-3"
            assert order.leaves == parts.get("leaves", D(0)), "R-ORD-3"

    def parts(self, order_id: str) -> dict[str, Decimal]:
        """The parts of an order's quantity by what became of them; a canceled rest is not an expired one."""
        order, filled = self.orders[order_id], self.filled.get(order_id, D(0))
        rest = order.qty - filled - order.prevented
        state = self.over.get(order_id)
        if rest == 0 or state is None:
            name = "leaves"
        elif state in (OrderState.EXPIRED, OrderState.EXPIRED_IN_MATCH):
            name = "expired"
        else:
            assert state is not OrderState.FILLED, "R-ORD-3: filled, and yet something is left"
            name = "canceled"
        return {"filled": filled, "prevented": order.prevented, name: rest}


def table(self_trade: SelfTrade = SelfTrade.EXPIRE_TAKER) -> Table:
    settings = wide_limits(rules=MatchRules(self_trade=self_trade))
    return Table(perp(lot_size=D(1), min_qty=D(1)), settings=settings).open(
        [(99.9, 50.0)], [(100.0, 4.0), (100.1, 6.0)]
    )


def parts_of(market: Table, reply: Reply) -> dict[str, Decimal]:
    """The parts that are not nothing, after every event of the journal was held against the rule."""
    sums = Sums()
    for event in market.journal:
        sums.read(event)
    return {name: qty for name, qty in sums.parts(reply.order_ids[-1]).items() if qty}


def test_r_ord_3_a_rest_that_is_canceled_is_counted_as_canceled() -> None:
    market = table()
    reply = market.buy("10", limit="100", stop="99")
    assert parts_of(market, reply) == {"filled": 4, "leaves": 6}
    market.do(CancelOrder(order_id=reply.order_ids[-1]))
    assert parts_of(market, reply) == {"filled": 4, "canceled": 6}


def test_r_ord_3_a_rest_that_finds_nothing_is_counted_as_expired() -> None:
    market = table()
    assert parts_of(market, market.buy("12", stop="99")) == {"filled": 10, "expired": 2}
    market.snapshot([(99.9, 50.0)], [(100.0, 3.0)])
    market.snapshot([(99.9, 50.0)], [(100.0, 5.0)])
    ioc = market.buy("9", limit="100", stop="99", tif=TimeInForce.IOC)
    assert parts_of(market, ioc) == {"filled": 2, "expired": 7}


def test_r_ord_3_what_meets_our_own_order_is_counted_as_prevented() -> None:
    market = table(SelfTrade.DECREMENT)
    market.buy("4", stop="99")
    target = market.sell("3", limit="100.1", reduce_only=True)
    market.snapshot([(99.9, 50.0)], [(100.1, 2.0)])
    taker = market.buy("9", limit="100.1", stop="99", tif=TimeInForce.IOC)
    assert parts_of(market, taker)["prevented"] == parts_of(market, target)["prevented"] == 3


def test_r_ord_3_an_amended_quantity_is_the_new_whole() -> None:
    market = table()
    reply = market.buy("10", limit="100", stop="99")
    assert market.do(AmendOrder(order_id=reply.order_ids[-1], qty=D(7))).accepted
    assert parts_of(market, reply) == {"filled": 4, "leaves": 3}
    market.trade(99.5, 2.0, Side.SELL)
    assert parts_of(market, reply) == {"filled": 6, "leaves": 1}


def test_r_ord_3_what_is_refused_never_worked() -> None:
    market = table()
    assert parts_of(market, market.buy("10")) == {"canceled": 10}
