"""The ways of an order as the rules tell them, written by hand: the code's own table is held against it."""

from __future__ import annotations

from tradetui.domain.order import OrderState

_TOLD = """
new               -> denied submitted
submitted         -> rejected held armed working filled expired
held              -> armed working canceled
armed             -> triggered canceled expired
triggered         -> working filled canceled expired
working           -> partially_filled filled canceled expired expired_in_match
partially_filled  -> filled canceled expired expired_in_match
denied            ->
rejected          ->
filled            ->
canceled          ->
expired           ->
expired_in_match  ->
"""
"""The table of section 4: a state, and where it may lead."""

_FOLLOWS = """
submitted         -> partially_filled canceled
triggered         -> partially_filled rejected
"""
"""What other rules bring: a part fills at once (7.3), what is on its way is canceled when its reason is gone
(R-BRK-4, R-STP-3), and a post-only order that would take after its trigger is rejected (R-MAT-6)."""


def _read(table: str) -> dict[OrderState, set[OrderState]]:
    rows = (line.split("->") for line in table.strip().splitlines())
    return {OrderState(state.strip()): {OrderState(word) for word in ways.split()} for state, ways in rows}


WAYS = _read(_TOLD)
for _state, _more in _read(_FOLLOWS).items():
    WAYS[_state] |= _more


def may_go(before: OrderState, after: OrderState) -> bool:
    """Whether an order may be written in a state after another; one that is not over may also stay."""
    return after in WAYS[before] or (before is after and bool(WAYS[before]))
