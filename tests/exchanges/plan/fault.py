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
STANDING = ("binance", "coinbase", "kraken")
"""One venue of each way to get a book again: by REST, by another connection, by another subscription."""
THROUGH_CCXT = ("binance", "kraken")
"""One venue through ccxt whose streams have a socket each, and one whose streams share one …"""
OF_OTHERS = {
    ("gap", "coinbase"),
    ("gap", "kraken-futures"),
    ("gap", "bybit"),
    ("gap", "bitget-numbered"),
    ("duplicate", "okx"),
    ("refused", "coinbase"),
    ("error-frame", "bybit"),
    ("maintenance", "okx"),
}
"""… and what ccxt by itself makes nothing of at others; the rest of those is for the long run."""
SLOW = ("cut-and-rest-503",)
"""What ccxt takes seconds for, as it asks REST again and again."""
HALTED, LAGGING = FeedState.HALTED, FeedState.LAGGING


@dataclass(frozen=True)
class Fault:
    """One form of a fault, with the settings of the feed that make its deadlines short."""

    number: int
    name: str
    act: Act
    settings: Mapping[str, float] = field(default_factory=dict)
    within_s: float = 0.0
    """Seconds of the feed's timers until it is told; where there are none, it is told at once."""
    prepare: Callable[[Exchange], None] = lambda _exchange: None
    not_for: Mapping[str, str] = field(default_factory=dict)
    """Why it can not befall a venue; by `kraken`, `kraken ccxt`, or `ccxt` for all through it."""
    is_shared: bool = False
    """Whether the venue's words have no part in it: then a few venues stand for all but in the long run."""
    is_long: bool = False
    """Whether another form of it is nearly the same."""

    def is_for_the_long_run(self, venue: str, through: str = "native") -> bool:
        """Whether it is left out of the usual run."""
        if through == "ccxt" and venue not in THROUGH_CCXT:
            return (self.name, venue) not in OF_OTHERS
        if through == "ccxt" and self.name in SLOW:
            return True
        return self.is_long or (self.is_shared and venue not in STANDING)

    def reason(self, venue: str, through: str) -> str:
        """Why it does not apply; empty where it does."""
        family = venue.removesuffix("-numbered")
        names = (venue, family, f"{venue} {through}", f"{family} {through}", through)
        return next((self.not_for[name] for name in names if self.not_for.get(name)), "")


FAULTS: list[Fault] = []


def fault(number: int, name: str, **rest: Any) -> Callable[[Act], Act]:
    """Put a function into the plan."""

    def take(act: Act) -> Act:
        FAULTS.append(Fault(number, name, act, **rest))
        return act

    return take
