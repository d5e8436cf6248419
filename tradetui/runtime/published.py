"""The state that has been committed, apart from the one that the engine works on."""

from __future__ import annotations

import msgspec

from tradetui.state import State
from tradetui.trading.daystate import DayState
from tradetui.trading.fundstate import FundState
from tradetui.trading.ledger import Ledger


def copy_state(state: State) -> State:
    """An independent copy; its values are immutable, so only the containers are copied."""
    copied = State()
    set_back(copied, state)
    return copied


def set_back(state: State, to: State) -> None:
    """Make a state equal to another one without sharing a container with it."""
    for field in msgspec.structs.fields(State):
        setattr(state, field.name, _copy_of(getattr(to, field.name)))


def _copy_of(value: object) -> object:
    if isinstance(value, DayState | FundState):
        return value.copied()
    if isinstance(value, Ledger):
        return Ledger(dict(value.balances))
    return value.copy() if isinstance(value, (dict, list)) else value
