"""The account as it would be: checks of an order that takes another's place, or comes with others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tradetui.domain.order import Order
from tradetui.state import State


@contextmanager
def without(state: State, order: Order) -> Iterator[None]:
    """As if an order were not there: what it becomes does not stand in its own way."""
    live = state.live
    state.live = {name: other for name, other in live.items() if name != order.order_id}
    try:
        yield
    finally:
        state.live = live


@contextmanager
def beside(state: State, orders: Sequence[Order]) -> Iterator[None]:
    """As if orders were on their way already: what comes with them is checked beside them."""
    live = state.live
    state.live = live | {f"planned {number}": order for number, order in enumerate(orders)}
    try:
        yield
    finally:
        state.live = live
