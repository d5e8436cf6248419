"""One event that fills several entries counts for each of them (R-BRK-1, R-BRK-6)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import Table, wide_limits
from tradetui.domain.command import Size, Stop, Target
from tradetui.domain.order import Trail, TriggerBy
from tradetui.state import State

D = Decimal


def entries(market: Table, first: tuple[str, str], second: tuple[str, str]) -> None:
    """Two buys of 0.1 that rest at 59,990 and 59,980, with their stops and targets of a half."""
    for limit, (stop, target) in zip(("59990", "59980"), (first, second), strict=True):
        wanted = Target(price=D(target), size=Size(D("0.05")))
        reply = market.buy("0.1", limit=limit, stop=stop, target=wanted)
        assert reply.accepted, reply.refusal


def table() -> Table:
    market = Table(settings=wide_limits()).open([(60_000.0, 5.0)], [(60_000.1, 5.0)])
    market.trade(60_000.0, 0.0001)
    return market


@pytest.mark.parametrize("stops", [("59800", "59000"), ("59000", "59800")])
@pytest.mark.parametrize("prints", [(59_900.0,), (59_985.0, 59_900.0)])
def test_the_tighter_stop_of_two_entries_stands_whether_one_print_fills_them_or_two(
    stops: tuple[str, str], prints: tuple[float, ...]
) -> None:
    market = table()
    entries(market, (stops[0], "61000"), (stops[1], "62000"))
    for price in prints:
        market.trade(price, 5.0)
    assert market.state.positions[market.symbol].qty == D("0.2")
    assert (market.stop.trigger, market.stop.qty) == (D(59_800), D("0.2"))


@pytest.mark.parametrize("fixed_first", [True, False])
@pytest.mark.parametrize("prints", [(59_900.0,), (59_985.0, 59_900.0)])
def test_a_nearer_fixed_stop_takes_the_trail_of_a_farther_one_along(
    prints: tuple[float, ...], *, fixed_first: bool
) -> None:
    market = table()
    fixed, trailing = Stop(price=D(59_800)), Stop(price=D(59_000), trail=Trail(distance=D(500)))
    for limit, stop in zip(("59990", "59980"), (fixed, trailing)[:: 1 if fixed_first else -1], strict=True):
        assert market.buy("0.1", limit=limit, stop=stop).accepted
    for price in prints:
        market.trade(price, 5.0)
    assert (market.stop.trigger, market.stop.qty) == (D(59_800), D("0.2"))
    for price, trigger in ((60_300.0, 59_800), (60_400.0, 59_900), (60_000.0, 59_900), (61_000.0, 60_500)):
        market.trade(price, 0.001)
        assert market.stop.trigger == D(trigger)
    market.snapshot([(60_450.0, 5.0)], [(60_450.1, 5.0)])
    market.trade(60_450.0, 0.001)
    assert not market.state.positions
    assert State.fold(market.journal) == market.state


def test_a_trail_that_looks_at_another_price_is_not_taken_along() -> None:
    market = table()
    market.mark(60_000.0)
    trailing = Stop(price=D(59_000), trail=Trail(distance=D(500)), by=TriggerBy.MARK)
    for limit, stop in zip(("59990", "59980"), (Stop(price=D(59_800)), trailing), strict=True):
        assert market.buy("0.1", limit=limit, stop=stop).accepted
    market.trade(59_900.0, 5.0)
    assert (market.stop.trigger, market.stop.trigger_by, market.stop.trail) == (
        D(59_800),
        TriggerBy.LAST,
        None,
    )


def test_one_print_that_fills_two_entries_places_the_targets_of_both() -> None:
    market = table()
    entries(market, ("59800", "61000"), ("59800", "62000"))
    market.trade(59_900.0, 5.0)
    standing = [(order.price, order.leaves) for order in market.state.targets_of(market.symbol)]
    assert standing == [(D(61_000), D("0.05")), (D(62_000), D("0.05"))]
