"""Stops that were moved or taken away while no data came: each is held against the prices of its own time."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.engine.market import SECOND, Table, spot, wide_limits
from tests.engine.test_gap import MINUTE, candle, long_position, lose, reports
from tests.engine.test_gap_marks import come_back, printed, told
from tradetui.domain.command import CancelOrder, SetStop, Stop
from tradetui.domain.fill import Evidence
from tradetui.domain.market_data import FeedState, PriceKind
from tradetui.domain.order import OrderRole, OrderState
from tradetui.state import State

D = Decimal


def moved(table: Table, price: int, *, after: int = 30) -> int:
    """The stop is moved in the outage; returns when."""
    table.now += after * SECOND
    assert table.do(SetStop(symbol=table.symbol, stop=Stop(price=D(price)))).accepted
    return table.now


@pytest.mark.parametrize(("at", "fires"), [(10, True), (60, False)])
def test_a_stop_that_was_moved_away_in_an_outage_still_fires_by_what_came_before(
    at: int, *, fires: bool
) -> None:
    table = long_position()
    table.status(FeedState.DOWN)
    began = table.now
    moved(table, 58_000)
    printed(table, (began + at * SECOND, 58_900.0), (began + 70 * SECOND, 59_900.0))
    come_back(table)
    assert bool(table.state.positions) is not fires
    if fires:
        exit_ = table.fills[-1]
        assert (exit_.price, exit_.receipt.evidence) == (D("58870.5"), Evidence.GAP)
        (report,) = reports(table)
        assert "closed 0.5 at 58870.5 while away by the stop at 59000 that stood then" in report.text
        assert table.state.orders[exit_.order_id].role is OrderRole.PROTECTIVE
    assert State.fold(table.journal) == table.state


def test_of_the_minute_of_the_move_nothing_sure_is_known_and_of_the_one_before_it_is() -> None:
    for low_in, fires in ((0, True), (1, False)):
        table = long_position()
        minute = lose(table)
        table.now = minute
        moved(table, 58_000, after=90)
        quiet = candle(minute + (1 - low_in) * MINUTE, 59_900.0, 59_900.0, 59_500.0, 59_900.0)
        deep = candle(minute + low_in * MINUTE, 59_900.0, 59_900.0, 58_900.0, 59_900.0)
        told(table, PriceKind.LAST, *sorted((quiet, deep), key=lambda each: each.open_ts))
        come_back(table)
        assert bool(table.state.positions) is not fires


def test_it_counts_over_a_restart_too() -> None:
    table = long_position()
    table.status(FeedState.DOWN)
    began = table.now
    moved(table, 58_000)
    table.restart()
    printed(table, (began + 10 * SECOND, 58_900.0), (began + 70 * SECOND, 59_900.0))
    come_back(table)
    assert table.fills[-1].price == D("58870.5")


def test_a_stop_that_was_moved_while_it_was_watched_fires_by_nothing_that_came_later() -> None:
    table = long_position()
    table.now += 10 * SECOND
    moved(table, 58_000, after=10)
    table.status(FeedState.DOWN)
    began = table.now
    printed(table, (began + 10 * SECOND, 58_900.0), (began + 70 * SECOND, 59_900.0))
    come_back(table)
    assert table.state.positions
    assert table.stop.trigger == D(58_000)


def test_of_two_moves_each_stop_has_its_own_time() -> None:
    table = long_position()
    table.status(FeedState.DOWN)
    began = table.now
    moved(table, 59_400)
    moved(table, 58_000)
    printed(
        table,
        (began + 10 * SECOND, 59_300.0),
        (began + 40 * SECOND, 59_300.0),
        (began + 70 * SECOND, 59_900.0),
    )
    come_back(table)
    assert table.fills[-1].price == D("59270.3"), "59,300 x 0.9995 is 59,270.35, by the second stop"


def test_a_stop_that_was_taken_away_in_an_outage_closes_what_it_would_have() -> None:
    settings = wide_limits()
    settings = msgspec.structs.replace(
        settings, limits=msgspec.structs.replace(settings.limits, require_stop=False)
    )
    table = Table(spot(), settings=settings).open([(59_999.0, 5.0)], [(60_000.0, 5.0)])
    table.buy("0.5", stop="59000")
    table.status(FeedState.DOWN)
    began = table.now
    table.now += 30 * SECOND
    assert table.do(CancelOrder(order_id=table.stop.order_id)).accepted
    assert table.state.stop_of(table.symbol) is None
    printed(table, (began + 10 * SECOND, 58_900.0), (began + 70 * SECOND, 59_900.0))
    come_back(table)
    assert table.state.holding(table.symbol) is None
    assert table.fills[-1].price == D("58870.55")
    assert table.state.orders[table.fills[-1].order_id].state is OrderState.FILLED
    assert State.fold(table.journal) == table.state
