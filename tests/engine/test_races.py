"""What is on its way meets what happens meanwhile (R-ORD-1, R-LAT-2), and two things of one moment."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import MS, PERP, SECOND, Table, perp, wide_limits
from tests.engine.rules_table import MINUTE, Account, account, only, rule
from tests.engine.test_guards import episode
from tests.engine.test_liquidation import ETH, Two, bodies
from tradetui.domain.command import CancelOrder, Flatten, Reverse, SetLimit, SetStop, Stop
from tradetui.domain.event import Event, Liquidated, Noted
from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import BookSnapshot, ClockTick, InstrumentListed
from tradetui.domain.order import Order, OrderState, TimeInForce
from tradetui.domain.reply import Reason
from tradetui.engine import Engine
from tradetui.runtime.notices import describe
from tradetui.trading.protections import Scene, findings

D = Decimal
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_000.1, 5.0)]


def table() -> Table:
    return Table(settings=wide_limits(), latency_ns=100 * MS).open(BIDS, ASKS)


def wait(market: Table, ns: int) -> None:
    market.now += ns
    market.feed(ClockTick(market.now, market.now))


def notices(part: tuple[Event, ...], market: Table) -> list[tuple[str, str]]:
    return [(notice.severity, notice.text) for notice in describe(part, market.state)]


# --- cancels on their way


def test_r_lat_2_the_cancel_of_an_order_on_its_way_gets_there_after_it() -> None:
    market = table()
    reply = market.buy("0.1", stop="59000")
    market.do(CancelOrder(order_id=reply.order_ids[0]))
    assert market.last_order(reply).pending_cancel
    wait(market, SECOND)
    assert market.last_order(reply).state is OrderState.FILLED
    assert market.stop.qty == D("0.1")
    assert bodies(market, Noted)[-1].what == "ignored_terminal"
    (told,) = (text for part in market.transactions for _, text in notices(part, market) if "bought" in text)
    assert told == "bought 0.1 BTC/USDT:USDT at 60,000.1, fee 3.00, filled while canceling"


def test_r_lat_2_a_limit_on_its_way_rests_until_its_cancel_is_there() -> None:
    market = table()
    reply = market.buy("0.1", limit="59995", stop="59000")
    market.do(CancelOrder(order_id=reply.order_ids[0]), after=30 * MS)
    wait(market, 80 * MS)
    assert market.last_order(reply).state is OrderState.WORKING
    market.trade(59_994.0, 0.04)
    wait(market, SECOND)
    order = market.last_order(reply)
    assert (order.state, order.filled, market.stop.qty) == (OrderState.CANCELED, D("0.04"), D("0.04"))


def test_what_an_entry_on_its_way_fills_after_a_flatten_is_closed_too() -> None:
    market = table()
    market.buy("0.1", stop="59000")
    market.do(Flatten())
    wait(market, SECOND)
    assert [fill.side.sign for fill in market.fills] == [1, -1]
    assert not market.state.positions


def working_flatten() -> tuple[Table, Order]:
    """Of a position of one the flatten could close 0.2, and waits for more to be bid."""
    market = table()
    market.buy("1", stop="59000")
    wait(market, SECOND)
    market.snapshot([(60_000.0, 0.2)], ASKS)
    reply = market.do(Flatten())
    wait(market, SECOND)
    order = market.last_order(reply)
    assert (order.state, order.leaves) == (OrderState.PARTIALLY_FILLED, D("0.8"))
    return market, order


def test_a_flatten_closes_though_the_cancel_of_another_one_is_on_its_way() -> None:
    market, first = working_flatten()
    market.do(CancelOrder(order_id=first.order_id))
    assert market.do(Flatten()).order_ids
    wait(market, SECOND)
    market.snapshot(BIDS, ASKS)
    assert market.state.orders[first.order_id].state is OrderState.CANCELED
    assert not market.state.positions


def test_a_breach_closes_what_a_flatten_that_is_being_canceled_does_not() -> None:
    market, first = working_flatten()
    market.do(SetLimit(name="daily_loss", value="100"))
    market.do(CancelOrder(order_id=first.order_id))
    market.mark(59_910.0)  # with 36 of fees 108 are lost: less than what forces a position out
    assert market.state.lock is not None
    wait(market, SECOND)
    market.snapshot(BIDS, ASKS)
    assert not market.state.positions


def test_a_liquidation_in_cross_leaves_the_flatten_of_another_position_working() -> None:
    two = Two()
    market = two.table
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "5", "960")
    ts = market.tick()
    market.feed(BookSnapshot(PERP, ts, ts, [], [(20_000.0, 9.0)]))
    closing = market.do(Flatten(symbol=PERP)).order_ids[0]
    assert market.state.orders[closing].state is OrderState.WORKING
    two.mark(PERP, 19_600.0)
    two.mark(ETH, 850.0)
    (receipt,) = bodies(market, Liquidated)
    assert receipt.symbol == ETH
    assert market.state.orders[closing].state is OrderState.WORKING
    two.quote(PERP, 19_600.0)
    assert not market.state.positions


# --- what is on its way counts


def test_r_chk_2_a_stop_that_is_moved_away_counts_before_it_stands() -> None:
    """0.05 to 58,800 risk 62.945 with costs, to 59,700 only 17.99; 0.04 more risk 43.16 of 100."""
    market = Table(latency_ns=100 * MS).open(BIDS, ASKS)
    market.buy("0.05", stop="59700")
    wait(market, SECOND)
    market.mark(60_000.1)
    assert market.engine.open_risk() == D("17.99")
    assert market.do(SetStop(symbol=PERP, stop=Stop(price=D(58_800)))).accepted
    assert market.engine.open_risk() == D("62.945")
    refused = market.buy("0.04", limit="59990", stop="59000").refusal
    assert refused is not None
    assert refused.reason is Reason.OPEN_RISK
    wait(market, SECOND)
    assert market.engine.open_risk() == D("62.945")
    assert market.do(SetStop(symbol=PERP, stop=Stop(price=D(59_700)))).accepted
    assert market.engine.open_risk() == D("62.945"), "until it stands the old one does"


@pytest.mark.parametrize("latency_ns", [0, 100 * MS])
def test_an_entry_that_gets_to_a_venue_that_only_closes_adds_no_risk(latency_ns: int) -> None:
    market = Table(settings=wide_limits(), latency_ns=latency_ns).open(BIDS, ASKS)
    held = market.buy("0.1", stop="59000")
    wait(market, SECOND)
    waiting = market.buy("0.1", trigger="60100", stop="59000")
    wait(market, SECOND)
    sent = market.buy("0.2", stop="59000") if latency_ns else held
    market.feed(InstrumentListed(perp(status=InstrumentStatus.CLOSE_ONLY), market.tick()))
    wait(market, SECOND)
    market.trade(60_100.0, 0.1)
    wait(market, SECOND)
    assert market.state.positions[PERP].qty == D("0.1")
    assert market.last_order(waiting).reason == Reason.INSTRUMENT_HALTED
    assert market.last_order(sent).state is (OrderState.REJECTED if latency_ns else OrderState.FILLED)
    assert market.do(Flatten()).accepted
    wait(market, SECOND)
    assert not market.state.positions


# --- the last moment of a good-till-date order


def test_r_tim_3_an_order_that_gets_there_in_its_last_moment_acts() -> None:
    market = table()
    reply = market.buy("0.1", limit="60001", stop="59000", tif=TimeInForce.GTD, expire_after_ns=100 * MS)
    wait(market, SECOND)
    assert market.last_order(reply).state is OrderState.FILLED
    assert market.fills[0].ts == market.last_order(reply).expire_ts


# --- what a close leads to, before what waited for it


@pytest.mark.parametrize("latency_ns", [0, 100 * MS])
def test_the_second_half_of_a_reversal_meets_the_lock_that_the_first_led_to(latency_ns: int) -> None:
    market = Account(account(only(rule("cooldown"), rule("daily_loss"))))
    market.settings = market.settings.with_latency(latency_ns)
    market.engine = Engine(market.settings)
    market.journal.clear()
    market.open(*market.quotes())
    market.buy("1", stop="19000")
    wait(market, SECOND)
    reply = market.do(Reverse(symbol=market.symbol, stop=Stop(price=D(21_000))))
    wait(market, SECOND)
    assert market.locked == ["cooldown"]
    assert not market.state.positions
    assert market.last_order(reply).reason == Reason.LOCKED


def test_a_loss_is_cooled_down_from_though_a_win_was_closed_in_the_same_moment() -> None:
    cooling = rule("cooldown_after_loss")
    scene = Scene(trades=[episode(2, -10), episode(2, 30)], ts=2 * MINUTE, session_id="2026-03-10")
    (found,) = findings(cooling, scene)
    assert (found.reached, found.until_ts) == (True, 17 * MINUTE)
