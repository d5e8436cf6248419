"""One event that fills several entries counts for each of them (R-BRK-1, R-BRK-6)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import Table, wide_limits
from tradetui.domain.command import Size, Stop, Target
from tradetui.domain.event import Noted
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


def left_out(market: Table) -> list[str]:
    """What was said of stops that do not stand."""
    bodies = [event.body for event in market.journal]
    return [body.text for body in bodies if isinstance(body, Noted) and body.what == "left_out"]


FIXED = Stop(price=D(59_800))
BY_MARK = Stop(price=D(59_000), trail=Trail(distance=D(500)), by=TriggerBy.MARK)


@pytest.mark.parametrize("prints", [(59_900.0,), (59_985.0, 59_900.0)])
def test_a_trail_that_looks_at_another_price_is_left_out_in_words(prints: tuple[float, ...]) -> None:
    market = table()
    market.mark(59_000.0)
    for limit, stop in zip(("59990", "59980"), (FIXED, BY_MARK), strict=True):
        assert market.buy("0.1", limit=limit, stop=stop).accepted
    for price in prints:
        market.trade(price, 5.0)
    (text,) = left_out(market)
    assert text == (
        "BTC/USDT:USDT: of O-2 the trail of 500 by the mark price is left out: "
        "a position has one stop, and the one at 59800 looks at the last price"
    )
    assert State.fold(market.journal) == market.state


def test_a_trail_that_stands_is_kept_and_the_price_that_a_nearer_stop_looked_at_is_told() -> None:
    market = table()
    market.mark(60_000.0)
    for limit, stop in zip(("59990", "59980"), (BY_MARK, FIXED), strict=True):
        assert market.buy("0.1", limit=limit, stop=stop).accepted
    market.trade(59_985.0, 5.0)
    assert market.stop.trigger == D(59_500)
    market.trade(59_900.0, 5.0)
    assert (market.stop.trigger, market.stop.trigger_by) == (D(59_800), TriggerBy.MARK)
    assert market.stop.trail == BY_MARK.trail
    (text,) = left_out(market)
    assert "the stop at 59800 by the last price" in text
    assert "looks at the mark price" in text


def test_a_farther_stop_by_another_price_is_told_and_one_by_the_same_price_is_not() -> None:
    market = table()
    market.mark(60_000.0)
    far = Stop(price=D(59_000), by=TriggerBy.MARK)
    for limit, stop in zip(("59990", "59980", "59970"), (FIXED, far, Stop(price=D(59_100))), strict=True):
        assert market.buy("0.1", limit=limit, stop=stop).accepted
    market.trade(59_900.0, 5.0)
    (text,) = left_out(market)
    assert "of O-2 the stop at 59000 by the mark price" in text


def test_it_is_told_once_however_many_parts_an_entry_fills_in() -> None:
    market = table()
    market.mark(60_000.0)
    assert market.buy("0.1", limit="59990", stop=FIXED).accepted
    market.trade(59_985.0, 5.0)
    assert market.buy("0.1", limit="59980", stop=BY_MARK).accepted
    for _ in range(4):
        market.trade(59_900.0, 0.03)
    assert market.state.positions[market.symbol].qty == D("0.2")
    assert len(left_out(market)) == 1


@pytest.mark.parametrize(("trail", "told"), [("400", 0), ("500", 0), ("600", 1)])
def test_of_two_trails_the_one_that_could_come_nearer_is_told(trail: str, told: int) -> None:
    """The stop that stands trails by `trail`, a farther one by 500."""
    market = table()
    near = Stop(price=D(59_800), trail=Trail(distance=D(trail)))
    far = Stop(price=D(59_000), trail=Trail(distance=D(500)))
    for limit, stop in zip(("59990", "59980"), (near, far), strict=True):
        assert market.buy("0.1", limit=limit, stop=stop).accepted
    market.trade(59_900.0, 5.0)
    assert market.stop.trail == near.trail
    assert len(left_out(market)) == told


def test_a_trail_that_stands_is_told_where_a_nearer_one_takes_its_place() -> None:
    market = table()
    assert market.buy("0.1", limit="59990", stop=Stop(price=D(59_000), trail=Trail(distance=D(500)))).accepted
    market.trade(59_985.0, 5.0)
    stop = market.stop.order_id
    wide = Trail(distance=D(600))
    assert market.buy("0.1", limit="59980", stop=Stop(price=D(59_800), trail=wide)).accepted
    market.trade(59_900.0, 5.0)
    assert (market.stop.trigger, market.stop.trail) == (D(59_800), wide)
    (text,) = left_out(market)
    assert text == (
        f"BTC/USDT:USDT: of {stop} the trail of 500 is left out: "
        "a position has one stop, and the one at 59800 has a trail of 600"
    )


def test_one_print_that_fills_two_entries_places_the_targets_of_both() -> None:
    market = table()
    entries(market, ("59800", "61000"), ("59800", "62000"))
    market.trade(59_900.0, 5.0)
    standing = [(order.price, order.leaves) for order in market.state.targets_of(market.symbol)]
    assert standing == [(D(61_000), D("0.05")), (D(62_000), D("0.05"))]
