"""A time to be flat that passed unseen: the lost time is judged first, then what is left is closed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.rules_table import ENTRY, HOUR, MIDNIGHT, MINUTE, Account, account, only, rule
from tradetui.domain.command import Size
from tradetui.domain.fill import Evidence
from tradetui.domain.market_data import (
    Candle,
    ClockTick,
    FeedState,
    MissedCandles,
    MissedTrades,
    PriceKind,
    Side,
    Trade,
)
from tradetui.domain.order import OrderRole, OrderState
from tradetui.state import State

D = Decimal
SECOND = 10**9
TARGET = ENTRY + 900
AFTER = MIDNIGHT + 16 * HOUR


def held(**order: object) -> Account:
    """A contract that was bought at midnight, flat by 15:10, with a stop and a target."""
    market = Account(account(only(rule("flatten_at", windows=("15:10",)))))
    market.clock("00:00")
    assert market.buy("1", stop=str(ENTRY - 500), target=str(TARGET), **order).accepted
    return market


def close_and_open(market: Account, until: int = AFTER) -> None:
    """The program is closed and opened again; time is told before any data."""
    market.clock("14:00")
    market.restart()
    market.at(until)


def printed(market: Account, price: float, qty: float, *, hour: float) -> None:
    ts = MIDNIGHT + int(hour * HOUR)
    one = Trade(market.symbol, ts, ts, price, qty, Side.BUY, ts)
    market.feed(MissedTrades(market.symbol, market.tick(), [one]))


def come_back(market: Account, price: int = ENTRY) -> None:
    market.status(FeedState.STREAMING)
    market.quote(price)


def roles(market: Account) -> list[tuple[OrderRole, Decimal]]:
    """What closed, and how much of it."""
    orders = market.state.orders
    return [(orders[fill.order_id].role, fill.qty) for fill in market.fills if fill.side is Side.SELL]


def test_a_target_that_was_reached_before_the_time_closes_at_its_limit() -> None:
    market = held()
    close_and_open(market)
    printed(market, TARGET + 1.0, 5.0, hour=15)
    come_back(market, ENTRY - 100)
    assert roles(market) == [(OrderRole.TAKE_PROFIT, D(1))]
    assert market.fills[-1].price == TARGET
    assert not market.state.live
    assert State.fold(market.journal) == market.state


def test_what_a_target_left_open_is_flattened() -> None:
    market = held()
    close_and_open(market)
    target = market.target
    printed(market, TARGET + 1.0, 0.25, hour=15)
    come_back(market, ENTRY - 100)
    assert roles(market) == [(OrderRole.TAKE_PROFIT, D("0.25")), (OrderRole.FLATTEN, D("0.75"))]
    assert market.fills[-1].price == ENTRY - 100
    assert market.state.orders[target.order_id].state is OrderState.CANCELED
    assert not market.state.live


def test_a_stop_that_was_reached_before_the_time_closes_at_its_price() -> None:
    market = held()
    close_and_open(market)
    minute = MIDNIGHT + 15 * HOUR
    low = Candle(minute, ENTRY - 1.0, float(ENTRY), ENTRY - 600.0, ENTRY - 2.0, 1.0)
    market.feed(MissedCandles(market.symbol, market.tick(), PriceKind.LAST, [low]))
    come_back(market)
    assert roles(market) == [(OrderRole.PROTECTIVE, D(1))]
    assert market.fills[-1].receipt.evidence is Evidence.GAP
    assert not market.state.live


@pytest.mark.parametrize("until", [AFTER, MIDNIGHT + 33 * HOUR])
def test_a_book_beyond_the_target_is_met_by_the_flatten_alone(until: int) -> None:
    """Also on the next day, when the time to be flat was yesterday's."""
    market = held()
    close_and_open(market, until)
    come_back(market, TARGET + 50)
    assert roles(market) == [(OrderRole.FLATTEN, D(1))]
    assert market.fills[-1].price == TARGET + 50
    assert not market.state.live


def test_another_restart_before_the_data_changes_nothing_of_it() -> None:
    market = held()
    close_and_open(market)
    market.restart()
    market.at(AFTER + MINUTE)
    printed(market, TARGET + 1.0, 0.25, hour=15)
    come_back(market)
    assert roles(market) == [(OrderRole.TAKE_PROFIT, D("0.25")), (OrderRole.FLATTEN, D("0.75"))]


def test_an_exit_of_ones_own_is_judged_like_a_target() -> None:
    market = held()
    exit_ = market.sell(Size(D("0.5")), limit=str(ENTRY + 700), reduce_only=True)
    assert exit_.accepted
    close_and_open(market)
    printed(market, ENTRY + 701.0, 5.0, hour=15)
    come_back(market)
    assert roles(market) == [(OrderRole.DISCRETIONARY, D("0.5")), (OrderRole.FLATTEN, D("0.5"))]


def test_an_outage_over_the_time_is_judged_as_well() -> None:
    market = held()
    market.clock("14:59")
    market.status(FeedState.DOWN)
    for minute in range(30):
        market.at(MIDNIGHT + 15 * HOUR + minute * MINUTE)
    assert market.state.positions
    printed(market, TARGET + 1.0, 5.0, hour=15.1)
    come_back(market)
    assert roles(market) == [(OrderRole.TAKE_PROFIT, D(1))]


def test_entries_are_out_at_once_and_never_fill_in_it() -> None:
    market = held()
    resting = market.buy("0.001", limit=str(ENTRY - 100), stop=str(ENTRY - 200)).order_ids[0]
    close_and_open(market)
    assert market.state.orders[resting].state is OrderState.CANCELED


@pytest.mark.parametrize("latency_ms", [0, 150])
def test_after_a_sleep_no_book_from_before_it_closes_anything(latency_ms: int) -> None:
    market = held()
    market.settings = market.settings.with_latency(latency_ms * 10**6)
    market.kill()
    market.clock("14:00")
    for wall in (AFTER, AFTER + SECOND):
        market.now = wall
        market.feed(ClockTick(wall, wall))
    assert market.state.positions, "nothing was heard since 14:00"
    printed(market, TARGET + 1.0, 5.0, hour=15)
    come_back(market, ENTRY - 300)
    assert roles(market) == [(OrderRole.TAKE_PROFIT, D(1))]
