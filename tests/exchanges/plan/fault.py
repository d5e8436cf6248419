"""What a fault of the plan is: what is done to an exchange, and what a feed has to make of it.

A fault may come in several forms. Where one can not befall a venue, the reason stands with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import Rig
from tradetui.domain.market_data import FeedState

Act = Callable[[Rig], Awaitable[None]]
GAP, CROSSED, STALE, DOWN = FeedState.GAP, FeedState.CROSSED, FeedState.STALE, FeedState.DOWN
HALTED, LAGGING = FeedState.HALTED, FeedState.LAGGING


@dataclass(frozen=True)
class Fault:
    """One form of a fault, with the settings of the feed that make its deadlines short."""

    number: int
    name: str
    act: Act
    settings: Mapping[str, float] = field(default_factory=dict)
    prepare: Callable[[Exchange], None] = lambda _exchange: None
    not_for: Mapping[str, str] = field(default_factory=dict)
    """Venue, or ccxt for whatever comes through it, to why the fault can not befall it."""

    def reason(self, venue: str, through: str) -> str:
        """Why it does not apply; empty where it does."""
        return self.not_for.get(venue, "") or (self.not_for.get("ccxt", "") if through == "ccxt" else "")


FAULTS: list[Fault] = []


def fault(number: int, name: str, **rest: Any) -> Callable[[Act], Act]:
    """Put a function into the plan."""

    def take(act: Act) -> Act:
        FAULTS.append(Fault(number, name, act, **rest))
        return act

    return take
