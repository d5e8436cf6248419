"""The fold takes legal steps only."""

from __future__ import annotations

import sys
from decimal import Decimal
from itertools import product

import pytest

from tests.engine.market import Table, wide_limits
from tests.engine.order_ways import WAYS, may_go
from tradetui.domain.command import Flatten
from tradetui.domain.event import Event, OrderChanged
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderState, OrderType
from tradetui.errors import InvalidTransition
from tradetui.state import State

FIRST = (
    OrderState.SUBMITTED,
    OrderState.DENIED,
    OrderState.HELD,
    OrderState.ARMED,
    OrderState.TRIGGERED,
    OrderState.WORKING,
    OrderState.PARTIALLY_FILLED,
)
ALLOWED = [(before, after) for before, after in product(OrderState, OrderState) if after in WAYS[before]]
FORBIDDEN = [
    (before, after) for before, after in product(OrderState, OrderState) if not may_go(before, after)
]


def event(seq: int, state: OrderState) -> Event:
    order = Order(
        order_id="O-1",
        ts=1,
        symbol="BTC/USDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        qty=Decimal(1),
        state=state,
    )
    return Event(seq=seq, ts=seq, account="paper", body=OrderChanged(order=order))


@pytest.mark.parametrize(("before", "after"), FORBIDDEN)
def test_every_forbidden_step_of_an_order_is_refused(before: OrderState, after: OrderState) -> None:
    state = State()
    state.orders["O-1"] = event(1, before).body.order  # type: ignore[union-attr]
    with pytest.raises(InvalidTransition, match=f"no way from {before} to {after}"):
        state.apply(event(1, after))


@pytest.mark.parametrize(("before", "after"), ALLOWED)
def test_every_step_that_the_rules_name_is_taken(before: OrderState, after: OrderState) -> None:
    state = State()
    state.orders["O-1"] = event(1, before).body.order  # type: ignore[union-attr]
    state.apply(event(1, after))
    assert state.orders["O-1"].state is after


@pytest.mark.parametrize("state", list(OrderState))
def test_what_is_over_is_what_the_rules_call_terminal(state: OrderState) -> None:
    over = {"denied", "rejected", "filled", "canceled", "expired", "expired_in_match"}
    assert state.is_terminal is (state.value in over)


@pytest.mark.parametrize("state", [state for state in OrderState if state not in FIRST])
def test_no_order_begins_where_nothing_leads(state: OrderState) -> None:
    with pytest.raises(InvalidTransition, match="no way from nothing"):
        State().apply(event(1, state))


def test_a_gap_in_the_sequence_is_refused() -> None:
    state = State()
    state.apply(event(1, OrderState.SUBMITTED))
    with pytest.raises(ValueError, match="expected event 2, was 3"):
        state.apply(event(3, OrderState.WORKING))


def test_i57_an_event_late_in_a_journal_costs_the_fold_no_more_than_an_early_one() -> None:
    market = Table(settings=wide_limits()).open([(60_000.0, 50.0)], [(60_000.1, 50.0)])
    for _ in range(180):
        market.buy("0.01", stop="59000", target="61000")
        market.buy("0.01", limit="59500", stop="59000")
        market.do(Flatten())
        market.snapshot([(60_000.0, 50.0)], [(60_000.1, 50.0)])
    half = len(market.journal) // 2
    state = State()
    early, late = (calls_of(state, part) for part in (market.journal[:half], market.journal[half : 2 * half]))
    assert half > 1_000
    assert late < early * 1.05


def calls_of(state: State, events: list[Event]) -> int:
    """How many calls of functions it takes to take events in."""
    count = 0

    def tick(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        for each in events:
            state.apply(each)
    finally:
        sys.setprofile(before)
    return count
