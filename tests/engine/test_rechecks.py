"""What an entry risks is counted again where it acts: a gap makes it smaller, not riskier (R-RSK-3)."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.market import MS, Table, perp, wide_limits
from tradetui.domain.command import Stop
from tradetui.domain.order import OrderState, Trail
from tradetui.domain.reply import Reason
from tradetui.domain.rule import Unit

D = Decimal
SMALL = 0.0001
FREE = perp(maker_fee=D(0), taker_fee=D(0))


def table(*, daily: str = "2000", latency_ms: int = 0) -> Table:
    """1 R is 500; a trade may risk 2 R, and so may all of them together."""
    limits = msgspec.structs.replace(
        wide_limits().limits, risk_per_trade=D("0.005"), max_risk_per_trade=D(2), max_open_risk=D(2)
    ).with_daily_loss(D(daily), Unit.MONEY)
    settings = wide_limits(balance=D(100_000), limits=limits, slip=D(0), leverage=D(10))
    market = Table(FREE, settings=settings, latency_ns=latency_ms * MS)
    market.open([(60_000.0, 50.0)], [(60_000.1, 50.0)])
    market.trade(60_000.0, SMALL)
    return market


def gap(market: Table, ask: float) -> None:
    """The book jumps, and a print tells stops of it."""
    market.snapshot([(ask - 0.1, 50.0)], [(ask, 50.0)])
    market.trade(ask, SMALL)


def test_a_stop_entry_fills_whole_where_it_was_planned() -> None:
    market = table()
    reply = market.buy("1", trigger="60500", stop="60000")
    gap(market, 60_500.0)
    assert (market.last_order(reply).state, market.fills[0].qty) == (OrderState.FILLED, D(1))


def test_a_stop_entry_that_gaps_fills_what_the_budget_of_a_trade_carries() -> None:
    market = table()
    reply = market.buy("1", trigger="60500", stop="60000")
    gap(market, 62_000.0)
    order = market.last_order(reply)
    assert (order.filled, order.state, order.reason) == (D("0.5"), OrderState.EXPIRED, Reason.RISK_PER_TRADE)
    assert market.engine.open_risk() == D("999.95"), "from the bid"
    assert market.stop.qty == D("0.5")


def test_what_the_day_has_left_binds_too() -> None:
    market = table(daily="700")
    reply = market.buy("1", trigger="60500", stop="60000")
    gap(market, 61_000.0)
    order = market.last_order(reply)
    assert (order.filled, order.reason) == (D("0.7"), Reason.DAILY_BUDGET)


def test_what_other_positions_and_orders_risk_counts_beside_it() -> None:
    market = table()
    assert market.buy("0.6", limit="59000", stop="58000").accepted
    reply = market.buy("0.8", trigger="60500", stop="60000")
    gap(market, 61_000.0)
    order = market.last_order(reply)
    assert (order.filled, order.reason) == (D("0.4"), Reason.OPEN_RISK)


def test_an_entry_for_which_nothing_is_left_expires() -> None:
    market = table()
    assert market.buy("0.999", limit="59000", stop="58000").accepted
    reply = market.buy("0.002", trigger="60500", stop="60000")
    gap(market, 63_000.0)
    order = market.last_order(reply)
    assert (order.filled, order.state, order.reason) == (D(0), OrderState.EXPIRED, Reason.OPEN_RISK)


def test_a_stop_entry_whose_stop_the_book_has_passed_opens_nothing() -> None:
    market = table()
    reply = market.buy("1", trigger="60500", stop="60400")
    market.snapshot([(60_300.0, 50.0)], [(60_600.0, 50.0)])
    market.trade(60_600.0, SMALL)
    order = market.last_order(reply)
    assert (order.state, order.reason) == (OrderState.EXPIRED, Reason.STOP_WRONG_SIDE)


def test_a_trailing_entry_that_gaps_is_counted_again_too() -> None:
    market = table()
    reply = market.buy("1", trail=Trail(distance=D(500)), stop=Stop(price=D(60_000)))
    gap(market, 62_000.0)
    assert market.last_order(reply).filled == D("0.5")


def test_a_market_order_that_the_price_runs_from_on_its_way_is_counted_again() -> None:
    market = table(latency_ms=150)
    reply = market.buy("1", stop="59500")
    market.tick(100 * MS)
    gap(market, 61_500.0)
    market.tick(100 * MS)
    gap(market, 61_500.0)
    order = market.last_order(reply)
    assert (order.filled, order.reason) == (D("0.5"), Reason.RISK_PER_TRADE)


@given(
    qty=st.integers(1, 1_000),
    stop=st.integers(59_000, 60_450),
    levels=st.lists(st.tuples(st.integers(60_500, 63_000), st.integers(1, 900)), min_size=1, max_size=6),
    fee=st.sampled_from([D(0), D("0.0005")]),
)
def test_i_40_no_gap_makes_a_stop_entry_risk_more_than_the_day_has_left(
    qty: int, stop: int, levels: list[tuple[int, int]], fee: Decimal
) -> None:
    market = table(daily="900")
    market.instrument = msgspec.structs.replace(FREE, taker_fee=fee)
    market.open([(60_000.0, 50.0)], [(60_000.1, 50.0)])
    reply = market.buy(str(D(qty) / 1000), trigger="60500", stop=str(stop))
    room = market.engine.head_room()
    asks = sorted({float(price): size / 1000 for price, size in levels}.items())
    market.snapshot([(60_499.9, 50.0)], asks)
    market.trade(asks[0][0], SMALL)
    bought = [fill for fill in market.fills if fill.order_id == reply.order_ids[-1]]
    paid = sum((fill.qty * fill.price + fill.fee for fill in bought), D(0))
    held = sum((fill.qty for fill in bought), D(0))
    assert paid - held * stop * (1 - fee) <= room + D("0.00001")
