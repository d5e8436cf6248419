"""The state that has been committed, apart from the one that the engine works on."""

from __future__ import annotations

from collections import deque

from tradetui.state import State
from tradetui.trading.ledger import Ledger


def copy_state(state: State) -> State:
    """An independent copy; its values are immutable, so only the containers are copied."""
    copied = State()
    for name, value in vars(state).items():
        setattr(copied, name, _copy_of(value))
    return copied


def _copy_of(value: object) -> object:
    if isinstance(value, Ledger):
        ledger = Ledger()
        ledger.balances = dict(value.balances)
        return ledger
    return value.copy() if isinstance(value, (dict, deque)) else value
